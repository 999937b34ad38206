/**
 * Running variances of many numbers over steps of warm-up.
 *
 * @module
 */

/** Weighted means and sums of squared deviations; plain data. */
export interface RungMoments {
  /** Sum of all weights. */
  readonly weight: number;
  /** Means. */
  readonly mean: Float64Array;
  /** Weighted sums of squared deviations from them. */
  readonly squares: Float64Array;
}

/** No moments yet, of so many numbers. */
export function emptyMoments(size: number): RungMoments {
  return { weight: 0, mean: new Float64Array(size), squares: new Float64Array(size) };
}

/**
 * Adds what all chains show in a step.
 *
 * Source: Chan, Golub & LeVeque 1979, for joining the moments of two samples.
 *
 * @param moments The moments before.
 * @param data One row of numbers for each chain.
 * @param weight Of each row; later steps of a window count more, since the first ones are still on their way.
 * @returns The moments after.
 */
export function addToMoments(
  moments: RungMoments,
  data: ArrayLike<number>,
  weight: number,
): RungMoments {
  const size = moments.mean.length;
  const chains = data.length / size;
  const added = weight * chains;
  const total = moments.weight + added;
  const mean = new Float64Array(size);
  const squares = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    let sum = 0;
    for (let at = i; at < data.length; at += size) sum += data[at];
    const here = sum / chains;
    let spread = 0;
    for (let at = i; at < data.length; at += size) {
      spread += (data[at] - here) * (data[at] - here);
    }
    const apart = here - moments.mean[i];
    mean[i] = moments.mean[i] + apart * added / total;
    squares[i] = moments.squares[i] + weight * spread +
      apart * apart * moments.weight * added / total;
  }
  return { weight: total, mean, squares };
}

/**
 * The variances.
 *
 * @param moments The moments.
 * @param fallback Those of numbers that do not vary or are not finite.
 * @returns One for each number.
 */
export function variances(
  { weight, squares }: RungMoments,
  fallback: Float64Array,
): Float64Array {
  return squares.map((each, i) => {
    const variance = each / weight;
    return variance > 0 && variance < Infinity ? variance : fallback[i];
  });
}
