/**
 * The parts of elementary functions that are the same in every precision: how they follow from polynomials
 * and from each other.
 *
 * @module
 */
import type { Arithmetic } from "./arithmetic.ts";

/** A function of one value in any arithmetic. */
export type Elementary = <F, M>(on: Arithmetic<F, M>, x: F) => F;

/** A function of two values in any arithmetic. */
export type ElementaryOfTwo = <F, M>(on: Arithmetic<F, M>, a: F, b: F) => F;

/** Σ cᵢxⁱ with the even and the odd powers as two chains, which shortens the wait for each result. */
export function polynomial<F, M>(on: Arithmetic<F, M>, x: F, coefficients: readonly number[]): F {
  const square = on.mul(x, x);
  const horner = (start: number): F => {
    let last = coefficients.length - 1;
    if ((last - start) % 2 !== 0) last--;
    let sum = on.constant(coefficients[last]);
    for (let i = last - 2; i >= start; i -= 2) {
      sum = on.add(on.mul(sum, square), on.constant(coefficients[i]));
    }
    return sum;
  };
  return on.add(horner(0), on.mul(x, horner(1)));
}

/** What the exponential functions need to know of a precision. */
export interface ExpConstants {
  /** 1 / ln 2. */
  readonly log2E: number;
  /** ln 2 in two parts, the first with as many trailing zero bits as n has bits. */
  readonly ln2: readonly [high: number, low: number];
  /** (eʳ − 1 − r)/r² on |r| ≤ ½ ln 2, lowest power first. */
  readonly tail: readonly number[];
  /** Between these eˣ is a normal number. */
  readonly ends: readonly [least: number, most: number];
  /** Here eˣ is ∞. */
  readonly infinite: number;
  /** Here eˣ − 1 is −1 to the last bit. */
  readonly minusOne: number;
}

/** n = the integer nearest to x / ln 2, and eʳ − 1 for the rest r = x − n ln 2. */
function expReduced<F, M>(
  on: Arithmetic<F, M>,
  x: F,
  { log2E, ln2: [high, low], tail }: ExpConstants,
): { n: F; expm1: F } {
  const n = on.nearest(on.mul(x, on.constant(log2E)));
  const near = on.sub(x, on.mul(n, on.constant(high)));
  const r = on.sub(near, on.mul(n, on.constant(low)));
  return { n, expm1: on.add(r, on.mul(on.mul(r, r), polynomial(on, r, tail))) };
}

/** eˣ; 0 where it would be less than a normal number. */
export function expOf(constants: ExpConstants): Elementary {
  const [least, most] = constants.ends;
  return (on, x) => {
    const { n, expm1 } = expReduced(on, x, constants);
    const within = on.scale(on.add(expm1, on.constant(1)), n);
    // What is not ordered is NaN.
    const beyond = on.larger(x, on.constant(Infinity));
    const notBelow = on.select(on.lessEqual(x, on.constant(most)), within, beyond);
    return on.select(on.lessThan(x, on.constant(least)), on.constant(0), notBelow);
  };
}

/** eˣ − 1. */
export function expm1Of(constants: ExpConstants): Elementary {
  return (on, x) => {
    const bounded = on.smaller(x, on.constant(constants.infinite));
    const clamped = on.larger(bounded, on.constant(constants.minusOne));
    const { n, expm1 } = expReduced(on, clamped, constants);
    // Half of the result first, since 2ⁿ itself overflows at the largest n.
    const scale = on.powerOfTwo(on.sub(n, on.constant(1)));
    const half = on.add(on.mul(scale, expm1), on.sub(scale, on.constant(0.5)));
    return on.select(on.equal(n, on.constant(0)), expm1, on.add(half, half));
  };
}

/**
 * ln(1 + x).
 *
 * @param log ln x.
 * @param wholeFrom From here on all floats are whole.
 * @returns The function.
 */
export function log1pOf(log: Elementary, wholeFrom: number): Elementary {
  return (on, x) => {
    const one = on.constant(1);
    const u = on.rounded(on.add(one, x));
    // What was lost in 1 + x, to first order; zero where that order is not needed or not finite.
    const lost = on.div(on.sub(on.sub(u, one), x), u);
    const regular = on.and(
      on.lessThan(on.constant(0), u),
      on.lessThan(u, on.constant(wholeFrom)),
    );
    return on.sub(log(on, u), on.select(regular, lost, on.constant(0)));
  };
}

/** What the circular functions are made of. */
export interface CircularParts {
  /** r = x − n·π/2 with |r| ≤ π/4 or a little more, and q = n mod 4. */
  readonly quadrant: <F, M>(on: Arithmetic<F, M>, x: F) => { readonly r: F; readonly q: F };
  /** sin r. */
  readonly sine: Elementary;
  /** cos r. */
  readonly cosine: Elementary;
}

function isOdd<F, M>(on: Arithmetic<F, M>, q: F): M {
  return on.or(on.equal(q, on.constant(1)), on.equal(q, on.constant(3)));
}

/** sin x, x in radians. */
export function sinOf({ quadrant, sine, cosine }: CircularParts): Elementary {
  return (on, x) => {
    const { r, q } = quadrant(on, x);
    const size = on.select(isOdd(on, q), cosine(on, r), sine(on, r));
    return on.select(on.lessEqual(on.constant(2), q), on.neg(size), size);
  };
}

