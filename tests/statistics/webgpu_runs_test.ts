/**
 * Dual moon and eight schools on a GPU, with the bars of the runs in double precision: each of the seeds 0 to 3
 * by itself, and all together.
 */
import assert from "node:assert/strict";
import type { DeviceOfRun } from "../../mod.ts";
import { ON_GPU } from "../device/webgpu_adapter.ts";
import { DUAL_MOON_QUANTITIES, dualMoonEstimates } from "./dual_moon_runs.ts";
import { EIGHT_SCHOOLS_QUANTITIES, eightSchoolsEstimates } from "./eight_schools_runs.ts";
import { levelOf } from "./levels.ts";
import { scoreStatistics, SEEDS, testRepeatedRuns } from "./repeated_runs.ts";

const RUNS = SEEDS.slice(0, 4);
const LEVEL = levelOf(
  import.meta.url,
  scoreStatistics(RUNS.length, DUAL_MOON_QUANTITIES + EIGHT_SCHOOLS_QUANTITIES),
);

/** All of the run was on the GPU, and log densities there are right to the floats' own digits. */
function assertOnGpu({ device: { name, precision, fallbacks, rounding } }: {
  readonly device: DeviceOfRun;
}): void {
  assert.deepEqual([name, precision, fallbacks], ["webgpu", "f32", []]);
  assert.ok(rounding !== undefined && rounding.spread < 1e-4, `${rounding?.spread}`);
}

testRepeatedRuns({
  name: "dual moon on a GPU",
  what: "every mode, moments and log Z",
  quantities: DUAL_MOON_QUANTITIES,
  level: LEVEL,
  off: 0.05,
  seeds: RUNS,
  needs: ON_GPU,
  estimatesOf: (seed) => dualMoonEstimates(seed, { device: "webgpu" }, assertOnGpu),
});

testRepeatedRuns({
  name: "eight schools on a GPU",
  what: "means, sds and log Z",
  quantities: EIGHT_SCHOOLS_QUANTITIES,
  level: LEVEL,
  off: 0.05,
  seeds: RUNS,
  needs: ON_GPU,
  estimatesOf: (seed) => eightSchoolsEstimates(seed, { device: "webgpu" }, assertOnGpu),
});
