/**
 * Chains that were left behind far out, where the density is next to nothing.
 *
 * @module
 */
import type { ChainState } from "../kernels/kernel.ts";
import { type Key, uniform } from "../tensor/random.ts";
import { allocate } from "../tensor/shape.ts";
import { fromArray, type Tensor } from "../tensor/tensor.ts";
import { mapLeaves, type Tree } from "../tensor/tree.ts";
import { UPPER } from "./ensemble_scale.ts";

/**
 * How many such deviations, and at least as many units, the log density of a chain lies below the median
 * when it is a stray: neither draws nor modes of small weight are found so far down. The deviation is
 * that of the upper half, since up to half of all chains may be strays.
 */
const FAR = 100;

/**
 * The chains whose log density lies far below that of the others.
 *
 * @param logDensity Of each chain, [chains].
 * @returns Their numbers; none where all of them are broken, since then there are no others.
 */
export function strayChains({ data }: Tensor): number[] {
  const sorted = Float64Array.from(data).sort();
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))];
  const limit = at(0.5) - FAR * (at(UPPER) - at(0.5) + 1);
  const strays = Array.from(data, (_, chain) => chain).filter((chain) => !(data[chain] >= limit));
  return strays.length === data.length ? [] : strays;
}

/**
 * The scouts that got lost: those whose log density is below that of all others by more than these differ
 * among each other. What a scout found of no such density is no mode of a weight that matters, unless it is
 * far wider than where the others are.
 *
 * @param logDensity Of each chain, [chains].
 * @param scouts The numbers of scouts.
 * @returns The numbers of those that are lost.
 */
export function lostScouts({ data }: Tensor, scouts: readonly number[]): number[] {
  const others = Array.from(data).filter((_, chain) => !scouts.includes(chain)).sort((a, b) =>
    a - b
  );
  if (others.length === 0) return [];
  const [least, most] = [others[0], others[others.length - 1]];
  return scouts.filter((chain) => !(data[chain] >= 2 * least - most));
}

/**
 * Puts stray chains where others are, each at one at random. For the warm-up only: it leaves no
 * distribution invariant.
 *
 * @param chains The states of all chains.
 * @param key For the choice.
 * @param strays The numbers of chains to move; those far below the others by default.
 * @returns The states with no stray chain.
 */
export function gatherStrays<State extends ChainState & Tree>(
  chains: State,
  key: Key,
  strays: readonly number[] = strayChains(chains.logDensity),
): State {
  const count = chains.logDensity.size;
  if (strays.length === 0) return chains;
  const others = Array.from({ length: count }, (_, i) => i).filter((i) => !strays.includes(i));
  const choice = uniform(key, [count]).data;
  return mapLeaves(chains, ({ dtype, shape, data }) => {
    const moved = allocate(dtype, data.length);
    moved.set(data);
    const width = data.length / count;
    for (const chain of strays) {
      const from = others[Math.floor(choice[chain] * others.length)] * width;
      for (let e = 0; e < width; e++) moved[chain * width + e] = data[from + e];
    }
    return fromArray({ dtype, shape, data: moved });
  });
}
