/**
 * The error function and its kin in single precision.
 *
 * @module
 */
import type { Arithmetic } from "../arithmetic.ts";
import { type Elementary, polynomial } from "../elementary.ts";
import { ROOT_HALF } from "../error_function.ts";
import { lowProduct } from "../exact_product.ts";
import { exp, log, log1p } from "./elementary.ts";
import { SPLITTER } from "./remainder.ts";

/**
 * (x + ½) erfcx(x) for x ≥ 0 in powers of t = (x − 3)/(x + 3) (Shepherd & Laframboise 1981): a minimax fit,
 * relative error 2⁻²⁸ before its coefficients were rounded, 2⁻²⁴·⁵ with that.
 */
const ERFCX = [
  ...[0.626504, -0.06781055, -0.023779878, 0.06482235, -0.059647165, 0.034156762],
  ...[-0.011855286, 0.0012527463, 0.00090741855, -0.0003661677, -3.4280718e-5, 3.9649687e-5],
];

/** erf(x)/x − 1 in powers of x², |x| ≤ ½: a minimax fit, error 2⁻²⁹. */
const ERF_NEAR = [0.12837917, -0.3761261, 0.11282851, -0.02675826, 0.00471916];
const NEAR = 0.5;

/** Above 10.1 erfc is 0; above 14.5 so is e^{−x²/2}. */
const ERFC_ENDS = 10.5;
const NORMAL_ENDS = 15;

/** erfcx of a number that is not negative. */
function scaledTail<F, M>(on: Arithmetic<F, M>, x: F): F {
  // t = (x − 3)/(x + 3) in a form that has a value at ∞.
  const t = on.sub(on.constant(1), on.div(on.constant(6), on.add(x, on.constant(3))));
  return on.div(polynomial(on, t, ERFCX), on.add(x, on.constant(0.5)));
}

/** e^{factor · x²}, with what rounding takes from x². */
function expSquare<F, M>(on: Arithmetic<F, M>, x: F, factor: number): F {
  const square = on.mul(x, x);
  const lost = on.mul(lowProduct(on, x, x, square, SPLITTER), on.constant(factor));
  // A factor and not a sum, since ∞ + ∞ · lost may be NaN.
  return on.mul(exp(on, on.mul(square, on.constant(factor))), on.add(on.constant(1), lost));
}

function erfNear<F, M>(on: Arithmetic<F, M>, x: F): F {
  return on.add(x, on.mul(x, polynomial(on, on.mul(x, x), ERF_NEAR)));
}

/** erfc x for 0 ≤ x ≤ 10.5. */
function tail<F, M>(on: Arithmetic<F, M>, x: F): F {
  return on.mul(expSquare(on, x, -1), scaledTail(on, x));
}

/** erf x; error under 4 ulp. */
export const erf: Elementary = (on, x) => {
  const size = on.smaller(on.abs(x), on.constant(ERFC_ENDS));
  const far = on.copySign(on.sub(on.constant(1), tail(on, size)), x);
  return on.select(on.lessThan(size, on.constant(NEAR)), erfNear(on, x), far);
};

/** erfc x = 1 − erf x, accurate in the right tail down to the subnormals. */
export const erfc: Elementary = (on, x) => {
  const size = on.smaller(on.abs(x), on.constant(ERFC_ENDS));
  const right = tail(on, size);
  const far = on.select(on.lessThan(x, on.constant(0)), on.sub(on.constant(2), right), right);
  const near = on.sub(on.constant(1), erfNear(on, x));
  return on.select(on.lessThan(size, on.constant(NEAR)), near, far);
};

/** e^{x²} erfc x, which neither under- nor overflows on the right; ∞ below −9.38. */
export const erfcx: Elementary = (on, x) => {
  const right = scaledTail(on, on.abs(x));
  const size = on.smaller(on.abs(x), on.constant(ERFC_ENDS));
  const twice = on.mul(on.constant(2), expSquare(on, size, 1));
  return on.select(on.lessThan(x, on.constant(0)), on.sub(twice, right), right);
};

/** log Φ(x), Φ being the standard normal distribution function; −x²/2 − log |x| − … on the left. */
export const logNormalCdf: Elementary = (on, x) => {
  const half = on.constant(0.5);
  const slow = on.mul(half, scaledTail(on, on.mul(on.abs(x), on.constant(ROOT_HALF))));
  // x/2 · x, since x² overflows before its half does.
  const left = on.sub(log(on, slow), on.mul(on.mul(x, half), x));
  const size = on.smaller(on.abs(x), on.constant(NORMAL_ENDS));
  const right = log1p(on, on.neg(on.mul(expSquare(on, size, -0.5), slow)));
  return on.select(on.lessThan(x, on.constant(0)), left, right);
};
