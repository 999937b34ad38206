/**
 * Targets whose log density is a black box.
 *
 * @module
 */
import { hostFunction } from "../tensor/host_function.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { density, type DensityOptions } from "./density.ts";
import type { Target } from "./target.ts";

/**
 * The target of a log density on ℝᵈ that is a function of plain numbers: a simulator, a solver, code from
 * elsewhere, whatever cannot be written in the array language.
 *
 * It is called for one chain at a time, from within the compiled steps, with a fresh copy of the point. It
 * must be a pure function, and not async; what it throws ends a run, as it is. Without a gradient, `sample`
 * moves chains locally by differences of others (`differentialEvolution`), or by random walks (`rwm`) where
 * these are few, and the flow's jumps carry the rest; kernels that need gradients refuse the target. A step of
 * `mala` calls both functions once, one of `hmc` with L leapfrog steps the gradient L times and the log density
 * once, `differentialEvolution` and `rwm` the log density once.
 *
 * @param dimension Number of coordinates d, at least 1.
 * @param logDensity From a point, d numbers, to ln p(x); −∞ where the density is 0.
 * @param gradient From a point to the gradient of ln p there, d numbers; there is none by default.
 * @param options Which coordinates are periodic.
 * @returns The target; its draws are named `x`.
 * @throws {RangeError} If the dimension is not a positive integer.
 * @throws {TypeError} If one of the functions is none; when they are called, if they give back something
 * other than a number, or than d numbers.
 *
 * @example A standard normal
 * ```ts
 * import { hostDensity, key, sample } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * const gaussian = hostDensity(2, ([x, y]) => -0.5 * (x * x + y * y));
 * assert.equal(gaussian.logDensity([1, 2]), -2.5);
 * const run = await sample(gaussian, key(1), { stop: { effectiveSampleSize: 500 } });
 * assert.deepEqual(run.draws.x.shape.slice(2), [2]);
 * ```
 */
export function hostDensity(
  dimension: number,
  logDensity: (x: Float64Array) => number,
  gradient?: (x: Float64Array) => ArrayLike<number>,
  options: DensityOptions = {},
): Target<{ readonly x: Tensor }> {
  return density(dimension, hostFunction(logDensity, gradient), options);
}
