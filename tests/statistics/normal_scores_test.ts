import assert from "node:assert/strict";
import { normalQuantile } from "../../src/diagnostics/normal_quantile.ts";
import { normalCdf } from "./normal_cdf.ts";
import {
  normalScores,
  shiftProbability,
  spreadProbability,
  tailProbability,
} from "./normal_scores.ts";

Deno.test("tailProbability() bounds both tails of the normal distribution, by less than a factor of 7", () => {
  for (const z of [1, 2, 3, 4, 5]) {
    const exact = 2 * normalCdf(-z);
    assert.ok(tailProbability(z) >= exact && tailProbability(-z) < 7 * exact, `${z}`);
  }
});

Deno.test("shiftProbability() is that of the sum", () => {
  assert.equal(shiftProbability([1, -1, 0, 0]), 1);
  // Four of 2.5 add up to 10, five standard deviations.
  assert.equal(shiftProbability([2.5, 2.5, 2.5, 2.5]), tailProbability(5));
  assert.equal(shiftProbability([0, NaN]), 0);
});

Deno.test("spreadProbability() bounds the tails of χ² with two degrees of freedom, e^(−q/2)", () => {
  assert.equal(spreadProbability([1, -1]), 1);
  for (const q of [6, 10, 20, 40]) {
    const root = Math.sqrt(q / 2);
    const bound = spreadProbability([root, -root]);
    assert.ok(bound >= Math.exp(-q / 2) && bound < 3 * q * Math.exp(-q / 2), `${q}: ${bound}`);
  }
  for (const q of [1e-3, 1e-5]) {
    const root = Math.sqrt(q / 2);
    const bound = spreadProbability([root, root]);
    assert.ok(bound >= -Math.expm1(-q / 2) && bound < 6 * q, `${q}: ${bound}`);
  }
  assert.equal(spreadProbability([1, NaN]), 0);
  assert.equal(spreadProbability([0, 0]), 0);
});

Deno.test("normalScores() turns uniform numbers into normal ones, and all else into none", () => {
  assert.equal(normalScores(Float64Array.of(0.5))[0], 0);
  assert.equal(normalScores(Float64Array.of(0.975))[0], normalQuantile(0.975));
  for (const wrong of [0, 1, -0.1, 1.5, NaN]) {
    assert.ok(Number.isNaN(normalScores(Float64Array.of(wrong))[0]), `${wrong}`);
  }
});
