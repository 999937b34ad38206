import assert from "node:assert/strict";
import { adam } from "../../src/flows/adam.ts";
import type { UpdateOptions } from "../../src/flows/batch.ts";
import type { Weights } from "../../src/flows/engine.ts";
import golden from "../golden/adam.json" with { type: "json" };
import { largestDifference } from "./reference.ts";

const COUNT = 5;

function start(): Weights {
  return {
    weights: Float32Array.from({ length: COUNT }, (_, i) => i / 2 - 1),
    firstMoment: new Float32Array(COUNT),
    secondMoment: new Float32Array(COUNT),
    updates: 0,
  };
}

function slopesAt(step: number, scale: number): Float64Array {
  return Float64Array.from({ length: COUNT }, (_, i) => scale * Math.sin(1 + i + 2 * step));
}

for (const { learningRate, clip, weightDecay, scale, ...expected } of golden.cases) {
  const how: UpdateOptions = { learningRate, clip: clip ?? Infinity, weightDecay };
  Deno.test(`adam() follows optax's adamw with ${JSON.stringify({ ...how, scale })}`, () => {
    let state = start();
    expected.weights.forEach((weights, step) => {
      state = adam(state, slopesAt(step, scale), how);
      // Single precision keeps seven digits of each of the steps.
      assert.ok(largestDifference(state.weights, weights) < 1e-6, `after step ${step + 1}`);
    });
    assert.equal(state.updates, expected.weights.length);
    assert.ok(largestDifference(state.firstMoment, expected.firstMoment) < 1e-6 * scale);
    assert.ok(largestDifference(state.secondMoment, expected.secondMoment) < 1e-6 * scale ** 2);
  });
}

Deno.test("slopes are shortened to a norm of 1 by default, and weights do not decay", () => {
  const [slopes, learningRate] = [slopesAt(3, 5), 0.1];
  const plain = adam(start(), slopes, { learningRate });
  assert.deepEqual(plain, adam(start(), slopes, { learningRate, clip: 1, weightDecay: 0 }));
  const norm = Math.hypot(...plain.firstMoment);
  assert.ok(Math.abs(norm - 0.1) < 1e-7, `${norm}`);
});

Deno.test("slopes that are not finite change nothing", () => {
  for (const broken of [NaN, Infinity, -Infinity, 1e200]) {
    assert.deepEqual(adam(start(), slopesAt(0, 1).with(2, broken), { learningRate: 1 }), start());
  }
});

Deno.test("what is given is not changed", () => {
  const [before, slopes] = [start(), slopesAt(1, 1)];
  adam(before, slopes, { learningRate: 1 });
  assert.deepEqual([before, slopes], [start(), slopesAt(1, 1)]);
});
