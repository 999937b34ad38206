/**
 * Defects that flow-enhanced samplers have had (flowMC up to 0.6.4), each as a test of what is right
 * instead. Nothing here is left to chance: what is held against each other agrees to the bit, or but for
 * rounding.
 */
import assert from "node:assert/strict";
import {
  affineFlow,
  type ChainState,
  density,
  fitFlow,
  foldIn,
  hmc,
  hostDensity,
  type Kernel,
  key,
  mala,
  normal,
  type Plan,
  planFor,
  positive,
  posterior,
  real,
  runAdaptive,
  type RunState,
  rwm,
  sample,
  type SampleOptions,
  splineFlow,
  startChains,
  stateFromBytes,
  stateToBytes,
  type StoppingRule,
  stopTraining,
  type Tensor,
  tensor,
  type TrainedFlow,
  type Tree,
  vectorize,
} from "../../mod.ts";
import { runtimeOf } from "../../src/adaptive/runtime.ts";

/** Short runs: enough of every phase. */
const SHORT = {
  chains: 24,
  schedule: { warmupWindows: [20, 20], trainCycles: 2 },
  stop: { maxDraws: 60 },
} satisfies SampleOptions;

const plane = density(2, (x) => x.square().sum().mul(-0.5));

/** A flow that knows a standard normal target. */
function flowOfNormal(dimension: number, scale = 1): Promise<TrainedFlow> {
  return fitFlow(affineFlow(), normal(key(100), [2000, dimension]).mul(scale), key(101), {
    cycles: 1,
  }).then(({ flow }) => flow);
}

/** The states after each of some cycles of production. */
async function production<State extends ChainState & Tree>(
  plan: Plan<State>,
  start: Tensor,
  cycles: number,
): Promise<RunState<State>[]> {
  const first = await runAdaptive.start(plan)(start);
  const states: RunState<State>[] = [];
  for await (const state of runAdaptive.cycles(plan)({ ...first, phase: "production" }, key(2))) {
    states.push(state);
    if (states.length === cycles) break;
  }
  return states;
}

/** Never looks, and never ends a run. */
const ENDLESS: StoppingRule = {
  nextLook: () => Infinity,
  decide: () => undefined,
  timeIsUp: () => false,
};

/** A chain with what stands for a ladder of hotter replicas: it walks on with each step, and counts it. */
type Laddered = ChainState & { readonly ladder: { readonly hot: Tensor; readonly steps: Tensor } };

function laddered(kept: readonly string[]): Kernel<Laddered> {
  const inner = rwm();
  return {
    ...inner,
    name: "laddered walk",
    kept,
    init: (target) => (position) => ({
      ...inner.init(target)(position),
      ladder: { hot: position.mul(0), steps: tensor(0) },
    }),
    step: (target, parameters) => (state, key) => {
      const { ladder, ...rest } = state;
      const next = inner.step(target, parameters)(rest, foldIn(key, 0));
      const hot = ladder.hot.add(normal(foldIn(key, 1), ladder.hot.shape));
      return { ...next, ladder: { hot, steps: ladder.steps.add(1) } };
    },
  };
}

/** The states after each of some cycles of three local steps and two jumps. */
async function ladderedRun(kept: readonly string[]): Promise<RunState<Laddered>[]> {
  const flow = await flowOfNormal(2);
  const plan: Plan<Laddered, object> = {
    ...planFor<Laddered, object>(plane, { local: laddered(kept), flow }),
    mixing: () => ({ localSteps: 3, thin: 1, globalSteps: 2 }),
    stop: ENDLESS,
  };
  return await production(plan, normal(key(1), [40, 2]), 5);
}

Deno.test("defect 1, hot chains that restart: what a kernel keeps goes on through jumps and cycles", async () => {
  const states = await ladderedRun(["ladder"]);
  states.forEach(({ chains: { ladder: { steps, hot } }, acceptance }, cycle) => {
    assert.ok(acceptance.global.sum > 0.5 * acceptance.global.count, "chains jump");
    assert.deepEqual([...steps.data], new Array(40).fill(3 * (cycle + 1)));
    const before = cycle === 0 ? undefined : states[cycle - 1].chains.ladder.hot;
    hot.data.forEach((x, i) => assert.notEqual(x, before?.data[i]));
  });
  // One name alone is kept, too; and without it a jump would begin anew, as this test would see.
  const [, second] = await ladderedRun(["ladder.steps"]);
  assert.deepEqual([...second.chains.ladder.steps.data], new Array(40).fill(6));
  const [, forgetful] = await ladderedRun([]);
  assert.ok(forgetful.chains.ladder.steps.data.some((steps) => steps < 6));
});

