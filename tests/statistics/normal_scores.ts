/**
 * Statistics of numbers that should be standard normal, or uniform, with rigorous false-alarm rates: a
 * shift and a wrong spread are seen from far fewer numbers than by the distance of distribution functions.
 */
import { normalQuantile } from "../../src/diagnostics/normal_quantile.ts";

/** An upper bound of the probability that |N(0, 1)| is beyond z: e^(−z²/2). */
export function tailProbability(z: number): number {
  return Math.exp(-0.5 * z * z);
}

/**
 * An upper bound of the probability that n independent standard normal numbers have a sum as far from 0:
 * it is N(0, n). 0 if a number is none.
 */
export function shiftProbability(scores: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < scores.length; i++) sum += scores[i];
  const z = sum / Math.sqrt(scores.length);
  return Number.isNaN(z) ? 0 : tailProbability(z);
}

/**
 * An upper bound of the probability that n independent standard normal numbers have a sum of squares as far
 * from n: with x the mean square, 2 exp(−n(x − 1 − ln x)/2), Chernoff's bound for χ²ₙ on both sides. 0 if a
 * number is none.
 */
export function spreadProbability(scores: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < scores.length; i++) sum += scores[i] * scores[i];
  const x = sum / scores.length;
  if (!(x > 0 && x < Infinity)) return 0;
  return Math.min(1, 2 * Math.exp(-0.5 * scores.length * (x - 1 - Math.log(x))));
}

/** Normal scores of uniform numbers: Φ⁻¹(u), NaN for what is not in (0, 1). */
export function normalScores(uniforms: Float64Array): Float64Array {
  return uniforms.map((u) => u > 0 && u < 1 ? normalQuantile(u) : NaN);
}
