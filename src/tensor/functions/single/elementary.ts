/**
 * The elementary functions in single precision, written against {@linkcode Arithmetic} as those of
 * double precision are: shorter polynomials, other limits. The polynomials are those of the shaders.
 *
 * The errors are the largest that were found over 10⁷ floats of all sizes, against the double functions.
 *
 * @module
 */
import type { Arithmetic } from "../arithmetic.ts";
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
} from "../elementary_forms.ts";

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
export const SIN_TAIL: readonly number[] = [-0.16666655, 0.008332189, -0.00019518279];
export const COS_TAIL: readonly number[] = [0.041666646, -0.0013887315, 2.4433008e-5];

const EXP: ExpConstants = {
  log2E: LOG2_E,
  ln2: [LN2_HIGH, LN2_LOW],
  tail: EXP_TAIL,
  ends: [-87.33654, 88.72283],
  infinite: 88.73,
  minusOne: -18,
};

/** eˣ; error under 1 ulp; 0 where it would be less than a normal number, below −87.3. */
export const exp: Elementary = expOf(EXP);

/** eˣ − 1; error under 2 ulp. */
export const expm1: Elementary = expm1Of(EXP);

/** ln(m·2ᵉ) for m in [√½, √2); error under 1 ulp. */
export function logReduced<F, M>(on: Arithmetic<F, M>, e: F, m: F): F {
  const f = on.sub(m, on.constant(1));
  const square = on.mul(f, f);
  const cubic = on.mul(on.mul(f, square), polynomial(on, f, LOG_TAIL));
  // The small parts are added first.
  const low = on.add(cubic, on.mul(e, on.constant(LN2_LOW)));
  const rest = on.add(f, on.sub(low, on.mul(square, on.constant(0.5))));
  return on.add(on.mul(e, on.constant(LN2_HIGH)), rest);
}

/** ln x; error under 1 ulp; −∞ at 0, NaN below. */
export const log: Elementary = logOf(logReduced, {
  leastNormal: 2 ** -126,
  digits: 25,
  factor: 2 ** 25,
});

/** ln(1 + x); error under 2 ulp. */
export const log1p: Elementary = log1pOf(log, 2 ** 24);

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
  const high = on.rounded(on.sub(second, third));
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

const CIRCULAR = { quadrant, sine: sinReduced, cosine: cosReduced };

/** sin x, x in radians; error under 2 ulp for |x| up to 25,000, about 2⁻²⁴|x| beyond; in [−1, 1]. */
export const sin: Elementary = sinOf(CIRCULAR);

/** cos x, x in radians; error under 2 ulp for |x| up to 25,000, about 2⁻²⁴|x| beyond; in [−1, 1]. */
export const cos: Elementary = cosOf(CIRCULAR);

/** tan x, x in radians; error under 4 ulp for |x| up to 25,000. */
export const tan: Elementary = tanOf(CIRCULAR);

/** tanh x; error under 3 ulp. */
export const tanh: Elementary = tanhOf(expm1, 10);

const decay: Decay = decayOf(EXP, logReduced);

/** 1/(1 + e⁻ˣ); error under 3 ulp; 0 where it would be less than a normal number, below −87.3. */
export const sigmoid: Elementary = sigmoidOf(decay);

/** ln(1 + eˣ); error under 2 ulp. */
export const softplus: Elementary = softplusOf(decay);

/** ln(eᵃ + eᵇ); error under 2 ulp of the larger of a, b and the result. */
export const logAddExp: ElementaryOfTwo = logAddExpOf(decay);
