/**
 * Estimates of many runs with keys of their own against the truth: of each quantity the scores, errors in
 * units of the Monte Carlo standard error, should be independent standard normal numbers over the runs.
 */
import assert from "node:assert/strict";
import type { Draws } from "../../mod.ts";
import { monteCarloStandardError } from "../../src/diagnostics/mod.ts";
import { meanOf } from "./measure.ts";
import { normalCdf } from "./normal_cdf.ts";
import { shiftProbability, spreadProbability, tailProbability } from "./normal_scores.ts";
import { uniformityProbability } from "./uniformity.ts";

/** An estimate, its standard error and the truth. */
export interface Estimate {
  readonly estimate: number;
  readonly standardError: number;
  readonly truth: number;
}

/** The estimate of a mean. */
export function meanEstimate(draws: Draws, truth: number): Estimate {
  return {
    estimate: meanOf(draws),
    standardError: monteCarloStandardError(draws) as number,
    truth,
  };
}

/** The estimate of a standard deviation. */
export function deviationEstimate(draws: Draws, truth: number): Estimate {
  const center = meanOf(draws);
  const squares = draws.data.reduce((sum, x) => sum + (x - center) ** 2, 0);
  return {
    estimate: Math.sqrt(squares / (draws.data.length - 1)),
    standardError: monteCarloStandardError(draws, { of: "sd" }) as number,
    truth,
  };
}

/** Scores of estimates whose truth is off by a factor; 1 if it is not. */
export function scores(estimates: readonly Estimate[], factor = 1): number[] {
  return estimates.map(({ estimate, standardError, truth }) =>
    (estimate - factor * truth) / standardError
  );
}

/**
 * How many statistics {@linkcode leastProbability} looks at: each score by itself, and of each quantity
 * shift, spread and distance from normal over the runs.
 */
export function scoreStatistics(runs: number, quantities: number): number {
  return (runs + 3) * quantities;
}

/** The least bound of the probabilities that runs are so far off, from the scores of each. */
export function leastProbability(runs: readonly (readonly number[])[]): number {
  const columns = runs[0].map((_, q) => runs.map((row) => row[q]));
  return Math.min(
    ...runs.flat().map((z) => Number.isNaN(z) ? 0 : tailProbability(z)),
    ...columns.flatMap((column) => [
      shiftProbability(column),
      spreadProbability(column),
      uniformityProbability(Float64Array.from(column, normalCdf)),
    ]),
  );
}

/** A function of a seed whose results are kept, so that tests of one run and of all share them. */
function kept<Result>(f: (seed: number) => Promise<Result>): typeof f {
  const known = new Map<number, Promise<Result>>();
  return (seed) => {
    const result = known.get(seed) ?? f(seed);
    known.set(seed, result);
    return result;
  };
}

/** The seeds of all tests of this kind: the first twenty, none left out. */
export const SEEDS: readonly number[] = Array.from({ length: 20 }, (_, seed) => seed);

/** What is tested of repeated runs. */
export interface RepeatedRuns {
  /** Of what. */
  readonly name: string;
  /** What the estimates are of. */
  readonly what: string;
  /** How many estimates a run has. */
  readonly quantities: number;
  /** The probability below which a statistic is an alarm. */
  readonly level: number;
  /** By what share truths are off that have to be rejected. */
  readonly off: number;
  /** Its runs; those of {@linkcode SEEDS} by default. */
  readonly seeds?: readonly number[];
  /** What the tests need. */
  readonly needs?: Omit<Deno.TestDefinition, "name" | "fn">;
  /** The estimates of the run of a seed. */
  readonly estimatesOf: (seed: number) => Promise<readonly Estimate[]>;
}

/** Tests each run by itself, and all together: right truths pass, those that are off do not. */
export function testRepeatedRuns(
  { name, what, quantities, level, off, seeds = SEEDS, needs = {}, estimatesOf: run }: RepeatedRuns,
): void {
  const estimatesOf = kept(run);
  for (const seed of seeds) {
    Deno.test(`${name}, seed ${seed}: converged, ${what}`, needs, async () => {
      const found = scores(await estimatesOf(seed));
      assert.equal(found.length, quantities);
      const probability = leastProbability([found]);
      assert.ok(probability > level, `scores ${found.map((z) => z.toFixed(2))}`);
    });
  }
  Deno.test(
    `${name}: the scores of all seeds are standard normal, and not those of truths ${
      100 * off
    } % off`,
    needs,
    async () => {
      const all = await Promise.all(seeds.map(estimatesOf));
      const probability = leastProbability(all.map((each) => scores(each)));
      assert.ok(probability > level, `probability ${probability}, level ${level}`);
      for (const factor of [1 - off, 1 + off]) {
        assert.ok(leastProbability(all.map((each) => scores(each, factor))) < level, `${factor}`);
      }
    },
  );
}
