/**
 * Gelman and Rubin's potential scale reduction.
 *
 * @module
 */
import type { Chains } from "./draws.ts";
import { chainMoments, meanOf, moments } from "./moments.ts";

/**
 * √((B/W + n − 1)/n): the standard deviation of all chains together over that within them (Vehtari et
 * al. 2021, equations 1 to 4).
 *
 * @param chains The chains.
 * @returns The ratio; NaN if all draws are equal.
 */
export function potentialScale(chains: Chains): number {
  const each = chainMoments(chains);
  const between = moments(each.map(({ mean }) => mean)).variance;
  const within = meanOf(each.map(({ variance }) => variance));
  return Math.sqrt(between / within + (chains.draws - 1) / chains.draws);
}
