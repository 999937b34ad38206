/**
 * Products and running sums, composed of operations on parts of an axis, in ⌈log₂ n⌉ rounds.
 *
 * @module
 */
import { type Axes, axesOf, axisOf } from "./axes.ts";
import { concat, ones } from "./operations.ts";
import { type Tensor, tensor, type TensorLike } from "./tensor.ts";

/**
 * The product over axes, of neighbours in pairs, of pairs in pairs, and so on. Its gradient is right where
 * elements are 0, too. It overflows where a part of the product does: for many factors add up logarithms.
 *
 * @param x The factors.
 * @param axes The axes; all by default.
 * @returns The reduced tensor; 1 where there is nothing to multiply.
 */
export function prod(x: TensorLike, axes?: Axes): Tensor {
  const values = tensor(x);
  const chosen = axesOf("prod", values.shape, axes);
  const product = chosen.reduce((left, axis) => productAlong(left, axis), values);
  return product.reshape(values.shape.filter((_, axis) => !chosen.includes(axis)));
}

/** The axis keeps a length of 1. */
function productAlong(x: Tensor, axis: number): Tensor {
  let left = x;
  if (x.shape[axis] === 0) return ones(x.shape.with(axis, 1));
  while (left.shape[axis] > 1) {
    const length = left.shape[axis];
    const half = Math.floor(length / 2);
    const pairs = left.slice(0, half, { axis }).mul(left.slice(half, 2 * half, { axis }));
    left = length % 2 === 0 ? pairs : concat([pairs, left.slice(-1, undefined, { axis })], axis);
  }
  return left;
}

/**
 * The running sum along an axis: element i of the result is the sum of the elements 0 to i.
 *
 * Each round adds to every element the one that is 1, 2, 4, … places before it (Hillis & Steele, "Data
 * parallel algorithms", 1986): n log₂ n additions, whose errors grow as log n and not as n.
 *
 * @param x The terms.
 * @param axis The axis; the last by default.
 * @returns The sums, in the shape of `x`.
 */
export function cumulativeSum(x: TensorLike, axis = -1): Tensor {
  const values = tensor(x);
  const along = axisOf("cumulativeSum", values.shape, axis);
  const length = values.shape[along];
  let sums = values;
  for (let distance = 1; distance < length; distance *= 2) {
    const before = sums.slice(0, length - distance, { axis: along });
    const after = sums.slice(distance, length, { axis: along }).add(before);
    sums = concat([sums.slice(0, distance, { axis: along }), after], along);
  }
  return sums;
}
