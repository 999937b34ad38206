/**
 * Whether the ensemble of chains still moves as a whole.
 *
 * @module
 */
import type { ChainState } from "../kernels/kernel.ts";
import { wrapAngle } from "../target/circle.ts";
import { log } from "../tensor/functions/scalar_math.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type EnsembleScale, ensembleScale, spreadOf } from "./ensemble_scale.ts";

/** How far windows may differ, in standard errors of as many independent draws as there are chains. */
const LARGEST_SCORE = 3;

/**
 * Whether location or scale of two windows differ by more than chance: the chains have not settled.
 * Modes between which chains do not move are no drift.
 *
 * @param before Location and scale in the window before, if there was one.
 * @param now Those in this window.
 * @param options How many chains there are, whose draws within a window count as one, and which
 * coordinates are periodic.
 * @returns Whether any coordinate has drifted.
 */
export function hasDrifted(
  before: EnsembleScale | undefined,
  now: EnsembleScale,
  { chains, periodic = [] }: { readonly chains: number; readonly periodic?: readonly boolean[] },
): boolean {
  if (before === undefined || chains < 2) return false;
  // Of two means, and of the logarithms of two variances, for normal draws.
  const ofLocation = LARGEST_SCORE * Math.sqrt(2 / chains);
  const ofVariance = LARGEST_SCORE * Math.sqrt(4 / (chains - 1));
  const apart = (i: number): number => {
    const difference = now.median[i] - before.median[i];
    return Math.abs(periodic[i] ? wrapAngle(difference) : difference);
  };
  return now.median.some((_, i) =>
    apart(i) > ofLocation * Math.sqrt(now.variance[i]) ||
    Math.abs(log(now.variance[i]) - log(before.variance[i])) > ofVariance
  );
}

/** Location and scale of a window, with variances of 1 where a coordinate does not vary. */
export function windowScale(positions: Tensor): EnsembleScale {
  const dimension = positions.shape[2];
  return ensembleScale(positions, new Float64Array(dimension).fill(1));
}

/**
 * Log densities of draws of d coordinates spread by about √(d/2), in necks and arms by some times that; where
 * they spread by more than this, at least, chains are still on their way.
 */
const [LEAST_SPREAD, SPREAD_EACH] = [20, 5];

/** Whether chains differ so much in their log density that they have not settled. */
export function climbs(
  { logDensity, position }: Pick<ChainState, "logDensity" | "position">,
): boolean {
  return spreadOf(logDensity.data) > LEAST_SPREAD + SPREAD_EACH * position.shape[1];
}
