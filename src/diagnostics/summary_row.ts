/**
 * What a summary says of one scalar.
 *
 * @module
 */
import { type ScalarConvergence, scalarConvergence } from "./convergence.ts";
import type { Chains } from "./draws.ts";
import type { Memory } from "./memory.ts";
import { moments } from "./moments.ts";
import { meanError } from "./monte_carlo_standard_error.ts";
import { quantile } from "./quantile.ts";
import type { RankNormalise } from "./rank_normalise.ts";
import { LEAST_DRAWS, scalar } from "./scalar.ts";

/** What is known of one scalar. */
export interface SummaryRow extends ScalarConvergence {
  /** The parameter, with the index of the scalar in it: `mu`, `theta[0]`, `w[1,2]`. */
  readonly name: string;
  /** Mean of the draws. */
  readonly mean: number;
  /** Standard deviation of the draws, with n − 1. */
  readonly sd: number;
  /** Monte Carlo standard error of the mean; see {@linkcode monteCarloStandardError}. */
  readonly monteCarloStandardError: number;
  /** The 5 % quantile. */
  readonly q5: number;
  /** The median. */
  readonly median: number;
  /** The 95 % quantile: 90 % of the draws lie between `q5` and it. */
  readonly q95: number;
}

/**
 * The row of a scalar but for its name, from one sorting of the draws.
 *
 * @param chains The chains of the scalar.
 * @param normalise Rank normalisation.
 * @param memory Memory to work in.
 * @returns The row; NaN for what fewer than 4 draws a chain do not tell.
 */
export function rowOf(
  chains: Chains,
  normalise: RankNormalise,
  memory: Memory,
): Omit<SummaryRow, "name"> {
  const of = scalar(chains, memory);
  const { mean, variance } = moments(chains.values);
  const sd = Math.sqrt(variance);
  const [q5, median, q95] = [0.05, 0.5, 0.95].map((p) => quantile(of.sorted.values, p));
  return {
    mean,
    sd,
    monteCarloStandardError: chains.draws < LEAST_DRAWS ? NaN : meanError(of.halves, sd),
    q5,
    median,
    q95,
    ...scalarConvergence(of, normalise, memory),
  };
}
