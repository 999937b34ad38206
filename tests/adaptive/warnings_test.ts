import assert from "node:assert/strict";
import { type RunFacts, stuckChains, warningsOf } from "../../src/adaptive/warnings.ts";
import { tensor } from "../../mod.ts";

const moving = tensor([[[0], [1], [2]], [[5], [4], [4]]]);

const fine: RunFacts = {
  convergence: { draws: 300, rHat: 1.002, bulk: 12_000, tail: 11_000 },
  ended: "converged",
  acceptance: { local: 0.65, global: 0.7 },
  targetAcceptance: 0.65,
  logEvidence: {
    estimate: -3,
    standardError: 0.01,
    method: "importance sampling",
    effectiveSampleFraction: 0.8,
    paretoShape: 0.3,
  },
  broken: 0,
  position: moving,
};

const suspicious: [what: string, facts: Partial<RunFacts>, sentence: RegExp][] = [
  [
    "an R-hat above 1.01",
    { convergence: { ...fine.convergence, rHat: 1.034 } },
    /have not converged: the largest R-hat is 1\.034, .*Do not use these draws; raise `stop/,
  ],
  ["an R-hat that is NaN", { convergence: { ...fine.convergence, rHat: NaN } }, /not converged/],
  [
    "a small effective sample size",
    { convergence: { ...fine.convergence, tail: 250.7 } },
    /effective sample size is only 250: /,
  ],
  ["a budget that ended the run", { ended: "budget" }, /budget was used up .* is 11000\.$/],
  [
    "local moves that are rejected",
    { acceptance: { local: 0.02, global: 0.7 } },
    /^Local moves are accepted at 2\.0 % only, where 65 % was aimed at/,
  ],
  [
    "global moves that are rejected",
    { acceptance: { local: 0.65, global: 0.01 } },
    /^The flow is not good enough: global moves are accepted at 1\.0 % only/,
  ],
  [
    "chains that never move",
    { position: tensor([[[0], [1]], [[3], [3]]]) },
    /^1 of 2 chains never moved \(the first is chain 1\)/,
  ],
  [
    "a run with too few draws to judge",
    { convergence: { draws: 3, rHat: NaN, bulk: NaN, tail: NaN }, ended: "budget" },
    /^The run ended with 3 draws of each chain, too few to tell/,
  ],
  [
    "a log density that is NaN at proposals",
    { broken: 0.013 },
    /^The log density is NaN or \+∞ at 1\.3 % of the proposals/,
  ],
  [
    "weights that few proposals carry",
    {
      logEvidence: {
        ...fine.logEvidence as NonNullable<RunFacts["logEvidence"]>,
        effectiveSampleFraction: 0.02,
      },
    },
    /^A few proposals carry most of the weight \(effective sample fraction 2\.0 %/,
  ],
  [
    "importance weights with a heavy tail",
    {
      logEvidence: {
        ...fine.logEvidence as NonNullable<RunFacts["logEvidence"]>,
        paretoShape: 0.9,
      },
    },
    /log evidence and its standard error are unreliable: .* shape of 0\.90, above 0\.7/,
  ],
];

for (const [what, facts, sentence] of suspicious) {
  Deno.test(`warnings tell of ${what}, and of nothing else`, () => {
    const found = warningsOf({ ...fine, ...facts });
    assert.equal(found.length, 1, found.join("\n"));
    assert.match(found[0], sentence);
  });
}

Deno.test("a run without fault or flow has no warnings", () => {
  assert.deepEqual(warningsOf(fine), []);
  const local = { ...fine, acceptance: { local: 0.65, global: NaN }, logEvidence: undefined };
  assert.deepEqual(warningsOf(local), []);
});

Deno.test("a chain that moved once is not stuck, and one draw proves nothing", () => {
  assert.deepEqual(stuckChains(moving), []);
  assert.deepEqual(stuckChains(tensor([[[1, 2], [1, 2]], [[1, 2], [1, 3]]])), [0]);
  assert.deepEqual(stuckChains(tensor([[[1]], [[2]]])), []);
});
