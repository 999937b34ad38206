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
  kept,
  leastProbability,
  meanEstimate,
  scores,
  scoreStatistics,
} from "./repeated_runs.ts";

const SEEDS = Array.from({ length: 20 }, (_, seed) => seed);
const LEVEL = levelOf(import.meta.url, scoreStatistics(SEEDS.length, 21));

interface Exact {
  readonly mean: number;
  readonly sd: number;
}

/** Mean and standard deviation. */
function both(draws: Draws, { mean, sd }: Exact): [Estimate, Estimate] {
  return [meanEstimate(draws, mean), deviationEstimate(draws, sd)];
}

const estimatesOf = kept(async (seed): Promise<Estimate[]> => {
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
});

for (const seed of SEEDS) {
  Deno.test(`eight schools, seed ${seed}: converged, means, sds and log Z`, async () => {
    const found = scores(await estimatesOf(seed));
    assert.equal(found.length, 21);
    const probability = leastProbability([found]);
    assert.ok(probability > LEVEL, `scores ${found.map((z) => z.toFixed(2))}`);
  });
}

Deno.test("eight schools: the scores of all seeds are standard normal, and not those of truths 2 % off", async () => {
  const all = await Promise.all(SEEDS.map(estimatesOf));
  const probability = leastProbability(all.map((each) => scores(each)));
  assert.ok(probability > LEVEL, `probability ${probability}, level ${LEVEL}`);
  for (const factor of [0.98, 1.02]) {
    assert.ok(leastProbability(all.map((each) => scores(each, factor))) < LEVEL, `${factor}`);
  }
});
