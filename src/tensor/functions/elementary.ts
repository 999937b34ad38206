/**
 * The elementary functions, written once against {@linkcode Arithmetic}.
 *
 * The platform's `Math.exp` and its kin are not specified to the bit and differ
 * between engines, so results that must be the same everywhere cannot use them.
 *
 * @module
 */
import type { Arithmetic } from "./arithmetic.ts";
import {
  cosOf,
  type Decay,
  decayOf,
  type Elementary,
  type ElementaryOfTwo,
  type ExpConstants,
  expm1Of,
  expOf,
  log1pOf,
  logAddExpOf,
  logOf,
  polynomial,
  sigmoidOf,
  sinOf,
  softplusOf,
  tanhOf,
  tanOf,
} from "./elementary_forms.ts";

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

const EXP: ExpConstants = {
  log2E: LOG2_E,
  ln2: [LN2_HIGH, LN2_LOW],
  tail: EXP_TAIL,
  ends: [-708.3964185322641, 709.782712893384],
  infinite: 709.79,
  minusOne: -40,
};

/** eˣ; error under 1 ulp; 0 where it would be less than a normal number, below −708.39. */
export const exp: Elementary = expOf(EXP);

/** eˣ − 1; error under 2 ulp. */
export const expm1: Elementary = expm1Of(EXP);

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
export const log: Elementary = logOf(logReduced, {
  leastNormal: 2 ** -1022,
  digits: 54,
  factor: 2 ** 54,
});

/** ln(1 + x); error under 2 ulp. */
export const log1p: Elementary = log1pOf(log, 2 ** 53);

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

const CIRCULAR = { quadrant, sine: sinReduced, cosine: cosReduced };

/** sin x, x in radians; error under 2 ulp for |x| up to about 10⁶, about 10⁻¹⁶|x| beyond; in [−1, 1]. */
export const sin: Elementary = sinOf(CIRCULAR);

/** cos x, x in radians; error under 2 ulp for |x| up to about 10⁶, about 10⁻¹⁶|x| beyond; in [−1, 1]. */
export const cos: Elementary = cosOf(CIRCULAR);

/** tan x, x in radians; error under 4 ulp for |x| up to about 10⁶. */
export const tan: Elementary = tanOf(CIRCULAR);

/** tanh x. */
export const tanh: Elementary = tanhOf(expm1, 22);

const decay: Decay = decayOf(EXP, logReduced);

/** 1/(1 + e⁻ˣ); error under 2 ulp; 0 where it would be less than a normal number, below −708.39. */
export const sigmoid: Elementary = sigmoidOf(decay);

/** ln(1 + eˣ); error under 2 ulp. */
export const softplus: Elementary = softplusOf(decay);

/** ln(eᵃ + eᵇ); error under 2 ulp of the larger of a, b and the result. */
export const logAddExp: ElementaryOfTwo = logAddExpOf(decay);
