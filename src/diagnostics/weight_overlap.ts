/**
 * Weights p/q at draws of the target against those at draws of a proposal.
 *
 * @module
 */
import { exp } from "../tensor/functions/scalar_math.ts";

/** What weights at draws and at proposals tell of each other. */
export interface WeightOverlap {
  /** Mean probability that an independence move from a draw to a proposal is accepted. */
  readonly acceptance: number;
  /**
   * Share of all weight that proposals carry whose weight is above that of every draw: of n independent
   * draws of the target its expectation is 1/(n + 1), so that more is a part of the target that no draw is
   * in.
   */
  readonly unvisited: number;
}

/**
 * Compares weights. The acceptance is what chains at the draws meet, and not E min(1, w'/w) with the draws
 * replaced by weighted proposals, as {@linkcode proposalQuality} has it: where a few proposals outweigh all
 * others, these two differ.
 *
 * @param draws ln p − ln q at draws of p.
 * @param proposals ln p − ln q at draws of q; constants matter, as long as they are the same.
 * @returns The comparison; both 0 if there are no draws, or no proposal has a positive weight.
 */
export function weightOverlap(draws: Float64Array, proposals: Float64Array): WeightOverlap {
  const ascending = proposals.filter((log) => log < Infinity && log > -Infinity).sort();
  const n = ascending.length;
  if (n === 0 || draws.length === 0) return { acceptance: 0, unvisited: 0 };
  const largest = ascending[n - 1];
  // Sums of the weights up to each proposal, in units of the largest.
  const sums = new Float64Array(n + 1);
  ascending.forEach((log, i) => sums[i + 1] = sums[i] + exp(log - largest));
  const from = draws.toSorted();
  let total = 0;
  let below = 0;
  for (const log of from) {
    while (below < n && ascending[below] < log) below++;
    const lighter = below === 0 || !(log < Infinity) ? 0 : sums[below] * exp(largest - log);
    total += lighter + n - below;
  }
  // `below` is now the number of proposals that are lighter than the heaviest draw.
  const highest = from[from.length - 1];
  while (below < n && ascending[below] <= highest) below++;
  return {
    acceptance: total / (proposals.length * draws.length),
    unvisited: (sums[n] - sums[below]) / sums[n],
  };
}
