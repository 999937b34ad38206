/**
 * The evidence by importance sampling.
 *
 * @module
 */
import { fractionOf } from "../diagnostics/effective_sample_fraction.ts";
import { type LogWeights, scaledWeights } from "../diagnostics/log_weights.ts";
import { moments } from "../diagnostics/moments.ts";
import { paretoShape } from "../diagnostics/pareto_shape.ts";
import { log } from "../tensor/functions/scalar_math.ts";
import type { ImportanceEvidence } from "./evidence.ts";

/**
 * Estimates the evidence of a density p by importance sampling: ln Z = ln of the mean weight
 * w = p(x) / q(x) of independent draws x of a normalised density q, with the standard error
 * sd(w) / (mean(w) √n) of the delta method. Nothing overflows, whatever the scale of p.
 *
 * The mean weight is unbiased, so its logarithm is low by about half the square of the standard error.
 *
 * Source: Robert & Casella (2004), Monte Carlo Statistical Methods, section 3.3.
 *
 * @param logWeights ln p(x) − ln q(x) of n independent draws x of q, with ln q normalised; −∞ is the
 * weight 0, of a draw where p vanishes. Draws of a Markov chain will not do: their errors are larger.
 * @returns The estimate in natural logarithms. The standard error is NaN for a single weight.
 * @throws {RangeError} If there are no weights, one is NaN or +∞, or all are zero.
 *
 * @example The length of an interval
 * ```ts
 * import { importanceEvidence, key, uniform } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * // p is 1 on (0, 0.4) and 0 elsewhere, q is uniform on (0, 1).
 * const logWeights = Array.from(uniform(key(1), [10000]).data, (x) => x < 0.4 ? 0 : -Infinity);
 * const { estimate, standardError } = importanceEvidence(logWeights);
 * assert(Math.abs(estimate - Math.log(0.4)) < 5 * standardError);
 * ```
 */
export function importanceEvidence(logWeights: LogWeights): ImportanceEvidence {
  const { weights, logLargest } = scaledWeights("estimate the evidence", logWeights);
  const { mean, variance } = moments(weights);
  return {
    estimate: logLargest + log(mean),
    standardError: Math.sqrt(variance / weights.length) / mean,
    method: "importance sampling",
    effectiveSampleFraction: fractionOf(weights),
    paretoShape: paretoShape(logWeights),
  };
}
