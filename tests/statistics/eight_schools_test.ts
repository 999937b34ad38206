/**
 * Eight schools with nothing set, by the seeds 0 to 19: means and standard deviations of μ, τ and θ, and
 * log Z, 21 scores a run, each run by itself and all together.
 */
import assert from "node:assert/strict";
import { type Draws, key, sample } from "../../mod.ts";
import { eightSchools } from "../../examples/eight_schools.ts";
import golden from "../golden/eight_schools.json" with { type: "json" };
import { levelOf } from "./levels.ts";
import { drawsOf } from "./measure.ts";
import {
  deviationEstimate,
  type Estimate,
  meanEstimate,
  scoreStatistics,
  SEEDS,
  testRepeatedRuns,
} from "./repeated_runs.ts";

interface Exact {
  readonly mean: number;
  readonly sd: number;
}

/** Mean and standard deviation. */
function both(draws: Draws, { mean, sd }: Exact): [Estimate, Estimate] {
  return [meanEstimate(draws, mean), deviationEstimate(draws, sd)];
}

async function estimatesOf(seed: number): Promise<Estimate[]> {
  const run = await sample(eightSchools, key(seed));
  assert.deepEqual(run.warnings, []);
  const { mu, tau, theta } = run.draws;
  assert.ok(run.logEvidence !== undefined);
  return [
    ...both(mu, golden.mu),
    ...both(tau, golden.tau),
    ...golden.theta.flatMap((exact, i) => both(drawsOf(theta, (x) => x[i]), exact)),
    { ...run.logEvidence, truth: golden.logEvidence },
  ];
}

testRepeatedRuns({
  name: "eight schools",
  what: "means, sds and log Z",
  quantities: 21,
  level: levelOf(import.meta.url, scoreStatistics(SEEDS.length, 21)),
  off: 0.02,
  estimatesOf,
});
