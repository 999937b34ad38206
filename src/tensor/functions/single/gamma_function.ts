/**
 * The logarithm of the gamma function and its derivative in single precision.
 *
 * @module
 */
import type { Elementary } from "../elementary_forms.ts";
import { digammaOf, type GammaConstants, lgammaOf } from "../gamma_function.ts";
import { log } from "./elementary.ts";

/** Minimax fits; the errors of the series near zeros are 2⁻²⁶ and 2⁻²⁷, those of the first coefficients. */
const SINGLE: GammaConstants = {
  log,
  lgammaNear: [
    ...[0.42278433, 0.32246703, -0.067351475, 0.020581357, -0.0074017453],
    ...[0.0028805102, -0.0010890687, 0.00056731736, -0.0004428734],
  ],
  stirling: [0.08333328, -0.0027637866],
  root: [1.4616321, 1.243815e-8],
  digammaNear: [
    ...[0.9510559, -0.42362744, 0.24054156, -0.14840126, 0.09500993, -0.06202546],
    ...[0.040604446, -0.025937103, 0.018122287, -0.01612299, 0.009426802],
  ],
  digammaSeries: [0.083333164, -0.008278625],
};

/** ln Γ(x) for x ≥ 0; NaN below 0; error under 8 ulp. */
export const lgamma: Elementary = lgammaOf(SINGLE);

/** ψ(x) for x ≥ 0; NaN below 0; error under 5 ulp. */
export const digamma: Elementary = digammaOf(SINGLE);
