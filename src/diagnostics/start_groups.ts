/**
 * Whether many short chains still remember where they started.
 *
 * @module
 */
import type { Chains } from "./draws.ts";
import { chainMoments, type Moments, moments } from "./moments.ts";
import { nestedScale } from "./nested_scale.ts";

/** With fewer chains there are no four groups of four, and chains are long enough for R-hat. */
export const LEAST_CHAINS = 16;
/** Fewest draws of a half chain: without the first one there are two, which can vary. */
export const LEAST_HALF = 3;
/** Fewest groups: the variance of fewer means is hardly known. */
const LEAST_GROUPS = 4;

/**
 * Sorts chains by their first draw and cuts them into about √C consecutive groups.
 *
 * @param halves Chains cut in two, a chain's halves one after the other.
 * @returns The group of each half chain, the same for both halves, and how many there are.
 */
export function startGroups(
  { values, chains: halves, draws: half }: Chains,
): { readonly groups: Uint32Array; readonly count: number } {
  const chains = halves / 2;
  const count = Math.max(LEAST_GROUPS, Math.round(Math.sqrt(chains)));
  const first = (chain: number): number => values[2 * chain * half];
  // Equal ones in the order of the chains.
  const order = Array.from({ length: chains }, (_, chain) => chain)
    .sort((a, b) => first(a) < first(b) ? -1 : first(a) > first(b) ? 1 : a - b);
  const groups = new Uint32Array(halves);
  order.forEach((chain, place) => {
    groups.fill(Math.floor(place * count / chains), 2 * chain, 2 * chain + 2);
  });
  return { groups, count };
}

/**
 * The larger one of two nested R-hats: that of superchains by where chains started, which is large while
 * they remember it; and that of all first halves against all second ones, which is large while all chains
 * move on together.
 *
 * Chains of one superchain should have started in one place (Margossian et al. 2024, §3). These have started
 * all over the target; those that are near each other at the first draw make a superchain. For each scalar
 * that is the grouping which differs most if chains forget slowly or never leave a mode. The first draw of
 * each chain, by which it was sorted, is left out of its mean.
 *
 * @param halves Chains cut in two, of at least `LEAST_HALF` draws, rank-normalised.
 * @returns The ratio.
 */
export function startScale(halves: Chains): number {
  const { values, draws: half } = halves;
  const whole = chainMoments(halves);
  const later = whole.map((each, i): Moments =>
    i % 2 === 1 ? each : moments(values, i * half + 1, (i + 1) * half)
  );
  const { groups, count } = startGroups(halves);
  const byStart = nestedScale(later, groups, count);
  const byTime = nestedScale(whole, whole.map((_, i) => i % 2), 2);
  return Math.max(byStart, byTime);
}
