/**
 * Dual moon with nothing set, by the seeds 0 to 19: ten scores a run (five second moments, four weights of
 * modes, log Z), each run by itself and all together.
 */
import assert from "node:assert/strict";
import { key, sample } from "../../mod.ts";
import { dualMoon } from "../../examples/dual_moon.ts";
import golden from "../golden/dual_moon.json" with { type: "json" };
import { levelOf } from "./levels.ts";
import { drawsOf, meanOf } from "./measure.ts";
import {
  type Estimate,
  kept,
  leastProbability,
  meanEstimate,
  scores,
  scoreStatistics,
} from "./repeated_runs.ts";

const SEEDS = Array.from({ length: 20 }, (_, seed) => seed);
const LEVEL = levelOf(import.meta.url, scoreStatistics(SEEDS.length, 10));

const estimatesOf = kept(async (seed): Promise<Estimate[]> => {
  const run = await sample(dualMoon, key(seed));
  assert.deepEqual(run.warnings, []);
  for (const row of run.summary().rows) {
    assert.ok(row.rHat < 1.01, `R-hat of ${row.name}: ${row.rHat}`);
    assert.ok(row.effectiveSampleSize >= 2500, `ESS of ${row.name}: ${row.effectiveSampleSize}`);
  }
  assert.ok(run.acceptance.global >= 0.5, `global acceptance ${run.acceptance.global}`);
  const weights = golden.modes.map(({ signs: [a, b], weight }) => {
    const inside = drawsOf(run.draws.x, (x) => Number(a * x[0] > 0 && b * x[1] > 0));
    assert.ok(Math.abs(meanOf(inside) - weight) < 0.02, `a mode weighs ${meanOf(inside)}`);
    return meanEstimate(inside, weight);
  });
  assert.ok(run.logEvidence !== undefined && run.logEvidence.standardError <= 0.02);
  return [
    ...golden.meanSquare.map((truth, i) =>
      meanEstimate(drawsOf(run.draws.x, (x) => x[i] * x[i]), truth)
    ),
    ...weights,
    { ...run.logEvidence, truth: golden.logEvidence },
  ];
});

for (const seed of SEEDS) {
  Deno.test(`dual moon, seed ${seed}: converged, every mode, moments and log Z`, async () => {
    const found = scores(await estimatesOf(seed));
    const probability = leastProbability([found]);
    assert.ok(probability > LEVEL, `scores ${found.map((z) => z.toFixed(2))}`);
  });
}

Deno.test("dual moon: the scores of all seeds are standard normal, and not those of moments 2 % off", async () => {
  const all = await Promise.all(SEEDS.map(estimatesOf));
  const probability = leastProbability(all.map((each) => scores(each)));
  assert.ok(probability > LEVEL, `probability ${probability}, level ${LEVEL}`);
  for (const factor of [0.98, 1.02]) {
    assert.ok(leastProbability(all.map((each) => scores(each, factor))) < LEVEL, `${factor}`);
  }
});
