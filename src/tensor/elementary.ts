/**
 * The elementary functions, written once against {@linkcode Arithmetic}.
 *
 * The platform's `Math.exp` and its kin are not specified to the bit and differ
 * between engines, so results that must be the same everywhere cannot use them.
 *
 * @module
 */
import type { Arithmetic } from "./arithmetic.ts";

/** A function of one value in any arithmetic. */
export type Elementary = <F, M>(on: Arithmetic<F, M>, x: F) => F;

/** A function of two values in any arithmetic. */
export type ElementaryOfTwo = <F, M>(on: Arithmetic<F, M>, a: F, b: F) => F;

/** ln 2 in two parts; the first has 21 trailing zero bits, so that n·LN2_HIGH is exact. */
const LN2_HIGH = 6.93147180369123816490e-01;
const LN2_LOW = 1.90821492927058770002e-10;
const LOG2_E = 1.4426950408889634;

/** π/2 in three parts of 33 bits and a rest (fdlibm's splitting). */
const HALF_PI_1 = 1.57079632673412561417e+00;
const HALF_PI_2 = 6.07710050630396597660e-11;
const HALF_PI_3 = 2.02226624879595063154e-21;
const TWO_OVER_PI = 0.6366197723675814;

/**
 * (eʳ − 1 − r) / r² on |r| ≤ ½ ln 2, lowest power first: a minimax fit of degree 9, weighted by r²,
 * found with the Remez exchange at 60 digits; largest error 3.4e-18.
 */
const EXP_TAIL = [
  0.5000000000000012,
  0.166666666666667,
  0.04166666666651542,
  0.008333333333307217,
  0.0013888888947016294,
  0.00019841269917354886,
  2.4801489941986953e-05,
  2.755721632951509e-06,
  2.763128037806136e-07,
  2.511785118876895e-08,
];

/** Coefficients of fdlibm's e_log.c for log(1+f) − 2s in powers of s², s = f/(2+f). */
export const LOG_TAIL: readonly number[] = [
  6.666666666666735130e-01,
  3.999999999940941908e-01,
  2.857142874366239149e-01,
  2.222219843214978396e-01,
  1.818357216161805012e-01,
  1.531383769920937332e-01,
  1.479819860511658591e-01,
];

/** Of fdlibm's k_sin.c: (sin r − r) / r³ in powers of r² on |r| ≤ π/4. */
export const SIN_TAIL: readonly number[] = [
  -1.66666666666666324348e-01,
  8.33333333332248946124e-03,
  -1.98412698298579493134e-04,
  2.75573137070700676789e-06,
  -2.50507602534068634195e-08,
  1.58969099521155010221e-10,
];
/** Of fdlibm's k_cos.c: (cos r − 1 + r²/2) / r⁴ in powers of r² on |r| ≤ π/4. */
export const COS_TAIL: readonly number[] = [
  4.16666666666666019037e-02,
  -1.38888888888741095749e-03,
  2.48015872894767294178e-05,
  -2.75573143513906633035e-07,
  2.08757232129817482790e-09,
  -1.13596475577881948265e-11,
];

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

/** n = the integer nearest to x / ln 2, and eʳ − 1 for the rest r = x − n ln 2. */
export function expReduced<F, M>(on: Arithmetic<F, M>, x: F): { n: F; expm1: F } {
  const n = on.nearest(on.mul(x, on.constant(LOG2_E)));
  const high = on.sub(x, on.mul(n, on.constant(LN2_HIGH)));
  const r = on.sub(high, on.mul(n, on.constant(LN2_LOW)));
  const tail = polynomial(on, r, EXP_TAIL);
  return { n, expm1: on.add(r, on.mul(on.mul(r, r), tail)) };
}

/** Below this eˣ is less than a normal number. */
export const EXP_LEAST: number = -708.3964185322641;
/** Above this it is more than any. */
const EXP_MOST = 709.782712893384;

/** eˣ; error under 1 ulp; 0 where it would be less than a normal number, below −708.39. */
export const exp: Elementary = (on, x) => {
  const { n, expm1 } = expReduced(on, x);
  const within = on.scale(on.add(expm1, on.constant(1)), n);
  // What is not ordered is NaN.
  const beyond = on.larger(x, on.constant(Infinity));
  const notBelow = on.select(on.lessEqual(x, on.constant(EXP_MOST)), within, beyond);
  return on.select(on.lessThan(x, on.constant(EXP_LEAST)), on.constant(0), notBelow);
};

/** eˣ − 1; error under 2 ulp. */
export const expm1: Elementary = (on, x) => {
  // At −40 the result is −1 to the last bit.
  const clamped = on.larger(on.smaller(x, on.constant(709.79)), on.constant(-40));
  const { n, expm1 } = expReduced(on, clamped);
  // Half of the result first, since 2ⁿ itself overflows at n = 1024.
  const scale = on.powerOfTwo(on.sub(n, on.constant(1)));
  const half = on.add(on.mul(scale, expm1), on.sub(scale, on.constant(0.5)));
  return on.select(on.equal(n, on.constant(0)), expm1, on.add(half, half));
};

