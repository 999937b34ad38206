/** Whole runs with parallel tempering as the local kernel. */
import assert from "node:assert/strict";
import {
  angle,
  density,
  type GradientState,
  hostDensity,
  independence,
  key,
  logSumExp,
  normal,
  parallelTempering,
  planFor,
  posterior,
  real,
  runAdaptive,
  type RunState,
  rwm,
  sample,
  stateFromBytes,
  stateToBytes,
  type TemperedState,
} from "../../mod.ts";
import type { TemperingAdaptationState } from "../../src/adaptive/tempering_adaptation.ts";
import { withRecordedWorkers } from "../device/recorded_workers.ts";

const modes = density(
  2,
  (x) => logSumExp(x.at(0).sub([-6, 6]).square().mul(-0.5)).sub(x.at(1).square().mul(0.5)),
);
const ONE_SIDE = normal(key(7), [40, 2]).add([6, 0]);
const LOG_EVIDENCE = Math.log(4 * Math.PI);

function ladderOf({ adaptation }: RunState): TemperingAdaptationState["ladder"] {
  return (adaptation as TemperingAdaptationState).ladder;
}

Deno.test("a run with tempering and a flow has three estimates of log Z, which agree", async () => {
  const run = await sample(modes, key(1), {
    local: parallelTempering({ rungs: 6 }),
    initial: ONE_SIDE,
    stop: { effectiveSampleSize: 2000 },
  });
  assert.deepEqual(run.warnings, []);
  const { importanceSampling, bridgeSampling, steppingStone } = run.evidence ?? {};
  assert.equal(run.logEvidence, bridgeSampling);
  for (const each of [importanceSampling, bridgeSampling, steppingStone]) {
    // Five standard errors: a false alarm once in 2e6, three times.
    assert.ok(each !== undefined && each.standardError < 0.1);
    assert.ok(Math.abs(each.estimate - LOG_EVIDENCE) < 5 * each.standardError, each.method);
  }
});

Deno.test("warm-up adapts a ladder of equal rejection, and production leaves all of it alone", async () => {
  const plan = planFor(modes, {
    local: parallelTempering({ rungs: 6 }),
    flow: "none",
    stop: { maxDraws: 60 },
  });
  const first = await runAdaptive.start(plan)(ONE_SIDE);
  const states: RunState[] = [];
  for await (const state of runAdaptive.cycles(plan)(first, key(2))) {
    states.push(state as unknown as RunState);
  }
  const warm = states.find(({ phase }) => phase === "production");
  assert.ok(warm !== undefined);
  const rejection = [...ladderOf(warm).rejection.mean];
  // Means over 100 steps of 40 chains, weighted by their number.
  assert.ok(Math.max(...rejection) - Math.min(...rejection) < 0.12, `${rejection}`);
  assert.deepEqual(states.at(-1)?.adaptation, warm.adaptation);
});

Deno.test("hot replicas stay with their chains through global moves", async () => {
  let names: readonly string[] | undefined;
  const local = parallelTempering({ rungs: 4 });
  await sample(modes, key(3), {
    local,
    chains: 20,
    global: (options) => {
      names = options.kept;
      return independence(options);
    },
    schedule: { warmupWindows: [20, 20], trainCycles: 1 },
    stop: { maxDraws: 40 },
  });
  assert.deepEqual(names, local.kept);
  assert.ok(["hot", "turn"].every((name) => names?.includes(name)));
});

type Tempered = TemperedState<GradientState>;

const SHORT = {
  local: parallelTempering({ rungs: 5 }),
  chains: 30,
  schedule: { warmupWindows: [20, 30], trainCycles: 2 },
  stop: { maxDraws: 60 },
};

Deno.test("a tempered run over workers gives the bits of one thread", async () => {
  // Enough work for workers: a density of many terms.
  const slow = density(
    2,
    (x) =>
      logSumExp(x.at(0).sub([-6, 6]).square().mul(-0.5)).sub(x.at(1).square().mul(0.5))
        .add(normal(key(9), [2000]).mul(x.at(0)).sin().sum().mul(1e-4)),
  );
  const alone = await sample(slow, key(4), { ...SHORT, workers: 1 });
  await withRecordedWorkers(async ({ started }) => {
    const shared = await sample(slow, key(4), { ...SHORT, workers: 3 });
    assert.ok(started.length > 0);
    assert.deepEqual(shared.draws, alone.draws);
    assert.deepEqual(shared.evidence, alone.evidence);
  });
});

Deno.test("a tempered run goes on from bytes of any cycle with the same bits", async () => {
  const plan = planFor(modes, SHORT);
  const first = await runAdaptive.start(plan)(normal(key(5), [30, 2]));
  const saved: Uint8Array[] = [];
  let last: unknown;
  for await (const state of runAdaptive.cycles(plan)(first, key(6))) {
    saved.push(stateToBytes(state as unknown as RunState));
    last = state;
  }
  for (const at of [0, 2, 4]) {
    const again = planFor(modes, SHORT);
    const resumed = await runAdaptive(again)(stateFromBytes(saved[at]), key(6));
    assert.deepEqual(resumed, last, `cycle ${at}`);
  }
});

