import assert from "node:assert/strict";
import { dualMoon } from "../../examples/dual_moon.ts";
import {
  angle,
  density,
  foldIn,
  type Key,
  key,
  normal,
  planFor,
  posterior,
  runAdaptive,
  type RunState,
  sample,
  type SampleOptions,
  stateFromBytes,
  stateToBytes,
  tensor,
} from "../../mod.ts";

const SHORT: SampleOptions = {
  chains: 16,
  schedule: { settleWindows: [4], warmupWindows: [12, 12], trainCycles: 2 },
  stop: { maxDraws: 48 },
};

const positions = normal(key(4), [16, 5]);

async function statesOf(): Promise<RunState[]> {
  const plan = planFor(dualMoon, SHORT);
  const states: RunState[] = [];
  const start = await runAdaptive.start(plan)(positions);
  for await (const state of runAdaptive.cycles(plan)(start, key(5))) states.push(state);
  return states;
}

Deno.test("runAdaptive() is the last of its cycles", async () => {
  const plan = planFor(dualMoon, SHORT);
  const start = await runAdaptive.start(plan)(positions);
  const last = await runAdaptive(plan)(start, key(5));
  assert.deepEqual(last, (await statesOf()).at(-1));
  assert.equal(last.phase, "done");
});

Deno.test("a run goes on from the bytes of any cycle as if it had never stopped", async () => {
  const states = await statesOf();
  const last = states.at(-1);
  for (const state of states) {
    const resumed = stateFromBytes(stateToBytes(state));
    const plan = planFor(dualMoon, SHORT);
    assert.deepEqual(await runAdaptive(plan)(resumed as never, key(5)), last);
  }
});

Deno.test("states of cycles are never changed afterwards", async () => {
  const plan = planFor(dualMoon, SHORT);
  const start = await runAdaptive.start(plan)(positions);
  const kept: [RunState, Uint8Array][] = [];
  for await (const state of runAdaptive.cycles(plan)(start, key(5))) {
    kept.push([state, stateToBytes(state)]);
  }
  for (const [state, bytes] of kept) assert.deepEqual(stateToBytes(state), bytes);
});

Deno.test("nothing adapts in production", async () => {
  const production = (await statesOf()).filter(({ draws }) => draws.length > 0);
  assert.ok(production.length > 2);
  for (const { adaptation, flow } of production) {
    assert.deepEqual(adaptation, production[0].adaptation);
    assert.deepEqual(flow, production[0].flow);
  }
});

Deno.test("each cycle has random numbers of its own", async () => {
  const states = (await statesOf()).filter(({ draws }) => draws.length > 0);
  const blocks = states.at(-1)?.draws ?? [];
  const seen = new Set<number>();
  let moved = 0;
  for (const { position: { data } } of blocks) {
    for (let i = 0; i < data.length; i += 5) {
      if (!seen.has(data[i])) moved++;
      seen.add(data[i]);
    }
  }
  // Repeated random numbers would repeat whole cycles; here only rejections repeat a draw.
  assert.ok(moved > 0.3 * blocks.length * 16);
});

Deno.test("every part of a plan can be replaced by a function of the same type", async () => {
  const plan = planFor(dualMoon, SHORT);
  const calls: string[] = [];
  const last = await runAdaptive({
    ...plan,
    adaptation: {
      ...plan.adaptation,
      afterWindow: (state, ...rest) => {
        calls.push("window");
        return plan.adaptation.afterWindow(state, ...rest);
      },
    },
    train: (flow, input) => {
      calls.push(input.last ? "last training" : "training");
      return plan.train(flow, input);
    },
    trained: () => false,
    global: (options) => {
      calls.push("global");
      return plan.global(options);
    },
    stop: {
      nextLook: () => 1000,
      decide: ({ draws }) => draws >= 30 ? "budget" : undefined,
      timeIsUp: () => false,
    },
  })(await runAdaptive.start(plan)(positions), key(1));
  assert.equal(last.ended, "budget");
  assert.deepEqual(
    calls.slice(0, 7),
    // Of the starts, of settling, and of the first window of the local kernel.
    ["window", "window", "window", "global", "last training", "global", "global"],
  );
});

Deno.test("sample() goes on from the state of a result with more draws", async () => {
  const first = await sample(dualMoon, key(1), SHORT);
  const more = await sample(dualMoon, key(1), {
    ...SHORT,
    stop: { maxDraws: 96 },
    resume: first.state,
  });
  const whole = await sample(dualMoon, key(1), { ...SHORT, stop: { maxDraws: 96 } });
  assert.deepEqual(more.draws, whole.draws);
  const [, draws] = first.draws.x.shape;
  for (let chain = 0; chain < 16; chain++) {
    const row = (data: Float64Array, length: number) =>
      data.slice(chain * length * 5, chain * length * 5 + draws * 5);
    assert.deepEqual(row(more.draws.x.data, more.draws.x.shape[1]), row(first.draws.x.data, draws));
  }
});

