import assert from "node:assert/strict";
import { distanceFromUniform, uniformityProbability } from "./uniformity.ts";

Deno.test("distanceFromUniform() finds the largest step between distribution functions", () => {
  assert.equal(distanceFromUniform(Float64Array.of(0.5)), 0.5);
  assert.equal(distanceFromUniform(Float64Array.of(0.75, 0.25)), 0.25);
  // Above 0.25 all mass is there, though only a quarter should be.
  assert.equal(distanceFromUniform(Float64Array.of(0, 0.1, 0.2, 0.25)), 0.75);
});

Deno.test("distanceFromUniform() finds numbers outside of [0, 1] impossible", () => {
  for (const wrong of [NaN, -0.1, 1.1, Infinity]) {
    assert.equal(distanceFromUniform(Float64Array.of(0.2, wrong, 0.7)), 1);
  }
});

Deno.test("uniformityProbability() bounds what Kolmogorov's distribution gives for many", () => {
  // An even grid, shifted by 1.36 / sqrt(n): of that the limit law gives a probability of 0.0494.
  const n = 1e6;
  const shift = 1.36 / Math.sqrt(n);
  const grid = Float64Array.from({ length: n }, (_, i) => Math.min(1, i / n + shift));
  const probability = uniformityProbability(grid);
  assert.ok(probability >= 0.0494 && probability < 0.0500, String(probability));
});
