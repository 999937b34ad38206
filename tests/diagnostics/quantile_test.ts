import assert from "node:assert/strict";
import { quantile } from "../../src/diagnostics/quantile.ts";

Deno.test("quantile() interpolates between order statistics", () => {
  const ascending = Float64Array.of(1, 2, 4, 8, 16);
  assert.equal(quantile(ascending, 0), 1);
  assert.equal(quantile(ascending, 0.25), 2);
  assert.equal(quantile(ascending, 0.5), 4);
  assert.equal(quantile(ascending, 0.625), 6);
  assert.equal(quantile(ascending, 1), 16);
  assert.equal(quantile(Float64Array.of(7), 0.3), 7);
});

Deno.test("quantile() stays at a value that it lies between, even an infinite one", () => {
  assert.equal(quantile(Float64Array.of(0.1, 0.1, 0.1), 0.3), 0.1);
  assert.equal(quantile(Float64Array.of(-Infinity, -Infinity, 0), 0.1), -Infinity);
  assert.equal(quantile(Float64Array.of(-Infinity, 0, Infinity), 0.5), 0);
});