Deno.test("defect 1, hot chains that restart: a stopped run goes on with what its kernel keeps", async () => {
  const options: SampleOptions<Laddered> = {
    schedule: SHORT.schedule,
    stop: SHORT.stop,
    local: laddered(["ladder"]),
    flow: await flowOfNormal(2),
  };
  const whole = await sample(plane, key(3), { ...options, chains: 24 });
  const half = await sample(plane, key(3), { ...options, chains: 24, stop: { maxDraws: 30 } });
  const resume = stateFromBytes(stateToBytes(half.state)) as RunState<Laddered>;
  const resumed = await sample(plane, key(3), { ...options, resume });
  const [at, end] = [half, whole].map(({ state }) => state.chains.ladder);
  assert.ok(at.steps.data[0] < end.steps.data[0]);
  assert.deepEqual(resumed.state.chains.ladder, end);
});

/** μ ~ N(0, 3²), σ ~ exponential(1), four y ~ N(μ, σ²). */
const Y = [0.3, 1.1, -0.4, 2.2];
const twoTerms = posterior({
  parameters: { mu: real(), sigma: positive() },
  data: { y: Y },
  logPrior: ({ mu, sigma }) => mu.div(3).square().mul(-0.5).sub(sigma),
  logLikelihood: ({ mu, sigma }, { y }) =>
    y.sub(mu).div(sigma).square().sum().mul(-0.5).sub(sigma.log().mul(4)),
});

/** Prior, likelihood and Jacobian in plain numbers. */
function byHand(mu: number, logSigma: number): number {
  const sigma = Math.exp(logSigma);
  const likelihood = Y.reduce((sum, y) => sum - 0.5 * ((y - mu) / sigma) ** 2 - logSigma, 0);
  return -0.5 * (mu / 3) ** 2 - sigma + likelihood + logSigma;
}

function assertByHand(position: Tensor, logDensity: ArrayLike<number>, what: string): void {
  for (let i = 0; i < logDensity.length; i++) {
    const expected = byHand(position.data[2 * i], position.data[2 * i + 1]);
    const off = Math.abs(logDensity[i] - expected);
    assert.ok(off < 1e-9 * (1 + Math.abs(expected)), `${what}: ${logDensity[i]}, not ${expected}`);
  }
}

Deno.test("defect 2, moves of different targets: local, global and evidence see prior, likelihood and Jacobian", async () => {
  for (const local of [rwm(), mala(), hmc({ leapfrogSteps: 3 })] as Kernel[]) {
    const options: SampleOptions = { ...SHORT, local: local as never };
    const { state, logEvidence, acceptance } = await sample(twoTerms, key(4), options);
    assert.ok(state.flow !== undefined && logEvidence !== undefined);
    // Blocks of local and of global moves.
    assert.ok(acceptance.local > 0 && acceptance.global > 0 && state.draws.length % 2 === 0);
    for (const { position, logDensity } of state.draws) {
      assertByHand(position, logDensity.data, local.name);
    }
    const runtime = runtimeOf(planFor(twoTerms, options));
    const proposal = runtime.proposal(state.flow);
    const jumps = await runtime.global(state.flow).collect(state.chains as never, key(5), {
      steps: 3,
    });
    const points = jumps.proposals.reshape([-1, 2]);
    const { data: logProposal } = await proposal.logDensity(points);
    assertByHand(points, jumps.logWeights.data.map((w, i) => w + logProposal[i]), "proposals");
    assertByHand(points, (await runtime.logDensity(points)).data as Float64Array, "evidence");
  }
});

Deno.test("defect 3, adaptation from empty buffers: the metric is that of the chains, however long the run is to be", async () => {
  const scales = [0.01, 1, 100];
  const target = density(3, (x) => x.div(scales).square().sum().mul(-0.5));
  const initial = normal(key(6), [60, 3]).mul(scales).toArray() as number[][];
  const adapted = async (stop: number, trainCycles: number): Promise<number[]> => {
    const states = runAdaptive.cycles(planFor(target, {
      schedule: { warmupWindows: [10, 10], trainCycles },
      stop: { maxDraws: stop },
    }))(
      await runAdaptive.start(planFor(target))(tensor(initial)),
      key(7),
    );
    for await (const { adaptation } of states) return [...adaptation.metric.inverseMass];
    return [];
  };
  const [short, long] = [await adapted(20, 1), await adapted(20_000, 30)];
  assert.deepEqual(long, short);
  // After ten steps of warm-up; the chains began where they belong, so that it is off by chance alone.
  short.forEach((variance, i) => {
    const ratio = Math.sqrt(variance) / scales[i];
    assert.ok(ratio > 0.5 && ratio < 2, `scale ${i} is off by a factor ${ratio}`);
  });
});

