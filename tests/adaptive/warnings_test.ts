import assert from "node:assert/strict";
import { type RunFacts, stuckChains, warningsOf } from "../../src/adaptive/warnings.ts";
import type { RunEvidence } from "../../src/adaptive/run_evidence.ts";
import { type BridgeEvidence, type ImportanceEvidence, tensor } from "../../mod.ts";

const moving = tensor([[[0], [1], [2]], [[5], [4], [4]]]);

/** Estimates of log Z that agree, but for what is changed. */
function evidence(
  byWeights: Partial<ImportanceEvidence> = {},
  byBridge: Partial<BridgeEvidence> = {},
): RunEvidence {
  return {
    importanceSampling: {
      estimate: -3,
      standardError: 0.03,
      method: "importance sampling",
      effectiveSampleFraction: 0.8,
      paretoShape: 0.3,
      ...byWeights,
    },
    bridgeSampling: {
      estimate: -3.02,
      standardError: 0.04,
      method: "bridge sampling",
      effectiveSampleSize: 5000,
      overlap: 0.9,
      ...byBridge,
    },
  };
}

const fine: RunFacts = {
  convergence: {
    chains: 200,
    draws: 300,
    rHat: 1.002,
    nestedRHat: NaN,
    bulk: 12_000,
    tail: 11_000,
  },
  ended: "converged",
  acceptance: { local: 0.65, global: 0.7 },
  targetAcceptance: 0.65,
  evidence: evidence(),
  overlap: { acceptance: 0.7, unvisited: 0.001 },
  flowQuality: { effectiveSampleFraction: 0.8, paretoShape: 0.3, acceptance: 0.7 },
  abandoned: false,
  broken: 0,
  position: moving,
  // 4 % all over the target.
  trajectories: { count: 1e5, divergent: 4000, place: undefined, energyFraction: 0.8 },
};

