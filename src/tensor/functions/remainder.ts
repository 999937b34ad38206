/**
 * The sign of a number and the remainder of a division.
 *
 * @module
 */
import type { Arithmetic } from "./arithmetic.ts";
import type { Elementary, ElementaryOfTwo } from "./elementary_forms.ts";
import { lowProduct, SPLITTER } from "./exact_product.ts";

/** −1, 1, or x itself where that is ±0 or NaN. */
export const sign: Elementary = (on, x) => {
  const ordinary = on.lessThan(on.constant(0), on.abs(x));
  return on.select(ordinary, on.copySign(on.constant(1), x), x);
};

/**
 * a − b⌊a/b⌋ with the quotient rounded. Where that is a whole number, so that the floor does nothing, what
 * remains of a correctly rounded division is a float (Muller et al., Handbook of Floating-Point Arithmetic).
 */
function reduced<F, M>(on: Arithmetic<F, M>, a: F, b: F, splitter: number): F {
  const quotient = on.floor(on.div(a, b));
  const product = on.rounded(on.mul(quotient, b));
  const low = lowProduct(on, quotient, b, product, splitter);
  return on.sub(on.sub(a, product), on.select(on.equal(low, low), low, on.constant(0)));
}

/**
 * The remainder in floats of some precision.
 *
 * @param splitter Cuts a significand in halves.
 * @param limit Quotients from here on give NaN; less than the square of what a significand holds.
 * @returns The function.
 */
export function remainder(splitter: number, limit: number): ElementaryOfTwo {
  return (on, a, b) => {
    const zero = on.constant(0);
    const rest = reduced(on, reduced(on, a, b, splitter), b, splitter);
    const differ = on.lessThan(on.mul(sign(on, rest), sign(on, b)), zero);
    const turned = on.select(differ, on.add(rest, b), rest);
    const nothing = on.or(on.equal(turned, zero), on.equal(turned, b));
    const known = on.lessThan(on.abs(on.div(a, b)), on.constant(limit));
    const finite = on.select(
      on.and(known, on.lessEqual(on.abs(turned), on.abs(b))),
      on.select(nothing, on.copySign(zero, b), turned),
      on.constant(NaN),
    );
    const infinity = on.constant(Infinity);
    const endless = on.and(on.equal(on.abs(b), infinity), on.lessThan(on.abs(a), infinity));
    const across = on.lessThan(on.mul(sign(on, a), sign(on, b)), zero);
    return on.select(endless, on.select(across, b, on.copySign(a, b)), finite);
  };
}

/**
 * a − b⌊a/b⌋, from 0 up to, not with, b: rounded correctly for |a/b| < 2¹⁰⁰ and operands from 10⁻²⁹⁰ to
 * 10²⁹⁰ in size, but that 0 stands for what would round to b. NaN for larger quotients, for b = 0 and for
 * an infinite `a`. An infinite b leaves an `a` of its sign and gives b for one of the other.
 */
export const mod: ElementaryOfTwo = remainder(SPLITTER, 2 ** 100);