Deno.test("defect 3, adaptation the wrong way round: steps are longer where the inverse mass is larger", async () => {
  const flat = density(2, (x) => x.mul(0).sum());
  for (const local of [rwm(), mala(), hmc({ leapfrogSteps: 3 })] as Kernel[]) {
    const start = await startChains(flat, local as never)(tensor([[0, 0]]));
    const moved = async (inverseMass: number[]): Promise<number[]> => {
      const step = local.step(flat, { stepSize: 0.1, inverseMass });
      return [...(await vectorize(step as never)(start, key(8)) as ChainState).position.data];
    };
    const [unit, wide] = [await moved([1, 1]), await moved([100, 1])];
    assert.ok(Math.abs(wide[0] / unit[0] - 10) < 1e-12 && wide[1] === unit[1], local.name);
  }
});

Deno.test("defect 4, a density at the wrong point: log q that comes with a draw is log q at it", async () => {
  const bent = normal(key(9), [2000, 3]);
  const draws = bent.add(bent.square().mul(0.3));
  for (const kind of [splineFlow(), affineFlow(), splineFlow({ degrees: 5 })]) {
    const { flow } = await fitFlow(kind, draws, key(10), { cycles: 2 });
    const { position, logDensity } = await flow.sample(key(11), 500);
    const again = await flow.logDensity(position);
    const elsewhere = await flow.logDensity(position.add(0.1));
    logDensity.data.forEach((value, i) => {
      assert.ok(Math.abs(value - again.data[i]) < 1e-9, `${value}, then ${again.data[i]}`);
    });
    assert.notDeepEqual(elsewhere.data, again.data);
  }
});

/** An angle with most of its mass where the circle is cut. */
const cut = density(1, (x) => x.at(0).sub(3).cos().mul(3), { periodic: [true] });

Deno.test("defect 5, periodic parameters: the flow is normalised over one turn, and the same a turn further", async () => {
  const { flow } = await sample(cut, key(12), SHORT);
  assert.ok(flow !== undefined);
  const n = 4096;
  const grid = Float64Array.from({ length: n }, (_, i) => -Math.PI + 2 * Math.PI * (i + 0.5) / n);
  const at = async (turns: number): Promise<ArrayLike<number>> =>
    (await flow.logDensity(tensor(grid.map((x) => x + 2 * Math.PI * turns)).reshape([n, 1]))).data;
  const once = await at(0);
  const mass = Array.from(once, Math.exp).reduce((sum, q) => sum + q, 0) * 2 * Math.PI / n;
  assert.ok(Math.abs(mass - 1) < 1e-4, `a mass of ${mass}`);
  for (const turns of [-2, 1, 5]) {
    (await at(turns) as Float64Array).forEach((q, i) => assert.ok(Math.abs(q - once[i]) < 1e-9));
  }
  const { position } = await flow.sample(key(13), 1000);
  assert.ok(position.data.every((x) => x >= -Math.PI && x <= Math.PI));
});

Deno.test("defect 5, periodic parameters: a step is the same but for the turn from where it starts", async () => {
  for (const local of [rwm(), mala(), hmc({ leapfrogSteps: 4 })] as Kernel[]) {
    // Steps of half a turn: an image further than the nearest one is often met.
    const step = vectorize(local.step(cut, { stepSize: 3 }) as never);
    const start = startChains(cut, local as never);
    const here = tensor(Float64Array.from({ length: 50 }, (_, i) => -3 + 0.12 * i)).reshape([
      50,
      1,
    ]);
    const after = async (position: Tensor): Promise<ChainState> =>
      await step(await start(position) as never, key(14)) as unknown as ChainState;
    const [near, far] = [await after(here), await after(here.add(4 * Math.PI))];
    far.position.data.forEach((x, i) => {
      assert.ok(Math.abs(x - 4 * Math.PI - near.position.data[i]) < 1e-9, `${local.name}, ${i}`);
    });
    far.acceptance.data.forEach((a, i) => {
      assert.ok(Math.abs(a - near.acceptance.data[i]) < 1e-9, `${local.name}, ${i}`);
    });
  }
});

Deno.test("defect 6, thinning that throws steps away: chains go on from their last step, stored or not", async () => {
  const step = vectorize(rwm().step(plane, { stepSize: 1 }));
  const start = await startChains(plane, rwm())(normal(key(15), [6, 2]));
  const [all, thinned] = [
    await step.collect(start, key(16), { steps: 10 }),
    await step.collect(start, key(16), { steps: 10, thin: 4 }),
  ];
  assert.deepEqual(thinned.state, all.state);
  const stored = all.draws["position"].slice(3, 8, { axis: 1, step: 4 });
  assert.deepEqual(thinned.draws["position"].toArray(), stored.toArray());
  // In production the next cycle starts where the last one ended: with a counter of steps in the state.
  const plan = {
    ...planFor<Laddered, object>(plane, { local: laddered([]), flow: "none" }),
    mixing: () => ({ localSteps: 10, thin: 4, globalSteps: 0 }),
    stop: ENDLESS,
  };
  const states = await production<Laddered>(plan, normal(key(1), [6, 2]), 3);
  states.forEach(({ chains, draws }, cycle) => {
    assert.deepEqual([...chains.ladder.steps.data], new Array(6).fill(10 * (cycle + 1)));
    assert.deepEqual(draws.map(({ position }) => position.shape[1]), new Array(cycle + 1).fill(2));
  });
});

