/**
 * The elementary functions in single precision, written against {@linkcode Arithmetic} as those of
 * double precision are: shorter polynomials, other limits.
 *
 * The errors are the largest that were found over all floats, against the double functions.
 *
 * @module
 */
import type { Arithmetic } from "../arithmetic.ts";
import { type Elementary, polynomial } from "../elementary.ts";

/** ln 2 in two parts; the first has 10 bits, so that n·LN2_HIGH is exact. */
const LN2_HIGH = 0.693359375;
const LN2_LOW = -2.1219444e-4;
const LOG2_E = 1.442695;

/** (eʳ − 1 − r)/r² on |r| ≤ ½ ln 2, lowest power first: a minimax fit; relative error of eʳ 2⁻²⁸. */
const EXP_TAIL = [0.49999994, 0.16666521, 0.04166839, 0.008368717, 0.0013814599];

/** (ln(1 + f) − f + f²/2)/f³ for 1 + f in [√½, √2]: a minimax fit; relative error of ln(1 + f) 2⁻²⁷. */
const LOG_TAIL = [
  ...[0.3333333, -0.2500082, 0.20001227, -0.16623357],
  ...[0.14201756, -0.13160187, 0.12761591, -0.07634506],
];

/**
 * π/2 in four parts, of 8, 10, 10 and 24 bits: products with n are exact for the first three while
 * n < 2¹⁴, that is for |x| up to 25,000.
 */
const HALF_PI_1 = 1.5703125;
const HALF_PI_2 = 4.8398972e-4;
const HALF_PI_3 = -1.6298145e-7;
const HALF_PI_4 = 6.0771006e-11;
const TWO_OVER_PI = 0.63661975;

/** (sin r − r)/r³ and (cos r − 1 + r²/2)/r⁴ in powers of r², |r| ≤ π/4: minimax fits, errors 2⁻²⁸ and 2⁻³². */
const SIN_TAIL = [-0.16666655, 0.008332189, -0.00019518279];
const COS_TAIL = [0.041666646, -0.0013887315, 2.4433008e-5];

/** n = the integer nearest to x / ln 2, and eʳ − 1 for the rest r = x − n ln 2. */
function expReduced<F, M>(on: Arithmetic<F, M>, x: F): { n: F; expm1: F } {
  const n = on.nearest(on.mul(x, on.constant(LOG2_E)));
  const high = on.sub(x, on.mul(n, on.constant(LN2_HIGH)));
  const r = on.sub(high, on.mul(n, on.constant(LN2_LOW)));
  const tail = polynomial(on, r, EXP_TAIL);
  return { n, expm1: on.add(r, on.mul(on.mul(r, r), tail)) };
}

/** eˣ; error under 2 ulp, subnormal results included. */
export const exp: Elementary = (on, x) => {
  const clamped = on.larger(on.smaller(x, on.constant(88.73)), on.constant(-104));
  const { n, expm1 } = expReduced(on, clamped);
  // 2ⁿ in two factors, since n reaches 128 and −150.
  const half = on.floor(on.mul(n, on.constant(0.5)));
  const scaled = on.mul(on.add(expm1, on.constant(1)), on.powerOfTwo(half));
  return on.mul(scaled, on.powerOfTwo(on.sub(n, half)));
};

/** eˣ − 1; error under 2 ulp. */
export const expm1: Elementary = (on, x) => {
  // At −18 the result is −1 to the last bit.
  const clamped = on.larger(on.smaller(x, on.constant(88.73)), on.constant(-18));
  const { n, expm1 } = expReduced(on, clamped);
  // Half of the result first, since 2ⁿ itself overflows at n = 128.
  const scale = on.powerOfTwo(on.sub(n, on.constant(1)));
  const half = on.add(on.mul(scale, expm1), on.sub(scale, on.constant(0.5)));
  return on.select(on.equal(n, on.constant(0)), expm1, on.add(half, half));
};

/** ln x; error under 1 ulp; −∞ at 0, NaN below. */
export const log: Elementary = (on, x) => {
  const zero = on.constant(0);
  const subnormal = on.lessThan(x, on.constant(2 ** -126));
  const scaled = on.select(subnormal, on.mul(x, on.constant(2 ** 25)), x);
  const exponent = on.sub(on.exponent(scaled), on.select(subnormal, on.constant(25), zero));
  const f = on.sub(on.significand(scaled), on.constant(1));
  const square = on.mul(f, f);
  const cubic = on.mul(on.mul(f, square), polynomial(on, f, LOG_TAIL));
  // The small parts are added first.
  const low = on.add(cubic, on.mul(exponent, on.constant(LN2_LOW)));
  const rest = on.add(f, on.sub(low, on.mul(square, on.constant(0.5))));
  const finite = on.add(on.mul(exponent, on.constant(LN2_HIGH)), rest);
  const ordinary = on.and(on.lessThan(zero, x), on.lessThan(x, on.constant(Infinity)));
  const special = on.select(
    on.equal(x, zero),
    on.constant(-Infinity),
    on.select(on.lessThan(x, zero), on.constant(NaN), x),
  );
  return on.select(ordinary, finite, special);
};

