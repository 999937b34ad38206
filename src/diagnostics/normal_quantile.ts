/**
 * The quantile function of the standard normal distribution.
 *
 * @module
 */
import { log } from "../tensor/functions/scalar_math.ts";

type Coefficients = readonly number[];

/** Numerators and denominators of Wichura's PPND16, lowest power first. */
const CENTRE = [
  [
    3.3871328727963666080e0,
    1.3314166789178437745e2,
    1.9715909503065514427e3,
    1.3731693765509461125e4,
    4.5921953931549871457e4,
    6.7265770927008700853e4,
    3.3430575583588128105e4,
    2.5090809287301226727e3,
  ],
  [
    1,
    4.2313330701600911252e1,
    6.8718700749205790830e2,
    5.3941960214247511077e3,
    2.1213794301586595867e4,
    3.9307895800092710610e4,
    2.8729085735721942674e4,
    5.2264952788528545610e3,
  ],
] as const;
const TAIL = [
  [
    1.42343711074968357734e0,
    4.63033784615654529590e0,
    5.76949722146069140550e0,
    3.64784832476320460504e0,
    1.27045825245236838258e0,
    2.41780725177450611770e-1,
    2.27238449892691845833e-2,
    7.74545014278341407640e-4,
  ],
  [
    1,
    2.05319162663775882187e0,
    1.67638483018380384940e0,
    6.89767334985100004550e-1,
    1.48103976427480074590e-1,
    1.51986665636164571966e-2,
    5.47593808499534494600e-4,
    1.05075007164441684324e-9,
  ],
] as const;
const FAR_TAIL = [
  [
    6.65790464350110377720e0,
    5.46378491116411436990e0,
    1.78482653991729133580e0,
    2.96560571828504891230e-1,
    2.65321895265761230930e-2,
    1.24266094738807843860e-3,
    2.71155556874348757815e-5,
    2.01033439929228813265e-7,
  ],
  [
    1,
    5.99832206555887937690e-1,
    1.36929880922735805310e-1,
    1.48753612908506148525e-2,
    7.86869131145613259100e-4,
    1.84631831751005468180e-5,
    1.42151175831644588870e-7,
    2.04426310338993978564e-15,
  ],
] as const;

/** Even and odd powers apart, which halves the wait for each result. */
function polynomial(x: number, c: Coefficients): number {
  const square = x * x;
  return ((c[6] * square + c[4]) * square + c[2]) * square + c[0] +
    x * (((c[7] * square + c[5]) * square + c[3]) * square + c[1]);
}

function ratio([top, bottom]: readonly [Coefficients, Coefficients], x: number): number {
  return polynomial(x, top) / polynomial(x, bottom);
}

/**
 * The x with Φ(x) = p, by Wichura (1988), algorithm AS 241, PPND16; relative error about 1e-16 but
 * for the rounding of p itself.
 *
 * @param p A probability.
 * @returns x; ∓∞ at 0 and 1, NaN outside of [0, 1].
 */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) return q * ratio(CENTRE, 0.180625 - q * q);
  const outside = q < 0 ? p : 1 - p;
  if (outside === 0) return q < 0 ? -Infinity : Infinity;
  if (!(outside > 0)) return NaN;
  const r = Math.sqrt(-log(outside));
  const size = r <= 5 ? ratio(TAIL, r - 1.6) : ratio(FAR_TAIL, r - 5);
  return q < 0 ? -size : size;
}
