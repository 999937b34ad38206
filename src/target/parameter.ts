/**
 * Parameters and their bijections: each maps unconstrained numbers to its range, with the logarithm
 * of the Jacobian determinant that the density of the unconstrained numbers needs.
 *
 * @module
 */
import { expectArguments } from "../tensor/expect_options.ts";
import type { Shape } from "../tensor/program.ts";
import { concat, where } from "../tensor/operations.ts";
import { mod } from "../tensor/special_functions.ts";
import { sizeOf } from "../tensor/shape.ts";
import { log } from "../tensor/functions/scalar_math.ts";
import { fill, type Tensor, tensor } from "../tensor/tensor.ts";
import { TURN } from "./circle.ts";

/** A parameter of a posterior: its shape, its range and how unconstrained numbers map to it. */
export interface Parameter {
  /** Its shape; `[]` for a scalar. */
  readonly shape: Shape;
  /** How many unconstrained numbers it takes. */
  readonly free: number;
  /** From unconstrained numbers [free] to the value, and ln |det| of that map, a scalar. */
  constrain(free: Tensor): { readonly value: Tensor; readonly logDeterminant: Tensor };
  /** From a concrete value of its shape to the unconstrained numbers [free]. */
  unconstrain(value: Tensor): Tensor;
  /** What a value must be, for errors. */
  readonly range: string;
  /** Whether its unconstrained numbers are angles: the value is the same after a whole turn, 2π. */
  readonly periodic?: boolean;
}

/** Lengths of the axes; a number stands for a vector, nothing for a scalar. */
export type ShapeLike = number | readonly number[];

function shapeOf(name: string, shape: ShapeLike = []): Shape {
  const lengths = typeof shape === "number" ? [shape] : shape;
  if (Array.isArray(lengths) && lengths.every((n) => Number.isInteger(n) && n >= 1)) return lengths;
  throw new RangeError(
    `Cannot make a ${name} parameter of shape ${JSON.stringify(shape)}: lengths must be positive ` +
      "integers",
  );
}

/** Refuses lengths that were given one by one. */
function checkArguments(
  given: ArrayLike<unknown>,
  most: number,
  name: string,
  example: string,
): void {
  const advice = `lengths of several axes go into an array, as in ${example}`;
  expectArguments(given, most, `make ${name} parameters`, advice);
}

/** A parameter whose elements are mapped one by one. */
function elementwise(
  shape: Shape,
  range: string,
  constrain: Parameter["constrain"],
  unconstrain: (value: Tensor) => Tensor,
): Parameter {
  return {
    shape,
    free: sizeOf(shape),
    range,
    constrain: (free) => {
      const { value, logDeterminant } = constrain(free);
      return { value: value.reshape(shape), logDeterminant };
    },
    unconstrain: (value) => unconstrain(value).reshape([sizeOf(shape)]),
  };
}

/**
 * A parameter that may be any real number.
 *
 * @param shape A length or lengths; a scalar by default.
 * @returns The parameter.
 * @throws {RangeError} If a length is not a positive integer.
 * @throws {TypeError} If there are more arguments.
 */
export function real(shape?: ShapeLike): Parameter {
  checkArguments(arguments, 1, "real", "real([2, 3])");
  return elementwise(
    shapeOf("real", shape),
    "finite numbers",
    (free) => ({ value: free, logDeterminant: tensor(0) }),
    (value) => value,
  );
}

/**
 * An angle in radians, in [−π, π). Its unconstrained number is the angle itself, on the line that goes
 * around and around; whole turns are taken off, so that the density repeats itself there. Chains, flows
 * and diagnostics know that −π and π are one point.
 *
 * @param shape A length or lengths; a scalar by default.
 * @returns The parameter.
 * @throws {RangeError} If a length is not a positive integer.
 * @throws {TypeError} If there are more arguments.
 *
 * @example The phase of a wave
 * ```ts
 * import { angle, posterior } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * const t = [0, 1, 2, 3, 4];
 * const wave = posterior({
 *   parameters: { phase: angle() },
 *   data: { t, y: t.map((each) => Math.sin(each + 3)) },
 *   logDensity: ({ phase }, { t, y }) =>
 *     y.sub(t.add(phase).sin()).square().sum().mul(-50),
 * });
 * assert.deepEqual(wave.periodic, [true]);
 * assert.equal(wave.constrain([3.5]).phase, 3.5 - 2 * Math.PI);
 * ```
 */
export function angle(shape?: ShapeLike): Parameter {
  checkArguments(arguments, 1, "angle", "angle([2, 3])");
  const parameter = elementwise(
    shapeOf("angle", shape),
    "finite numbers",
    (free) => ({
      value: mod(free.add(Math.PI), TURN).sub(Math.PI),
      logDeterminant: tensor(0),
    }),
    (value) => value,
  );
  return { ...parameter, periodic: true };
}

/**
 * A positive parameter: e^u, with ln |det| = Σ u.
 *
 * @param shape A length or lengths; a scalar by default.
 * @returns The parameter.
 * @throws {RangeError} If a length is not a positive integer.
 * @throws {TypeError} If there are more arguments.
 */
export function positive(shape?: ShapeLike): Parameter {
  checkArguments(arguments, 1, "positive", "positive([2, 3])");
  return elementwise(
    shapeOf("positive", shape),
    "positive numbers",
    (free) => ({ value: free.exp(), logDeterminant: free.sum() }),
    (value) => value.log(),
  );
}

