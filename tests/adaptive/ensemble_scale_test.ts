import assert from "node:assert/strict";
import { ensembleScale } from "../../src/adaptive/ensemble_scale.ts";
import { key, normal, tensor } from "../../mod.ts";

const ones = new Float64Array(2).fill(1);

Deno.test("ensembleScale() finds centre and variance of normal draws", () => {
  const draws = normal(key(0), [100, 100, 2]).mul([2, 0.1]).add([5, -1]);
  const { median, variance } = ensembleScale(draws, ones);
  // Standard errors at 10,000 draws: 0.0125 sd of a median, 1.9 % of such a variance; five of each.
  assert.ok(Math.abs(median[0] - 5) < 0.125 && Math.abs(median[1] + 1) < 0.00625);
  assert.ok(Math.abs(variance[0] / 4 - 1) < 0.1 && Math.abs(variance[1] / 0.01 - 1) < 0.1);
});

Deno.test("a tenth of the chains far away does not rule the scale", () => {
  const draws = normal(key(1), [100, 100, 1]);
  const data = Array.from(draws.data, (x, i) => i < 1000 ? x + 1e6 : x);
  const { median, variance } = ensembleScale(
    tensor(data).reshape([100, 100, 1]),
    new Float64Array(1).fill(1),
  );
  assert.ok(Math.abs(median[0]) < 0.5);
  assert.ok(variance[0] > 0.5 && variance[0] < 3);
});

Deno.test("a coordinate that does not vary or is not finite keeps its variance", () => {
  const draws = tensor([[[3, NaN], [3, 1]], [[3, 2], [3, NaN]]]);
  assert.deepEqual([...ensembleScale(draws, Float64Array.of(7, 9)).variance], [7, 9]);
});
