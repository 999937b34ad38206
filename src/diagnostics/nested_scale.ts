/**
 * Potential scale reduction of groups of chains.
 *
 * @module
 */
import { meanOf, type Moments, moments } from "./moments.ts";

/**
 * √(1 + B/W) of superchains: B is the variance of their means, and W the mean over them of the variance
 * that a superchain has within itself, that of its chains' means and that within its chains. Of a chain
 * alone in its superchain the former counts as 0, of a chain of one draw the latter.
 *
 * Source: Margossian et al. 2024, equations 4 to 8; superchains of unequal size count alike.
 *
 * @param chains Mean and variance of each chain.
 * @param superchains The superchain of each chain, a number from 0.
 * @param count How many superchains there are, at least 2, each with a chain.
 * @returns The ratio; NaN if all draws are equal.
 */
export function nestedScale(
  chains: readonly Moments[],
  superchains: ArrayLike<number>,
  count: number,
): number {
  const members = Array.from({ length: count }, (): Moments[] => []);
  chains.forEach((chain, i) => members[superchains[i]].push(chain));
  const orZero = (variance: number): number => Number.isNaN(variance) ? 0 : variance;
  const each = members.map((own) => {
    const { mean, variance } = moments(own.map((chain) => chain.mean));
    const within = meanOf(own.map((chain) => orZero(chain.variance)));
    return { mean, within: orZero(variance) + within };
  });
  const between = moments(each.map(({ mean }) => mean)).variance;
  return Math.sqrt(1 + between / meanOf(each.map(({ within }) => within)));
}
