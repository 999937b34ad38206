/**
 * Quantiles of samples.
 *
 * @module
 */

/**
 * A quantile by linear interpolation of order statistics: Hyndman and Fan's (1996) type 7, the
 * default of R and NumPy.
 *
 * @param ascending The sample in ascending order, not empty.
 * @param probability A probability.
 * @returns The quantile.
 */
export function quantile(ascending: Float64Array, probability: number): number {
  const position = ascending.length * probability + (1 - probability);
  const below = Math.max(1, Math.min(Math.floor(position), ascending.length - 1));
  const fraction = Math.max(0, Math.min(position - below, 1));
  const lower = ascending[below - 1];
  const upper = ascending[Math.min(below, ascending.length - 1)];
  // Between equal numbers, rounding must not leave their value; nor may ∞ − ∞ be formed.
  if (lower === upper || fraction === 0) return lower;
  return (1 - fraction) * lower + fraction * upper;
}
