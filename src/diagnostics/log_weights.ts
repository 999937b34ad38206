/**
 * Importance weights by their logarithms.
 *
 * @module
 */
import { exp } from "../tensor/functions/scalar_math.ts";

/** ln p(x) − ln q(x) of independent draws x of q; −∞ is the weight 0. */
export type LogWeights = Float64Array | readonly number[];

/** Weights in units of the largest. */
export interface ScaledWeights {
  /** ln of the largest weight. */
  readonly logLargest: number;
  /** The weights divided by the largest, in [0, 1]. */
  readonly weights: Float64Array;
}

/**
 * The largest log weight, of weights that are found to be in order.
 *
 * @param action What is being done, for the message: "estimate the evidence".
 * @param logWeights The log weights.
 * @returns The largest, which is finite.
 * @throws {RangeError} If there are none, one is NaN or +∞, or all are zero.
 */
export function logLargestOf(action: string, logWeights: LogWeights): number {
  if (logWeights.length === 0) {
    throw new RangeError(`Cannot ${action}: there are no weights; draw from the proposal first`);
  }
  let largest = -Infinity;
  for (let i = 0; i < logWeights.length; i++) {
    const logWeight = logWeights[i];
    if (!(logWeight < Infinity)) {
      throw new RangeError(
        `Cannot ${action}: log weight ${i} is ${logWeight}; it must be a number or -Infinity, ` +
          "so check both log densities at that draw",
      );
    }
    if (logWeight > largest) largest = logWeight;
  }
  if (largest === -Infinity) {
    throw new RangeError(
      `Cannot ${action}: all ${logWeights.length} weights are zero; ` +
        "the proposal must draw where the target's density is positive",
    );
  }
  return largest;
}

/**
 * Divides weights by the largest of them, so that none overflows.
 *
 * @param action What is being done, for the message.
 * @param logWeights The log weights.
 * @returns The weights.
 * @throws {RangeError} If there are none, one is NaN or +∞, or all are zero.
 */
export function scaledWeights(action: string, logWeights: LogWeights): ScaledWeights {
  const logLargest = logLargestOf(action, logWeights);
  return {
    logLargest,
    weights: Float64Array.from(logWeights, (logWeight) => exp(logWeight - logLargest)),
  };
}