Deno.test("sample() goes on from a run in single precision", async () => {
  const single = { ...SHORT, precision: "f32" } as const;
  const { state } = await sample(dualMoon, key(1), single);
  const stop = { maxDraws: 96 };
  const more = await sample(dualMoon, key(1), { ...single, stop, resume: state });
  assert.deepEqual(more.draws, (await sample(dualMoon, key(1), { ...single, stop })).draws);
  const near = density(5, (x) => x.square().sum().neg());
  await assert.rejects(
    sample(near, key(1), { ...single, resume: state }),
    /is not that of this target$/,
  );
});

Deno.test("sample() goes on from angles whose whole turns were taken off", async () => {
  const target = posterior({
    parameters: { a: angle() },
    logDensity: ({ a }) => a.sub(3).cos().mul(7),
  });
  const options = { chains: 16, flow: "none", stop: { maxDraws: 40 } } as const;
  const { state } = await sample(target, key(1), options);
  // As where the kernel has gone around.
  const around = state.chains.position.toArray() as number[][];
  const there = around.map(([x]) => target.logDensity([x + 2 * Math.PI]));
  assert.notDeepEqual(there, state.chains.logDensity.toArray());
  for (const chain of there.keys()) {
    const chains = { ...state.chains };
    // Each chain in turn is the first, by which the target is known.
    chains.position = tensor([around[chain], ...around.slice(1)]);
    chains.logDensity = tensor([there[chain], ...there.slice(1)]);
    const resume = { ...state, chains };
    const { draws } = await sample(target, key(1), { ...options, stop: { maxDraws: 80 }, resume });
    assert.equal(draws.a.shape[1], 80);
  }
});

Deno.test("sample() refuses to resume a run with a flow without one", async () => {
  const { state } = await sample(dualMoon, key(1), SHORT);
  await assert.rejects(
    sample(dualMoon, key(1), { ...SHORT, flow: "none", resume: state }),
    /^RangeError: Cannot resume a run with a flow by `flow` "none": leave that out, or give the kind/,
  );
});

Deno.test("sample() refuses to resume a run of another dimension", async () => {
  const { state } = await sample(dualMoon, key(1), SHORT);
  const plane = density(2, (x) => x.square().sum().neg());
  await assert.rejects(
    sample(plane, key(1), { resume: state }),
    /Cannot resume a run of 5 coordinates with a target of 2/,
  );
});

Deno.test("sample() refuses to resume a run of another target, or with other chains", async () => {
  const { state } = await sample(dualMoon, key(1), SHORT);
  const other = density(5, (x) => x.square().sum().neg());
  await assert.rejects(sample(other, key(1), { resume: state }), /is not that of this target$/);
  await assert.rejects(
    sample(dualMoon, key(1), { chains: 7, resume: state }),
    /Cannot resume a run of 16 chains with `chains` 7$/,
  );
});

Deno.test("a run that was out of time before production goes on as if it had not been", async () => {
  const whole = await sample(dualMoon, key(1), SHORT);
  const cut = await sample(dualMoon, key(1), {
    ...SHORT,
    stop: { ...SHORT.stop, maxSeconds: 1e-6 },
  });
  assert.ok(cut.warnings.length > 0);
  const resume = stateFromBytes(stateToBytes(cut.state)) as typeof cut.state;
  const resumed = await sample(dualMoon, key(1), { ...SHORT, resume });
  assert.deepEqual(resumed.draws, whole.draws);
});

Deno.test("a run that was out of time in training goes on with the flow that was judged", async () => {
  const plan = planFor(dualMoon, { ...SHORT, schedule: { ...SHORT.schedule, trainCycles: 9 } });
  const start = await runAdaptive.start(plan)(positions);
  let out = false;
  const stop = { ...plan.stop, timeIsUp: () => out };
  const states: RunState[] = [];
  for await (const state of runAdaptive.cycles({ ...plan, stop })(start, key(5))) {
    states.push(state);
    // After a cycle that has left the last weights and the best flow apart.
    out = state.phase === "train" && state.best !== undefined && state.flow !== state.best.flow &&
      state.progress.loss.length > 1;
  }
  const last = states.at(-1);
  assert.ok(last?.interrupted !== undefined && last.best !== undefined);
  assert.notDeepEqual(last.interrupted.flow?.weights, last.best.flow.weights);
  assert.deepEqual(last.flow, last.best.flow);
  // Acceptance is that of production, not of training too.
  const made = last.logWeights.reduce((sum, { size }) => sum + size, 0);
  assert.equal(last.acceptance.global.count, made);
});

Deno.test("cycle i draws from foldIn(key, i): another key changes every cycle", async () => {
  const plan = planFor(dualMoon, SHORT);
  const start = await runAdaptive.start(plan)(positions);
  const first = async (k: Key): Promise<ArrayLike<number>> => {
    const { value } = await runAdaptive.cycles(plan)(start, k).next();
    return (value as RunState).chains.position.data;
  };
  assert.notDeepEqual(await first(key(1)), await first(foldIn(key(1), 0)));
  assert.deepEqual(await first(key(1)), await first(key(1)));
});
