/**
 * Functions of the array language that are not methods: those of several tensors, and those composed
 * of others.
 *
 * @module
 */
import {
  apply,
  type Axes,
  binary,
  fill,
  Tensor,
  tensor,
  type TensorLike,
  words,
} from "./tensor.ts";
import { axesOf, axisOf } from "./axes.ts";
import { indicesOf } from "./indexing.ts";
import { shapeError } from "./mismatch.ts";
import { broadcastShapes, sameShape, shapeText } from "./shape.ts";
import { userFrame } from "./user_frame.ts";

/**
 * Chooses element by element: `mask ? a : b`. Both are computed; a NaN in the branch not taken stays
 * out of the value, but a gradient of that branch that is not finite does not stay out of the
 * gradient (0 · ∞ is NaN): keep the argument of each branch where the branch is smooth.
 *
 * @param mask A bool tensor.
 * @param a Values where the mask is true.
 * @param b Values where it is false.
 * @returns The chosen values, in the common shape.
 */
export function where(mask: TensorLike, a: TensorLike, b: TensorLike): Tensor {
  const operands = [mask, a, b].map(tensor);
  let shape: readonly number[] = [];
  for (const operand of operands) {
    const common = broadcastShapes(shape, operand.shape);
    if (common === undefined) {
      const shapes = operands.map((x) => shapeText(x.shape)).join(", ");
      throw new TypeError(`Cannot choose with where between shapes ${shapes}${userFrame()}`);
    }
    shape = common;
  }
  return apply("select", {}, operands.map((x) => x.broadcastTo(shape)))[0];
}

/**
 * Tensors one after the other along an existing axis.
 *
 * @param parts At least one tensor, of equal lengths on all other axes.
 * @param axis The axis; the first by default.
 * @returns The joined tensor.
 */
export function concat(parts: readonly TensorLike[], axis = 0): Tensor {
  const operands = parts.map(tensor);
  if (operands.length === 0) {
    throw new TypeError(`Cannot concat no tensors: give at least one${userFrame()}`);
  }
  return apply("concat", { axis: axisOf("concat", operands[0].shape, axis) }, operands)[0];
}

/**
 * Tensors of one shape, stacked along a new axis.
 *
 * @param parts At least one tensor.
 * @param axis Where the new axis goes; first by default.
 * @returns The stacked tensor.
 */
export function stack(parts: readonly TensorLike[], axis = 0): Tensor {
  const operands = parts.map(tensor);
  const first = operands[0];
  if (first === undefined) {
    throw new TypeError(`Cannot stack no tensors: give at least one${userFrame()}`);
  }
  const other = operands.find(({ shape }) => !sameShape(shape, first.shape));
  if (other !== undefined) throw shapeError("stack", first, other);
  const place = axisOf("stack", [...first.shape, 1], axis);
  const shape = first.shape.toSpliced(place, 0, 1);
  return concat(operands.map((x) => x.reshape(shape)), place);
}

/** Zeros of a shape. */
export function zeros(shape: readonly number[]): Tensor {
  return fill(shape, 0);
}

/** Ones of a shape. */
export function ones(shape: readonly number[]): Tensor {
  return fill(shape, 1);
}

/**
 * 0, 1, …, n − 1.
 *
 * @param n How many.
 * @returns A vector of length n.
 */
export function arange(n: number): Tensor {
  return tensor(Float64Array.from({ length: n }, (_, i) => i));
}

/**
 * log Σ eˣ over axes, without overflow: the largest element is taken out first.
 *
 * @param x The exponents; −∞ is allowed, and all −∞ gives −∞.
 * @param axes The axes; all by default.
 * @returns The reduced tensor.
 */
export function logSumExp(x: TensorLike, axes?: Axes): Tensor {
  const values = tensor(x);
  const reduced = axesOf("reduce", values.shape, axes);
  if (reduced.length === 1 && values.shape[reduced[0]] === 2) {
    const [a, b] = [0, 1].map((i) => values.slice(i, i + 1, { axis: reduced[0] }));
    const shape = values.shape.toSpliced(reduced[0], 1);
    return binary("logAddExp", a.reshape(shape), b.reshape(shape));
  }
  const largest = values.max(axes).stopGradient();
  // With nothing finite to take out, 0 is, so that −∞ − (−∞) does not arise.
  const shift = where(largest.isFinite(), largest, 0);
  const spread = axes === undefined ? shift : restoreAxes(shift, values, axes);
  return values.sub(spread).exp().sum(axes).log().add(shift);
}

/**
 * eˣ / Σ eˣ over an axis.
 *
 * @param x The exponents.
 * @param axis The axis; the last by default.
 * @returns Positive numbers that add up to 1 along the axis.
 */
export function softmax(x: TensorLike, axis = -1): Tensor {
  const values = tensor(x);
  const largest = restoreAxes(values.max(axis).stopGradient(), values, axis);
  const weights = values.sub(largest).exp();
  return weights.div(restoreAxes(weights.sum(axis), values, axis));
}

/** Puts reduced axes back with length 1. */
function restoreAxes(reduced: Tensor, original: Tensor, axes: Axes): Tensor {
  const gone = axesOf("reduce", original.shape, axes);
  return reduced.reshape(original.shape.map((length, axis) => gone.includes(axis) ? 1 : length));
}

/**
 * Limits values to [low, high].
 *
 * @param x The values.
 * @param low Lower limit.
 * @param high Upper limit.
 * @returns The limited values.
 */
export function clamp(x: TensorLike, low: TensorLike, high: TensorLike): Tensor {
  return tensor(x).maximum(low).minimum(high);
}

/**
 * The outer product of two vectors.
 *
 * @param a A vector of length m.
 * @param b A vector of length n.
 * @returns The m × n matrix aᵢbⱼ.
 */
export function outer(a: TensorLike, b: TensorLike): Tensor {
  return tensor(a).reshape([-1, 1]).mul(tensor(b).reshape([1, -1]));
}

/**
 * 1 at each index, 0 elsewhere, along a new last axis: one row of indicators for each index.
 *
 * @param indices Whole numbers from 0 to `classes` − 1, or a traced u32 tensor, in which an index beyond the
 * last class gives zeros. Negative numbers count from the end.
 * @param classes How many classes there are.
 * @returns The indicators, of the indices' shape with `classes` at its end.
 * @throws {RangeError} If an index that is known is out of range, or `classes` is no whole number.
 */
export function oneHot(indices: TensorLike, classes: number): Tensor {
  if (!Number.isInteger(classes) || classes < 0) {
    throw new RangeError(
      `Cannot make indicators of ${classes} classes: expected a whole number from 0${userFrame()}`,
    );
  }
  const { dtype, shape, source } = indicesOf(tensor(indices), classes, `${classes} classes`);
  const rows = new Tensor(dtype, shape, source).reshape([...shape, 1]);
  return rows.equal(words(Array.from({ length: classes }, (_, i) => i))).as("f64");
}

/** Whether a value is a tensor. */
export function isTensor(value: unknown): value is Tensor {
  return value instanceof Tensor;
}
