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
  meanEstimate,
  scoreStatistics,
  SEEDS,
  testRepeatedRuns,
} from "./repeated_runs.ts";

async function estimatesOf(seed: number): Promise<Estimate[]> {
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
}

testRepeatedRuns({
  name: "dual moon",
  what: "every mode, moments and log Z",
  quantities: 10,
  level: levelOf(import.meta.url, scoreStatistics(SEEDS.length, 10)),
  off: 0.02,
  estimatesOf,
});
