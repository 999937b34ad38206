/** How far numbers are from a uniform sample, with a rigorous false-alarm rate. */

/**
 * The largest difference between the empirical distribution function of numbers and that of the uniform
 * distribution on [0, 1]; 1 if a number is none.
 */
export function distanceFromUniform(numbers: Float64Array): number {
  const sorted = numbers.toSorted();
  const n = sorted.length;
  // NaNs are sorted to the end.
  if (!(sorted[0] >= 0 && sorted[n - 1] <= 1)) return 1;
  let distance = 0;
  for (let i = 0; i < n; i++) {
    distance = Math.max(distance, (i + 1) / n - sorted[i], sorted[i] - i / n);
  }
  return distance;
}

/**
 * An upper bound of the probability that n independent uniform numbers are as far from uniform:
 * 2 exp(−2nD²), which holds for every n (Massart 1990).
 */
export function uniformityProbability(numbers: Float64Array): number {
  const distance = distanceFromUniform(numbers);
  return Math.min(1, 2 * Math.exp(-2 * numbers.length * distance * distance));
}
