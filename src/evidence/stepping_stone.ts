/**
 * The evidence by stepping stones.
 *
 * @module
 */
import { checkShape, type Draws } from "../diagnostics/draws.ts";
import { meanSize } from "../diagnostics/effective_sample_size.ts";
import { scaledWeights } from "../diagnostics/log_weights.ts";
import { memory } from "../diagnostics/memory.ts";
import { moments } from "../diagnostics/moments.ts";
import { LEAST_DRAWS } from "../diagnostics/scalar.ts";
import { splitChains } from "../diagnostics/split_chains.ts";
import { log } from "../tensor/functions/scalar_math.ts";
import type { SteppingStoneEvidence } from "./evidence.ts";

const ACTION = "estimate the evidence";

/** Options of {@linkcode steppingStoneEvidence}. */
export interface SteppingStoneOptions {
  /** Inverse temperatures of the rungs, from 1 down to 0. */
  readonly inverseTemperatures: ArrayLike<number>;
  /** What is at β = 0; a normalised reference by default. */
  readonly relativeTo?: SteppingStoneEvidence["relativeTo"];
}

function checkRungs(
  { shape }: Draws,
  inverseTemperatures: ArrayLike<number>,
): void {
  const rungs = inverseTemperatures.length;
  if (shape.length !== 3 || shape[2] !== rungs || rungs < 2) {
    throw new TypeError(
      `Cannot ${ACTION}: the log likelihoods must have the shape [chains, draws, rungs] with as many ` +
        `rungs as inverse temperatures, got [${shape.join(", ")}] and ${rungs}`,
    );
  }
  const ladder = Array.from(inverseTemperatures);
  const falls = ladder.every((each, rung) => rung === 0 || each < ladder[rung - 1]);
  if (ladder[0] === 1 && ladder[rungs - 1] === 0 && falls) return;
  throw new RangeError(
    `Cannot ${ACTION}: the inverse temperatures [${ladder.join(", ")}] must fall from 1 to 0`,
  );
}

/**
 * Estimates the evidence from draws of p_β ∝ r · L^β at inverse temperatures 1 = β₀ > … > β_K = 0:
 *
 * Z = ∏ over k from 1 to K of the mean over draws x of p_{β_k} of L(x)^(β_{k−1} − β_k),
 *
 * the integral of r · L where r is normalised, and the ratio to that of r in any case. Neighbours are close,
 * so that none of these means rests on a few draws, as one from r to the target would.
 *
 * Replicas of a chain swap, and each stays in a place for a while: draws are correlated in time and between
 * rungs. To first order the error of ln Z is that of the mean of s = Σ w_k / w̄_k, one number for each state of
 * a chain with all its replicas, where w_k is what is averaged at rung k. Its effective sample size gives the
 * standard error, with all correlations.
 *
 * Source: Xie, Lewis, Fan, Kuo & Chen, "Improving marginal likelihood estimation for Bayesian phylogenetic
 * model selection", Systematic Biology 60 (2011), equations 6 to 9.
 *
 * @param logLikelihoods ln L of the replica at each rung, chains × draws × rungs, of chains that have
 * converged; −∞ where L vanishes. That at the first rung does not count.
 * @param options The inverse temperatures, and what is at β = 0.
 * @returns The estimate in natural logarithms. The standard error is NaN for fewer than 4 draws of each chain.
 * @throws {TypeError} If the shape does not fit.
 * @throws {RangeError} If there are no draws, one is NaN or +∞, L vanishes at all draws of a rung, or the
 * inverse temperatures do not fall from 1 to 0.
 *
 * @example A prior that is normal and a likelihood that is, too
 * ```ts
 * import { key, normal, steppingStoneEvidence } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * // p_β ∝ exp(−x²/2) exp(−βx²/2): N(0, 1/(1 + β)), and Z is 1/√2.
 * const inverseTemperatures = [1, 0.5, 0];
 * const x = normal(key(1), [4, 1000, 3]).div([2, 1.5, 1].map(Math.sqrt));
 * const { estimate, standardError } = steppingStoneEvidence({
 *   data: x.square().mul(-0.5).data as Float64Array,
 *   shape: [4, 1000, 3],
 * }, { inverseTemperatures });
 * assert(Math.abs(estimate + Math.log(2) / 2) < 5 * standardError);
 * ```
 */
export function steppingStoneEvidence(
  logLikelihoods: Draws,
  { inverseTemperatures, relativeTo = "reference" }: SteppingStoneOptions,
): SteppingStoneEvidence {
  checkShape(ACTION, logLikelihoods);
  checkRungs(logLikelihoods, inverseTemperatures);
  const { data, shape: [chains, draws, rungs] } = logLikelihoods;
  const size = chains * draws;
  const shares = new Float64Array(size);
  let estimate = 0;
  for (let rung = 1; rung < rungs; rung++) {
    const step = inverseTemperatures[rung - 1] - inverseTemperatures[rung];
    const { weights, logLargest } = scaledWeights(
      `${ACTION} at rung ${rung}`,
      Float64Array.from({ length: size }, (_, row) => step * data[row * rungs + rung]),
    );
    const { mean } = moments(weights);
    estimate += logLargest + log(mean);
    for (let row = 0; row < size; row++) shares[row] += weights[row] / mean;
  }
  const { variance } = moments(shares);
  const effective = draws < LEAST_DRAWS
    ? NaN
    : meanSize(splitChains({ values: shares, chains, draws }, memory()));
  return {
    estimate,
    standardError: Math.sqrt(variance / effective),
    method: "stepping stones",
    effectiveSampleSize: effective,
    relativeTo,
  };
}
