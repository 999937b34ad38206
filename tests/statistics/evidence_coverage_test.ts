/**
 * Coverage of log Z: 250 runs of each target, by the seeds 0 to 249, with a flow that is trained once and
 * warm-up, chains, jumps and proposals of each run's own. For importance sampling and bridge sampling the
 * share of |z| < 1 lies from 0.55 to 0.80; no z by itself and no mean of all is too far off.
 *
 * With so many runs chance leaves these limits in 2 of 100,000 (with 100 runs, in 7 of 1,000). Half of the
 * file's false alarms is for the shares, a quarter each for single scores and for means.
 */
import assert from "node:assert/strict";
import { density, key, sample, type Target } from "../../mod.ts";
import { dualMoon } from "../../examples/dual_moon.ts";
import { scoresOf, shareWithin, worst } from "../evidence/scores.ts";
import { levelOf } from "./levels.ts";
import { normalCdf } from "./normal_cdf.ts";
import { shiftProbability, tailProbability } from "./normal_scores.ts";
import golden from "../golden/dual_moon.json" with { type: "json" };

const RUNS = 250;
const [LOWEST, HIGHEST] = [0.55, 0.8];

/** P(|N(0, 1)| < 1). */
const COVERED = normalCdf(1) - normalCdf(-1);

/** Of two targets by two methods. */
const SHARE_LEVEL = levelOf(import.meta.url, 2 * 4);
const MEAN_LEVEL = levelOf(import.meta.url, 4 * 4);
const SCORE_LEVEL = MEAN_LEVEL / RUNS;

/** The probability that of RUNS normal scores a share outside of the limits is within one. */
function outsideLimits(): number {
  let [term, sum] = [(1 - COVERED) ** RUNS, 0];
  for (let k = 0; k <= RUNS; k++) {
    if (k < LOWEST * RUNS || k > HIGHEST * RUNS) sum += term;
    term *= (RUNS - k) / (k + 1) * COVERED / (1 - COVERED);
  }
  return sum;
}

Deno.test("the limits of the share are what its level allows", () => {
  assert.ok(outsideLimits() < SHARE_LEVEL, `${outsideLimits()} beyond the limits`);
});

/** What is wrong with scores, if anything. */
function fault(scores: readonly number[]): string | undefined {
  const share = shareWithin(scores);
  if (!(share >= LOWEST && share <= HIGHEST)) return `|z| < 1 in ${share}`;
  if (!(tailProbability(worst(scores)) > SCORE_LEVEL)) return `|z| up to ${worst(scores)}`;
  // No forgotten constant.
  return shiftProbability(scores) > MEAN_LEVEL ? undefined : "the mean of z is not 0";
}

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
      "importance sampling": runs.map(({ importanceSampling }) => importanceSampling),
      "bridge sampling": runs.flatMap(({ bridgeSampling }) => bridgeSampling ?? []),
    };
    for (const [method, estimates] of Object.entries(methods)) {
      const scores = scoresOf(estimates, truth);
      assert.equal(fault(scores), undefined, method);
      // Standard errors half and twice as large, and log Z off by half of one, are found.
      for (const mutant of [(z: number) => 2 * z, (z: number) => z / 2, (z: number) => z + 0.5]) {
        assert.notEqual(fault(scores.map(mutant)), undefined, `${method}: ${mutant}`);
      }
    }
  });
}