/** cos x, x in radians. */
export function cosOf({ quadrant, sine, cosine }: CircularParts): Elementary {
  return (on, x) => {
    const { r, q } = quadrant(on, x);
    const size = on.select(isOdd(on, q), sine(on, r), cosine(on, r));
    const negative = on.or(on.equal(q, on.constant(1)), on.equal(q, on.constant(2)));
    return on.select(negative, on.neg(size), size);
  };
}

/** tan x = sin x / cos x, x in radians. */
export function tanOf({ quadrant, sine, cosine }: CircularParts): Elementary {
  return (on, x) => {
    const { r, q } = quadrant(on, x);
    const odd = isOdd(on, q);
    const [s, c] = [sine(on, r), cosine(on, r)];
    return on.div(on.select(odd, on.neg(c), s), on.select(odd, s, c));
  };
}

/**
 * tanh x = e/(e + 2) with e = e^{2|x|} − 1.
 *
 * @param expm1 eˣ − 1.
 * @param ends Above this the result is 1 to the last bit.
 * @returns The function.
 */
export function tanhOf(expm1: Elementary, ends: number): Elementary {
  return (on, x) => {
    const size = on.smaller(on.abs(x), on.constant(ends));
    const e = expm1(on, on.add(size, size));
    return on.copySign(on.div(e, on.add(e, on.constant(2))), x);
  };
}

/** ln(m·2ᵉ) for m in [√½, √2). */
export type LogReduced = <F, M>(on: Arithmetic<F, M>, e: F, m: F) => F;

/**
 * ln x; −∞ at 0, NaN below.
 *
 * @param logReduced The logarithm of a normal number, given as its parts.
 * @param limits The least normal number, and how the others are raised: by so many binary digits, and
 * the power of two that does it.
 * @returns The function.
 */
export function logOf(
  logReduced: LogReduced,
  { leastNormal, digits, factor }: {
    readonly leastNormal: number;
    readonly digits: number;
    readonly factor: number;
  },
): Elementary {
  return (on, x) => {
    const zero = on.constant(0);
    const subnormal = on.lessThan(x, on.constant(leastNormal));
    const raised = on.select(subnormal, on.mul(x, on.constant(factor)), x);
    const exponent = on.sub(
      on.exponent(raised),
      on.select(subnormal, on.constant(digits), zero),
    );
    const finite = logReduced(on, exponent, on.significand(raised));
    const ordinary = on.and(on.lessThan(zero, x), on.lessThan(x, on.constant(Infinity)));
    const special = on.select(
      on.equal(x, zero),
      on.constant(-Infinity),
      on.select(on.lessThan(x, zero), on.constant(NaN), x),
    );
    return on.select(ordinary, finite, special);
  };
}

/** What the logistic function and its kin have in common, for one and the same x. */
export interface Decay {
  /** e^{−|x|}, u = 1 + e^{−|x|} and 1/u. */
  readonly parts: <F, M>(
    on: Arithmetic<F, M>,
    x: F,
  ) => { readonly e: F; readonly u: F; readonly reciprocal: F };
  /** ln(1 + e^{−|x|}). */
  readonly bend: Elementary;
}

/** The common parts of the logistic function and its kin. */
export function decayOf(constants: ExpConstants, logReduced: LogReduced): Decay {
  const [least] = constants.ends;
  const parts: Decay["parts"] = (on, x) => {
    const one = on.constant(1);
    const size = on.neg(on.abs(x));
    const { n, expm1 } = expReduced(on, size, constants);
    const within = on.mul(on.add(expm1, one), on.powerOfTwo(n));
    const e = on.select(on.lessThan(size, on.constant(least)), on.constant(0), within);
    const u = on.rounded(on.add(one, e));
    return { e, u, reciprocal: on.div(one, u) };
  };
  return {
    parts,
    bend: (on, x) => {
      const { e, u, reciprocal } = parts(on, x);
      // What was lost in u = 1 + e, to first order.
      const lost = on.mul(on.sub(e, on.sub(u, on.constant(1))), reciprocal);
      return on.add(logReduced(on, on.exponent(u), on.significand(u)), lost);
    },
  };
}

/** 1/(1 + e⁻ˣ); 0 where it would be less than a normal number. */
export function sigmoidOf({ parts }: Decay): Elementary {
  return (on, x) => {
    const { e, reciprocal } = parts(on, x);
    const negative = on.lessThan(x, on.constant(0));
    return on.select(negative, on.mul(e, reciprocal), reciprocal);
  };
}

/** ln(1 + eˣ) = max(x, 0) + ln(1 + e^{−|x|}), which neither overflows nor cancels. */
export function softplusOf({ bend }: Decay): Elementary {
  return (on, x) => on.add(on.larger(x, on.constant(0)), bend(on, x));
}

/** ln(eᵃ + eᵇ). */
export function logAddExpOf({ bend }: Decay): ElementaryOfTwo {
  return (on, a, b) => {
    // Two equal infinities have no difference.
    const more = on.select(on.equal(a, b), on.constant(Math.LN2), bend(on, on.sub(b, a)));
    return on.add(on.larger(a, b), more);
  };
}