const suspicious: [what: string, facts: Partial<RunFacts>, sentence: RegExp][] = [
  [
    "an R-hat above 1.01",
    { convergence: { ...fine.convergence, rHat: 1.034 } },
    /have not converged: the largest R-hat is 1\.034, .*Do not use these draws; raise `stop/,
  ],
  [
    "an R-hat and a nested R-hat above 1.01",
    { convergence: { ...fine.convergence, rHat: 1.034, nestedRHat: 1.0104 } },
    /the largest R-hat is 1\.034 and the largest nested R-hat 1\.010, and only below 1\.01 do/,
  ],
  ["an R-hat that is NaN", { convergence: { ...fine.convergence, rHat: NaN } }, /not converged/],
  [
    "a small effective sample size",
    { convergence: { ...fine.convergence, tail: 250.7 } },
    /effective sample size is only 250: /,
  ],
  ["a budget that ended the run", { ended: "budget" }, /budget was used up .* is 11000\.$/],
  [
    "a flow that was left out",
    {
      flowQuality: { effectiveSampleFraction: 0.0012, paretoShape: 1, acceptance: 0.01 },
      abandoned: true,
      acceptance: { local: 0.65, global: NaN },
      evidence: undefined,
    },
    /^The flow could not be used: only 0\.12 % of its draws .* local moves alone.*affineFlow\(\)/,
  ],
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
    {
      convergence: { chains: 100, draws: 3, rHat: NaN, nestedRHat: NaN, bulk: NaN, tail: NaN },
      ended: "budget",
    },
    /^The run ended with 3 draws of each chain, too few to tell/,
  ],
  [
    "trajectories that diverge",
    { trajectories: { count: 1e4, divergent: 1180, place: undefined, energyFraction: 0.8 } },
    /^12 % of the local trajectories diverged \(1180 of 10000\): the target bends there .*0\.95/,
  ],
  [
    "trajectories that diverge in one place",
    {
      trajectories: {
        count: 1e4,
        divergent: 80,
        place: { name: "tau", distance: -1.4 },
        energyFraction: 0.8,
      },
    },
    /diverged \(80 of 10000\), mostly where tau is small: /,
  ],
  [
    "trajectories that diverge on the other side",
    {
      trajectories: {
        count: 1e4,
        divergent: 80,
        place: { name: "x[1]", distance: 1.4 },
        energyFraction: NaN,
      },
    },
    /, mostly where x\[1\] is large: /,
  ],
  [
    "energies that change slowly",
    { trajectories: { count: 1e4, divergent: 10, place: undefined, energyFraction: 0.21 } },
    /^Energies change slowly from one local trajectory to the next: .* 0\.21, below 0\.3/,
  ],
  [
    "a log density that is NaN at proposals",
    { broken: 0.013 },
    /^The log density is NaN or \+∞ at 1\.3 % of the proposals/,
  ],
  [
    "weights that few proposals carry",
    { evidence: evidence({ effectiveSampleFraction: 0.02 }) },
    /^A few proposals carry most of the weight \(effective sample fraction 2\.0 %/,
  ],
  [
    "a region that no chain has visited",
    { overlap: { acceptance: 0.7, unvisited: 0.37 } },
    /^Proposals in a region that no chain has visited carry 37 % of the weight: .*start the chains/,
  ],
  [
    "importance weights with a heavy tail",
    { evidence: evidence({ paretoShape: 0.9 }) },
    /^Importance sampling cannot be trusted .* shape of 0\.90, above 0\.7, .* is from bridge sampling/,
  ],
  [
    "importance weights with a heavy tail where there is no bridge",
    { evidence: { ...evidence({ paretoShape: 0.75 }), bridgeSampling: undefined } },
    /^Importance sampling cannot be trusted .* too narrow somewhere\. Train it longer/,
  ],
  [
    "estimates of log Z that are five standard errors apart",
    { evidence: evidence({}, { estimate: -3.25 }) },
    /^Two estimates of log Z disagree: -3\.2500000 ± 0\.040 by bridge .*, -3\.0000000 ± 0\.030 by/,
  ],
  [
    "estimates of log Z that are apart the other way",
    { evidence: evidence({ estimate: -2.7 }) },
    /^Two estimates of log Z disagree: .*Start the chains more widely/,
  ],
  [
    "a standard error of log Z that is a guess",
    { evidence: evidence({}, { estimate: -8, standardError: 0.7 }) },
    /^log Z is hardly known: its standard error is 0\.70, and above 0\.3 that is itself a guess/,
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
  // Of 10,000 weights a shape is known to 0.1, and with a bridge log Z does not rest on them.
  assert.deepEqual(warningsOf({ ...fine, evidence: evidence({ paretoShape: 0.8 }) }), []);
  const local = { ...fine, acceptance: { local: 0.65, global: NaN }, evidence: undefined };
  assert.deepEqual(warningsOf(local), []);
  // Chains too short for R-hat, which agree by the nested one.
  const short = { ...fine.convergence, rHat: 1.03, nestedRHat: 1.004 };
  assert.deepEqual(warningsOf({ ...fine, convergence: short }), []);
});

Deno.test("moves that choose among many proposals do not make weights look uneven", () => {
  const acceptance = { local: 0.65, global: 0.99 };
  const uneven = evidence({ effectiveSampleFraction: 0.3 });
  assert.deepEqual(warningsOf({ ...fine, evidence: uneven, acceptance }), []);
  const few = { ...fine, evidence: evidence({ effectiveSampleFraction: 0.2 }) };
  assert.match(warningsOf(few)[0], /20 %, while 70 % of single jumps would be accepted/);
});

Deno.test("a share of weight beyond the draws is told only if so few draws do not explain it", () => {
  const overlap = { acceptance: 0.7, unvisited: 0.15 };
  const of = (effectiveSampleSize: number) =>
    warningsOf({ ...fine, overlap, evidence: evidence({}, { effectiveSampleSize }) });
  assert.deepEqual(of(600), []);
  assert.equal(of(700).length, 1);
  assert.deepEqual(warningsOf({ ...fine, overlap: { ...overlap, unvisited: 0.049 } }), []);
});

Deno.test("estimates of log Z that differ by what they err by, or by rounding, do not disagree", () => {
  const alike = [
    // 0.2 at a standard error of 0.05, and 1e-12 where both are exact.
    evidence({}, { estimate: -3.199 }),
    evidence({ standardError: 0 }, { standardError: 0, estimate: -3 - 1e-12 }),
    { ...evidence(), bridgeSampling: undefined },
    evidence({}, { estimate: -3.3, standardError: NaN }),
  ];
  for (const each of alike) assert.deepEqual(warningsOf({ ...fine, evidence: each }), []);
});

Deno.test("a chain that moved once is not stuck, and one draw proves nothing", () => {
  assert.deepEqual(stuckChains(moving), []);
  assert.deepEqual(stuckChains(tensor([[[1, 2], [1, 2]], [[1, 2], [1, 3]]])), [0]);
  assert.deepEqual(stuckChains(tensor([[[1]], [[2]]])), []);
});
