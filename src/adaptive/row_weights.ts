/**
 * How much each row of the replay buffer counts in training.
 *
 * @module
 */
import { exp } from "../tensor/functions/scalar_math.ts";
import type { Replay } from "./replay.ts";

const LN2 = 0.6931471805599453;

/**
 * Weights that halve with age: what was seen long ago, before the chains had settled, counts less.
 *
 * @param replay The buffer.
 * @param options The number of the present cycle, and after how many cycles a weight halves.
 * @returns A weight for each row, the newest 1.
 */
export function recencyWeights(
  { cycle }: Replay,
  { now, halfLife }: { readonly now: number; readonly halfLife: number },
): Float64Array {
  return Float64Array.from(cycle, (added) => exp(-LN2 * (now - added) / halfLife));
}

/**
 * Importance weights (p/q)^power of rows that are taken for draws of q, truncated: where the chains have
 * not yet found the right share of each mode and the flow has learned that from them, they pull it
 * towards the target.
 *
 * Source: Ionides, "Truncated importance sampling", JCGS 2008: weights above √n times their mean are
 * taken for that.
 *
 * @param logDensity ln p of each row, unnormalised.
 * @param logProposal ln q of each row.
 * @param power From 0, for no weighting, to 1.
 * @returns A weight for each row; 0 where either logarithm is not finite.
 */
export function importanceWeights(
  logDensity: Float64Array,
  logProposal: Float64Array,
  power: number,
): Float64Array {
  const logs = logDensity.map((p, i) => {
    const log = power * (p - logProposal[i]);
    return Number.isFinite(log) ? log : -Infinity;
  });
  const largest = logs.reduce((most, log) => Math.max(most, log), -Infinity);
  if (largest === -Infinity) return logs.fill(1);
  const weights = logs.map((log) => log === -Infinity ? 0 : exp(log - largest));
  const mean = weights.reduce((sum, each) => sum + each, 0) / weights.length;
  return weights.map((each) => Math.min(each, Math.sqrt(weights.length) * mean));
}

/**
 * The weights of chosen rows, scaled so that their mean is 1.
 *
 * @param weights A weight for each row of a buffer.
 * @param rows The rows that are meant.
 * @returns All weights, in the same scale; those of other rows mean nothing.
 */
export function withMeanOne(weights: Float64Array, rows: Uint32Array): Float32Array {
  const sum = rows.reduce((total, row) => total + weights[row], 0);
  return Float32Array.from(weights, (each) => each * rows.length / sum);
}
