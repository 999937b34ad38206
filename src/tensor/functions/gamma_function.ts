/**
 * The logarithm of the gamma function, and its derivatives.
 *
 * @module
 */
import { log } from "./elementary.ts";
import { type Elementary, polynomial } from "./elementary_forms.ts";

/** What the gamma functions need to know of a precision. */
export interface GammaConstants {
  /** ln x. */
  readonly log: Elementary;
  /** ln Γ(2 + d)/d in powers of d, |d| ≤ ½. */
  readonly lgammaNear: readonly number[];
  /** x (ln Γ(x) − (x − ½)(ln x − 1) − (ln 2π − 1)/2) in powers of 1/x², x ≥ 8.5. */
  readonly stirling: readonly number[];
  /** The positive zero of ψ, in two parts. */
  readonly root: readonly [high: number, low: number];
  /** ψ(3/2 + d)/(3/2 + d − root) in powers of d, |d| ≤ ½. */
  readonly digammaNear: readonly number[];
  /** x² (ln x − 1/(2x) − ψ(x)) in powers of 1/x², x ≥ 10. */
  readonly digammaSeries: readonly number[];
}

/** ln Γ(2 + d)/d in powers of d, |d| ≤ ½: Chebyshev interpolation of degree 19 at 60 digits, error 3e-17. */
const LGAMMA_NEAR = [
  0.42278433509846713,
  0.3224670334241132,
  -0.06735230105319814,
  0.02058080842778457,
  -0.0073855510286681535,
  0.002890510330738737,
  -0.0011927539120010226,
  0.0005096695248853096,
  -0.00022315475074520367,
  9.945750909889392e-05,
  -4.4926351103833334e-05,
  2.050726741605779e-05,
  -9.438458716242811e-06,
  4.374374916915131e-06,
  -2.0449201467015115e-06,
  9.578663334114758e-07,
  -4.303558760359961e-07,
  2.0304806751615227e-07,
  -1.3412819758517287e-07,
  6.379047507619774e-08,
];

/** Stirling's series from here on. */
const LGAMMA_FAR = 8.5;
/** (ln 2π − 1)/2. */
const STIRLING_CONSTANT = 0.4189385332046727;
/**
 * x (ln Γ(x) − (x − ½)(ln x − 1) − (ln 2π − 1)/2) in powers of 1/x², x ≥ 8.5: Stirling's series, the last
 * coefficients fitted; error 2e-14, of a thousandth of the result.
 */
const STIRLING = [
  0.08333333333333164,
  -0.002777777771620983,
  0.0007936472184115374,
  -0.0005945073230358072,
  0.0007799997969820102,
];

/**
 * ln Γ(x) for x ≥ 0; NaN below 0. Near its zeros at 1 and 2 it keeps its relative accuracy.
 *
 * Γ(x) for x = n + d, n whole and |d| ≤ ½, is Γ(2 + d) times or divided by a product.
 */
export function lgammaOf({ log, lgammaNear, stirling }: GammaConstants): Elementary {
  return (on, x) => {
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
      on.mul(d, polynomial(on, d, lgammaNear)),
      on.select(divided, on.neg(logarithm), logarithm),
    );
    const inverse = on.div(one, x);
    const series = on.mul(inverse, polynomial(on, on.mul(inverse, inverse), stirling));
    const asymptotic = on.add(
      on.mul(on.sub(x, on.constant(0.5)), on.sub(logarithm, one)),
      on.add(on.constant(STIRLING_CONSTANT), series),
    );
    return on.select(on.lessThan(x, zero), on.constant(NaN), on.select(far, asymptotic, near));
  };
}

/** ψ(3/2 + d)/(3/2 + d − root) in powers of d, |d| ≤ ½: Chebyshev interpolation of degree 22, error 5e-17. */
const DIGAMMA_NEAR = [
  0.9510558760318328,
  -0.4236274212814606,
  0.24054248424078697,
  -0.14840492305388092,
  0.09498872445289039,
  -0.06192213327548831,
  0.040760833940846085,
  -0.026975796659787055,
  0.017907248317313294,
  -0.011908220105959716,
  0.007927021796868154,
  -0.005279937255532708,
  0.003518106563802472,
  -0.0023454947397380833,
  0.0015633696313653504,
  -0.0010364584817312839,
  0.0006909255761282986,
  -0.00048595039220036254,
  0.00032395945401345196,
  -0.00014480643368061614,
  9.653646261410062e-05,
  -0.0001782188548855923,
  0.00011881232908510335,
];
/** The asymptotic series from here on. */
const DIGAMMA_FAR = 10;
/** x² (ln x − 1/(2x) − ψ(x)) in powers of 1/x², x ≥ 10, the last coefficients fitted; error 4e-14. */
const DIGAMMA_SERIES = [
  0.08333333333332958,
  -0.008333333314593998,
  0.003968238916531623,
  -0.0041624145817584545,
  0.007080052592146499,
];

