/**
 * Plain numbers, as users write scalars, vectors and matrices, to and from row-major data.
 *
 * @module
 */
import type { ArrayData, ArrayValue, Shape } from "./program.ts";
import { sameShape, shapeText, sizeOf } from "./shape.ts";
import { userFrame } from "./user_frame.ts";

/** Numbers nested to any depth. */
export type NestedNumbers = readonly (number | NestedNumbers)[];

/** Numbers in a typed array of any kind but those of big integers. */
export type NumberArray =
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray;

/** Plain values that make an array. */
export type PlainArray = number | boolean | NestedNumbers | NumberArray | readonly NumberArray[];

/**
 * Row-major data as nested arrays.
 *
 * @param data The elements.
 * @param shape The lengths of the axes.
 * @param offset Where in the data to start.
 * @returns Nested arrays; a number for a scalar.
 */
export function nest(data: ArrayData, shape: Shape, offset = 0): number | NestedNumbers {
  if (shape.length === 0) return data[offset];
  const [length, ...inner] = shape;
  const step = sizeOf(inner);
  return Array.from({ length }, (_, i) => nest(data, inner, offset + i * step));
}

/**
 * An array of plain values; typed arrays are copied.
 *
 * @param value A number, a bool, numbers nested to any depth, a typed array or a list of them.
 * @returns The array; f64, or bool for a bool.
 * @throws {TypeError} If nested arrays have unequal lengths or hold something other than numbers.
 */
export function arrayOf(value: PlainArray): ArrayValue {
  if (typeof value === "boolean") {
    return { dtype: "bool", shape: [], data: Uint8Array.of(value ? 1 : 0) };
  }
  if (isNumberArray(value)) {
    return { dtype: "f64", shape: [value.length], data: Float64Array.from(value) };
  }
  const out: number[] = [];
  const shape = flatten(value, out);
  return { dtype: "f64", shape, data: Float64Array.from(out) };
}

function isNumberArray(value: unknown): value is NumberArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView) &&
    !(value instanceof BigInt64Array || value instanceof BigUint64Array);
}

/** Appends the elements, row-major, and gives the lengths of the axes. */
function flatten(nested: PlainArray, out: number[]): Shape {
  if (typeof nested === "number") {
    out.push(nested);
    return [];
  }
  if (isNumberArray(nested)) {
    nested.forEach((entry) => out.push(entry));
    return [nested.length];
  }
  if (!Array.isArray(nested)) {
    throw new TypeError(
      `Cannot make a tensor of ${description(nested)}: expected numbers${userFrame()}`,
    );
  }
  let first: Shape | undefined;
  for (const entry of nested) {
    const inner = flatten(entry, out);
    first ??= inner;
    if (!sameShape(first, inner)) {
      throw new TypeError(
        `Cannot make a tensor of nested arrays of unequal lengths: ${shapeText(first)} and ` +
          `${shapeText(inner)}${userFrame()}`,
      );
    }
  }
  return [nested.length, ...(first ?? [])];
}

function description(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object" || value === null) return String(value);
  const name = value.constructor?.name ?? "Object";
  return name === "Tensor" ? "tensors in an array (stack and concat join tensors)" : `a ${name}`;
}
