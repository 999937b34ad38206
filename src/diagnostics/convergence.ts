/**
 * What a stopping rule looks at, from one sorting of the draws.
 *
 * @module
 */
import { type Draws, mapScalars } from "./draws.ts";
import { meanSize, tailSize } from "./effective_sample_size.ts";
import { scalarRHat } from "./r_hat.ts";
import { rankNormaliser } from "./rank_normalise.ts";
import { bulkOf, LEAST_DRAWS, scalar } from "./scalar.ts";

/** R-hat and effective sample sizes of one scalar. */
export interface ScalarConvergence {
  /** Rank-normalised split R-hat; see {@linkcode rHat}. */
  readonly rHat: number;
  /** Bulk effective sample size; see {@linkcode effectiveSampleSize}. */
  readonly effectiveSampleSize: number;
  /** Tail effective sample size; see {@linkcode effectiveSampleSizeTail}. */
  readonly effectiveSampleSizeTail: number;
}

/**
 * {@linkcode rHat}, {@linkcode effectiveSampleSize} and {@linkcode effectiveSampleSizeTail} at once, in
 * less than half of the time that the three take one by one.
 *
 * @param draws The draws, chains × draws × the shape of the parameter.
 * @returns The three numbers of each scalar of the parameter, in row-major order.
 * @throws {TypeError} If the shape does not fit the data.
 * @throws {RangeError} If there are no draws, or a draw is NaN.
 */
export function convergence(draws: Draws): ScalarConvergence[] {
  return mapScalars("judge convergence", draws, (memory) => {
    const normalise = rankNormaliser(memory);
    return (chains) => {
      if (chains.draws < LEAST_DRAWS) {
        return { rHat: NaN, effectiveSampleSize: NaN, effectiveSampleSizeTail: NaN };
      }
      const of = scalar(chains, memory);
      const bulk = bulkOf(of, normalise);
      return {
        rHat: scalarRHat(of, bulk, normalise, memory),
        effectiveSampleSize: meanSize(bulk),
        effectiveSampleSizeTail: tailSize(of, memory),
      };
    };
  });
}
