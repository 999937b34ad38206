/** Runs of eight schools against the truth. */
import assert from "node:assert/strict";
import { type Draws, key, sample, type SampleOptions, type SampleResult } from "../../mod.ts";
import { eightSchools } from "../../examples/eight_schools.ts";
import golden from "../golden/eight_schools.json" with { type: "json" };
import { drawsOf } from "./measure.ts";
import { deviationEstimate, type Estimate, meanEstimate } from "./repeated_runs.ts";

/** How many estimates a run has: means and standard deviations of μ, τ and θ, and log Z. */
export const EIGHT_SCHOOLS_QUANTITIES = 21;

interface Exact {
  readonly mean: number;
  readonly sd: number;
}

/** Mean and standard deviation. */
function both(draws: Draws, { mean, sd }: Exact): [Estimate, Estimate] {
  return [meanEstimate(draws, mean), deviationEstimate(draws, sd)];
}

/**
 * The estimates of the run of a seed, which has to give no warning.
 *
 * @param seed The seed.
 * @param options Options of the run; none set by default.
 * @param look Looks at the run.
 */
export async function eightSchoolsEstimates(
  seed: number,
  options: SampleOptions = {},
  look?: (run: Pick<SampleResult<unknown>, "device">) => void,
): Promise<Estimate[]> {
  const run = await sample(eightSchools, key(seed), options);
  look?.(run);
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
