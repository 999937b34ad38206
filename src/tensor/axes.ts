/**
 * From axes, indices and shapes as users write them, negative ones counting from the end, to the
 * parameters of the primitives.
 *
 * @module
 */
import type { PrimitiveParameters, Shape } from "./program.ts";
import { shapeText, sizeOf } from "./shape.ts";
import { userFrame } from "./user_frame.ts";
import { valueText } from "./value_text.ts";

/** Which axes a reduction runs over: one, several, or all when left out. Negative ones count from the end. */
export type Axes = number | readonly number[];

/**
 * The number of an axis from the front.
 *
 * @param operation The operation, for the error.
 * @param shape The shape.
 * @param axis The axis; a negative one counts from the end.
 * @returns The axis, at least 0.
 * @throws {RangeError} If there is no such axis.
 */
export function axisOf(operation: string, shape: Shape, axis: number): number {
  const positive = axis < 0 ? axis + shape.length : axis;
  if (!Number.isInteger(positive) || positive < 0 || positive >= shape.length) {
    throw new RangeError(
      `Cannot ${operation} along axis ${valueText(axis)} of a tensor of shape ${shapeText(shape)}` +
        userFrame(),
    );
  }
  return positive;
}

/**
 * The axes of a reduction, in the order of the shape.
 *
 * @param operation The operation, for the error.
 * @param shape The shape.
 * @param axes The axes; all when left out.
 * @returns The axes, increasing.
 * @throws {RangeError} If there is no such axis, or one is named twice.
 */
export function axesOf(operation: string, shape: Shape, axes: Axes | undefined): number[] {
  if (axes === undefined) return shape.map((_, axis) => axis);
  const chosen = (Array.isArray(axes) ? axes as readonly number[] : [axes as number])
    .map((axis) => axisOf(operation, shape, axis))
    .sort((a, b) => a - b);
  chosen.forEach((axis, i) => {
    if (axis !== chosen[i + 1]) return;
    throw new RangeError(
      `Cannot ${operation} along axes ${shapeText(axes as readonly number[])} of a tensor of ` +
        `shape ${shapeText(shape)}: axis ${axis} is named twice${userFrame()}`,
    );
  });
  return chosen;
}

/**
 * A complete shape for so many elements.
 *
 * @param from The shape that the elements have.
 * @param to The wanted shape; one length may be −1.
 * @returns The wanted shape without the −1.
 * @throws {TypeError} If the elements do not fit.
 */
export function shapeFor(from: Shape, to: Shape): Shape {
  if (!Array.isArray(to)) {
    throw new TypeError(
      `Cannot reshape ${shapeText(from)} to ${
        valueText(to)
      }: give the lengths as an array, as in ` +
        `x.reshape([2, 3])${userFrame()}`,
    );
  }
  const size = sizeOf(from);
  const open = to.filter((length) => length === -1).length;
  const known = to.reduce((product, length) => length === -1 ? product : product * length, 1);
  const full = open === 1 ? to.map((length) => length === -1 ? size / known : length) : to;
  if (!full.every((length) => Number.isInteger(length) && length >= 0) || sizeOf(full) !== size) {
    throw new TypeError(`Cannot reshape ${shapeText(from)} to ${shapeText(to)}${userFrame()}`);
  }
  return full;
}

/**
 * A complete order of axes.
 *
 * @param shape The shape.
 * @param permutation The axes in their new order; reversed when left out.
 * @returns The axes, each once.
 * @throws {RangeError} If an axis is missing, named twice or not there.
 */
export function orderOf(shape: Shape, permutation: readonly number[] | undefined): number[] {
  if (permutation === undefined) return shape.map((_, axis) => shape.length - 1 - axis);
  const order = permutation.map((axis) => axisOf("transpose", shape, axis));
  if (order.length !== shape.length || new Set(order).size !== order.length) {
    throw new RangeError(
      `Cannot transpose ${shapeText(shape)} to the order ${shapeText(permutation)}: each axis is ` +
        `needed once${userFrame()}`,
    );
  }
  return order;
}

/**
 * The ranges of one index on each of the leading axes.
 *
 * @param shape The shape.
 * @param indices The indices.
 * @returns Parameters of a slice with length 1 on those axes.
 * @throws {TypeError} If an index is no number.
 * @throws {RangeError} If there are too many indices, or one is out of range.
 */
export function rangesAt(
  shape: Shape,
  indices: readonly number[],
): PrimitiveParameters["slice"] {
  if (indices.some((index) => typeof index !== "number")) {
    throw new TypeError(
      `Cannot index ${
        shapeText(shape)
      } with what is no number: \`at\` takes one number for each axis; ` +
        `several elements, or those at traced indices, are x.take(indices)${userFrame()}`,
    );
  }
  if (indices.length > shape.length) {
    throw new RangeError(
      `Cannot index ${shapeText(shape)} with ${indices.length} indices${userFrame()}`,
    );
  }
  const start = shape.map((length, axis) => {
    if (axis >= indices.length) return 0;
    const index = indices[axis] < 0 ? indices[axis] + length : indices[axis];
    if (!Number.isInteger(index) || index < 0 || index >= length) {
      throw new RangeError(
        `Cannot take index ${indices[axis]} of axis ${axis} of ${shapeText(shape)}${userFrame()}`,
      );
    }
    return index;
  });
  const stop = shape.map((length, axis) => axis < indices.length ? start[axis] + 1 : length);
  return { start, stop, step: start.map(() => 1) };
}

/** Which elements of an axis are taken. */
export interface SliceOptions {
  /** The axis; the first by default. */
  readonly axis?: number;
  /** From one element to the next, at least 1; 1 by default. */
  readonly step?: number;
}

/**
 * The range of elements along one axis, cut to what is there as in Python.
 *
 * @param shape The shape.
 * @param start The first.
 * @param stop The first that is not taken; to the end when left out.
 * @param options The axis and the step.
 * @returns Parameters of a slice.
 * @throws {RangeError} If there is no such axis, or a number is not a whole one.
 */
export function rangesAlong(
  shape: Shape,
  start: number,
  stop: number | undefined,
  options: SliceOptions,
): PrimitiveParameters["slice"] {
  const axis = axisOf("slice", shape, options.axis ?? 0);
  const step = options.step ?? 1;
  const length = shape[axis];
  const last = stop ?? length;
  if (![start, last, step].every(Number.isInteger) || step < 1) {
    throw new RangeError(
      `Cannot slice ${shapeText(shape)} from ${start} to ${last} with step ${step}: expected ` +
        `whole numbers and a step of at least 1${userFrame()}`,
    );
  }
  const cut = (index: number): number =>
    Math.max(0, Math.min(length, index < 0 ? index + length : index));
  const from = cut(start);
  const replace = (whole: readonly number[], entry: number): number[] =>
    whole.map((old, i) => i === axis ? entry : old);
  return {
    start: replace(shape.map(() => 0), from),
    stop: replace(shape, Math.max(from, cut(last))),
    step: replace(shape.map(() => 1), step),
  };
}
