/**
 * Powers by repeated squaring.
 *
 * @module
 */

/** Half-powers up to this many are products; beyond, exp and log lose less and cost less. */
export const MAX_HALVES = 16;

/** What can be multiplied. */
export interface Factor<T> {
  /** The product with another one. */
  mul(other: T): T;
  /** The product with itself. */
  square(): T;
  /** The square root. */
  sqrt(): T;
}

/**
 * x^(halves / 2) in products and at most one square root.
 *
 * @param x The base.
 * @param halves Twice the power, a positive integer.
 * @returns The power.
 */
export function halvesPower<T extends Factor<T>>(x: T, halves: number): T {
  let result: T | undefined = halves % 2 === 1 ? x.sqrt() : undefined;
  let factor = x;
  for (let n = Math.floor(halves / 2); n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) result = result === undefined ? factor : result.mul(factor);
    if (n > 1) factor = factor.square();
  }
  return result ?? x;
}
