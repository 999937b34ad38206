/**
 * How good a proposal distribution is.
 *
 * @module
 */
import { fractionOf } from "./effective_sample_fraction.ts";
import { type LogWeights, scaledWeights } from "./log_weights.ts";
import { paretoShape } from "./pareto_shape.ts";

/** How good a proposal distribution q is for a target p. */
export interface ProposalQuality {
  /** Share of its draws that they are worth for the target; see {@linkcode effectiveSampleFraction}. */
  readonly effectiveSampleFraction: number;
  /**
   * Shape of the largest weights; see {@linkcode paretoShape}. Above 0.7 the other two cannot be trusted:
   * q is too narrow somewhere.
   */
  readonly paretoShape: number;
  /** Mean probability with which an independence move from q is accepted, once chains follow p. */
  readonly acceptance: number;
}

/**
 * Judges a proposal by its weights alone. The acceptance probability of independence moves in
 * equilibrium, E min(1, w(x')/w(x)) with x from p and x' from q, is Σᵢⱼ min(wᵢ, wⱼ) / (n Σw).
 *
 * Source: Liu, "Metropolized independent sampling with comparisons to rejection sampling and importance
 * sampling", Statistics and Computing 1996, §2, for the acceptance; Vehtari et al., JMLR 2024, for the
 * shape.
 *
 * @param logWeights ln p(x) − ln q(x) of n independent draws x of q; constants do not matter. Those that
 * are NaN or +∞ count as 0, as in a global move.
 * @returns The quality; all 0, and the shape ∞, if no weight is positive.
 * @throws {RangeError} If there are no weights.
 *
 * @example A proposal that is twice as wide as the target
 * ```ts
 * import { key, normal, proposalQuality } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * const z = normal(key(1), [10000]).data;
 * const logWeights = Float64Array.from(z, (z) => -0.5 * (2 * z) ** 2 + 0.5 * z * z);
 * const { effectiveSampleFraction, acceptance } = proposalQuality(logWeights);
 * assert(Math.abs(effectiveSampleFraction - Math.sqrt(7) / 4) < 0.02);
 * assert(Math.abs(acceptance - 4 / Math.PI * Math.atan(1 / 2)) < 0.02);
 * ```
 */
export function proposalQuality(logWeights: LogWeights): ProposalQuality {
  const usable = Float64Array.from(logWeights, (log) => log < Infinity ? log : -Infinity);
  if (usable.length > 0 && !usable.some(Number.isFinite)) {
    return { effectiveSampleFraction: 0, paretoShape: Infinity, acceptance: 0 };
  }
  const { weights } = scaledWeights("judge a proposal", usable);
  const ascending = weights.toSorted();
  const n = ascending.length;
  let [sum, smaller] = [0, 0];
  ascending.forEach((weight, k) => {
    sum += weight;
    // The smaller one of so many pairs.
    smaller += weight * (2 * (n - k) - 1);
  });
  return {
    effectiveSampleFraction: fractionOf(weights),
    paretoShape: paretoShape(usable),
    acceptance: smaller / (n * sum),
  };
}
