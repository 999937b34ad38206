/**
 * The tail of importance weights: how many moments they have.
 *
 * @module
 */
import { exp, expm1, log, log1p } from "../tensor/functions/scalar_math.ts";
import { logLargestOf, type LogWeights } from "./log_weights.ts";
import { memory } from "./memory.ts";
import { sorted } from "./sort.ts";

/** Fewest weights of a tail that a shape can be fitted to, as in ArviZ and R's loo. */
const LEAST_TAIL = 5;
/** Logarithms that are closer differ by rounding: log densities err by about 1e-16 of their terms. */
const SAME = 1e-10;
/** ln of the smallest normal double: weights that are a smaller part of the largest are no tail. */
const LEAST_LOG_WEIGHT = -708.3964185322641;
/** Zhang and Stephens' (2009) scale of the prior of b, and the least number of their grid's points. */
const PRIOR_SCALE = 3;
const LEAST_GRID = 30;
/** So many weights' worth of k = 1/2: the weak prior of Vehtari et al. (2024). */
const PRIOR_WEIGHTS = 10;
const PRIOR_SHAPE = 0.5;
/** Points of the grid whose posterior weight is less do not count. */
const LEAST_WEIGHT = 10 * Number.EPSILON;

/** How many of the largest weights are the tail (Vehtari et al. 2024). */
function tailLength(size: number): number {
  return Math.ceil(Math.min(size / 5, 3 * Math.sqrt(size)));
}

/** The shape that fits best for a given b, which is minus shape over scale. */
function shapeAt(b: number, exceedances: Float64Array): number {
  let sum = 0;
  for (const x of exceedances) sum += log1p(-b * x);
  return sum / exceedances.length;
}

/** Zhang and Stephens' grid for b: quantiles of a prior that the data give. */
function grid(exceedances: Float64Array): number[] {
  const size = exceedances.length;
  const points = LEAST_GRID + Math.floor(Math.sqrt(size));
  const quartile = exceedances[Math.floor(size / 4 + 0.5) - 1];
  return Array.from(
    { length: points },
    (_, i) =>
      1 / exceedances[size - 1] +
      (1 - Math.sqrt(points / (i + 0.5))) / (PRIOR_SCALE * quartile),
  );
}

/** The posterior mean of b: the points of the grid weighted by their profile likelihoods. */
function posteriorMean(points: readonly number[], exceedances: Float64Array): number {
  const logLikelihoods = points.map((b) => {
    const shape = shapeAt(b, exceedances);
    return exceedances.length * (log(-b / shape) - shape - 1);
  });
  const weights = logLikelihoods.map((at) =>
    1 / logLikelihoods.reduce((sum, other) => sum + exp(other - at), 0)
  );
  let sum = 0;
  let total = 0;
  for (let i = 0; i < points.length; i++) {
    if (weights[i] < LEAST_WEIGHT) continue;
    sum += weights[i] * points[i];
    total += weights[i];
  }
  return sum / total;
}

/**
 * The shape of the generalised Pareto distribution of a sample, by Zhang and Stephens' (2009)
 * approximate posterior mean, drawn towards 1/2 as by ten more observations.
 *
 * @param exceedances Positive numbers in ascending order, at least 5 of them.
 * @returns The shape k; the distribution has moments of orders below 1/k.
 */
export function generalisedParetoShape(exceedances: Float64Array): number {
  const shape = shapeAt(posteriorMean(grid(exceedances), exceedances), exceedances);
  const size = exceedances.length;
  return (size * shape + PRIOR_WEIGHTS * PRIOR_SHAPE) / (size + PRIOR_WEIGHTS);
}

/**
 * Shape k of the generalised Pareto distribution that fits the largest importance weights. Weights
 * have about 1/k moments: for k < 0.5 a finite variance, and estimates behave as usual; up to 0.7 they
 * are still useful; above, no sample of practical size makes them reliable, and the proposal must come
 * closer to the target.
 *
 * Source: Vehtari, Simpson, Gelman, Yao, Gabry (2024), Pareto smoothed importance sampling, JMLR
 * 25(72); the fit of Zhang & Stephens (2009), Technometrics 51(3); the numbers are those of ArviZ.
 *
 * @param logWeights ln p(x) − ln q(x) of independent draws x of q; constants do not matter, and −∞ is
 * the weight 0. The tail is the largest 3√n of n weights, at most a fifth of them.
 * @returns k. Infinite if the tail has fewer than 5 weights above all others, as always for n ≤ 20: k
 * cannot be told then. −∞ if the tail's weights are all equal but for rounding, which is no tail.
 * @throws {RangeError} If there are no weights, one is NaN or +∞, or all are zero.
 *
 * @example A proposal that is too narrow
 * ```ts
 * import { key, normal, paretoShape } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * // Draws x / 2 of N(0, 1/4) for N(0, 1): ln w = −x²/8 + x²/2 + a constant, and k = 3/4.
 * const logWeights = Float64Array.from(normal(key(1), [10000]).data, (x) => 0.375 * x * x);
 * assert(paretoShape(logWeights) > 0.5);
 * ```
 */
export function paretoShape(logWeights: LogWeights): number {
  const logLargest = logLargestOf("fit the Pareto shape", logWeights);
  const size = logWeights.length;
  const length = tailLength(size);
  if (length < LEAST_TAIL) return Infinity;
  const { values } = sorted(Float64Array.from(logWeights), memory(), "log weights");
  const cut = Math.max(values[size - 1 - length] - logLargest, LEAST_LOG_WEIGHT);
  if (-cut <= SAME) return -Infinity;
  const tail = values.subarray(size - length).map((value) => value - logLargest)
    .filter((value) => value > cut);
  if (tail.length < LEAST_TAIL) return Infinity;
  const shape = generalisedParetoShape(tail.map((value) => -exp(value) * expm1(cut - value)));
  return Number.isFinite(shape) ? shape : Infinity;
}
