/**
 * Means and variances.
 *
 * @module
 */
import type { Chains } from "./draws.ts";

/** Mean and variance of a sample. */
export interface Moments {
  /** The mean. */
  readonly mean: number;
  /** The variance, divided by n − 1. */
  readonly variance: number;
}

/**
 * Mean and variance of a stretch of numbers. The mean is taken about the first number, which makes it
 * exact for equal numbers; the variance about the mean: about an outlier, as a chain's first draw may
 * be, it would lose as many digits as n has.
 *
 * @param values The numbers.
 * @param start Where the stretch begins.
 * @param end Where it ends.
 * @returns Mean and variance.
 */
export function moments(
  values: ArrayLike<number>,
  start = 0,
  end: number = values.length,
): Moments {
  const size = end - start;
  const pivot = values[start];
  let sum = 0;
  for (let i = start; i < end; i++) sum += values[i] - pivot;
  const mean = pivot + sum / size;
  let squares = 0;
  for (let i = start; i < end; i++) {
    const difference = values[i] - mean;
    squares += difference * difference;
  }
  return { mean, variance: squares / (size - 1) };
}

/** Mean and variance of every chain. */
export function chainMoments({ values, chains, draws }: Chains): Moments[] {
  return Array.from(
    { length: chains },
    (_, chain) => moments(values, chain * draws, (chain + 1) * draws),
  );
}

/** The mean of numbers. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
