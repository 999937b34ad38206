/**
 * Autocovariances of chains, averaged over the chains.
 *
 * @module
 */
import type { Chains } from "./draws.ts";
import { type Fourier, fourier } from "./fourier.ts";
import { chainMoments, moments } from "./moments.ts";

/** How chains covary with themselves and with each other. */
export interface Covariance {
  /** How many chains. */
  readonly chains: number;
  /** How many draws of each chain. */
  readonly draws: number;
  /** Variance of the means of the chains, with chains − 1; 0 for one chain. */
  readonly between: number;
  /**
   * (1/n) Σᵢ (xᵢ − x̄)(xᵢ₊ₜ − x̄) at a lag 0 ≤ t < draws, averaged over chains; computed when asked for.
   */
  readonly at: (lag: number) => number;
}

/** Variance of the means of chains; 0 for one chain, which has none to differ from. */
export function varianceBetween(means: readonly number[]): number {
  return means.length === 1 ? 0 : moments(means).variance;
}

/** The smallest power of two that is not below a number. */
function powerOfTwoFrom(least: number): number {
  let power = 1;
  while (power < least) power *= 2;
  return power;
}

function centre(
  { values, draws }: Chains,
  chain: number,
  mean: number,
  into: Float64Array,
): void {
  const start = chain * draws;
  for (let i = 0; i < draws; i++) into[i] = values[start + i] - mean;
}

/** Σ |transform|² over the chains, two of them at a time as a real and an imaginary part. */
function power(
  chains: Chains,
  means: readonly number[],
  { size, transform }: Fourier,
): Float64Array {
  const [re, im, sum] = Array.from({ length: 3 }, () => new Float64Array(size));
  for (let chain = 0; chain < chains.chains; chain += 2) {
    re.fill(0, chains.draws);
    im.fill(0);
    centre(chains, chain, means[chain], re);
    if (chain + 1 < chains.chains) centre(chains, chain + 1, means[chain + 1], im);
    transform(re, im);
    for (let k = 0; k < size; k++) sum[k] += re[k] * re[k] + im[k] * im[k];
  }
  return sum;
}

/**
 * Autocovariances by Wiener and Khinchin's theorem, for lags up to size − draws, at which the ends of
 * a chain that is padded to `size` begin to meet. The transform is linear: the power is summed over
 * chains and turned back once. What two chains in one transform have in common is odd in the
 * frequency and leaves the real part of the result alone.
 */
function byFourier(chains: Chains, means: readonly number[], size: number): Float64Array {
  const transform = fourier(size);
  const spectrum = power(chains, means, transform);
  const re = Float64Array.from(transform.places, (place) => spectrum[place]);
  transform.transform(re, new Float64Array(size));
  const scale = size * chains.chains * chains.draws;
  const lags = Math.min(chains.draws, size - chains.draws + 1);
  return Float64Array.from({ length: lags }, (_, lag) => re[transform.places[lag]] / scale);
}

/**
 * The covariance of chains. As many lags as a short transform has are computed first, and all of them
 * only if they are asked for: the lags that count are few next to the draws.
 *
 * @param chains The chains.
 * @returns Their covariance.
 */
export function covariance(chains: Chains): Covariance {
  const means = chainMoments(chains).map(({ mean }) => mean);
  let lags: Float64Array | undefined;
  const at = (lag: number): number => {
    lags ??= byFourier(chains, means, powerOfTwoFrom(1.25 * chains.draws));
    if (lag >= lags.length) lags = byFourier(chains, means, powerOfTwoFrom(2 * chains.draws));
    return lags[lag];
  };
  return {
    chains: chains.chains,
    draws: chains.draws,
    between: varianceBetween(means),
    at,
  };
}
