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
  { cycle }: Pick<Replay, "cycle">,
  { now, halfLife }: { readonly now: number; readonly halfLife: number },
): Float64Array {
  return Float64Array.from(cycle, (added) => exp(-LN2 * (now - added) / halfLife));
}

/**
 * Importance weights of rows, those that were drawn from a known distribution, and the same number for all
 * others: both kinds have the shares of all weight that the buffer says. A weight above √n times the mean
 * of n is taken for that.
 *
 * Where chains start with wrong shares of the modes, a flow learns these from them, while weighted draws
 * have the right ones: they pull it towards the target.
 *
 * Source of the truncation: Ionides, "Truncated importance sampling", JCGS 2008.
 *
 * @param replay The buffer.
 * @returns A weight for each row; undefined if all count the same.
 */
export function importanceWeights(
  { logWeight, importance }: Pick<Replay, "logWeight" | "importance">,
): Float64Array | undefined {
  const largest = logWeight.reduce((most, log) => log > most ? log : most, -Infinity);
  if (largest === -Infinity || importance === 0) {
    // Rows that are to have no share must not count as states of chains.
    return largest === -Infinity ? undefined : logWeight.map((log) => Number.isNaN(log) ? 1 : 0);
  }
  const weights = logWeight.map((log) => Number.isNaN(log) ? 0 : exp(log - largest));
  const weighted = logWeight.reduce((n, log) => n + (Number.isNaN(log) ? 0 : 1), 0);
  const most = Math.sqrt(weighted) * weights.reduce((sum, each) => sum + each, 0) / weighted;
  const cut = weights.map((each) => Math.min(each, most));
  const sum = cut.reduce((total, each) => total + each, 0);
  const others = logWeight.length - weighted;
  if (others === 0) return cut.map((each) => each / sum);
  return cut.map((each, row) =>
    Number.isNaN(logWeight[row]) ? (1 - importance) / others : importance * each / sum
  );
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
