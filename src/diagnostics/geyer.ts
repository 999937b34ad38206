/**
 * Effective sample size from autocovariances.
 *
 * @module
 */
import { log } from "../tensor/functions/scalar_math.ts";
import type { Covariance } from "./autocovariance.ts";

/** τ ≥ 1 / log₁₀ N: the estimate for antithetic chains is too noisy to be trusted below. */
function leastTime(size: number): number {
  return Math.LN10 / log(size);
}

/**
 * Autocorrelations by Geyer's initial positive sequence: pairs of lags (2k, 2k + 1) as long as their
 * sum is positive, and the even half of the pair that ends them unless it is negative too.
 */
function positiveSequence(draws: number, correlation: (lag: number) => number): number[] {
  const kept: number[] = [];
  let [even, odd] = [1, correlation(1)];
  for (let lag = 2; lag < draws - 2 && even + odd > 0; lag += 2) {
    kept.push(even, odd);
    [even, odd] = [correlation(lag), correlation(lag + 1)];
  }
  if (even > 0 || even + odd >= 0) kept.push(even);
  return kept;
}

/** Geyer's initial monotone sequence: no pair has a larger sum than the one before it. */
function monotoneSequence(positive: readonly number[]): number[] {
  const out = [...positive];
  for (let i = 2; i + 1 < out.length; i += 2) {
    const before = out[i - 2] + out[i - 1];
    if (out[i] + out[i + 1] > before) out[i] = out[i + 1] = before / 2;
  }
  return out;
}

/** −1 + 2 Σ ρₜ, in which the half pair at the end counts once. */
function integratedTime(correlations: readonly number[]): number {
  const pairs = correlations.length - correlations.length % 2;
  return correlations.reduce((sum, value, lag) => sum + (lag < pairs ? 2 * value : value), -1);
}

/**
 * The number of independent draws whose mean is as precise as that of the chains (Vehtari et al.
 * 2021, equations 10 to 13): N / τ with the time τ = 1 + 2 Σ ρₜ, where ρₜ compares the mean
 * autocovariance within chains to the variance within and between them, and the sum ends by Geyer's
 * (1992) initial monotone sequence.
 *
 * @param covariance The covariance of the chains, which should be split.
 * @returns The effective sample size; the number of draws if all draws are equal, NaN if they are not
 * all finite.
 */
export function sizeByGeyer({ chains, draws, between, at }: Covariance): number {
  const size = chains * draws;
  const total = at(0) + between;
  if (total === 0) return size;
  if (!(total < Infinity)) return NaN;
  const within = (at(0) * draws) / (draws - 1);
  const correlations = positiveSequence(draws, (lag) => 1 - (within - at(lag)) / total);
  const time = integratedTime(monotoneSequence(correlations));
  return size / Math.max(time, leastTime(size));
}
