/**
 * Dual moon with nothing set, by the seeds 0 to 19: ten scores a run (five second moments, four weights of
 * modes, log Z), each run by itself and all together.
 */
import { DUAL_MOON_QUANTITIES, dualMoonEstimates } from "./dual_moon_runs.ts";
import { levelOf } from "./levels.ts";
import { scoreStatistics, SEEDS, testRepeatedRuns } from "./repeated_runs.ts";

testRepeatedRuns({
  name: "dual moon",
  what: "every mode, moments and log Z",
  quantities: DUAL_MOON_QUANTITIES,
  level: levelOf(import.meta.url, scoreStatistics(SEEDS.length, DUAL_MOON_QUANTITIES)),
  off: 0.02,
  estimatesOf: (seed) => dualMoonEstimates(seed),
});
