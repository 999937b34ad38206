/**
 * Coverage of log Z by stepping stones: 100 runs of each target, by the seeds 0 to 99, with warm-up, ladder
 * and chains of each run's own. Their errors, in standard errors, are draws of a standard normal distribution.
 *
 * False alarms: at most the file's share in `levels.ts`.
 */
import assert from "node:assert/strict";
import {
  density,
  key,
  logSumExp,
  parallelTempering,
  posterior,
  real,
  sample,
  type Target,
} from "../../mod.ts";
import { scoresOf, worst } from "../evidence/scores.ts";
import { levelOf } from "./levels.ts";
import { leastProbability, scoreStatistics } from "./repeated_runs.ts";

const RUNS = 100;
/** Of three targets. */
const LEVEL = levelOf(import.meta.url, 3 * scoreStatistics(RUNS, 1));

const modes = density(
  2,
  (x) => logSumExp(x.at(0).sub([-6, 6]).square().mul(-0.5)).sub(x.at(1).square().mul(0.5)),
);

/** A mean μ ~ N(0, 9) of four numbers of variance 1; its prior lacks a constant, which must not matter. */
const line = posterior({
  parameters: { mu: real() },
  data: { y: [0.5, 1.5, 2, 0] },
  logPrior: ({ mu }) => mu.square().mul(-0.5 / 9),
  logLikelihood: ({ mu }, { y }) => y.sub(mu).square().sum().mul(-0.5),
});

/**
 * ln E exp(−½ Σ (y − μ)²) over the prior, in which the likelihood lacks its constant: Σ y = 4, Σ y² = 6.5,
 * and the posterior has the precision 4 + 1/9.
 */
const PRECISION = 4 + 1 / 9;
const LINE = -0.5 * Math.log(9 * PRECISION) - 0.5 * (6.5 - 16 / PRECISION);

/** A stationary series of five normal numbers, each correlated by 0.9 with the one before; off centre. */
const series = density(5, (x) => {
  const fresh = x.slice(1).sub(x.slice(0, 4).mul(0.9));
  return x.at(0).sub(3).square().add(fresh.square().sum().div(0.19)).mul(-0.5);
});

const cases: [name: string, target: Target, truth: number][] = [
  ["two modes", modes, Math.log(4 * Math.PI)],
  ["a mean with a prior", line, LINE],
  ["a correlated Gaussian", series, 2.5 * Math.log(2 * Math.PI) + 2 * Math.log(0.19)],
];

for (const [name, target, truth] of cases) {
  Deno.test(`log Z of ${name} by stepping stones is covered as often as its errors say`, async () => {
    const runs = [];
    for (let seed = 0; seed < RUNS; seed++) {
      const { logEvidence } = await sample(target, key(seed), {
        local: parallelTempering({ rungs: 6 }),
        flow: "none",
        chains: 20,
        stop: { maxDraws: 200 },
        // Test files run side by side.
        workers: 1,
      });
      assert.ok(logEvidence?.method === "stepping stones");
      runs.push(logEvidence);
    }
    const scores = scoresOf(runs, truth);
    const probability = leastProbability(scores.map((z) => [z]));
    assert.ok(probability > LEVEL, `probability ${probability} of scores up to ${worst(scores)}`);
    // Half the standard error, and a constant that is forgotten.
    for (const wrong of [scores.map((z) => 2 * z), scores.map((z) => z + 1)]) {
      assert.ok(leastProbability(wrong.map((z) => [z])) < LEVEL);
    }
    const error = runs.reduce((sum, { standardError }) => sum + standardError, 0) / RUNS;
    assert.ok(error < 0.2, `mean standard error ${error}`);
  });
}
