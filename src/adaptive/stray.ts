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

/** The share of draws up to one standard deviation above the mean in a normal distribution. */
const UPPER = 0.8413447460685429;
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
