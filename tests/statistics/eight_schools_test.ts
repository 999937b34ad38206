/**
 * Eight schools with nothing set, by the seeds 0 to 19: means and standard deviations of μ, τ and θ, and
 * log Z, 21 scores a run, each run by itself and all together.
 */
import { EIGHT_SCHOOLS_QUANTITIES, eightSchoolsEstimates } from "./eight_schools_runs.ts";
import { levelOf } from "./levels.ts";
import { scoreStatistics, SEEDS, testRepeatedRuns } from "./repeated_runs.ts";

testRepeatedRuns({
  name: "eight schools",
  what: "means, sds and log Z",
  quantities: EIGHT_SCHOOLS_QUANTITIES,
  level: levelOf(import.meta.url, scoreStatistics(SEEDS.length, EIGHT_SCHOOLS_QUANTITIES)),
  off: 0.02,
  estimatesOf: (seed) => eightSchoolsEstimates(seed),
});
