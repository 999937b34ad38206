import assert from "node:assert/strict";
import { emptyReplay } from "../../src/adaptive/replay.ts";
import { importanceWeights, recencyWeights, withMeanOne } from "../../src/adaptive/row_weights.ts";

function near(a: ArrayLike<number>, b: readonly number[]): void {
  assert.equal(a.length, b.length);
  b.forEach((each, i) => assert.ok(Math.abs(a[i] - each) < 1e-6, `${i}: ${a[i]}, not ${each}`));
}

Deno.test("weights halve with age", () => {
  const replay = { ...emptyReplay(1), cycle: Uint32Array.of(0, 2, 4, 6) };
  near(recencyWeights(replay, { now: 6, halfLife: 2 }), [1 / 8, 1 / 4, 1 / 2, 1]);
  near(recencyWeights(replay, { now: 6, halfLife: Infinity }), [1, 1, 1, 1]);
});

Deno.test("importance weights are powers of p/q, whatever the scale of p", () => {
  // Enough rows that none is truncated.
  const logProposal = Float64Array.from({ length: 20 }, (_, i) => [0, -1, 1, 0][i] ?? 0);
  for (const shift of [0, 700, -9000]) {
    const logDensity = logProposal.map((_, i) => (i === 3 ? -0.5 : 0) + shift);
    const whole = importanceWeights(logDensity, logProposal, 1);
    near(whole.map((w) => w / whole[0]).subarray(0, 4), [1, Math.E, Math.exp(-1), Math.exp(-0.5)]);
    const half = importanceWeights(logDensity, logProposal, 0.5);
    near(half.map((w) => w / half[0]).subarray(0, 4), [
      1,
      Math.exp(0.5),
      Math.exp(-0.5),
      Math.exp(-0.25),
    ]);
  }
});

Deno.test("importance weights are truncated at √n of their mean, and 0 where nothing is known", () => {
  const n = 100;
  const logDensity = new Float64Array(n);
  logDensity[0] = 50;
  logDensity[1] = -Infinity;
  logDensity[2] = NaN;
  const weights = importanceWeights(logDensity, new Float64Array(n), 1);
  // The first is all of the mean, 1/n of itself.
  near([weights[0]], [Math.sqrt(n) / n]);
  assert.equal(weights[1], 0);
  assert.equal(weights[2], 0);
  near(importanceWeights(Float64Array.of(NaN, -Infinity), new Float64Array(2), 1), [1, 1]);
});

Deno.test("weights are scaled to the mean 1 over the rows that are meant", () => {
  const weights = withMeanOne(Float64Array.of(1, 2, 3, 100), Uint32Array.of(0, 1, 2));
  near(weights.subarray(0, 3), [0.5, 1, 1.5]);
});
