/**
 * What a stopping rule looks at, from one sorting of the draws.
 *
 * @module
 */
import { type Draws, mapScalars } from "./draws.ts";
import { meanSize, tailSize } from "./effective_sample_size.ts";
import { scalarNestedRHat } from "./nested_r_hat.ts";
import { scalarRHat, spreadOf } from "./r_hat.ts";
import type { Memory } from "./memory.ts";
import { type RankNormalise, rankNormaliser } from "./rank_normalise.ts";
import { bulkOf, LEAST_DRAWS, type Scalar, scalar } from "./scalar.ts";

/** R-hat, nested R-hat and effective sample sizes of one scalar. */
export interface ScalarConvergence {
  /** Rank-normalised split R-hat; see {@linkcode rHat}. */
  readonly rHat: number;
  /**
   * Nested R-hat with superchains by where the chains start, or of first halves against second ones if
   * that is larger: whether chains too short for R-hat have forgotten where they started, and do not move
   * on together. NaN for fewer than 16 chains.
   */
  readonly nestedRHat: number;
  /** Bulk effective sample size; see {@linkcode effectiveSampleSize}. */
  readonly effectiveSampleSize: number;
  /** Tail effective sample size; see {@linkcode effectiveSampleSizeTail}. */
  readonly effectiveSampleSizeTail: number;
}

/**
 * The numbers of one scalar; NaN for fewer than 4 draws a chain.
 *
 * @param of The scalar.
 * @param normalise Rank normalisation.
 * @param memory Memory to work in.
 * @returns The numbers.
 */
export function scalarConvergence(
  of: Scalar,
  normalise: RankNormalise,
  memory: Memory,
): ScalarConvergence {
  if (of.chains.draws < LEAST_DRAWS) {
    return {
      rHat: NaN,
      nestedRHat: NaN,
      effectiveSampleSize: NaN,
      effectiveSampleSizeTail: NaN,
    };
  }
  const bulk = bulkOf(of, normalise);
  const spread = spreadOf(of, normalise, memory);
  return {
    rHat: scalarRHat(bulk, spread),
    nestedRHat: scalarNestedRHat(of, bulk, spread),
    effectiveSampleSize: meanSize(bulk),
    effectiveSampleSizeTail: tailSize(of, memory),
  };
}

/**
 * {@linkcode rHat}, {@linkcode effectiveSampleSize} and {@linkcode effectiveSampleSizeTail} at once, in
 * less than half of the time that the three take one by one, and {@linkcode nestedRHat} of chains by where
 * they start.
 *
 * @param draws The draws, chains × draws × the shape of the parameter.
 * @returns The numbers of each scalar of the parameter, in row-major order.
 * @throws {TypeError} If the shape does not fit the data.
 * @throws {RangeError} If there are no draws, or a draw is NaN.
 *
 * @example Both elements of a parameter
 * ```ts
 * import { convergence, key, normal } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * const shape = [4, 250, 2]; // chains × draws × elements
 * const data = Float64Array.from(normal(key(1), shape).data);
 * const [first, second] = convergence({ data, shape });
 * assert(Math.max(first.rHat, second.rHat) < 1.05);
 * assert(Math.min(first.effectiveSampleSize, second.effectiveSampleSizeTail) > 400);
 * ```
 */
export function convergence(draws: Draws): ScalarConvergence[] {
  return mapScalars("judge convergence", draws, (memory) => {
    const normalise = rankNormaliser(memory);
    return (chains) => scalarConvergence(scalar(chains, memory), normalise, memory);
  });
}
