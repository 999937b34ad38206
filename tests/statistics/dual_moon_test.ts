/**
 * Dual moon with nothing set, by the seeds 0 to 9: ten scores a run (five second moments, four weights
 * of modes, log Z), a hundred in all. That one of them passes 4.9 by chance has a probability of 1e-4.
 */
import assert from "node:assert/strict";
import { key, sample } from "../../mod.ts";
import { dualMoon } from "../../examples/dual_moon.ts";
import golden from "../golden/dual_moon.json" with { type: "json" };
import { drawsOf, meanOf, zScore } from "./measure.ts";

const LARGEST_SCORE = 4.9;

for (let seed = 0; seed < 10; seed++) {
  Deno.test(`dual moon, seed ${seed}: converged, every mode, moments and log Z`, async () => {
    const run = await sample(dualMoon, key(seed));
    assert.deepEqual(run.warnings, []);
    for (const row of run.summary().rows) {
      // R-hat itself asks each of 100 chains for 100 effective draws.
      const rHat = Math.min(row.rHat, row.nestedRHat);
      assert.ok(rHat < 1.01, `R-hat of ${row.name}: ${rHat}`);
      assert.ok(row.effectiveSampleSize >= 2500, `ESS of ${row.name}: ${row.effectiveSampleSize}`);
    }
    assert.ok(run.acceptance.global >= 0.5, `global acceptance ${run.acceptance.global}`);

    const scores = golden.meanSquare.map((truth, i) =>
      zScore(drawsOf(run.draws.x, (x) => x[i] * x[i]), truth)
    );
    for (const { signs: [a, b], weight } of golden.modes) {
      const inside = drawsOf(run.draws.x, (x) => Number(a * x[0] > 0 && b * x[1] > 0));
      assert.ok(Math.abs(meanOf(inside) - weight) < 0.02, `a mode weighs ${meanOf(inside)}`);
      scores.push(zScore(inside, weight));
    }
    const { estimate, standardError } = run.logEvidence ?? { estimate: NaN, standardError: NaN };
    assert.ok(standardError <= 0.02);
    scores.push((estimate - golden.logEvidence) / standardError);
    const worst = Math.max(...scores.map(Math.abs));
    assert.ok(worst < LARGEST_SCORE, `scores ${scores.map((z) => z.toFixed(2))}`);
  });
}
