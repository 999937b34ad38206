/**
 * Location and scale of the ensemble of chains, coordinate by coordinate.
 *
 * @module
 */
import { quantile } from "../diagnostics/quantile.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Where the chains are and how far they spread. */
export interface EnsembleScale {
  /** Median of each coordinate, [d]. */
  readonly median: Float64Array;
  /** Squared scale of each coordinate, the variance of a normal distribution, [d]. */
  readonly variance: Float64Array;
}

/** Share of a normal distribution up to one standard deviation below its mean. */
const LOWER = 0.15865525393145705;
/** And up to one above it. */
export const UPPER = 0.8413447460685429;

/**
 * The standard deviation of numbers, if they are normal, by quantiles: a few that are far away do not matter.
 *
 * @param values The numbers, not empty.
 * @returns Half of the distance of those that are one standard deviation off.
 */
export function spreadOf(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  return (quantile(sorted, UPPER) - quantile(sorted, LOWER)) / 2;
}

/**
 * Location and scale of each coordinate over chains and draws, from its median and from half the
 * distance of the quantiles that are one standard deviation off in a normal distribution. Early in a
 * warm-up a few chains are still far away; they would rule a mean and a mean of squares.
 *
 * @param positions chains × draws × d.
 * @param fallback The variance of a coordinate that does not vary or is not finite, [d].
 * @returns Median and variance.
 */
export function ensembleScale(positions: Tensor, fallback: Float64Array): EnsembleScale {
  const { data } = positions;
  const dimension = fallback.length;
  const column = new Float64Array(data.length / dimension);
  const median = new Float64Array(dimension);
  const variance = fallback.map((old, i) => {
    for (let row = 0; row < column.length; row++) column[row] = data[row * dimension + i];
    column.sort();
    const at = (share: number): number => column[Math.round(share * (column.length - 1))];
    median[i] = at(0.5);
    const scale = (at(UPPER) - at(LOWER)) / 2;
    return Number.isFinite(scale) && scale > 0 ? scale * scale : old;
  });
  return { median, variance };
}
