/**
 * Cuts every chain in two, so that a drift within a chain looks like a difference between chains.
 *
 * @module
 */
import type { Chains } from "./draws.ts";
import type { Memory } from "./memory.ts";
import type { Sorted } from "./sort.ts";

/**
 * The first and the last ⌊n/2⌋ draws of every chain as chains of their own; of an odd number of
 * draws the middle one is left out.
 *
 * @param chains The chains.
 * @param memory Memory to work in.
 * @returns Twice as many chains of half the length. Their memory is that of `chains` if no draw is
 * left out; else they are good until the next cut.
 */
export function splitChains({ values, chains, draws }: Chains, memory: Memory): Chains {
  const half = Math.floor(draws / 2);
  const shape = { chains: 2 * chains, draws: half };
  if (2 * half === draws) return { values, ...shape };
  const kept = memory.floats("halves", 2 * chains * half);
  for (let chain = 0; chain < chains; chain++) {
    const [start, end] = [chain * draws, (chain + 1) * draws];
    kept.set(values.subarray(start, start + half), 2 * chain * half);
    kept.set(values.subarray(end - half, end), (2 * chain + 1) * half);
  }
  return { values: kept, ...shape };
}

/**
 * The draws of split chains in order, without another sort: those of the whole chains but for the
 * middle ones.
 *
 * @param sorted All draws of the chains in order.
 * @param chains The chains before they were cut.
 * @param memory Memory to work in.
 * @returns The draws of the halves in order: `sorted` itself if no draw is left out; else good until
 * the next ones.
 */
export function sortedHalvesOf(sorted: Sorted, { chains, draws }: Chains, memory: Memory): Sorted {
  const half = Math.floor(draws / 2);
  if (2 * half === draws) return sorted;
  const out = {
    values: memory.floats("sorted halves", 2 * chains * half),
    places: memory.integers("places in halves", 2 * chains * half),
  };
  let kept = 0;
  for (let i = 0; i < sorted.places.length; i++) {
    const place = sorted.places[i];
    const chain = Math.floor(place / draws);
    const draw = place - chain * draws;
    if (draw === half) continue;
    out.values[kept] = sorted.values[i];
    // One middle draw is gone from each chain before, and from this one if it lies behind it.
    out.places[kept++] = place - chain - (draw > half ? 1 : 0);
  }
  return out;
}
