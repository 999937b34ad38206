/** What ArviZ and SciPy say, from `tests/golden/diagnostics.py`. */
import assert from "node:assert/strict";
import type { Draws } from "../../src/diagnostics/draws.ts";
import golden from "../golden/diagnostics.json" with { type: "json" };

/** Draws with ArviZ's diagnostics of them. */
export interface DrawsCase {
  readonly name: string;
  readonly draws: Draws;
  /** NaN where it is not defined, and for one chain, which ArviZ refuses. */
  readonly rHat: number;
  readonly bulk: number;
  readonly tail: number;
  readonly errorOfMean: number;
  readonly errorOfSd: number;
  /** One for each probability of `quantiles`. */
  readonly errorOfQuantiles: readonly number[];
}

/** Log weights with what ArviZ and NumPy say of them. */
export interface WeightsCase {
  readonly name: string;
  readonly logWeights: readonly number[];
  readonly paretoShape: number;
  readonly effectiveSampleFraction: number;
  readonly logMean: number;
  readonly relativeError: number;
}

type Written = number | string | null;

function read(x: Written): number {
  return x === null ? NaN : Number(x);
}

/** The probabilities of the quantiles whose errors the file has. */
export const quantiles: readonly number[] = golden.quantiles;

export const drawsCases: readonly DrawsCase[] = golden.draws.map((one) => ({
  name: one.name,
  draws: { data: Float64Array.from(one.data, read), shape: one.shape },
  rHat: read(one.rHat),
  bulk: read(one.bulk),
  tail: read(one.tail),
  errorOfMean: read(one.errorOfMean),
  errorOfSd: read(one.errorOfSd),
  errorOfQuantiles: one.errorOfQuantiles.map(read),
}));

export const weightsCases: readonly WeightsCase[] = golden.weights.map((one) => ({
  ...one,
  logWeights: one.logWeights.map(read),
  paretoShape: read(one.paretoShape),
}));

/** Probabilities and the quantiles of the standard normal distribution. */
export const normalQuantiles: readonly (readonly number[])[] = golden.normalQuantile;

/** A probability, the two parameters of a beta distribution, and its quantile. */
export const betaQuantiles: readonly (readonly number[])[] = golden.betaQuantile;

/** The draws of a case. */
export function drawsOf(name: string): Draws {
  const found = drawsCases.find((one) => one.name === name);
  if (found === undefined) throw new Error(`No case is named "${name}"`);
  return found.draws;
}

/** Asserts that two numbers are alike, relative to the second; NaN and infinities are to be equal. */
export function assertClose(actual: number, expected: number, tolerance: number, what = ""): void {
  if (Object.is(actual, expected)) return;
  const error = Math.abs(actual - expected);
  assert.ok(
    error <= tolerance * Math.abs(expected),
    `${what}: ${actual} is not within ${tolerance} of ${expected}`,
  );
}
