/** Floats to try functions with. */
import { randomWords } from "../../src/random/words.ts";

const EDGES = [
  ...[0, 0.5, 1, 1.5, 2.5, Infinity, 5e-324, 2 ** -1022, 2 ** -1023, 1e-310, 1e-160, 1e160],
  ...[Number.MAX_VALUE, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 52, 2 ** 53 + 2, 2 ** 52 + 1],
  // Where exp, expm1, tanh and log1p end, and where log and sin change their branch.
  ...[4503599627370495.5, 709.78, 709.79, 745.13, 745.2, 22.1, 40, 1e6, 1e17, 1e300],
  // Where atan, erf, lgamma, digamma and log Φ change their branch or end.
  ...[0.4375, 0.6875, 1.1875, 2.4375, 3.5, 8.5, 10, 9.999999999999998, 26.6, 28, 38.5, 1e-290],
  ...[Math.PI / 4, Math.PI / 2, Math.PI, Math.SQRT1_2, Math.SQRT2, 1 - 2 ** -53, 1 + 2 ** -52],
  // The same for floats of 32 bits.
  ...[2 ** -149, 2 ** -126, 2 ** -127, 1e-40, 3.4028234663852886e38, 2 ** 23, 2 ** 24 + 2],
  ...[
    2 ** 32 - 2 ** 8,
    2 ** 32 - 2 ** 9,
    88.72,
    88.73,
    103.97,
    104,
    17.3,
    18,
    9,
    14.5,
    10.05,
    2 ** 42,
  ],
  ...[9.38, 2 ** 30, 25000, 25000 * Math.PI, 1 - 2 ** -24, 1 + 2 ** -23, 0.346, 1e-25, 1e30],
];

/** Floats at the edges of what arithmetic and the elementary functions do, of both signs. */
export function specialFloats(): number[] {
  return [...EDGES, ...EDGES.map((x) => -x), NaN];
}

/** Floats with uniformly random bits: all exponents, both signs. */
export function spreadFloats(n: number): Float64Array {
  return new Float64Array(randomWords([1, 2], 2 * n).slice().buffer);
}

/** Floats of 32 bits with uniformly random bits. */
export function spreadSingleFloats(n: number): Float64Array {
  return Float64Array.from(new Float32Array(randomWords([3, 4], n).slice().buffer));
}
