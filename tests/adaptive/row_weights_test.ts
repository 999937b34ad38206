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

const CHAINS = [NaN, NaN, NaN];

/** Rows with log weights, and then three states of chains. */
function rows(logWeights: readonly number[], importance: number) {
  return { logWeight: Float64Array.of(...logWeights, ...CHAINS), importance };
}

Deno.test("weighted rows and states of chains have the shares of all weight that they are to have", () => {
  const logs = Array.from({ length: 20 }, (_, i) => [0, 1, -1][i] ?? 0.5);
  for (const shift of [0, 700, -9000]) {
    const weights = importanceWeights(rows(logs.map((log) => log + shift), 0.3));
    assert.ok(weights !== undefined);
    near([weights.subarray(0, 20).reduce((a, b) => a + b)], [0.3]);
    near(weights.subarray(20), [0.7 / 3, 0.7 / 3, 0.7 / 3]);
    near(weights.subarray(0, 4).map((w) => w / weights[0]), [
      1,
      Math.E,
      Math.exp(-1),
      Math.exp(0.5),
    ]);
  }
  const alone = importanceWeights({ logWeight: Float64Array.of(0, Math.LN2), importance: 1 });
  near(alone ?? [], [1 / 3, 2 / 3]);
});

Deno.test("a weight is truncated at √n times the mean", () => {
  const weights = importanceWeights(rows([50, ...new Array(99).fill(0)], 1));
  assert.ok(weights !== undefined);
  // The first would be all of the mean, a hundredth of itself: a tenth is left of it.
  near([weights[0]], [1]);
  assert.ok(weights[1] > 9 * Math.exp(-50) / 1.0001);
  near(weights.subarray(100), [0, 0, 0]);
});

Deno.test("without weighted rows all count the same, and without a share they count nothing", () => {
  assert.equal(importanceWeights(rows([], 0.5)), undefined);
  near(importanceWeights(rows([1, 2], 0)) ?? [], [0, 0, 1, 1, 1]);
});

Deno.test("weights are scaled to the mean 1 over the rows that are meant", () => {
  const weights = withMeanOne(Float64Array.of(1, 2, 3, 100), Uint32Array.of(0, 1, 2));
  near(weights.subarray(0, 3), [0.5, 1, 1.5]);
});
