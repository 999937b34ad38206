import assert from "node:assert/strict";
import { normalQuantile } from "../../src/diagnostics/normal_quantile.ts";
import { assertClose, normalQuantiles } from "./golden.ts";

Deno.test("normalQuantile() agrees with SciPy", () => {
  for (const [p, x] of normalQuantiles) assertClose(normalQuantile(p), x, 1e-14, `at ${p}`);
});

Deno.test("normalQuantile() is odd about 1/2, and its pieces meet", () => {
  for (const p of [2 ** -10, 0.125, 0.25, 0.375]) {
    assert.equal(normalQuantile(1 - p), -normalQuantile(p));
  }
  const edges = [0.075, Math.exp(-25)];
  for (const p of edges) assertClose(normalQuantile(p * (1 + 1e-15)), normalQuantile(p), 1e-14);
});

Deno.test("normalQuantile() at the ends of its domain and beyond", () => {
  assert.equal(normalQuantile(0), -Infinity);
  assert.equal(normalQuantile(1), Infinity);
  assert.equal(normalQuantile(0.5), 0);
  for (const p of [-0.1, 1.1, NaN]) assert.equal(normalQuantile(p), NaN);
});
