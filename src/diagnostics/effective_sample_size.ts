/**
 * Effective sample sizes of the bulk and of the tails.
 *
 * @module
 */
import { covariance } from "./autocovariance.ts";
import { type Chains, type Draws, mapScalars, perScalar } from "./draws.ts";
import { sizeByGeyer } from "./geyer.ts";
import { indicatorCovariance } from "./indicator_covariance.ts";
import type { Memory } from "./memory.ts";
import { quantile } from "./quantile.ts";
import { rankNormaliser } from "./rank_normalise.ts";
import { bulkOf, LEAST_DRAWS, type Scalar, scalar } from "./scalar.ts";

/** The probabilities of the tail quantiles (Vehtari et al. 2021, section 4.3). */
const TAILS = [0.05, 0.95] as const;

/** Effective sample size for the mean of what split chains hold. */
export function meanSize(halves: Chains): number {
  return sizeByGeyer(covariance(halves));
}

/** How many of ascending numbers are not above a limit. */
function countUpTo(ascending: Float64Array, limit: number): number {
  let from = 0;
  let to = ascending.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (ascending[middle] <= limit) from = middle + 1;
    else to = middle;
  }
  return from;
}

/**
 * Effective sample size for a quantile: that for the mean of the indicator x ≤ quantile. The draws are
 * in order, so that those below the quantile are at hand; above the median those above it serve.
 */
export function quantileSize(
  { sorted, halves, sortedHalves }: Scalar,
  probability: number,
  memory: Memory,
): number {
  const { values, places } = sortedHalves;
  const below = countUpTo(values, quantile(sorted.values, probability));
  const ones = 2 * below <= values.length ? places.subarray(0, below) : places.subarray(below);
  return sizeByGeyer(indicatorCovariance({ ...halves, ones }, memory));
}

/** The smaller effective sample size of the 5 % and the 95 % quantile. */
export function tailSize(of: Scalar, memory: Memory): number {
  return Math.min(...TAILS.map((probability) => quantileSize(of, probability, memory)));
}

/**
 * Bulk effective sample size: how many independent draws would give the mean of the rank-normalised
 * draws as precisely. It is invariant under monotone transformations and holds for draws without
 * moments. 400 or more make R-hat and Monte Carlo errors themselves reliable.
 *
 * Source: Vehtari, Gelman, Simpson, Carpenter, Bürkner (2021), Bayesian Analysis 16(2), sections 3.2
 * and 4.2; chains are split, autocovariances come by Fourier transform, and their sum ends by Geyer's
 * initial monotone sequence.
 *
 * @param draws The draws, chains × draws × the shape of the parameter.
 * @returns A number for draws of the shape `[chains, draws]`; otherwise one number for each scalar of
 * the parameter, in row-major order. NaN for fewer than 4 draws a chain; the number of draws for a
 * scalar whose draws are all equal, as in ArviZ, where R-hat is NaN.
 * @throws {TypeError} If the shape does not fit the data.
 * @throws {RangeError} If there are no draws, or a draw is NaN.
 *
 * @example Draws that come twice count half
 * ```ts
 * import { effectiveSampleSize, key, normal } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * const independent = normal(key(1), [4, 500]).data;
 * const data = Float64Array.from({ length: 4000 }, (_, i) => independent[i >> 1]);
 * const size = effectiveSampleSize({ data, shape: [4, 1000] }) as number;
 * assert(size > 1400 && size < 2600); // about 2000
 * ```
 */
export function effectiveSampleSize(draws: Draws): number | Float64Array {
  return perScalar(
    draws,
    mapScalars("compute the effective sample size", draws, (memory) => {
      const normalise = rankNormaliser(memory);
      return (chains) =>
        chains.draws < LEAST_DRAWS ? NaN : meanSize(bulkOf(scalar(chains, memory), normalise));
    }),
  );
}

/**
 * Tail effective sample size: the smaller one of the estimates of the 5 % and the 95 % quantile, which
 * falls when chains differ in scale or get stuck far out.
 *
 * Source: Vehtari, Gelman, Simpson, Carpenter, Bürkner (2021), Bayesian Analysis 16(2), section 4.3.
 *
 * @param draws The draws, chains × draws × the shape of the parameter.
 * @returns A number for draws of the shape `[chains, draws]`; otherwise one number for each scalar of
 * the parameter, in row-major order. NaN for fewer than 4 draws a chain.
 * @throws {TypeError} If the shape does not fit the data.
 * @throws {RangeError} If there are no draws, or a draw is NaN.
 *
 * @example Chains of different widths agree on the middle, not on the tails
 * ```ts
 * import { effectiveSampleSize, effectiveSampleSizeTail, key, normal } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * const independent = normal(key(1), [4, 500]).data;
 * const data = Float64Array.from(independent, (x, i) => i < 500 ? 10 * x : x);
 * const draws = { data, shape: [4, 500] };
 * assert(effectiveSampleSizeTail(draws) < effectiveSampleSize(draws));
 * ```
 */
export function effectiveSampleSizeTail(draws: Draws): number | Float64Array {
  return perScalar(
    draws,
    mapScalars(
      "compute the tail effective sample size",
      draws,
      (memory) => (chains) =>
        chains.draws < LEAST_DRAWS ? NaN : tailSize(scalar(chains, memory), memory),
    ),
  );
}
