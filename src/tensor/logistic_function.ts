/**
 * The logistic function and its kin.
 *
 * @module
 */
import type { Arithmetic } from "./arithmetic.ts";
import {
  type Elementary,
  type ElementaryOfTwo,
  EXP_LEAST,
  expReduced,
  logReduced,
} from "./elementary.ts";

/** e^{−|x|}, and 1/(1 + e^{−|x|}): what `sigmoid` and `softplus` of the same number share. */
function decay<F, M>(on: Arithmetic<F, M>, x: F): { e: F; u: F; reciprocal: F } {
  const one = on.constant(1);
  const size = on.neg(on.abs(x));
  const { n, expm1 } = expReduced(on, size);
  const within = on.mul(on.add(expm1, one), on.powerOfTwo(n));
  const e = on.select(on.lessThan(size, on.constant(EXP_LEAST)), on.constant(0), within);
  const u = on.add(one, e);
  return { e, u, reciprocal: on.div(one, u) };
}

/** ln(1 + e^{−|x|}). */
function bend<F, M>(on: Arithmetic<F, M>, x: F): F {
  const { e, u, reciprocal } = decay(on, x);
  // What was lost in u = 1 + e, to first order.
  const lost = on.mul(on.sub(e, on.sub(u, on.constant(1))), reciprocal);
  return on.add(logReduced(on, on.exponent(u), on.significand(u)), lost);
}

/** 1/(1 + e⁻ˣ); error under 2 ulp; 0 where it would be less than a normal number, below −708.39. */
export const sigmoid: Elementary = (on, x) => {
  const { e, reciprocal } = decay(on, x);
  const negative = on.lessThan(x, on.constant(0));
  return on.select(negative, on.mul(e, reciprocal), reciprocal);
};

/** ln(1 + eˣ) = max(x, 0) + ln(1 + e^{−|x|}), which neither overflows nor cancels; error under 2 ulp. */
export const softplus: Elementary = (on, x) => on.add(on.larger(x, on.constant(0)), bend(on, x));

/** ln(eᵃ + eᵇ); error under 2 ulp of the larger of a, b and the result. */
export const logAddExp: ElementaryOfTwo = (on, a, b) => {
  // Two equal infinities have no difference.
  const more = on.select(on.equal(a, b), on.constant(Math.LN2), bend(on, on.sub(b, a)));
  return on.add(on.larger(a, b), more);
};
