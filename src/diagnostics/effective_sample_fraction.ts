/**
 * How many draws of the target as many weighted draws are worth.
 *
 * @module
 */
import { type LogWeights, scaledWeights } from "./log_weights.ts";

/** The fraction (Σw)² / (n Σw²) of weights, the largest of which is 1. */
export function fractionOf(weights: Float64Array): number {
  let sum = 0;
  let squares = 0;
  for (const weight of weights) {
    sum += weight;
    squares += weight * weight;
  }
  return (sum / squares) * (sum / weights.length);
}

/**
 * Effective sample fraction of importance weights, (Σw)² / (n Σw²): the share of the n draws that as
 * many draws of the target itself would be worth. 1 if all weights are equal, 1/n if one has it all.
 * It is too high when draws miss a part of the target: look at {@linkcode paretoShape} as well.
 *
 * Source: Kish (1965), Survey Sampling; Liu (2001), Monte Carlo Strategies in Scientific
 * Computing.
 *
 * @param logWeights ln p(x) − ln q(x) of n independent draws x of q; constants do not matter, and −∞
 * is the weight 0.
 * @returns The fraction, from 1/n to 1.
 * @throws {RangeError} If there are no weights, one is NaN or +∞, or all are zero.
 *
 * @example Half of the weights are zero
 * ```ts
 * import { effectiveSampleFraction } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * assert.equal(effectiveSampleFraction([1000, 1000, -Infinity, -Infinity]), 0.5);
 * ```
 */
export function effectiveSampleFraction(logWeights: LogWeights): number {
  return fractionOf(scaledWeights("compute the effective sample fraction", logWeights).weights);
}
