/** Random series for tests. */
import type { Draws } from "../../src/diagnostics/draws.ts";
import { normalQuantile } from "../../src/diagnostics/normal_quantile.ts";
import { foldInWords, type KeyWords, randomWords, seedWords } from "../../src/random/words.ts";

/** Uniform numbers in (0, 1). */
export function uniforms(key: KeyWords, size: number): Float64Array {
  return Float64Array.from(randomWords(key, size), (word) => (word + 0.5) / 2 ** 32);
}

/** Independent draws of the standard normal distribution. */
export function normals(key: KeyWords, size: number): Float64Array {
  return uniforms(key, size).map(normalQuantile);
}

/** A stationary series xₜ = φ xₜ₋₁ + noise for every chain, with the standard normal distribution. */
export function autoregressive(
  key: KeyWords,
  shape: readonly [chains: number, draws: number],
  coefficient: number,
): Draws {
  const [chains, draws] = shape;
  const data = normals(key, chains * draws);
  const fresh = Math.sqrt(1 - coefficient ** 2);
  for (let i = 0; i < data.length; i++) {
    if (i % draws > 0) data[i] = coefficient * data[i - 1] + fresh * data[i];
  }
  return { data, shape };
}

/** Independent draws. */
export function independent(key: KeyWords, shape: readonly number[]): Draws {
  return { data: normals(key, shape.reduce((size, length) => size * length, 1)), shape };
}

/** Draws changed one by one. */
export function mapDraws({ data, shape }: Draws, map: (x: number, i: number) => number): Draws {
  return { data: data.map((x, i) => map(x, i)), shape };
}

/** The keys of so many replications of a test. */
export function replications(seed: number, count: number): KeyWords[] {
  return Array.from({ length: count }, (_, i) => foldInWords(seedWords(seed), i));
}

/** The chains in another order. */
export function reorderChains({ data, shape }: Draws, order: readonly number[]): Draws {
  const size = data.length / shape[0];
  const parts = order.map((chain) => [...data.subarray(chain * size, (chain + 1) * size)]);
  return { data: Float64Array.from(parts.flat()), shape };
}
