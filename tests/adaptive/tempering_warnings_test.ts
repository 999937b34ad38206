import assert from "node:assert/strict";
import type { BridgeEvidence, SteppingStoneEvidence } from "../../mod.ts";
import type { TemperedFacts } from "../../src/adaptive/tempered_facts.ts";
import { temperingWarnings } from "../../src/adaptive/tempering_warnings.ts";

const bridge: BridgeEvidence = {
  estimate: -3,
  standardError: 0.03,
  method: "bridge sampling",
  effectiveSampleSize: 5000,
  overlap: 0.9,
};
const stones: SteppingStoneEvidence = {
  estimate: -3.1,
  standardError: 0.04,
  method: "stepping stones",
  effectiveSampleSize: 3000,
  relativeTo: "reference",
};

function warningsFor(
  ofStones: Partial<SteppingStoneEvidence> = {},
  { rejection = [0.2, 0.5], withFlow = true, facts = {} as Partial<TemperedFacts> } = {},
): string[] {
  const steppingStone = { ...stones, ...ofStones };
  const evidence = {
    importanceSampling: undefined,
    bridgeSampling: withFlow ? bridge : undefined,
    steppingStone,
  };
  return temperingWarnings({ evidence: steppingStone, rejection, ...facts }, evidence);
}

Deno.test("nothing is said of other kernels, nor where all is well", () => {
  assert.deepEqual(temperingWarnings(undefined, undefined), []);
  assert.deepEqual(warningsFor(), []);
  assert.deepEqual(warningsFor({}, { withFlow: false }), []);
});

Deno.test("estimates of log Z more than four errors apart disagree", () => {
  // √(0.03² + 0.04²) = 0.05
  assert.deepEqual(warningsFor({ estimate: -3.199 }), []);
  const [warning] = warningsFor({ estimate: -3.201 });
  assert.match(
    warning,
    /disagree: -3\.2010000 ± 0\.040 by stepping stones, -3\.0000000 ± 0\.030 by b/,
  );
  assert.match(warning, /Use neither/);
  assert.equal(warningsFor({ estimate: -2.799 }).length, 1);
  assert.equal(warningsFor({ estimate: -2.801 }).length, 0);
});

Deno.test("a prior need not be normalised: its estimate is not compared", () => {
  assert.deepEqual(warningsFor({ estimate: 5, relativeTo: "prior" }), []);
});

Deno.test("neighbours that hardly swap are named, and log Z is not trusted", () => {
  const [warning, ...others] = warningsFor({ estimate: 5 }, { rejection: [0.2, 0.95, 0.91] });
  assert.match(warning, /between rungs 1 and 2: of their swaps 95\.0 % are rejected.*more `rungs`/);
  assert.deepEqual(others, []);
  assert.deepEqual(warningsFor({}, { rejection: [0.89, 0.2] }), []);
});

Deno.test("an error of log Z that is itself a guess is said", () => {
  assert.match(
    warningsFor({ standardError: 0.31 })[0],
    /hardly known: its standard error is 0\.31/,
  );
});

Deno.test("where there is no estimate there is none to doubt", () => {
  assert.deepEqual(warningsFor({}, { facts: { evidence: undefined } }), []);
});
