/**
 * Elements by their indices: from indices as users write them to words.
 *
 * @module
 */
import { axisOf } from "./axes.ts";
import { expectOptions } from "./expect_options.ts";
import { applyTo, type Operand } from "./operand.ts";
import type { ArrayData } from "./program.ts";
import { shapeText } from "./shape.ts";
import { userFrame } from "./user_frame.ts";

/** Which elements are taken. */
export interface TakeOptions {
  /** The axis; the first by default. */
  readonly axis?: number;
}

/** Indices as words; the same numbers give the same words, so that a program holds them once. */
const converted = new WeakMap<ArrayData, Uint32Array>();

/**
 * Elements along an axis by their indices, whose axes take its place.
 *
 * @param x The array.
 * @param indices Numbers or words.
 * @param options The axis.
 * @returns The elements.
 * @throws {TypeError} If traced indices are no words.
 * @throws {RangeError} If an index that is known is out of range.
 */
export function takeOf(x: Operand, indices: Operand, options: TakeOptions): Operand {
  expectOptions(options, ["axis"], "take elements");
  const axis = axisOf("take", x.shape, options.axis ?? 0);
  const words = indicesOf(indices, x.shape[axis], `axis ${axis} of ${shapeText(x.shape)}`);
  return applyTo("gather", { axis }, [x, words])[0];
}

/**
 * Indices as words.
 *
 * @param indices Numbers, of which negative ones count from the end, or words.
 * @param length How many elements there are.
 * @param what What the elements are of, for the error.
 * @returns The words.
 * @throws {TypeError} If traced indices are no words, or the indices are truth values.
 * @throws {RangeError} If an index that is known is no whole number or out of range.
 */
export function indicesOf(indices: Operand, length: number, what: string): Operand {
  const { dtype, shape, source } = indices;
  if (dtype === "bool") {
    throw new TypeError(
      `Cannot take elements at truth values: give their indices, or use where${userFrame()}`,
    );
  }
  if (source.kind === "traced") {
    if (dtype === "u32") return indices;
    throw new TypeError(
      'Cannot take elements at traced floats: convert them to words with x.as("u32"), which cuts ' +
        `them to whole numbers${userFrame()}`,
    );
  }
  const outside = source.data.find((index) =>
    !Number.isInteger(index) || index < -length || index >= length
  );
  if (outside !== undefined) {
    throw new RangeError(`Cannot take index ${outside} of ${what}${userFrame()}`);
  }
  if (dtype === "u32") return indices;
  return { dtype: "u32", shape, source: { kind: "concrete", data: wordsOf(source.data, length) } };
}

function wordsOf(data: ArrayData, length: number): Uint32Array {
  if (data.some((index) => index < 0)) {
    return Uint32Array.from(data, (index) => index < 0 ? index + length : index);
  }
  const known = converted.get(data) ?? Uint32Array.from(data);
  converted.set(data, known);
  return known;
}
