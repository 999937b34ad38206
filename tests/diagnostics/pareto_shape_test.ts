import assert from "node:assert/strict";
import { generalisedParetoShape, paretoShape } from "../../src/diagnostics/pareto_shape.ts";
import { assertClose, weightsCases } from "./golden.ts";
import { normals, replications, uniforms } from "./series.ts";

Deno.test("paretoShape() agrees with ArviZ", () => {
  for (const { name, logWeights, paretoShape: expected } of weightsCases) {
    assertClose(paretoShape(logWeights), expected, 1e-8, name);
    assert.equal(paretoShape(Float64Array.from(logWeights)), paretoShape(logWeights), name);
  }
});

Deno.test("generalisedParetoShape() finds the shape that a sample was drawn with", () => {
  // The mean over 40 samples of 1000 must be the truth within five standard errors, the prior's pull
  // (k + 1/2 · 10/1000) and 0.02 for the bias of the fit: each of the four a
  // false alarm at most once in 8e4 runs (t distribution with 39 degrees of freedom).
  for (const shape of [-0.5, 0.2, 0.7, 1.5]) {
    const found = replications(81, 40).map((key) =>
      generalisedParetoShape(
        uniforms(key, 1000).map((u) => (u ** -shape - 1) / shape).toSorted(),
      )
    );
    const mean = found.reduce((sum, k) => sum + k, 0) / 40;
    const variance = found.reduce((sum, k) => sum + (k - mean) ** 2, 0) / 39;
    const pulled = (1000 * shape + 5) / 1010;
    assert.ok(Math.abs(mean - pulled) < 0.02 + 5 * Math.sqrt(variance / 40), `${shape}: ${mean}`);
  }
});

Deno.test("paretoShape() does not depend on the scale or the order of the weights", () => {
  const logWeights = normals(replications(82, 1)[0], 500);
  const expected = paretoShape(logWeights);
  assert.equal(paretoShape(logWeights.toReversed()), expected);
  assertClose(paretoShape(logWeights.map((x) => x + 1024)), expected, 1e-9);
});

Deno.test("paretoShape() of weights that are equal but for rounding is no tail", () => {
  const noise = normals(replications(83, 1)[0], 300);
  assert.equal(paretoShape(new Float64Array(300)), -Infinity);
  assert.equal(paretoShape(noise.map((x) => -700 + 1e-13 * x)), -Infinity);
  assert.equal(paretoShape(noise.map((_, i) => i % 2 === 0 ? 3 : -Infinity)), -Infinity);
});

Deno.test("paretoShape() cannot be told from a few large weights", () => {
  assert.equal(paretoShape([0]), Infinity);
  assert.equal(paretoShape(new Float64Array(20)), Infinity);
  // Four weights above many equal ones.
  assert.equal(paretoShape(Array.from({ length: 200 }, (_, i) => i < 4 ? i + 1 : 0)), Infinity);
  // All but one underflow.
  assert.equal(paretoShape(Array.from({ length: 200 }, (_, i) => -1000 * i)), Infinity);
});