/**
 * ψ(x) = d/dx ln Γ(x) for x ≥ 0, −∞ at 0; NaN below 0. It keeps its relative accuracy near its zero.
 *
 * ψ(x) = ψ(y) + Σ 1/(x − j) with y = x − k in [1, 2), the sum as one fraction.
 */
export function digammaOf({ log, root, digammaNear, digammaSeries }: GammaConstants): Elementary {
  return (on, x) => {
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
    const fromRoot = on.sub(on.rounded(on.sub(y, on.constant(root[0]))), on.constant(root[1]));
    const slope = polynomial(on, on.sub(y, on.constant(1.5)), digammaNear);
    const near = on.add(on.mul(fromRoot, slope), on.div(top, bottom));
    const inverse = on.div(one, x);
    const square = on.mul(inverse, inverse);
    const series = on.mul(square, polynomial(on, square, digammaSeries));
    const far = on.sub(on.sub(log(on, x), on.mul(inverse, on.constant(0.5))), series);
    const positive = on.select(on.lessEqual(on.constant(DIGAMMA_FAR), x), far, near);
    const special = on.select(on.equal(x, zero), on.constant(-Infinity), on.constant(NaN));
    return on.select(on.lessEqual(x, zero), special, positive);
  };
}

const DOUBLE: GammaConstants = {
  log,
  lgammaNear: LGAMMA_NEAR,
  stirling: STIRLING,
  root: [1.4616321449683622, 9.549995429965697e-17],
  digammaNear: DIGAMMA_NEAR,
  digammaSeries: DIGAMMA_SERIES,
};

/** ln Γ(x) for x ≥ 0; NaN below 0. */
export const lgamma: Elementary = lgammaOf(DOUBLE);

/** ψ(x) for x ≥ 0; NaN below 0. */
export const digamma: Elementary = digammaOf(DOUBLE);
/** The asymptotic series from here on. */
const TRIGAMMA_FAR = 10;
/** x³ (ψ₁(x) − 1/x − 1/(2x²)) in powers of 1/x²: the Bernoulli numbers B₂, B₄, … B₁₆; error 6e-17 of ψ₁. */
const TRIGAMMA_SERIES = [
  1 / 6,
  -1 / 30,
  1 / 42,
  -1 / 30,
  5 / 66,
  -691 / 2730,
  7 / 6,
  -3617 / 510,
];

/**
 * ψ₁(x) = d²/dx² ln Γ(x) for x ≥ 0, ∞ at 0; NaN below 0.
 *
 * ψ₁(x) = Σ_{j<k} 1/(x + j)² + ψ₁(x + k) with x + k ≥ 10, a sum of positive terms from the smallest on.
 *
 * Source: Abramowitz & Stegun 1964, 6.4.6 and 6.4.12.
 */
export const trigamma: Elementary = (on, x) => {
  const [zero, one] = [on.constant(0), on.constant(1)];
  const far = on.constant(TRIGAMMA_FAR);
  let y = x;
  const terms = Array.from({ length: TRIGAMMA_FAR }, (_, j) => {
    const shifted = on.add(x, on.constant(j));
    const counts = on.lessThan(shifted, far);
    y = on.select(counts, on.add(x, on.constant(j + 1)), y);
    const inverse = on.div(one, shifted);
    return on.select(counts, on.mul(inverse, inverse), zero);
  });
  const inverse = on.div(one, y);
  const square = on.mul(inverse, inverse);
  const series = on.mul(on.mul(square, inverse), polynomial(on, square, TRIGAMMA_SERIES));
  const tail = on.add(on.add(series, on.mul(square, on.constant(0.5))), inverse);
  const sum = terms.reduceRight((sum, term) => on.add(sum, term), tail);
  return on.select(on.lessThan(x, zero), on.constant(NaN), sum);
};
