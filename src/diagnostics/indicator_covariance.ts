/**
 * Covariances of chains of zeros and ones.
 *
 * @module
 */
import { type Covariance, covariance, varianceBetween } from "./autocovariance.ts";
import type { Memory } from "./memory.ts";

/** So many lags are counted at once. */
const BATCH = 8;
/**
 * Counting costs as many steps as there are ones times lags; from so many steps a draw on, a Fourier
 * transform gives all lags sooner (measured).
 */
const STEPS_PER_DRAW = 8;

/** Chains whose draws are 0 but for some that are 1. */
export interface Indicator {
  /** How many chains. */
  readonly chains: number;
  /** How many draws of each chain. */
  readonly draws: number;
  /** Where the ones are, counted through all chains; in any order. */
  readonly ones: Uint32Array;
}

/** An indicator with zeros behind each chain, so that no pair reaches over its end. */
interface Padded {
  readonly flags: Uint32Array;
  readonly row: number;
  readonly draws: number;
  readonly places: Uint32Array;
  /** How many ones each chain has. */
  readonly counts: Uint32Array;
}

function padded({ chains, draws, ones }: Indicator, lags: number, memory: Memory): Padded {
  const row = draws + lags + BATCH;
  const flags = memory.integers("flags", chains * row).fill(0);
  const places = memory.integers("flagged", chains * draws).subarray(0, ones.length);
  const counts = new Uint32Array(chains);
  for (let i = 0; i < ones.length; i++) {
    const chain = Math.floor(ones[i] / draws);
    places[i] = ones[i] + chain * (row - draws);
    flags[places[i]] = 1;
    counts[chain]++;
  }
  return { flags, row, draws, places, counts };
}

/** How many pairs of ones are as far apart as the `BATCH` lags from `first` on. */
function countPairs({ flags, places }: Padded, first: number): Uint32Array {
  const pairs = new Uint32Array(BATCH);
  for (let i = 0; i < places.length; i++) {
    const from = places[i] + first;
    for (let lag = 0; lag < BATCH; lag++) pairs[lag] += flags[from + lag];
  }
  return pairs;
}

/** Σ over chains of x̄ · (ones among the first n − t draws and among the last) − (n − t) x̄². */
function meanTerms({ flags, row, draws, counts }: Padded, lag: number): number {
  return counts.reduce((sum, count, chain) => {
    const start = chain * row;
    let ends = 2 * count;
    for (let i = 0; i < lag; i++) ends -= flags[start + i] + flags[start + draws - 1 - i];
    const mean = count / draws;
    return sum + mean * (ends - (draws - lag) * mean);
  }, 0);
}

/** The covariance of an indicator as that of any chains. */
function byFourier({ chains, draws, ones }: Indicator): Covariance {
  const values = new Float64Array(chains * draws);
  for (const place of ones) values[place] = 1;
  return covariance({ values, chains, draws });
}

/**
 * The covariance of an indicator. Autocovariances come from counting pairs of ones, which is quick if
 * they are few: for many ones give the zeros instead, whose indicator has the same covariance.
 *
 * @param indicator The indicator.
 * @param memory Memory to work in.
 * @returns The covariance, good until the next one in this memory.
 */
export function indicatorCovariance(indicator: Indicator, memory: Memory): Covariance {
  const { chains, draws, ones } = indicator;
  const size = chains * draws;
  const counted = Math.min(draws, Math.floor((STEPS_PER_DRAW * size) / Math.max(1, ones.length)));
  const table = padded(indicator, counted, memory);
  const pairs: Uint32Array[] = [];
  let all: Covariance | undefined;
  const at = (lag: number): number => {
    if (lag >= counted) return (all ??= byFourier(indicator)).at(lag);
    const batch = pairs[Math.floor(lag / BATCH)] ??= countPairs(table, lag - lag % BATCH);
    return (batch[lag % BATCH] - meanTerms(table, lag)) / size;
  };
  const means = Array.from(table.counts, (count) => count / draws);
  return { chains, draws, between: varianceBetween(means), at };
}