/** ln(m·2ᵉ) for m in [√½, √2); error under 1 ulp. */
export function logReduced<F, M>(on: Arithmetic<F, M>, e: F, m: F): F {
  const f = on.sub(m, on.constant(1));
  const s = on.div(f, on.add(f, on.constant(2)));
  const square = on.mul(s, s);
  const tail = on.mul(square, polynomial(on, square, LOG_TAIL));
  const halfSquare = on.mul(on.mul(f, f), on.constant(0.5));
  // log x = e·ln2 + f − (f²/2 − s(f²/2 + tail)), the small parts added first.
  const low = on.add(
    on.mul(s, on.add(halfSquare, tail)),
    on.mul(e, on.constant(LN2_LOW)),
  );
  const rest = on.sub(on.sub(halfSquare, low), f);
  return on.sub(on.mul(e, on.constant(LN2_HIGH)), rest);
}

/** ln x; error under 1 ulp; −∞ at 0, NaN below. */
export const log: Elementary = (on, x) => {
  const infinity = on.constant(Infinity);
  const zero = on.constant(0);
  const subnormal = on.lessThan(x, on.constant(2 ** -1022));
  const scaled = on.select(subnormal, on.mul(x, on.constant(2 ** 54)), x);
  const exponent = on.sub(
    on.exponent(scaled),
    on.select(subnormal, on.constant(54), zero),
  );
  const finite = logReduced(on, exponent, on.significand(scaled));
  const ordinary = on.and(on.lessThan(zero, x), on.lessThan(x, infinity));
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
  const regular = on.and(
    on.lessThan(on.constant(0), u),
    on.lessThan(u, on.constant(2 ** 53)),
  );
  return on.sub(log(on, u), on.select(regular, lost, on.constant(0)));
};

/** A little more than π/4. */
const MOST_REST = 0.7853982;

/**
 * r = x − n·π/2 with |r| ≤ π/4, and n mod 4. Good to an ulp of r for |x| up to about 10⁶. From about 10¹⁶
 * on r is noise, which is held within its bounds: the polynomials would make huge values of it.
 */
function quadrant<F, M>(on: Arithmetic<F, M>, x: F): { r: F; q: F } {
  const n = on.nearest(on.mul(x, on.constant(TWO_OVER_PI)));
  const first = on.sub(x, on.mul(n, on.constant(HALF_PI_1)));
  const second = on.sub(first, on.mul(n, on.constant(HALF_PI_2)));
  const rest = on.sub(second, on.mul(n, on.constant(HALF_PI_3)));
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
  const half = on.mul(square, on.constant(0.5));
  const near = on.sub(on.constant(1), half);
  // 1 − near − half is what rounding took from near.
  const lost = on.sub(on.sub(on.constant(1), near), half);
  const tail = on.mul(on.mul(square, square), polynomial(on, square, COS_TAIL));
  return on.add(near, on.add(lost, tail));
}

/** sin x, x in radians; error under 2 ulp for |x| up to about 10⁶, about 10⁻¹⁶|x| beyond; in [−1, 1]. */
export const sin: Elementary = (on, x) => {
  const { r, q } = quadrant(on, x);
  const odd = on.or(on.equal(q, on.constant(1)), on.equal(q, on.constant(3)));
  const size = on.select(odd, cosReduced(on, r), sinReduced(on, r));
  return on.select(on.lessEqual(on.constant(2), q), on.neg(size), size);
};

/** cos x, x in radians; error under 2 ulp for |x| up to about 10⁶, about 10⁻¹⁶|x| beyond; in [−1, 1]. */
export const cos: Elementary = (on, x) => {
  const { r, q } = quadrant(on, x);
  const odd = on.or(on.equal(q, on.constant(1)), on.equal(q, on.constant(3)));
  const size = on.select(odd, sinReduced(on, r), cosReduced(on, r));
  const negative = on.or(on.equal(q, on.constant(1)), on.equal(q, on.constant(2)));
  return on.select(negative, on.neg(size), size);
};

/** tan x = sin x / cos x, x in radians; error under 4 ulp for |x| up to about 10⁶. */
export const tan: Elementary = (on, x) => {
  const { r, q } = quadrant(on, x);
  const odd = on.or(on.equal(q, on.constant(1)), on.equal(q, on.constant(3)));
  const [sine, cosine] = [sinReduced(on, r), cosReduced(on, r)];
  return on.div(on.select(odd, on.neg(cosine), sine), on.select(odd, sine, cosine));
};

/** tanh x = e/(e + 2) with e = e^{2|x|} − 1. */
export const tanh: Elementary = (on, x) => {
  // Above 22 the result is 1 to the last bit.
  const size = on.smaller(on.abs(x), on.constant(22));
  const e = expm1(on, on.add(size, size));
  return on.copySign(on.div(e, on.add(e, on.constant(2))), x);
};
