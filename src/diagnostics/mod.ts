/**
 * Diagnostics of draws and of importance weights.
 *
 * @module
 */
export { convergence, type ScalarConvergence } from "./convergence.ts";
export type { Draws } from "./draws.ts";
export { effectiveSampleFraction } from "./effective_sample_fraction.ts";
export { effectiveSampleSize, effectiveSampleSizeTail } from "./effective_sample_size.ts";
export { energyBayesianFraction } from "./energy.ts";
export type { LogWeights } from "./log_weights.ts";
export {
  type Estimand,
  monteCarloStandardError,
  type MonteCarloStandardErrorOptions,
} from "./monte_carlo_standard_error.ts";
export { nestedRHat, type Superchains } from "./nested_r_hat.ts";
export { paretoShape } from "./pareto_shape.ts";
export { type ProposalQuality, proposalQuality } from "./proposal_quality.ts";
export { rHat } from "./r_hat.ts";
export { summarise, type Summary } from "./summary.ts";
export type { SummaryRow } from "./summary_row.ts";
