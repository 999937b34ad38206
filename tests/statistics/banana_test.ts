/**
 * A banana ten wide, by the seeds 0 to 19: its first and second moments, each run by itself and all together.
 */
import assert from "node:assert/strict";
import { density, key, sample } from "../../mod.ts";
import { levelOf } from "./levels.ts";
import { drawsOf } from "./measure.ts";
import {
  type Estimate,
  meanEstimate,
  scoreStatistics,
  SEEDS,
  testRepeatedRuns,
} from "./repeated_runs.ts";

/** x₀ ~ N(0, 10²), x₁ ~ N(0.03(x₀² − 100), 1) (Haario, Saksman & Tamminen 1999). */
const banana = density(2, (x) => {
  const ridge = x.at(0).square().sub(100).mul(0.03);
  return x.at(0).div(10).square().add(x.at(1).sub(ridge).square()).mul(-0.5);
});

/** With z = x₀/10 standard normal, x₁ is 3(z² − 1) and a standard normal number: variance 9 · 2 + 1. */
const TRUTHS: readonly [of: (x: Float64Array) => number, truth: number][] = [
  [(x) => x[0], 0],
  [(x) => x[1], 0],
  [(x) => x[0] * x[0], 100],
  [(x) => x[1] * x[1], 19],
];

/** Local moves alone: with a flow the errors of x₁² are too small in some runs, as docs/method.md says. */
async function estimatesOf(seed: number): Promise<Estimate[]> {
  const run = await sample(banana, key(seed), { flow: "none" });
  assert.equal(run.state.ended, "converged");
  assert.ok(run.convergence.rHat < 1.01);
  return TRUTHS.map(([of, truth]) => meanEstimate(drawsOf(run.draws.x, of), truth));
}

testRepeatedRuns({
  name: "banana, local moves alone",
  what: "moments",
  quantities: TRUTHS.length,
  level: levelOf(import.meta.url, scoreStatistics(SEEDS.length, TRUTHS.length)),
  off: 0.03,
  estimatesOf,
});
