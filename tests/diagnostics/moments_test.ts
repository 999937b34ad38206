import assert from "node:assert/strict";
import { moments } from "../../src/diagnostics/moments.ts";
import { assertClose } from "./golden.ts";
import { normals, replications } from "./series.ts";

Deno.test("moments() of a shifted and scaled sample follow it", () => {
  const values = normals(replications(61, 1)[0], 1000);
  const { mean, variance } = moments(values);
  const far = moments(values.map((x) => 4 * x + 2 ** 20));
  assert.ok(Math.abs(far.mean - (4 * mean + 2 ** 20)) < 1e-9);
  assertClose(far.variance, 16 * variance, 1e-9);
});

Deno.test("moments() do not lose their digits to an outlier that comes first", () => {
  const values = Float64Array.from([1e9, ...normals(replications(62, 1)[0], 1000)]);
  const { mean, variance } = moments(values.toReversed());
  assertClose(moments(values).mean, mean, 1e-12);
  assertClose(moments(values).variance, variance, 1e-14);
});

Deno.test("moments() of equal numbers are exact, of one the variance is not defined", () => {
  assert.deepEqual(moments(new Float64Array(77).fill(0.1)), { mean: 0.1, variance: 0 });
  assert.deepEqual(moments([3]), { mean: 3, variance: NaN });
  assert.deepEqual(moments([9, 1, 3, 9], 1, 3), { mean: 2, variance: 2 });
});
