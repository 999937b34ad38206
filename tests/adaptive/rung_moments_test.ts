import assert from "node:assert/strict";
import { addToMoments, emptyMoments, variances } from "../../src/adaptive/rung_moments.ts";

Deno.test("addToMoments() gives the weighted mean and variance of all rows", () => {
  const steps = [[1, 10, 2, 12, 9, 11], [5, 10, 5, 13, 4, 15], [1e6 + 1, 7, 1e6, 8, 1e6 - 1, 9]];
  const moments = steps.reduce(
    (sum, rows, i) => addToMoments(sum, rows, i + 1),
    emptyMoments(2),
  );
  for (const column of [0, 1]) {
    const rows = steps.flatMap((step, i) =>
      [0, 2, 4].map((at) => ({ x: step[at + column], weight: i + 1 }))
    );
    const weight = rows.reduce((sum, row) => sum + row.weight, 0);
    const mean = rows.reduce((sum, row) => sum + row.weight * row.x, 0) / weight;
    const variance = rows.reduce((sum, row) => sum + row.weight * (row.x - mean) ** 2, 0) / weight;
    assert.ok(Math.abs(moments.mean[column] - mean) <= 1e-12 * Math.abs(mean));
    const found = variances(moments, Float64Array.of(0, 0))[column];
    assert.ok(Math.abs(found - variance) <= 1e-10 * variance, `${found}, not ${variance}`);
  }
});

Deno.test("variances() falls back where numbers do not vary or are not finite", () => {
  const moments = addToMoments(emptyMoments(3), [2, 1, 0, 2, Infinity, 4], 1);
  assert.deepEqual([...variances(moments, Float64Array.of(7, 8, 9))], [7, 8, 4]);
});