Deno.test("sample() goes on from the state of a tempered run", async () => {
  const options = { ...SHORT, flow: "none" } as const;
  const whole = await sample(modes, key(7), { ...options, stop: { maxDraws: 160 } });
  const part = await sample(modes, key(7), options);
  const more = await sample(modes, key(7), {
    ...options,
    stop: { maxDraws: 160 },
    resume: stateFromBytes<Tempered>(stateToBytes(part.state as unknown as RunState)),
  });
  assert.deepEqual(more.draws, whole.draws);
  assert.deepEqual(more.logEvidence, whole.logEvidence);
  // log Z rests on all of them.
  const kept = more.state.logLikelihoods?.map(({ shape }) => shape[1]) ?? [];
  assert.equal(kept.reduce((sum, draws) => sum + draws, 0), more.draws.x.shape[1]);
});

Deno.test("tempered runs are right in single precision", async () => {
  const run = await sample(modes, key(8), {
    local: parallelTempering({ rungs: 6 }),
    flow: "none",
    precision: "f32",
    initial: ONE_SIDE,
    stop: { maxDraws: 600 },
  });
  const x = run.draws.x.data.filter((_, i) => i % 2 === 0);
  const right = x.filter((each) => each > 0).length / x.length;
  assert.ok(Math.abs(right - 0.5) < 0.1, `${right}`);
  const { estimate, standardError } = run.logEvidence ?? { estimate: NaN, standardError: NaN };
  assert.ok(Math.abs(estimate - LOG_EVIDENCE) < 5 * standardError + 1e-4, `${estimate}`);
});

Deno.test("a posterior of prior and likelihood has its marginal likelihood, whatever the prior lacks", async () => {
  const line = (constant: number) =>
    posterior({
      parameters: { mu: real() },
      data: { y: [0.5, 1.5, 2, 0] },
      logPrior: ({ mu }) => mu.square().mul(-0.5 / 9).add(constant),
      logLikelihood: ({ mu }, { y }) => y.sub(mu).square().sum().mul(-0.5),
    });
  const precision = 4 + 1 / 9;
  const truth = -0.5 * Math.log(9 * precision) - 0.5 * (6.5 - 16 / precision);
  for (const constant of [0, 100]) {
    const { logEvidence, warnings } = await sample(line(constant), key(9), {
      local: parallelTempering({ rungs: 5 }),
      flow: "none",
      stop: { effectiveSampleSize: 1000 },
    });
    assert.ok(logEvidence?.method === "stepping stones" && logEvidence.relativeTo === "prior");
    assert.ok(Math.abs(logEvidence.estimate - truth) < 5 * logEvidence.standardError);
    assert.deepEqual(warnings, []);
  }
});

Deno.test("the estimate from a prior that is said to be normalised is compared to the flow's", async () => {
  const line = (constant: number) =>
    posterior({
      parameters: { mu: real() },
      data: { y: [0.5, 1.5, 2, 0] },
      logPrior: ({ mu }) => mu.square().mul(-0.5 / 9).sub(0.5 * Math.log(18 * Math.PI) + constant),
      logLikelihood: ({ mu }, { y }) => y.sub(mu).square().sum().mul(-0.5),
    });
  for (const constant of [0, 1]) {
    const { warnings, evidence } = await sample(line(constant), key(13), {
      local: parallelTempering({ rungs: 4, normalisedPrior: true }),
      schedule: { trainCycles: 3 },
      stop: { effectiveSampleSize: 2000 },
    });
    assert.equal(evidence?.steppingStone?.relativeTo, "reference");
    const disagree = warnings.some((each) => /disagree: .* by stepping stones/.test(each));
    assert.equal(disagree, constant !== 0, warnings.join());
  }
});

Deno.test("a prior without an integral is noticed", async () => {
  const flat = posterior({
    parameters: { mu: real(2) },
    logPrior: ({ mu }) => mu.sum().mul(0),
    logLikelihood: ({ mu }) => mu.square().sum().mul(-0.5),
  });
  const run = await sample(flat, key(10), {
    local: parallelTempering({ rungs: 4 }),
    flow: "none",
    stop: { maxDraws: 200 },
  });
  assert.ok(run.warnings.some((each) => /hardly pass .* `reference: "fitted"`/.test(each)));
});

Deno.test("tempering takes angles and black boxes", async () => {
  const turning = posterior({
    parameters: { phase: angle(), x: real() },
    logDensity: ({ phase, x }) => phase.mul(2).cos().mul(8).sub(x.square().mul(0.5)),
  });
  const run = await sample(turning, key(11), {
    local: parallelTempering({ rungs: 5 }),
    flow: "none",
    stop: { effectiveSampleSize: 500 },
  });
  assert.ok(run.draws.phase.data.every((each) => Math.abs(each) <= Math.PI));
  const inner = run.draws.phase.data.filter((each) => Math.abs(each) < Math.PI / 2).length;
  assert.ok(Math.abs(inner / run.draws.phase.data.length - 0.5) < 0.1);
  // ∫ exp(8 cos 2φ) dφ = 2π I₀(8), I₀(8) = 427.564115721804785
  const truth = Math.log(2 * Math.PI * 427.564115721804785) + 0.5 * Math.log(2 * Math.PI);
  const { estimate, standardError } = run.logEvidence ?? { estimate: NaN, standardError: NaN };
  assert.ok(Math.abs(estimate - truth) < 5 * standardError, `${estimate}, not ${truth}`);

  const box = hostDensity(1, ([x]) => Math.max(-0.5 * (x - 4) ** 2, -0.5 * (x + 4) ** 2));
  const walks = await sample(box, key(12), {
    local: parallelTempering({ rungs: 5, local: rwm() }),
    flow: "none",
    chains: 40,
    stop: { maxDraws: 400 },
  });
  const left = walks.draws.x.data.filter((each) => each < 0).length / walks.draws.x.data.length;
  assert.ok(Math.abs(left - 0.5) < 0.15, `${left}`);
});
