import assert from "node:assert/strict";
import { proposalQuality } from "../../src/diagnostics/proposal_quality.ts";
import { effectiveSampleFraction, paretoShape } from "../../mod.ts";
import { normals } from "./series.ts";

const logWeights = normals([1, 2], 300).map((z) => 0.7 * z);

Deno.test("the acceptance is the mean over pairs of what a move from one to the other is taken with", () => {
  const weights = [...logWeights].map(Math.exp);
  const sum = weights.reduce((a, b) => a + b);
  // A chain is at i with probability wᵢ/Σw, j is proposed with 1/n.
  let expected = 0;
  for (const from of weights) {
    for (const to of weights) expected += from / sum * Math.min(1, to / from) / weights.length;
  }
  const { acceptance, ...others } = proposalQuality(logWeights);
  assert.ok(Math.abs(acceptance - expected) < 1e-12, `${acceptance}, not ${expected}`);
  assert.deepEqual(others, {
    effectiveSampleFraction: effectiveSampleFraction(logWeights),
    paretoShape: paretoShape(logWeights),
  });
});

Deno.test("equal weights are perfect, in any scale, and one weight alone is useless", () => {
  const equal = proposalQuality(new Float64Array(50).fill(-1e5));
  assert.ok(Math.abs(equal.acceptance - 1) < 1e-12 && equal.effectiveSampleFraction === 1);
  const alone = proposalQuality([0, ...new Array(99).fill(-Infinity)]);
  assert.ok(Math.abs(alone.acceptance - 0.01) < 1e-12);
  const shifted = proposalQuality(logWeights.map((each) => each + 800));
  assert.ok(Math.abs(shifted.acceptance - proposalQuality(logWeights).acceptance) < 1e-9);
});

Deno.test("weights that are no numbers count as 0", () => {
  const zero = proposalQuality([...logWeights, -Infinity, -Infinity]);
  assert.deepEqual(proposalQuality([...logWeights, NaN, Infinity]), zero);
  assert.deepEqual(proposalQuality([NaN, -Infinity]), {
    effectiveSampleFraction: 0,
    paretoShape: Infinity,
    acceptance: 0,
  });
  assert.throws(
    () => proposalQuality([]),
    /^RangeError: Cannot judge a proposal: there are no weights/,
  );
});