/** ln(1 + x); error under 2 ulp. */
export const log1p: Elementary = (on, x) => {
  const one = on.constant(1);
  const u = on.add(one, x);
  // What was lost in 1 + x, to first order; zero where that order is not needed or not finite.
  const lost = on.div(on.sub(on.sub(u, one), x), u);
  const regular = on.and(on.lessThan(on.constant(0), u), on.lessThan(u, on.constant(2 ** 24)));
  return on.sub(log(on, u), on.select(regular, lost, on.constant(0)));
};

/** A little more than π/4, as much as the rounding of n needs for |x| up to 25,000. */
const MOST_REST = 0.788;

/**
 * r = x − n·π/2 with |r| ≤ π/4 or a little more, and n mod 4. Good to half an ulp of r for |x| up to 25,000;
 * beyond, it is off by about 2⁻²⁴|x|, half of an ulp of x, and in the end noise within bounds.
 */
function quadrant<F, M>(on: Arithmetic<F, M>, x: F): { r: F; q: F } {
  const n = on.nearest(on.mul(x, on.constant(TWO_OVER_PI)));
  const first = on.sub(x, on.mul(n, on.constant(HALF_PI_1)));
  const second = on.sub(first, on.mul(n, on.constant(HALF_PI_2)));
  const third = on.mul(n, on.constant(HALF_PI_3));
  const high = on.sub(second, third);
  // What rounding took from the third difference goes with the last part.
  const lost = on.sub(on.sub(second, high), third);
  const rest = on.add(high, on.sub(lost, on.mul(n, on.constant(HALF_PI_4))));
  const r = on.larger(on.smaller(rest, on.constant(MOST_REST)), on.constant(-MOST_REST));
  const turns = on.floor(on.mul(n, on.constant(0.25)));
  return { r, q: on.sub(n, on.mul(turns, on.constant(4))) };
}

function sinReduced<F, M>(on: Arithmetic<F, M>, r: F): F {
  const square = on.mul(r, r);
  return on.add(r, on.mul(on.mul(square, r), polynomial(on, square, SIN_TAIL)));
}

function cosReduced<F, M>(on: Arithmetic<F, M>, r: F): F {
  const square = on.mul(r, r);
  const near = on.sub(on.constant(1), on.mul(square, on.constant(0.5)));
  return on.add(near, on.mul(on.mul(square, square), polynomial(on, square, COS_TAIL)));
}

/** sin x, x in radians; error under 2 ulp for |x| up to 25,000, about 2⁻²⁴|x| beyond; in [−1, 1]. */
export const sin: Elementary = (on, x) => {
  const { r, q } = quadrant(on, x);
  const odd = on.or(on.equal(q, on.constant(1)), on.equal(q, on.constant(3)));
  const size = on.select(odd, cosReduced(on, r), sinReduced(on, r));
  return on.select(on.lessEqual(on.constant(2), q), on.neg(size), size);
};

/** cos x, x in radians; error under 2 ulp for |x| up to 25,000, about 2⁻²⁴|x| beyond; in [−1, 1]. */
export const cos: Elementary = (on, x) => {
  const { r, q } = quadrant(on, x);
  const odd = on.or(on.equal(q, on.constant(1)), on.equal(q, on.constant(3)));
  const size = on.select(odd, sinReduced(on, r), cosReduced(on, r));
  const negative = on.or(on.equal(q, on.constant(1)), on.equal(q, on.constant(2)));
  return on.select(negative, on.neg(size), size);
};

/** tan x = sin x / cos x, x in radians; error under 4 ulp for |x| up to 25,000. */
export const tan: Elementary = (on, x) => {
  const { r, q } = quadrant(on, x);
  const odd = on.or(on.equal(q, on.constant(1)), on.equal(q, on.constant(3)));
  const [sine, cosine] = [sinReduced(on, r), cosReduced(on, r)];
  return on.div(on.select(odd, on.neg(cosine), sine), on.select(odd, sine, cosine));
};

/** tanh x = e/(e + 2) with e = e^{2|x|} − 1. */
export const tanh: Elementary = (on, x) => {
  // Above 10 the result is 1 to the last bit.
  const size = on.smaller(on.abs(x), on.constant(10));
  const e = expm1(on, on.add(size, size));
  return on.copySign(on.div(e, on.add(e, on.constant(2))), x);
};

/** 1/(1 + e⁻ˣ); 0 below −88.7, where it is subnormal. */
export const sigmoid: Elementary = (on, x) => {
  const one = on.constant(1);
  return on.div(one, on.add(one, exp(on, on.neg(x))));
};

/** ln(1 + eˣ) = max(x, 0) + ln(1 + e^{−|x|}), which neither overflows nor cancels. */
export const softplus: Elementary = (on, x) => {
  const bend = log1p(on, exp(on, on.neg(on.abs(x))));
  return on.add(on.larger(x, on.constant(0)), bend);
};
