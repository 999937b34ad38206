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

/** The share of chains below one standard deviation under the mean in a normal distribution. */
const LOWER = 0.15865525393145705;
/**
 * How many such deviations, and at least as many units, the log density of a chain may lie below: no
 * draw of a distribution is found there, and a mode of small weight is far above it.
 */
const FAR = 20;

/**
 * The chains whose log density lies far below that of the others. Of fewer than five chains none counts
 * as one.
 *
 * @param logDensity Of each chain, [chains].
 * @returns Their numbers.
 */
export function strayChains({ data }: Tensor): number[] {
  const sorted = Float64Array.from(data).sort();
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))];
  const limit = at(LOWER) - FAR * (at(0.5) - at(LOWER) + 1);
  return Array.from(data, (_, chain) => chain).filter((chain) => !(data[chain] >= limit));
}

/**
 * Puts stray chains where others are, each at one at random. For the warm-up only: it leaves no
 * distribution invariant.
 *
 * @param chains The states of all chains.
 * @param key For the choice.
 * @returns The states with no stray chain.
 */
export function gatherStrays<State extends ChainState & Tree>(chains: State, key: Key): State {
  const strays = strayChains(chains.logDensity);
  const count = chains.logDensity.size;
  if (strays.length === 0 || strays.length === count) return chains;
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
