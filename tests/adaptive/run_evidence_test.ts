import assert from "node:assert/strict";
import {
  estimateEvidence,
  type EvidenceOfRun,
  primaryEvidence,
  type RunEvidence,
} from "../../src/adaptive/run_evidence.ts";
import { runtimeOf } from "../../src/adaptive/runtime.ts";
import { dualMoon } from "../../examples/dual_moon.ts";
import {
  bridgeEvidence,
  type GradientState,
  hostDensity,
  importanceEvidence,
  key,
  normal,
  planFor,
  sample,
  type SampleOptions,
  split,
  stateFromBytes,
  stateToBytes,
  type Tensor,
  tensor,
} from "../../mod.ts";
import golden from "../golden/dual_moon.json" with { type: "json" };

const SHORT: SampleOptions = {
  chains: 24,
  schedule: { warmupWindows: [20, 20], trainCycles: 2 },
  stop: { maxDraws: 48 },
};

/** q is the standard normal distribution; p what is given. */
function evidenceOf(
  logDensity: (position: Tensor) => Tensor,
  { made = [0], draws = normal(key(2), [10, 30, 1]), logProposal = normalDensity }: {
    readonly made?: readonly number[];
    readonly draws?: Tensor;
    readonly logProposal?: (position: Tensor) => Tensor;
  } = {},
): Promise<EvidenceOfRun> {
  const runtime = {
    plan: { signal: undefined },
    logDensity: (position: Tensor) => Promise.resolve(logDensity(position)),
    proposal: () => ({
      sample: (key: never, n: number) => {
        const position = normal(key, [n, 1]);
        return Promise.resolve({ position, logDensity: normalDensity(position) });
      },
      logDensity: (position: Tensor) => Promise.resolve(logProposal(position)),
    }),
  };
  const block = {
    position: draws,
    logDensity: logDensity(draws.reshape([300, 1])).reshape([10, 30]),
  };
  const logWeights = made.length === 0 ? [] : [tensor([...made])];
  return estimateEvidence(runtime as never, { flow: {}, logWeights } as never, block, key(3));
}

function normalDensity(position: Tensor): Tensor {
  return position.square().sum(1).mul(-0.5).sub(0.5 * Math.log(2 * Math.PI));
}

/** So many proposals of production, all of weight e². */
const MADE = Array.from({ length: 400 }, () => 2);

Deno.test("a run whose flow is the target knows log Z exactly, by both methods", async () => {
  const { evidence, broken } = await evidenceOf((x) => normalDensity(x).add(2), { made: MADE });
  assert.equal(broken, 0);
  for (const method of ["importanceSampling", "bridgeSampling"] as const) {
    const { estimate = NaN, standardError = NaN } = evidence?.[method] ?? {};
    assert.ok(Math.abs(estimate - 2) < 1e-14 && standardError < 1e-14, method);
  }
});

Deno.test("importance sampling takes all proposals, the bridge those that moved no chain", async () => {
  // Proposals of production that say ln Z = 4, and new ones that say 2: half as many.
  const made = MADE.map(() => 4);
  const { evidence } = await evidenceOf((x) => normalDensity(x).add(2), { made });
  const mean = (2 * Math.exp(4) + Math.exp(2)) / 3;
  const { importanceSampling, bridgeSampling } = evidence ?? {};
  assert.ok(Math.abs((importanceSampling?.estimate ?? NaN) - Math.log(mean)) < 1e-12);
  assert.ok(Math.abs((bridgeSampling?.estimate ?? NaN) - 2) < 1e-12);
});

Deno.test("proposals where the density is broken count as outside of the support", async () => {
  // p is cut off at 0; the log density is NaN beyond, as that of a square root would be.
  const half = (x: Tensor) => {
    const density = normalDensity(x);
    const data = Float64Array.from(density.data, (p, i) => x.data[i] > 0 ? p : NaN);
    return tensor(data);
  };
  const draws = normal(key(2), [10, 30, 1]).abs();
  const { evidence, broken } = await evidenceOf(half, { made: MADE.map(() => -Infinity), draws });
  const found = evidence?.bridgeSampling;
  // 200 of 600 proposals are new, and half of these are broken: ± 0.012.
  assert.ok(Math.abs(broken - 1 / 6) < 0.06, `${broken}`);
  assert.ok(found !== undefined);
  // Five standard errors: a false alarm once in 2e6.
  assert.ok(Math.abs(found.estimate - Math.log(0.5)) < 5 * found.standardError);
});

