/** The standard normal distribution in plain numbers. */

/** ln of the density of N(0, 1). */
export function logNormalDensity(x: number): number {
  return -0.5 * x * x - 0.5 * Math.log(2 * Math.PI);
}

/**
 * Φ(x), by the series x + x³/3 + x⁵/15 + … (Marsaglia 2004); absolute error below 1e-14.
 *
 * @param x Where.
 * @returns The probability to be below x.
 */
export function normalCdf(x: number): number {
  if (Number.isNaN(x)) return NaN;
  if (Math.abs(x) > 8) return x > 0 ? 1 : 0;
  let [sum, before, term] = [x, 0, x];
  for (let k = 3; sum !== before; k += 2) {
    before = sum;
    term *= x * x / k;
    sum += term;
  }
  return 0.5 + sum * Math.exp(logNormalDensity(x));
}