Deno.test("defect 7, the same numbers twice: another key gives other draws, and a resumed run new ones", async () => {
  const options = { ...SHORT, flow: "none" } as const;
  const first = await sample(plane, key(17), options);
  const other = await sample(plane, key(18), options);
  const shared = (a: Float64Array, b: Float64Array): number => {
    const known = new Set(a);
    return b.filter((x) => known.has(x)).length;
  };
  assert.equal(shared(first.draws.x.data, other.draws.x.data), 0);
  const { chains: _, ...rest } = options;
  const resumed = await sample(plane, key(17), {
    ...rest,
    resume: first.state,
    stop: { maxDraws: 120 },
  });
  const rows = first.draws.x.shape[1];
  const fresh = tensor(resumed.draws.x.data).reshape(resumed.draws.x.shape)
    .slice(rows, undefined, { axis: 1 });
  assert.equal(fresh.shape[1], 60);
  // A rejected first proposal leaves a chain where it was.
  const again = shared(first.draws.x.data, fresh.data as Float64Array);
  assert.ok(again < 0.05 * fresh.size, `${again} of ${fresh.size} numbers again`);
  const whole = await sample(plane, key(17), { ...options, stop: { maxDraws: 120 } });
  assert.deepEqual(resumed.draws.x, whole.draws.x);
});

Deno.test("defect 8, silence about a start without a density: an error that names the chain, or another start", async () => {
  const holed = density(1, (x) => x.at(0).log().sub(x.at(0)));
  for (const start of [-1, NaN]) {
    await assert.rejects(
      sample(holed, key(19), { ...SHORT, chains: 2, initial: [[1], [start]] }),
      /^RangeError: Cannot start 1 of 2 chains: chain 1: the log density is (NaN|-Infinity)/,
    );
  }
  await assert.rejects(sample(density(1, (x) => x.at(0).mul(NaN)), key(19)), /Cannot start/);
  // Half of the default starts are where there is no density.
  const run = await sample(holed, key(20), SHORT);
  const { data, shape: [chains, draws] } = run.draws.x;
  for (let chain = 0; chain < chains; chain++) {
    const own = data.subarray(chain * draws, (chain + 1) * draws);
    assert.ok(own.every((x) => x > 0) && new Set(own).size > draws / 4);
  }
});

Deno.test("defect 9, one leapfrog step too many: L of them take L gradients, and one log density", async () => {
  let [values, gradients] = [0, 0];
  const counted = hostDensity(2, ([x, y]) => {
    values++;
    return -0.5 * (x * x + y * y);
  }, ([x, y]) => {
    gradients++;
    return [-x, -y];
  });
  for (const leapfrogSteps of [1, 7, 10]) {
    const kernel = hmc({ leapfrogSteps });
    const start = await startChains(counted, kernel)(normal(key(21), [3, 2]));
    const step = vectorize(kernel.step(counted, { stepSize: 0.3 }));
    await step(start, key(22));
    [values, gradients] = [0, 0];
    await step(start, key(22), { steps: 4 });
    assert.deepEqual([values, gradients], [3 * 4, 3 * 4 * leapfrogSteps]);
  }
  assert.equal(hmc().gradientsPerStep, 10);
});

Deno.test("defect 10, a bad flow that is accepted: training goes on, and production does without", async () => {
  const trained = stopTraining();
  const progress = { loss: [], validation: [], stale: 0 };
  assert.equal(trained({ ...progress, acceptance: [0.1, 0.1, 0.1] }), false);
  assert.equal(trained({ ...progress, acceptance: [0.1, 0.2, 0.3, 0.4, 0.49] }), false);
  assert.equal(trained({ ...progress, acceptance: [0.1, 0.51] }), true);
  // A flow of a target that is much narrower, used as it is.
  const wide = density(8, (x) => x.square().sum().mul(-0.5));
  const run = await sample(wide, key(23), { ...SHORT, flow: await flowOfNormal(8, 0.2) });
  assert.ok(
    run.warnings.some((text) => /^The flow could not be used/.test(text)),
    `${run.warnings}`,
  );
  assert.equal(run.logEvidence, undefined);
  assert.ok(Number.isNaN(run.acceptance.global) && run.state.logWeights.length === 0);
});
