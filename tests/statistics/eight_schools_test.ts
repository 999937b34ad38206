/**
 * Eight schools with nothing set, by the seeds 0 to 9: means and standard deviations of μ, τ and θ, and
 * log Z, 21 scores a run, 210 in all. That one of them passes 5.0 by chance has a probability of 1.2e-4.
 */
import assert from "node:assert/strict";
import { type Draws, key, monteCarloStandardError, sample } from "../../mod.ts";
import { eightSchools } from "../../examples/eight_schools.ts";
import golden from "../golden/eight_schools.json" with { type: "json" };
import { drawsOf, meanOf, zScore } from "./measure.ts";

const LARGEST_SCORE = 5;

interface Exact {
  readonly mean: number;
  readonly sd: number;
}

/** Scores of the mean and of the standard deviation. */
function scoresOf(draws: Draws, { mean, sd }: Exact): [number, number] {
  const center = meanOf(draws);
  const squares = draws.data.reduce((sum, x) => sum + (x - center) ** 2, 0);
  const found = Math.sqrt(squares / (draws.data.length - 1));
  return [
    zScore(draws, mean),
    (found - sd) / (monteCarloStandardError(draws, { of: "sd" }) as number),
  ];
}

for (let seed = 0; seed < 10; seed++) {
  Deno.test(`eight schools, seed ${seed}: converged, means, sds and log Z`, async () => {
    const run = await sample(eightSchools, key(seed));
    assert.deepEqual(run.warnings, []);
    const { mu, tau, theta } = run.draws;
    const { estimate, standardError } = run.logEvidence ?? { estimate: NaN, standardError: NaN };
    const scores = [
      ...scoresOf(mu, golden.mu),
      ...scoresOf(tau, golden.tau),
      ...golden.theta.flatMap((exact, i) => scoresOf(drawsOf(theta, (x) => x[i]), exact)),
      (estimate - golden.logEvidence) / standardError,
    ];
    assert.equal(scores.length, 21);
    const worst = Math.max(...scores.map(Math.abs));
    assert.ok(worst < LARGEST_SCORE, `scores ${scores.map((z) => z.toFixed(2))}`);
  });
}
