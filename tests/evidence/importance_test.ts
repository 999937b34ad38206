import assert from "node:assert/strict";
import { effectiveSampleFraction } from "../../src/diagnostics/effective_sample_fraction.ts";
import { paretoShape } from "../../src/diagnostics/pareto_shape.ts";
import { importanceEvidence } from "../../src/evidence/importance.ts";
import { assertClose, weightsCases } from "../diagnostics/golden.ts";
import { normals, replications } from "../diagnostics/series.ts";

Deno.test("importanceEvidence() is the log mean weight with its relative error", () => {
  for (const { name, logWeights, logMean, relativeError } of weightsCases) {
    const evidence = importanceEvidence(logWeights);
    assert.equal(evidence.method, "importance sampling");
    assert.equal(evidence.paretoShape, paretoShape(logWeights), name);
    assert.equal(evidence.effectiveSampleFraction, effectiveSampleFraction(logWeights), name);
    assertClose(evidence.estimate, logMean, 1e-12, name);
    assertClose(evidence.standardError, relativeError, 1e-12, name);
  }
});

/** Scale of the target exp(−x² / 2s² + c), the constant, and ln Z = c + ln(s √2π). */
const SCALE = 0.6;
const CONSTANT = 800;
const LOG_EVIDENCE = CONSTANT + Math.log(SCALE * Math.sqrt(2 * Math.PI));

/** Errors in units of the standard error, over 200 estimates from 400 draws of N(0, 1) each. */
function errors(of: (logWeights: Float64Array) => { estimate: number; standardError: number }) {
  return replications(91, 200).map((key) => {
    const logWeights = normals(key, 400).map((x) =>
      CONSTANT - x * x / (2 * SCALE ** 2) + x * x / 2 + Math.log(2 * Math.PI) / 2
    );
    const { estimate, standardError } = of(logWeights);
    return (estimate - LOG_EVIDENCE) / standardError;
  });
}

/**
 * Whether errors look like 200 draws of N(0, 1). The share of |z| < 1 is 0.683 ± 0.033 and the mean
 * 0 ± 0.071 (0.03 ± 0.07, since a logarithm is concave): five standard deviations of each are left, a
 * false alarm once in 1e6 runs; one of 200 |z| > 5.5 is one once in 1e5.
 */
function looksNormal(z: readonly number[]): boolean {
  const share = z.filter((one) => Math.abs(one) < 1).length / z.length;
  const mean = z.reduce((sum, one) => sum + one, 0) / z.length;
  return Math.abs(share - 0.683) < 0.165 && Math.abs(mean) < 0.354 &&
    z.every((one) => Math.abs(one) < 5.5);
}

Deno.test("importanceEvidence() covers the truth as often as its standard error says", () => {
  assert.ok(looksNormal(errors(importanceEvidence)));
});

Deno.test("wrong estimates and standard errors do not cover the truth", () => {
  const changed = (change: (e: { estimate: number; standardError: number }) => object) =>
    errors((logWeights) => {
      const evidence = importanceEvidence(logWeights);
      return { ...evidence, ...change(evidence) };
    });
  // n in place of √n, twice the error, and the mean of the logarithm.
  assert.ok(!looksNormal(changed(({ standardError }) => ({ standardError: standardError / 20 }))));
  assert.ok(!looksNormal(changed(({ standardError }) => ({ standardError: standardError * 2 }))));
  assert.ok(
    !looksNormal(errors((logWeights) => ({
      ...importanceEvidence(logWeights),
      estimate: logWeights.reduce((sum, x) => sum + x, 0) / logWeights.length,
    }))),
  );
});

Deno.test("importanceEvidence() is exact if the proposal is the target", () => {
  const evidence = importanceEvidence(new Float64Array(100).fill(-1234.5));
  assert.deepEqual(evidence, {
    estimate: -1234.5,
    standardError: 0,
    method: "importance sampling",
    effectiveSampleFraction: 1,
    paretoShape: -Infinity,
  });
});

Deno.test("importanceEvidence() counts -Infinity as a weight of zero", () => {
  const evidence = importanceEvidence([0, -Infinity, 0, -Infinity]);
  assertClose(evidence.estimate, Math.log(0.5), 1e-15);
  assertClose(evidence.standardError, Math.sqrt(1 / 3 / 4) / 0.5, 1e-15);
});

Deno.test("importanceEvidence() shifts with the scale of the density, however large", () => {
  const logWeights = normals(replications(92, 1)[0], 100);
  const { estimate, standardError } = importanceEvidence(logWeights);
  for (const shift of [-1e6, 1e6]) {
    const shifted = importanceEvidence(logWeights.map((x) => x + shift));
    assert.ok(Math.abs(shifted.estimate - shift - estimate) < 1e-8);
    assertClose(shifted.standardError, standardError, 1e-8);
  }
});

Deno.test("importanceEvidence() of a single weight has no standard error", () => {
  const { estimate, standardError } = importanceEvidence([2]);
  assert.equal(estimate, 2);
  assert.equal(standardError, NaN);
});
