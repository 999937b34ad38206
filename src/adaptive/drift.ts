/**
 * Whether the ensemble of chains still moves as a whole.
 *
 * @module
 */
import { log } from "../tensor/scalar_math.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { pooledVariance } from "./adaptation.ts";

/** Mean and variance of each coordinate over the chains and draws of a window. */
export interface WindowMoments {
  /** [d]. */
  readonly mean: Float64Array;
  /** [d]. */
  readonly variance: Float64Array;
}

/** How far moments may differ, in standard errors of as many independent draws as there are chains. */
const LARGEST_SCORE = 3;

/**
 * The moments of a window.
 *
 * @param positions chains × draws × d.
 * @returns Mean and variance of each coordinate.
 */
export function momentsOf(positions: Tensor): WindowMoments {
  const { data, shape: [chains, draws, dimension] } = positions;
  const mean = new Float64Array(dimension);
  for (let i = 0; i < data.length; i++) mean[i % dimension] += data[i] / (chains * draws);
  return { mean, variance: pooledVariance(positions, new Float64Array(dimension).fill(1)) };
}

/**
 * Whether the moments of two windows differ by more than chance: the chains have not settled. Modes
 * between which chains do not move are no drift.
 *
 * @param before The moments of the window before, if there was one.
 * @param now Those of this window.
 * @param chains How many chains: their draws within a window count as one.
 * @returns Whether any coordinate has drifted.
 */
export function hasDrifted(
  before: WindowMoments | undefined,
  now: WindowMoments,
  chains: number,
): boolean {
  if (before === undefined || chains < 2) return false;
  // Of two means, and of the logarithms of two variances (for normal draws).
  const ofMean = LARGEST_SCORE * Math.sqrt(2 / chains);
  const ofVariance = LARGEST_SCORE * Math.sqrt(4 / (chains - 1));
  return now.mean.some((mean, i) =>
    Math.abs(mean - before.mean[i]) > ofMean * Math.sqrt(now.variance[i]) ||
    Math.abs(log(now.variance[i]) - log(before.variance[i])) > ofVariance
  );
}
