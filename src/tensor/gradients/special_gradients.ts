/**
 * Gradients of the special functions.
 *
 * @module
 */
import { ROOT_HALF } from "../functions/error_function.ts";
import type { Rule } from "./gradient_rule.ts";
import { where } from "../operations.ts";
import { digamma, erfcx, trigamma } from "../special_functions.ts";
import type { Tensor } from "../tensor.ts";

/** 2/√π, √(2/π) and 1/√(2π), rounded. */
const TWO_OVER_ROOT_PI = 1.1283791670955126;
const ROOT_TWO_OVER_PI = 0.7978845608028654;
const ONE_OVER_ROOT_TWO_PI = 0.3989422804014327;

/** The slope of erf, 2/√π · e^{−x²}. */
function bell(x: Tensor): Tensor {
  return x.square().neg().exp().mul(TWO_OVER_ROOT_PI);
}

/**
 * φ(x)/Φ(x). On the left it is √(2/π) / erfcx(|x|/√2), in which nothing cancels; on the right
 * e^{−x²/2 − log Φ(x)}/√(2π).
 */
function millsRatio(x: Tensor, logNormalCdf: Tensor): Tensor {
  const left = erfcx(x.abs().mul(ROOT_HALF)).reciprocal().mul(ROOT_TWO_OVER_PI);
  const exponent = x.maximum(0).square().mul(-0.5).sub(logNormalCdf);
  return where(x.less(0), left, exponent.exp().mul(ONE_OVER_ROOT_TWO_PI));
}

/** Gradient rules of the special functions. */
export const specialRules: {
  readonly sign: Rule<"sign">;
  readonly tan: Rule<"tan">;
  readonly atan: Rule<"atan">;
  readonly erf: Rule<"erf">;
  readonly erfc: Rule<"erfc">;
  readonly erfcx: Rule<"erfcx">;
  readonly logNormalCdf: Rule<"logNormalCdf">;
  readonly lgamma: Rule<"lgamma">;
  readonly digamma: Rule<"digamma">;
  readonly trigamma: Rule<"trigamma">;
  readonly mod: Rule<"mod">;
  readonly atan2: Rule<"atan2">;
  readonly logAddExp: Rule<"logAddExp">;
} = {
  sign: () => [],
  tan: ({ cotangent, result }) => [cotangent.add(cotangent.mul(result.square()))],
  atan: ({ cotangent, operands: [x] }) => [cotangent.div(x.square().add(1))],
  erf: ({ cotangent, operands: [x] }) => [cotangent.mul(bell(x))],
  erfc: ({ cotangent, operands: [x] }) => [cotangent.mul(bell(x)).neg()],
  erfcx: ({ cotangent, result, operands: [x] }) => [
    cotangent.mul(x.mul(result).mul(2).sub(TWO_OVER_ROOT_PI)),
  ],
  logNormalCdf: ({ cotangent, result, operands: [x] }) => [cotangent.mul(millsRatio(x, result))],
  lgamma: ({ cotangent, operands: [x] }) => [cotangent.mul(digamma(x))],
  digamma: ({ cotangent, operands: [x] }) => [cotangent.mul(trigamma(x))],
  trigamma: () => {
    throw new TypeError(
      "Cannot differentiate trigamma: the array language has no further polygamma functions, so " +
        "that lgamma can be differentiated only twice",
    );
  },
  // a mod b = a − nb with a whole number n, whose slope is 0.
  mod: ({ cotangent, result, operands: [a, b] }) => [
    cotangent,
    cotangent.mul(result.sub(a).div(b)),
  ],
  logAddExp: ({ cotangent, operands: [a, b] }) => {
    const share = cotangent.mul(b.sub(a).sigmoid());
    return [cotangent.sub(share), share];
  },
  // Scaled by the larger of |x| and |y|, so that no square over- or underflows.
  atan2: ({ cotangent, operands: [y, x] }) => {
    const size = x.abs().maximum(y.abs());
    const [u, v] = [x.div(size), y.div(size)];
    const share = cotangent.div(u.square().add(v.square()).mul(size));
    return [share.mul(u), share.mul(v).neg()];
  },
};
