/**
 * What gather and scatterAdd compute, on concrete arrays.
 *
 * @module
 */
import type { ArrayData, ArrayValue, Shape, ValueType } from "../program.ts";
import { allocate, sizeOf } from "../shape.ts";

/** For each row at an index: its place among all such rows, and in an array of a shape. */
function visitRows(
  shape: Shape,
  axis: number,
  indices: ArrayValue,
  visit: (at: number, there: number) => void,
): void {
  const [outer, inner] = [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis + 1))];
  const last = shape[axis] - 1;
  let at = 0;
  for (let k = 0; k < outer; k++) {
    for (const index of indices.data) {
      visit(at, (k * shape[axis] + Math.min(index, last)) * inner);
      at += inner;
    }
  }
}

/**
 * Elements along an axis at indices.
 *
 * @param x The array.
 * @param indices Words; what is beyond the end is the last.
 * @param axis The axis.
 * @param type The type of the result.
 * @returns The elements.
 */
export function gathered(
  x: ArrayValue,
  indices: ArrayValue,
  axis: number,
  type: ValueType,
): ArrayData {
  const out = allocate(type.dtype, sizeOf(type.shape));
  const inner = sizeOf(x.shape.slice(axis + 1));
  visitRows(x.shape, axis, indices, (at, from) => {
    for (let k = 0; k < inner; k++) out[at + k] = x.data[from + k];
  });
  return out;
}

/**
 * Zeros, to which updates are added at indices along an axis, in order.
 *
 * @param indices Words; what is beyond the end is the last.
 * @param updates What is added.
 * @param axis The axis.
 * @param type The type of the result.
 * @param add The addition.
 * @returns The sums.
 */
export function scattered(
  indices: ArrayValue,
  updates: ArrayValue,
  axis: number,
  type: ValueType,
  add: (a: number, b: number) => number,
): ArrayData {
  const out = allocate(type.dtype, sizeOf(type.shape));
  const inner = sizeOf(type.shape.slice(axis + 1));
  visitRows(type.shape, axis, indices, (at, to) => {
    for (let k = 0; k < inner; k++) out[to + k] = add(out[to + k], updates.data[at + k]);
  });
  return out;
}
