/**
 * Rank-normalised split R-hat.
 *
 * @module
 */
import { type Chains, type Draws, mapScalars, perScalar } from "./draws.ts";
import type { Memory } from "./memory.ts";
import { potentialScale } from "./potential_scale.ts";
import { folded, median, type RankNormalise, rankNormaliser } from "./rank_normalise.ts";
import { bulkOf, LEAST_DRAWS, type Scalar, scalar } from "./scalar.ts";

/**
 * The rank-normalised distances of a scalar's halves from its median.
 *
 * @param scalar The scalar.
 * @param normalise Rank normalisation.
 * @param memory Memory to work in.
 * @returns The halves; none if the median is infinite.
 */
export function spreadOf(
  { halves, sortedHalves }: Scalar,
  normalise: RankNormalise,
  memory: Memory,
): Chains | undefined {
  if (!Number.isFinite(median(sortedHalves))) return undefined;
  return { ...halves, values: normalise(folded(sortedHalves, memory), "spread") };
}

/**
 * R-hat of one scalar, with at least `LEAST_DRAWS` draws of each chain.
 *
 * @param bulk Its rank-normalised halves.
 * @param spread The rank-normalised distances from the median; none if that is infinite.
 * @returns The larger R-hat of the bulk and of the distances from the median.
 */
export function scalarRHat(bulk: Chains, spread: Chains | undefined): number {
  if (spread === undefined) return NaN;
  const [ofBulk, ofSpread] = [potentialScale(bulk), potentialScale(spread)];
  // Distances from the median may all be equal where the draws are not: they say nothing then.
  return ofSpread > ofBulk ? ofSpread : ofBulk;
}

/**
 * Rank-normalised split R-hat: how much wider all chains together are than each half chain by itself,
 * in location (ranks of the draws) or in scale (ranks of their distances from the median). Near 1 if
 * the chains agree; draws are usually kept once it is below 1.01. It is invariant under monotone
 * transformations but for the folding, and holds for draws without moments.
 *
 * Source: Vehtari, Gelman, Simpson, Carpenter, Bürkner (2021), Bayesian Analysis 16(2), section 4.
 *
 * @param draws The draws, chains × draws × the shape of the parameter. One chain is enough, since its
 * halves are compared.
 * @returns A number for draws of the shape `[chains, draws]`; otherwise one number for each scalar of
 * the parameter, in row-major order. Infinite if no chain has moved but they differ. NaN where it is
 * not defined: for fewer than 4 draws a chain, for a scalar whose draws are all equal, or whose median
 * is infinite.
 * @throws {TypeError} If the shape does not fit the data.
 * @throws {RangeError} If there are no draws, or a draw is NaN.
 *
 * @example Chains that disagree
 * ```ts
 * import { rHat } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * const low = [0.1, 0.4, 0.2, 0.3, 0.5, 0.0];
 * const high = low.map((x) => x + 10);
 * const draws = { data: Float64Array.from([...low, ...high]), shape: [2, 6] };
 * assert(rHat(draws) as number > 1.5);
 * ```
 */
export function rHat(draws: Draws): number | Float64Array {
  return perScalar(
    draws,
    mapScalars("compute R-hat", draws, (memory) => {
      const normalise = rankNormaliser(memory);
      return (chains) => {
        if (chains.draws < LEAST_DRAWS) return NaN;
        const of = scalar(chains, memory);
        return scalarRHat(bulkOf(of, normalise), spreadOf(of, normalise, memory));
      };
    }),
  );
}
