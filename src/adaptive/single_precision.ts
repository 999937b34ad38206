/**
 * Whether floats of 32 bits are enough for a target: how far log densities of chains are from those in double
 * precision, and how finely positions can be told apart.
 *
 * @module
 */
import { quantile } from "../diagnostics/quantile.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type EnsembleScale, spreadOf } from "./ensemble_scale.ts";

/**
 * Whether chains moved in single precision, by where they are: of numbers in double precision one in 5e8 is one of
 * 32 bits.
 *
 * @param position Positions of chains.
 * @returns Whether 32 bits hold all of them.
 */
export function inSingle({ data }: Tensor): boolean {
  return (data as Float64Array).every((each) => each === Math.fround(each));
}

/** Log densities of draws in single precision less those in double precision, summed up. */
export interface RoundingRecord {
  /** How many draws. */
  readonly count: number;
  /** The sum of the differences. */
  readonly sum: number;
  /** The sum of their squares. */
  readonly squares: number;
  /** The largest difference, without its sign. */
  readonly largest: number;
}

/** What is known of the rounding of log densities. */
export interface Rounding {
  /** How many draws were compared. */
  readonly draws: number;
  /** The largest difference from the log density in double precision. */
  readonly largest: number;
  /** The root of the mean square of the differences. */
  readonly rootMeanSquare: number;
  /**
   * The standard deviation of the differences: what is the same at all draws changes the normalisation alone, so
   * that this is what tells whether draws are right.
   */
  readonly spread: number;
}

/** No draws compared yet. */
export const NO_ROUNDING: RoundingRecord = { count: 0, sum: 0, squares: 0, largest: 0 };

/**
 * Adds draws to a record. Where one of both is not finite there is no difference.
 *
 * @param record The record before.
 * @param single Log densities in single precision.
 * @param double The same in double precision.
 * @returns The record after.
 */
export function addRounding(
  record: RoundingRecord,
  single: ArrayLike<number>,
  double: ArrayLike<number>,
): RoundingRecord {
  let { count, sum, squares, largest } = record;
  for (let i = 0; i < single.length; i++) {
    const difference = single[i] - double[i];
    if (!Number.isFinite(difference)) continue;
    count++;
    sum += difference;
    squares += difference * difference;
    largest = Math.max(largest, Math.abs(difference));
  }
  return { count, sum, squares, largest };
}

/** What a record tells. */
export function roundingOf({ count, sum, squares, largest }: RoundingRecord): Rounding {
  const [mean, meanSquare] = [sum / count, squares / count];
  return {
    draws: count,
    largest,
    rootMeanSquare: Math.sqrt(meanSquare),
    spread: Math.sqrt(Math.max(0, meanSquare - mean * mean)),
  };
}

/**
 * Most that a log density may be off, from place to place, and positions, in standard deviations of their
 * coordinate. Chains follow the density p e^e where the log density is off by e, so that the mean of any f moves
 * by cov(f, e), at most by a hundredth of its standard deviation then; its Monte Carlo error at the default
 * stop, from 4,000 effective draws, is 0.016 of that. A move is accepted with a probability that is off by no
 * more than about 1 %.
 */
export const MOST_ROUNDING = 0.01;

/** Half of the distance of neighbouring floats of 32 bits, over their size, at most. */
const HALF_STEP = 2 ** -24;

/**
 * How finely a number of a size can be told in single precision: the most that rounding once takes from it.
 *
 * @param x The number.
 * @returns |x| 2⁻²⁴.
 */
export function resolutionOf(x: number): number {
  return Math.abs(x) * HALF_STEP;
}

/** What an ensemble tells of the precision it needs. */
export interface PrecisionInput {
  /** Log densities of all chains in single precision, [n]. */
  readonly single: Tensor;
  /** The same in double precision, [n]. */
  readonly double: Tensor;
  /** Location and scale of the last positions; none if they are not known. */
  readonly scale: EnsembleScale | undefined;
  /** Names of the coordinates, [d]. */
  readonly names: readonly string[];
}

function digits(x: number): string {
  return x.toPrecision(2);
}

/**
 * Why single precision is not enough for a target, if so. Of the log density what counts is the larger of two: its
 * resolution at the median of the chains, and the spread of its errors over chains, by quantiles, since
 * chains far out say nothing.
 *
 * @param input What is known of the ensemble.
 * @returns The reason in words; none if single precision is enough.
 */
export function tooShort({ single, double, scale, names }: PrecisionInput): string | undefined {
  return densityTooShort(single.data, double.data) ??
    (scale === undefined ? undefined : positionTooShort(scale, names));
}

function densityTooShort(
  single: ArrayLike<number>,
  double: ArrayLike<number>,
): string | undefined {
  const known = Array.from(double).filter(Number.isFinite).sort((a, b) => a - b);
  if (known.length === 0) return undefined;
  const middle = quantile(Float64Array.from(known), 0.5);
  const errors = Array.from(single, (x, i) => x - double[i]).filter(Number.isFinite);
  if (errors.length === 0) {
    return `the log density, about ${digits(middle)}, is not finite in single precision`;
  }
  const error = Math.max(resolutionOf(middle), spreadOf(errors));
  return error <= MOST_ROUNDING
    ? undefined
    : `log densities of about ${digits(middle)} are off by ${
      digits(error)
    } in single precision, and chains bear ${MOST_ROUNDING}`;
}

/** The coordinate whose positions are coarsest, if it is too coarse. */
export function positionTooShort(
  { median, variance }: EnsembleScale,
  names: readonly string[],
): string | undefined {
  const coarse = Array.from(median, (m, i) => resolutionOf(m) / Math.sqrt(variance[i]));
  const worst = coarse.indexOf(Math.max(...coarse));
  return coarse[worst] <= MOST_ROUNDING
    ? undefined
    : `${names[worst]}, about ${digits(median[worst])}, is known to ${
      digits(coarse[worst])
    } of its standard deviation in single precision, and chains ` +
      `bear ${MOST_ROUNDING}`;
}
