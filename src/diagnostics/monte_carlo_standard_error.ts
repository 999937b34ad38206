/**
 * Monte Carlo standard errors: how far an estimate from the draws is from what endless draws would
 * give.
 *
 * @module
 */
import { betaQuantile } from "./beta_quantile.ts";
import { type Chains, type Draws, mapScalars, perScalar } from "./draws.ts";
import { meanSize, quantileSize } from "./effective_sample_size.ts";
import type { Memory } from "./memory.ts";
import { moments } from "./moments.ts";
import { LEAST_DRAWS, scalar } from "./scalar.ts";
import { splitChains } from "./split_chains.ts";

/** What is estimated: the mean, the standard deviation, or the quantile of a probability in (0, 1). */
export type Estimand = "mean" | "sd" | { readonly quantile: number };

/** Options of {@linkcode monteCarloStandardError}. */
export interface MonteCarloStandardErrorOptions {
  /** What is estimated; `"mean"` by default, which is reported most. */
  readonly of?: Estimand;
}

/** The error of one scalar's estimate. */
type ScalarError = (chains: Chains, memory: Memory) => number;

const ACTION = "compute the Monte Carlo standard error";

/** Φ(−1) and Φ(1), between which a normal estimate lies within one standard error; as in R posterior. */
const WITHIN_ONE = [0.1586553, 0.8413447] as const;

/**
 * The error of a mean: sd / √ESS, with the effective sample size of the draws themselves.
 *
 * @param halves The chains cut in two, with at least `LEAST_DRAWS` draws of each whole chain.
 * @param sd The standard deviation of their draws.
 * @returns The error; 0 if all draws are equal.
 */
export function meanError(halves: Chains, sd: number): number {
  return sd / Math.sqrt(meanSize(halves));
}

/**
 * The error of a standard deviation s, from that of the mean of (x − x̄)² by the delta method:
 * √(Var (x − x̄)² / ESS) / 2s. Distances are taken in units of s, so that no power leaves the range of
 * numbers.
 */
function sdError(chains: Chains, memory: Memory): number {
  const { mean, variance } = moments(chains.values);
  const sd = Math.sqrt(variance);
  const squares = memory.floats("squares", chains.values.length);
  for (let i = 0; i < squares.length; i++) {
    const distance = (chains.values[i] - mean) / sd;
    squares[i] = distance * distance;
  }
  const size = meanSize(splitChains({ ...chains, values: squares }, memory));
  const square = moments(squares);
  const divided = (square.variance * (squares.length - 1)) / squares.length;
  return sd * Math.sqrt(divided / size / square.mean / 4);
}

/**
 * The error of a quantile: half of the distance between two order statistics. As many independent
 * draws as the effective sample size would leave a beta distributed probability below the quantile,
 * and the order statistics are those of its quantiles one standard error to both sides.
 */
function quantileError(chains: Chains, probability: number, memory: Memory): number {
  const of = scalar(chains, memory);
  const { values } = of.sorted;
  const size = quantileSize(of, probability, memory);
  const [low, high] = WITHIN_ONE.map((p) =>
    betaQuantile(p, size * probability + 1, size * (1 - probability) + 1) * values.length - 1
  );
  const last = values.length - 1;
  return (values[Math.min(Math.ceil(high), last)] - values[Math.max(Math.floor(low), 0)]) / 2;
}

/** The estimand that options name. */
function estimandOf(options: MonteCarloStandardErrorOptions): Estimand {
  const unknown = Object.keys(options).find((option) => option !== "of");
  if (unknown !== undefined) {
    throw new TypeError(
      `Cannot ${ACTION} with the unknown option \`${unknown}\`: the only option is \`of\`, ` +
        "for a quantile { of: { quantile: p } }",
    );
  }
  return options.of ?? "mean";
}

function errorOf(estimand: Estimand): ScalarError {
  if (estimand === "mean") {
    return (chains, memory) =>
      meanError(splitChains(chains, memory), Math.sqrt(moments(chains.values).variance));
  }
  if (estimand === "sd") return sdError;
  const probability: unknown = estimand?.quantile;
  if (typeof probability !== "number") {
    throw new TypeError(
      `Cannot ${ACTION}: \`of\` must be "mean", "sd" or { quantile: p }, ` +
        `got ${JSON.stringify(estimand)}`,
    );
  }
  if (!(probability > 0 && probability < 1)) {
    throw new RangeError(
      `Cannot ${ACTION}: the probability of the quantile must lie between 0 and 1, ` +
        `got ${probability}`,
    );
  }
  return (chains, memory) => quantileError(chains, probability, memory);
}

/**
 * Monte Carlo standard error of the mean, the standard deviation or a quantile of the draws: the
 * standard deviation that the estimate would have over many runs. Report no digits that are smaller.
 *
 * - mean: sd / √ESS;
 * - standard deviation s: √(Var (x − x̄)² / ESS) / 2s, ESS that of (x − x̄)²;
 * - quantile: half of the distance between the order statistics that are one standard error away.
 *
 * Source: Vehtari, Gelman, Simpson, Carpenter, Bürkner (2021), Bayesian Analysis 16(2), section 4; the
 * numbers are those of ArviZ and of R's posterior.
 *
 * @param draws The draws, chains × draws × the shape of the parameter.
 * @param options What is estimated: `of`, the mean by default. The errors of mean and standard
 * deviation mean something only if the parameter has two and four moments; quantiles need none.
 * @returns A number for draws of the shape `[chains, draws]`, otherwise one number for each scalar of
 * the parameter, in row-major order; in the units of the draws. NaN for fewer than 4 draws a chain, and
 * for mean and standard deviation if a draw is infinite. Draws that are all equal give 0, but NaN for
 * the standard deviation.
 * @throws {TypeError} If the shape does not fit the data, `of` is none of the three, or there is
 * another option.
 * @throws {RangeError} If there are no draws, a draw is NaN, or a quantile's probability is not
 * between 0 and 1.
 *
 * @example Errors of a mean and of a median
 * ```ts
 * import { key, monteCarloStandardError, normal } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * const shape = [4, 250];
 * const draws = { data: Float64Array.from(normal(key(1), shape).data), shape };
 * const ofMean = monteCarloStandardError(draws) as number; // about 1 / √1000
 * const ofMedian = monteCarloStandardError(draws, { of: { quantile: 0.5 } }) as number;
 * assert(ofMean > 0.02 && ofMean < 0.05);
 * assert(ofMedian > 0.02 && ofMedian < 0.08);
 * ```
 */
export function monteCarloStandardError(
  draws: Draws,
  options: MonteCarloStandardErrorOptions = {},
): number | Float64Array {
  const error = errorOf(estimandOf(options));
  return perScalar(
    draws,
    mapScalars(
      ACTION,
      draws,
      (memory) => (chains) => chains.draws < LEAST_DRAWS ? NaN : error(chains, memory),
    ),
  );
}
