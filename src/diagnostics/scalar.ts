/**
 * One scalar with what its diagnostics share: the sorted draws, which are costly.
 *
 * @module
 */
import type { Chains } from "./draws.ts";
import type { Memory } from "./memory.ts";
import type { RankNormalise } from "./rank_normalise.ts";
import { type Sorted, sorted } from "./sort.ts";
import { sortedHalvesOf, splitChains } from "./split_chains.ts";

/** Fewest draws of a chain: a half needs two draws to vary. */
export const LEAST_DRAWS = 4;

/** The chains of a scalar with what its diagnostics share. */
export interface Scalar {
  /** The chains as they were drawn. */
  readonly chains: Chains;
  /** All of their draws in order. */
  readonly sorted: Sorted;
  /** The chains cut in two. */
  readonly halves: Chains;
  /** The draws of `halves` in order: the same as `sorted` unless a middle draw is left out. */
  readonly sortedHalves: Sorted;
}

/** Cuts the chains of a scalar and sorts their draws; good until the next scalar in this memory. */
export function scalar(chains: Chains, memory: Memory): Scalar {
  const halves = splitChains(chains, memory);
  const all = sorted(chains.values, memory, "all");
  return { chains, sorted: all, halves, sortedHalves: sortedHalvesOf(all, chains, memory) };
}

/** The rank-normalised halves of a scalar. */
export function bulkOf({ halves, sortedHalves }: Scalar, normalise: RankNormalise): Chains {
  return { ...halves, values: normalise(sortedHalves, "bulk") };
}