/**
 * A parameter between two limits: low + (high − low)·sigmoid(u), with
 * ln |det| = Σ ln(high − low) − softplus(u) − softplus(−u).
 *
 * Values are doubles strictly between the limits: nearer to a limit other than 0 than about 1e-16 of
 * its size there are none. A density with much of its mass there, as Beta(0.05, 0.05) at 1, is cut off.
 *
 * @param low Lower limit.
 * @param high Upper limit.
 * @param shape A length or lengths; a scalar by default.
 * @returns The parameter.
 * @throws {RangeError} If the limits or their distance are not finite, or they do not ascend, or a length
 * is not a positive integer.
 * @throws {TypeError} If there are more arguments.
 */
export function interval(low: number, high: number, shape?: ShapeLike): Parameter {
  checkArguments(arguments, 3, "interval", "interval(0, 1, [2, 3])");
  if (!(low < high && Number.isFinite(high - low))) {
    throw new RangeError(
      `Cannot make an interval from ${low} to ${high}: the limits must be finite and ascending`,
    );
  }
  const width = high - low;
  return elementwise(
    shapeOf("interval", shape),
    `numbers between ${low} and ${high}`,
    (free) => {
      // Counted from the nearer limit: from the lower one, rounding can lead beyond the upper one.
      const isLow = free.less(0);
      const part = where(isLow, free, free.neg()).sigmoid().mul(width);
      const value = where(isLow, part.add(low), tensor(high).sub(part));
      return {
        // A number at a limit would have an infinite log density under many priors.
        value: value.maximum(above(low)).minimum(-above(-high)),
        logDeterminant: tensor(log(width)).sub(free.softplus()).sub(free.neg().softplus()).sum(),
      };
    },
    (value) => value.sub(low).log().sub(tensor(high).sub(value).log()),
  );
}

/** The smallest double above a finite one. */
function above(x: number): number {
  const cell = new DataView(new ArrayBuffer(8));
  cell.setFloat64(0, x === 0 ? Number.MIN_VALUE : x);
  if (x !== 0) cell.setBigInt64(0, cell.getBigInt64(0) + (x > 0 ? 1n : -1n));
  return cell.getFloat64(0);
}

/** The length of a vector that needs at least two elements. */
function lengthOf(name: string, length: number): number {
  if (Number.isInteger(length) && length >= 2) return length;
  throw new RangeError(
    `Cannot make ${name} of length ${length}: expected a whole number of at least 2`,
  );
}

/** Row i sums the first i elements, the i-th itself included or not. */
function summing(rows: number, columns: number, itself: boolean): number[][] {
  return Array.from(
    { length: rows },
    (_, i) => Array.from({ length: columns }, (_, j) => j < i || (itself && i === j) ? 1 : 0),
  );
}

/**
 * Ascending numbers: x₀ = u₀, xᵢ = xᵢ₋₁ + e^uᵢ, with ln |det| = Σ_{i>0} uᵢ.
 *
 * @param length How many, at least 2.
 * @returns The parameter.
 * @throws {RangeError} If the length is not a whole number of at least 2.
 * @throws {TypeError} If there are more arguments.
 */
export function ordered(length: number): Parameter {
  expectArguments(arguments, 1, "make ordered parameters", "give one length, as in ordered(3)");
  const n = lengthOf("ordered numbers", length);
  return {
    shape: [n],
    free: n,
    range: "finite ascending numbers",
    constrain: (free) => {
      const rises = free.slice(1);
      const parts = concat([free.slice(0, 1), rises.exp()]);
      return { value: tensor(summing(n, n, true)).dot(parts), logDeterminant: rises.sum() };
    },
    unconstrain: (value) =>
      concat([value.slice(0, 1), value.slice(1).sub(value.slice(0, n - 1)).log()]),
  };
}

/** How far a simplex' elements may be from adding up to 1. */
const SIMPLEX_TOLERANCE = 1e-8;

/**
 * Positive numbers that add up to 1, by breaking a stick: of what is left, element k takes the share
 * sigmoid(u_k − ln(n − 1 − k)), so that u = 0 gives equal elements.
 *
 * Source: Stan Reference Manual, "Unit simplex inverse transform".
 *
 * @param length How many, at least 2.
 * @returns The parameter; it takes length − 1 unconstrained numbers.
 * @throws {RangeError} If the length is not a whole number of at least 2.
 * @throws {TypeError} If there are more arguments.
 */
export function simplex(length: number): Parameter {
  expectArguments(arguments, 1, "make simplex parameters", "give one length, as in simplex(3)");
  const n = lengthOf("a simplex", length);
  const offsets = Float64Array.from({ length: n - 1 }, (_, k) => -log(n - 1 - k));
  return {
    shape: [n],
    free: n - 1,
    range: "positive numbers that add up to 1",
    constrain: (free) => {
      const logit = free.add(offsets);
      // ln of the share taken, of the share left, and of the stick before each break.
      const taken = logit.neg().softplus().neg();
      const left = logit.softplus().neg();
      const stick = tensor(summing(n, n - 1, false)).dot(left);
      return {
        value: stick.add(concat([taken, fill([1], 0)])).exp(),
        logDeterminant: taken.add(left).sum().add(stick.slice(0, n - 1).sum()),
      };
    },
    unconstrain: (value) => {
      const shares = value.data;
      const free = new Float64Array(n - 1);
      let rest = 0;
      for (let k = n - 1; k > 0; k--) {
        rest += shares[k];
        free[k - 1] = log(shares[k - 1]) - log(rest) - offsets[k - 1];
      }
      const off = Math.abs(rest + shares[0] - 1);
      return tensor(off < SIMPLEX_TOLERANCE ? free : free.fill(NaN));
    },
  };
}
