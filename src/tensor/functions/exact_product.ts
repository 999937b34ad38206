/**
 * What rounding takes from a product.
 *
 * @module
 */
import type { Arithmetic } from "./arithmetic.ts";

/** 2²⁷ + 1, which cuts a significand in halves. */
export const SPLITTER = 134217729;

function halves<F, M>(on: Arithmetic<F, M>, x: F, splitter: number): { high: F; low: F } {
  const large = on.rounded(on.mul(x, on.constant(splitter)));
  const high = on.sub(large, on.rounded(on.sub(large, x)));
  return { high, low: on.sub(x, high) };
}

/**
 * a · b − fl(a · b), exactly, unless the product is below 10⁻²⁹⁰ or a factor above 10³⁰⁰.
 *
 * Source: Dekker, "A floating-point technique for extending the available precision", 1971.
 *
 * @param on The arithmetic.
 * @param a A factor.
 * @param b A factor.
 * @param product Their product, {@linkcode Arithmetic.rounded}.
 * @param splitter Cuts a significand in halves; for doubles by default.
 * @returns The rest.
 */
export function lowProduct<F, M>(
  on: Arithmetic<F, M>,
  a: F,
  b: F,
  product: F,
  splitter: number = SPLITTER,
): F {
  const [x, y] = [halves(on, a, splitter), halves(on, b, splitter)];
  const first = on.sub(on.mul(x.high, y.high), product);
  const crossed = on.add(on.add(first, on.mul(x.high, y.low)), on.mul(x.low, y.high));
  return on.add(crossed, on.mul(x.low, y.low));
}
