/** Whether standard errors tell the truth: errors in units of them, over many replications. */

/** What an estimate says. */
export interface Estimated {
  readonly estimate: number;
  readonly standardError: number;
}

/** Errors in units of the standard error. */
export function scoresOf(estimates: readonly Estimated[], truth: number): number[] {
  return estimates.map(({ estimate, standardError }) => (estimate - truth) / standardError);
}

/** The share of scores within one standard error. */
export function shareWithin(scores: readonly number[]): number {
  return scores.filter((z) => Math.abs(z) < 1).length / scores.length;
}

/** The score furthest from 0. */
export function worst(scores: readonly number[]): number {
  return Math.max(...scores.map(Math.abs));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}

/**
 * Whether n scores look like draws of N(0, 1): the share of |z| < 1 is 0.683 with a standard deviation of
 * 0.465/√n, their mean 0 with 1/√n, the mean of their squares 1 with √(2/n). Five of each are left, and no
 * |z| above 6: a false alarm once in 5e5 tests. A twentieth is left for the share and the mean and a tenth
 * for the squares, since estimates from finite samples are not quite normal.
 */
export function looksNormal(scores: readonly number[]): boolean {
  const root = Math.sqrt(scores.length);
  return Math.abs(shareWithin(scores) - 0.683) < 0.05 + 2.33 / root &&
    Math.abs(mean(scores)) < 0.05 + 5 / root &&
    Math.abs(mean(scores.map((z) => z * z)) - 1) < 0.1 + 7.1 / root &&
    worst(scores) < 6;
}
