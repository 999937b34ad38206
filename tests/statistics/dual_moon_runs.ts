/** Runs of dual moon against the truth. */
import assert from "node:assert/strict";
import { key, sample, type SampleOptions, type SampleResult } from "../../mod.ts";
import { dualMoon } from "../../examples/dual_moon.ts";
import golden from "../golden/dual_moon.json" with { type: "json" };
import { drawsOf, meanOf } from "./measure.ts";
import { type Estimate, meanEstimate } from "./repeated_runs.ts";

/** How many estimates a run has: five second moments, four weights of modes, log Z. */
export const DUAL_MOON_QUANTITIES = 10;

/**
 * The estimates of the run of a seed, which has to converge without a warning.
 *
 * @param seed The seed.
 * @param options Options of the run; none set by default.
 * @param look Looks at the run.
 */
export async function dualMoonEstimates(
  seed: number,
  options: SampleOptions = {},
  look?: (run: Pick<SampleResult<unknown>, "device">) => void,
): Promise<Estimate[]> {
  const run = await sample(dualMoon, key(seed), options);
  look?.(run);
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
