import assert from "node:assert/strict";
import { betaQuantile } from "../../src/diagnostics/beta_quantile.ts";
import { assertClose, betaQuantiles } from "./golden.ts";

/** Standard deviation of the beta distribution. */
function width(a: number, b: number): number {
  return Math.sqrt(a * b / (a + b + 1)) / (a + b);
}

Deno.test("betaQuantile() agrees with SciPy to 1e-9 of the distribution's width", () => {
  // An index of an order statistic among a million draws needs no more than 1e-6 of the width.
  for (const [p, a, b, x] of betaQuantiles) {
    const error = Math.abs(betaQuantile(p, a, b) - x) / width(a, b);
    assert.ok(error < 1e-9, `p = ${p}, a = ${a}, b = ${b}: ${error}`);
  }
});

Deno.test("betaQuantile() has its closed forms", () => {
  for (const p of [0.001, 0.2, 0.5, 0.9]) {
    assertClose(betaQuantile(p, 1, 1), p, 1e-13);
    assertClose(betaQuantile(p, 7, 1), p ** (1 / 7), 1e-13);
    assertClose(betaQuantile(p, 1, 7), 1 - (1 - p) ** (1 / 7), 1e-13);
  }
});

Deno.test("betaQuantile() of the other tail is the mirror image", () => {
  for (const [a, b] of [[2, 3], [40, 2.5], [1000, 1]]) {
    assertClose(betaQuantile(0.25, a, b), 1 - betaQuantile(0.75, b, a), 1e-12);
  }
});
