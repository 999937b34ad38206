import assert from "node:assert/strict";
import { startDualAveraging, updateDualAveraging } from "../../mod.ts";

/** The acceptance probability of random-walk moves in high dimension, falling from 1 to 0. */
function acceptanceAt(stepSize: number): number {
  return Math.exp(-stepSize);
}

for (const target of [0.234, 0.574, 0.8]) {
  Deno.test(`dual averaging finds the step size with an acceptance of ${target}`, () => {
    let state = startDualAveraging(0.01);
    for (let i = 0; i < 2000; i++) {
      state = updateDualAveraging(state, acceptanceAt(Math.exp(state.logStepSize)), target);
    }
    const found = acceptanceAt(Math.exp(state.logAverage));
    assert.ok(Math.abs(found - target) < 0.02, `${found}`);
  });
}

Deno.test("the first update of dual averaging is that of Hoffman & Gelman's equation 6, with γ = 0.1", () => {
  const [start, acceptance, target] = [0.3, 0.9, 0.65];
  const state = updateDualAveraging(startDualAveraging(start), acceptance, target);
  const error = (target - acceptance) / (1 + 10);
  const logStepSize = Math.log(start) - Math.sqrt(1) / 0.1 * error;
  assert.ok(Math.abs(state.logStepSize - logStepSize) < 1e-12);
  // With t^−κ = 1 at the first update, the average is that value.
  assert.ok(Math.abs(state.logAverage - logStepSize) < 1e-12);
});

Deno.test("a rejection shortens the step and an acceptance lengthens it", () => {
  const start = startDualAveraging(1);
  const down = updateDualAveraging(start, 0, 0.6);
  const up = updateDualAveraging(start, 1, 0.6);
  assert.ok(down.logStepSize < up.logStepSize);
});
