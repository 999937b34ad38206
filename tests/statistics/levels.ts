/**
 * False-alarm rates of the statistical tests. A test computes a probability that is no smaller than it
 * would be by chance if nothing were wrong, and fails where that is below its level. The keys are fixed:
 * what passes goes on passing, and the rates are those of a change to the bits of a run.
 *
 * Each file has a share, which is divided among its statistics (Bonferroni), so that number of tests times
 * level is that share; all shares together are at most {@linkcode SUITE}.
 */

/** How often the whole suite may fail by chance, if the library is right. */
export const SUITE = 1e-3;

/** The share of each file, by its path in tests/; 0 for a file in which nothing is left to chance. */
export const SHARES: Readonly<Record<string, number>> = {
  "adaptive/calibration_test.ts": 1e-6,
  "kernels/geweke_test.ts": 1e-6,
  "kernels/invariance_test.ts": 1e-6,
  "statistics/banana_test.ts": 1e-4,
  "statistics/dual_moon_test.ts": 1e-4,
  "statistics/eight_schools_test.ts": 1e-4,
  "statistics/evidence_coverage_test.ts": 2e-4,
  "statistics/four_modes_test.ts": 3e-5,
  "statistics/geweke_test.ts": 1e-4,
  "statistics/invariance_single_test.ts": 1e-5,
  "statistics/invariance_tempering_test.ts": 1e-5,
  "statistics/invariance_test.ts": 1e-4,
  "statistics/invariance_webgpu_test.ts": 5e-6,
  "statistics/linear_regression_test.ts": 5e-5,
  "statistics/normal_scores_test.ts": 0,
  "statistics/simulation_based_calibration_test.ts": 1e-4,
  "statistics/single_precision_test.ts": 1e-5,
  "statistics/tempering_evidence_test.ts": 3e-5,
  "statistics/tempering_test.ts": 4e-5,
  "statistics/uniformity_test.ts": 0,
  "statistics/webgpu_runs_test.ts": 5e-6,
};

/** The path of a module in tests/. */
export function pathInTests(url: string): string {
  return url.slice(url.lastIndexOf("/tests/") + "/tests/".length);
}

/**
 * The level of each statistic of a file.
 *
 * @param url The file's `import.meta.url`.
 * @param statistics How many statistics it tests.
 * @returns The probability below which one of them is an alarm.
 * @throws {RangeError} If the file has no share.
 */
export function levelOf(url: string, statistics: number): number {
  const share = SHARES[pathInTests(url)];
  if (share > 0 && statistics > 0) return share / statistics;
  throw new RangeError(
    `Cannot test ${statistics} statistics in ${
      pathInTests(url)
    }: give it a share of the false alarms ` +
      "in tests/statistics/levels.ts",
  );
}
