/**
 * The error function and its kin in single precision. Minimax fits here and in the files beside are by Lawson's
 * reweighted least squares on values of 40 digits, their coefficients rounded one after the other.
 *
 * @module
 */
import type { Elementary } from "../elementary_forms.ts";
import { erfcOf, erfcxOf, erfOf, type ErrorConstants, logNormalCdfOf } from "../error_function.ts";
import { exp, log, log1p } from "./elementary.ts";
import { SPLITTER } from "./remainder.ts";

const SINGLE: ErrorConstants = {
  exp,
  log,
  log1p,
  // A minimax fit, relative error 2⁻²⁸ before its coefficients were rounded, 2⁻²⁴·⁵ with that.
  erfcx: [
    ...[0.626504, -0.06781055, -0.023779878, 0.06482235, -0.059647165, 0.034156762],
    ...[-0.011855286, 0.0012527463, 0.00090741855, -0.0003661677, -3.4280718e-5, 3.9649687e-5],
  ],
  // A minimax fit, error 2⁻²⁹.
  erfNear: [0.12837917, -0.3761261, 0.11282851, -0.02675826, 0.00471916],
  // Above 10.1 erfc is 0; above 14.5 so is e^{−x²/2}.
  erfcEnds: 10.5,
  normalEnds: 15,
  splitter: SPLITTER,
};

/** erf x; error under 3 ulp. */
export const erf: Elementary = erfOf(SINGLE);

/** erfc x, accurate in the right tail down to the subnormals; error under 5 ulp. */
export const erfc: Elementary = erfcOf(SINGLE);

/** e^{x²} erfc x; ∞ below −9.38; error under 7 ulp. */
export const erfcx: Elementary = erfcxOf(SINGLE);

/** log Φ(x); error under 8 ulp. */
export const logNormalCdf: Elementary = logNormalCdfOf(SINGLE);
