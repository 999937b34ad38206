/**
 * Coverage of log Z: 100 runs of each target, by the seeds 0 to 99, with a flow that is trained once and
 * warm-up, chains, jumps and proposals of each run's own. For importance sampling and bridge sampling the
 * share of |z| < 1 lies from 0.55 to 0.80 and no |z| is above 4.
 *
 * Of 100 normal scores, the share is below 0.55 with a probability of 2.0e-3 (binomial, 0.683 each) and above
 * 0.80 with 3.2e-3; one passes 4 with 6.3e-3. Two targets and two estimates make a false alarm in 4.5 % of all
 * changes to the bits of a run, less since the two estimates share proposals.
 */
import assert from "node:assert/strict";
import { density, key, sample, type Target } from "../../mod.ts";
import { dualMoon } from "../../examples/dual_moon.ts";
import { scoresOf, shareWithin, worst } from "../evidence/scores.ts";
import golden from "../golden/dual_moon.json" with { type: "json" };

const RUNS = 100;

/** A stationary series of five normal numbers, each correlated by 0.9 with the one before. */
const CORRELATION = 0.9;
const FRESH = 1 - CORRELATION * CORRELATION;
const series = density(5, (x) => {
  const fresh = x.slice(1).sub(x.slice(0, 4).mul(CORRELATION));
  return x.at(0).square().add(fresh.square().sum().div(FRESH)).mul(-0.5);
});

/** Its factors are normal densities without their constants, of variances 1 and four times 1 − 0.9². */
const SERIES_EVIDENCE = 2.5 * Math.log(2 * Math.PI) + 2 * Math.log(FRESH);

const cases: [name: string, target: Target, truth: number][] = [
  ["dual moon", dualMoon, golden.logEvidence],
  ["a correlated Gaussian", series, SERIES_EVIDENCE],
];

for (const [name, target, truth] of cases) {
  Deno.test(`log Z of ${name} is covered as often as its standard errors say`, async () => {
    const { flow } = await sample(target, key(1000));
    assert.ok(flow !== undefined);
    const runs = [];
    for (let seed = 0; seed < RUNS; seed++) {
      const { evidence } = await sample(target, key(seed), {
        flow,
        chains: 50,
        stop: { maxDraws: 48 },
        // Test files run side by side.
        workers: 1,
      });
      assert.ok(evidence?.bridgeSampling !== undefined);
      runs.push(evidence);
    }
    const methods = {
      "importance sampling": runs.flatMap(({ importanceSampling }) => importanceSampling ?? []),
      "bridge sampling": runs.flatMap(({ bridgeSampling }) => bridgeSampling ?? []),
    };
    for (const [method, estimates] of Object.entries(methods)) {
      const scores = scoresOf(estimates, truth);
      const share = shareWithin(scores);
      assert.ok(share >= 0.55 && share <= 0.8, `${method}: |z| < 1 in ${share}`);
      assert.ok(worst(scores) < 4, `${method}: |z| up to ${worst(scores)}`);
      // No forgotten constant: the mean of z is 0 ± 0.1, and 0.5 is a false alarm once in 2e6.
      const mean = scores.reduce((sum, z) => sum + z, 0) / RUNS;
      assert.ok(Math.abs(mean) < 0.5, `${method}: mean z ${mean}`);
    }
  });
}