Deno.test("a run without a flow or without jumps has no evidence", async () => {
  assert.deepEqual(await evidenceOf(normalDensity, { made: [] }), {
    evidence: undefined,
    quality: undefined,
    overlap: undefined,
    broken: 0,
  });
  const still = await sample(dualMoon, key(1), {
    ...SHORT,
    schedule: { ...SHORT.schedule, globalSteps: 0 },
  });
  assert.equal(still.evidence, undefined);
  assert.equal(still.logEvidence, undefined);
});

Deno.test("there is no evidence if no proposal has weight, and no bridge if no draw can be proposed", async () => {
  const nowhere = await evidenceOf((x) => normalDensity(x).mul(0).sub(Infinity), {
    made: MADE.map(() => -Infinity),
  });
  assert.deepEqual(nowhere, {
    evidence: undefined,
    quality: undefined,
    overlap: undefined,
    broken: 0,
  });
  const { evidence } = await evidenceOf(normalDensity, {
    made: MADE,
    logProposal: (x) => normalDensity(x).sub(Infinity),
  });
  assert.equal(evidence?.bridgeSampling, undefined);
  assert.ok(evidence?.importanceSampling !== undefined);
});

Deno.test("the estimate to be used is the bridge's, if its error is known", () => {
  const importanceSampling = importanceEvidence([0, 0.1, 0.2]);
  const bridgeSampling = bridgeEvidence({ data: new Float64Array(8), shape: [2, 4] }, [0, 0.1, 0]);
  const both: RunEvidence = { importanceSampling, bridgeSampling };
  assert.equal(primaryEvidence(both), bridgeSampling);
  assert.equal(primaryEvidence({ ...both, bridgeSampling: undefined }), importanceSampling);
  const unknown = { ...bridgeSampling, standardError: NaN };
  assert.equal(primaryEvidence({ ...both, bridgeSampling: unknown }), importanceSampling);
  assert.equal(primaryEvidence(undefined), undefined);
});

Deno.test("log Z has the same bits after a stop and a way through bytes", async () => {
  const whole = await sample(dualMoon, key(5), SHORT);
  const first = await sample(dualMoon, key(5), { ...SHORT, stop: { maxDraws: 12 } });
  const rest = await sample(dualMoon, key(5), {
    ...SHORT,
    resume: stateFromBytes<GradientState>(stateToBytes(first.state)),
  });
  assert.ok(whole.evidence?.bridgeSampling !== undefined);
  assert.deepEqual(rest.evidence, whole.evidence);
  assert.notDeepEqual(first.evidence, whole.evidence);
  // The third key of the run's: starts have the first, cycles the second.
  const [, , forEvidence] = split(key(5), 3);
  const { evidence } = await estimateEvidence(runtimeOf(planFor(dualMoon, SHORT)), whole.state, {
    position: tensor(whole.draws.x.data).reshape([...whole.draws.x.shape]),
    logDensity: tensor(whole.logDensity.data).reshape([...whole.logDensity.shape]),
  }, forEvidence);
  assert.deepEqual(evidence, whole.evidence);
});

Deno.test("log Z takes half as many proposals as production, once each, at points of their own", async () => {
  let points: string[] = [];
  const bell = (x: Float64Array): number => {
    points.push(x.join());
    return -0.5 * (x[0] * x[0] + x[1] * x[1]);
  };
  let before: string[] = [];
  const run = await sample(hostDensity(2, bell), key(1), {
    ...SHORT,
    onProgress: ({ phase }) => {
      if (phase === "done") [before, points] = [points, []];
    },
  });
  const made = run.state.logWeights.reduce((sum, { size }) => sum + size, 0);
  assert.equal(points.length, made / 2);
  const seen = new Set(before);
  assert.equal(new Set(points).size, points.length);
  assert.ok(points.every((point) => !seen.has(point)));
});

for (const precision of ["f64", "f32"] as const) {
  Deno.test(`both estimates of log Z are right in ${precision}, and logEvidence is the bridge's`, async () => {
    const run = await sample(dualMoon, key(3), { precision, stop: { effectiveSampleSize: 2500 } });
    const { importanceSampling, bridgeSampling } = run.evidence ?? {};
    assert.deepEqual(run.logEvidence, bridgeSampling);
    for (const each of [importanceSampling, bridgeSampling]) {
      const { estimate = NaN, standardError = NaN } = each ?? {};
      assert.ok(standardError < 0.02);
      // Each |z| < 5: a false-alarm rate of 6e-7.
      const score = (estimate - golden.logEvidence) / standardError;
      assert.ok(Math.abs(score) < 5, `${each?.method}: z = ${score}`);
    }
  });
}
