/**
 * A part of the slow test of calibration: few replications, but all draws of conjugate posteriors against
 * the exact ones.
 *
 * Keys 0, 1 … in order.
 */
import assert from "node:assert/strict";
import { key, type SampleOptions } from "../../mod.ts";
import type { JointModel } from "../statistics/joint_models.ts";
import { levelOf } from "../statistics/levels.ts";
import { locationAndScale, posteriorUniforms } from "../statistics/location_and_scale.ts";
import {
  calibrate,
  probabilitiesOf,
  STATISTICS,
} from "../statistics/simulation_based_calibration.ts";

const OPTIONS: SampleOptions = {
  chains: 63,
  flow: "none",
  schedule: { warmupWindows: [30, 40] },
  stop: { maxDraws: 20 },
};
const REPLICATIONS = 30;
/** Of the ranks of mean, scale and log likelihood, and of the draws of mean and scale. */
const LEVEL = levelOf(import.meta.url, (3 + 2) * STATISTICS);

/** The least bounds of the probabilities of the draws of a model's posterior and of their ranks. */
async function probabilities(
  sampled: JointModel,
  seed: number,
): Promise<{ readonly draws: number; readonly ranks: number }> {
  const calibration = { model: locationAndScale(), sampled, options: OPTIONS };
  const all = await calibrate(calibration, key(seed), REPLICATIONS);
  const uniforms = all.flatMap(({ draws, y }) =>
    draws.map(({ mu, sigma }) => posteriorUniforms(mu[0], sigma[0], y))
  );
  return {
    draws: Math.min(...probabilitiesOf(uniforms).flat()),
    ranks: Math.min(...probabilitiesOf(all.map(({ ranks }) => ranks)).flat()),
  };
}

Deno.test("sample() gives draws of conjugate posteriors, among which parameters rank anywhere", async () => {
  const { draws, ranks } = await probabilities(locationAndScale(), 0);
  assert.ok(draws > LEVEL && ranks > LEVEL, `probabilities ${draws} and ${ranks}, level ${LEVEL}`);
});

Deno.test("draws of posteriors with a Jacobian dropped are rejected", async () => {
  const { draws } = await probabilities(locationAndScale("a Jacobian dropped"), 1);
  assert.ok(draws < LEVEL, `probability ${draws}, level ${LEVEL}`);
});
