/**
 * The logarithm of the gamma function and its derivative in single precision.
 *
 * @module
 */
import { type Elementary, polynomial } from "../elementary.ts";
import { log } from "./elementary.ts";

/** ln Γ(2 + d)/d in powers of d, |d| ≤ ½: a minimax fit, error 2⁻²⁶ (that of its first coefficient). */
const LGAMMA_NEAR = [
  ...[0.42278433, 0.32246703, -0.067351475, 0.020581357, -0.0074017453],
  ...[0.0028805102, -0.0010890687, 0.00056731736, -0.0004428734],
];

/** Stirling's series from here on. */
const LGAMMA_FAR = 8.5;
/** (ln 2π − 1)/2. */
const STIRLING_CONSTANT = 0.41893855;
/** x (ln Γ(x) − (x − ½)(ln x − 1) − (ln 2π − 1)/2) in powers of 1/x², x ≥ 8.5. */
const STIRLING = [0.08333328, -0.0027637866];

/**
 * ln Γ(x) for x ≥ 0; NaN below 0. Near its zeros at 1 and 2 it keeps its relative accuracy.
 *
 * Γ(x) for x = n + d, n whole and |d| ≤ ½, is Γ(2 + d) times or divided by a product.
 */
export const lgamma: Elementary = (on, x) => {
  const [zero, one] = [on.constant(0), on.constant(1)];
  const n = on.smaller(on.nearest(x), on.constant(8));
  const d = on.sub(x, n);
  let product = one;
  for (let j = 1; j <= 6; j++) {
    const factor = on.sub(x, on.constant(j));
    product = on.mul(product, on.select(on.lessEqual(on.constant(j + 2), n), factor, one));
  }
  product = on.select(on.equal(n, one), x, product);
  product = on.select(on.equal(n, zero), on.mul(x, on.add(x, one)), product);
  const far = on.lessEqual(on.constant(LGAMMA_FAR), x);
  const logarithm = log(on, on.select(far, x, product));
  const divided = on.lessThan(n, on.constant(2));
  const near = on.add(
    on.mul(d, polynomial(on, d, LGAMMA_NEAR)),
    on.select(divided, on.neg(logarithm), logarithm),
  );
  const inverse = on.div(one, x);
  const series = on.mul(inverse, polynomial(on, on.mul(inverse, inverse), STIRLING));
  const stirling = on.add(
    on.mul(on.sub(x, on.constant(0.5)), on.sub(logarithm, one)),
    on.add(on.constant(STIRLING_CONSTANT), series),
  );
  return on.select(on.lessThan(x, zero), on.constant(NaN), on.select(far, stirling, near));
};

/** The positive zero of ψ, in two parts. */
const ROOT_HIGH = 1.4616321;
const ROOT_LOW = 1.243815e-8;
/** ψ(3/2 + d)/(3/2 + d − root) in powers of d, |d| ≤ ½: a minimax fit, error 2⁻²⁷. */
const DIGAMMA_NEAR = [
  ...[0.9510559, -0.42362744, 0.24054156, -0.14840126, 0.09500993, -0.06202546],
  ...[0.040604446, -0.025937103, 0.018122287, -0.01612299, 0.009426802],
];
/** The asymptotic series from here on. */
const DIGAMMA_FAR = 10;
/** x² (ln x − 1/(2x) − ψ(x)) in powers of 1/x², x ≥ 10. */
const DIGAMMA_SERIES = [0.083333164, -0.008278625];

/**
 * ψ(x) = d/dx ln Γ(x) for x ≥ 0, −∞ at 0; NaN below 0. It keeps its relative accuracy near its zero.
 *
 * ψ(x) = ψ(y) + Σ 1/(x − j) with y = x − k in [1, 2), the sum as one fraction.
 */
export const digamma: Elementary = (on, x) => {
  const [zero, one] = [on.constant(0), on.constant(1)];
  const below = on.lessThan(x, one);
  const k = on.sub(on.smaller(on.floor(x), on.constant(DIGAMMA_FAR - 1)), one);
  const y = on.select(below, on.add(x, one), on.sub(x, k));
  let top = on.select(below, on.constant(-1), zero);
  let bottom = on.select(below, x, one);
  for (let j = 1; j <= DIGAMMA_FAR - 2; j++) {
    const factor = on.sub(x, on.constant(j));
    const counts = on.lessEqual(on.constant(j), k);
    top = on.select(counts, on.add(on.mul(top, factor), bottom), top);
    bottom = on.select(counts, on.mul(bottom, factor), bottom);
  }
  const fromRoot = on.sub(on.sub(y, on.constant(ROOT_HIGH)), on.constant(ROOT_LOW));
  const slope = polynomial(on, on.sub(y, on.constant(1.5)), DIGAMMA_NEAR);
  const near = on.add(on.mul(fromRoot, slope), on.div(top, bottom));
  const inverse = on.div(one, x);
  const square = on.mul(inverse, inverse);
  const series = on.mul(square, polynomial(on, square, DIGAMMA_SERIES));
  const far = on.sub(on.sub(log(on, x), on.mul(inverse, on.constant(0.5))), series);
  const positive = on.select(on.lessEqual(on.constant(DIGAMMA_FAR), x), far, near);
  const special = on.select(on.equal(x, zero), on.constant(-Infinity), on.constant(NaN));
  return on.select(on.lessEqual(x, zero), special, positive);
};
