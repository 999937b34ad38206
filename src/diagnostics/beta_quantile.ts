/**
 * The beta distribution: quantiles of the probability that lies below an order statistic.
 *
 * @module
 */
import { exp, log, log1p } from "../tensor/functions/scalar_math.ts";

/** Stirling's series with five terms errs by less than 1e-16 from here on. */
const STIRLING_FROM = 16;
/** Relative change at which the continued fraction has come to rest: a few roundings. */
const AT_REST = 1e-15;
/** Stands for a factor that vanishes: far below the rounding of the others. */
const LEAST_FACTOR = 1e-30;
/** A relative step of Newton's method after which the next one is lost in rounding. */
const LAST_STEP = 1e-12;
/** More halvings than an interval of doubles has. */
const MOST_STEPS = 1100;

/** ln Γ(z) − ((z − ½) ln z − z + ½ ln 2π), which falls from 0.08 at 1 to 0. */
function stirlingRest(z: number): number {
  let rest = 0;
  let at = z;
  for (; at < STIRLING_FROM; at++) rest += (at + 0.5) * log1p(1 / at) - 1;
  const w = 1 / (at * at);
  const series = 1 / 12 - w * (1 / 360 - w * (1 / 1260 - w * (1 / 1680 - w / 1188)));
  return rest + series / at;
}

/** n ln(1 + relative), where 1 + relative is the ratio of two numbers that `ratio` gives too. */
function scaledLog(n: number, ratio: number, relative: number): number {
  return n * (Math.abs(relative) < 0.5 ? log1p(relative) : log(ratio));
}

/**
 * xᵃ (1 − x)ᵇ / B(a, b), about the mean of the distribution, where logarithms of numbers near 1 keep
 * their digits however large a and b are.
 */
function weight(x: number, a: number, b: number): number {
  const size = a + b;
  const mean = a / size;
  const gap = x - mean;
  const power = scaledLog(a, x / mean, gap / mean) +
    scaledLog(b, (1 - x) / (b / size), -gap / (b / size)) +
    stirlingRest(size) - stirlingRest(a) - stirlingRest(b);
  return Math.sqrt(((a / size) * b) / (2 * Math.PI)) * exp(power);
}

/** No factor of the fraction may vanish. */
function awayFromZero(x: number): number {
  return Math.abs(x) < LEAST_FACTOR ? LEAST_FACTOR : x;
}

/**
 * The continued fraction of the incomplete beta function by Lentz's method (Press et al. 2007,
 * Numerical Recipes, section 6.4); it is quick for x below the mean.
 */
function fraction(x: number, a: number, b: number): number {
  let numerator = 1;
  let denominator = 1 / awayFromZero(1 - ((a + b) * x) / (a + 1));
  let value = denominator;
  const factor = (coefficient: number): number => {
    denominator = 1 / awayFromZero(1 + coefficient * denominator);
    numerator = awayFromZero(1 + coefficient / numerator);
    return numerator * denominator;
  };
  let change = Infinity;
  for (let m = 1; Math.abs(change - 1) > AT_REST; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    value *= factor(even);
    change = factor(odd);
    value *= change;
  }
  return value;
}

/** P(X ≤ x), given `weight`. */
function probabilityBelow(x: number, a: number, b: number, weighed: number): number {
  return x < (a + 1) / (a + b + 2)
    ? (weighed * fraction(x, a, b)) / a
    : 1 - (weighed * fraction(1 - x, b, a)) / b;
}

/**
 * The x with P(X ≤ x) = p for X of the beta distribution with density xᵃ⁻¹ (1 − x)ᵇ⁻¹ / B(a, b), by
 * Newton's method kept within a shrinking interval.
 *
 * @param p A probability, 0 < p < 1.
 * @param a The first parameter, at least 1.
 * @param b The second parameter, at least 1.
 * @returns x, to about 1e-13 of the distribution's width.
 */
export function betaQuantile(p: number, a: number, b: number): number {
  let low = 0;
  let high = 1;
  let x = a / (a + b);
  for (let step = 0; step < MOST_STEPS; step++) {
    const weighed = weight(x, a, b);
    const excess = probabilityBelow(x, a, b, weighed) - p;
    if (excess > 0) high = x;
    else low = x;
    const newton = x - (excess / weighed) * x * (1 - x);
    const next = newton >= low && newton <= high ? newton : (low + high) / 2;
    if (Math.abs(next - x) <= LAST_STEP * x) return next;
    x = next;
  }
  return x;
}
