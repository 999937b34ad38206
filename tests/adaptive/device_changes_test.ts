import assert from "node:assert/strict";
import { dualMoon } from "../../examples/dual_moon.ts";
import {
  density,
  hostDensity,
  key,
  normal,
  type Plan,
  planFor,
  runAdaptive,
  type RunState,
  rwm,
  sample,
  type SampleOptions,
  startChains,
  stateFromBytes,
  stateToBytes,
  type TrajectoryState,
} from "../../mod.ts";
import { resultOf } from "../../src/adaptive/result.ts";
import type { Device } from "../../src/device/device.ts";
import { fallbackDevice } from "../../src/device/fallback.ts";
import { wasmDevice, wasmSingleDevice } from "../../src/device/wasm.ts";
import { DeviceLost, WebgpuUnavailable } from "../../src/device/webgpu_errors.ts";
import { type Failing, failingDevice } from "../device/failing_device.ts";

const SHORT: SampleOptions<TrajectoryState> = {
  chains: 16,
  schedule: { settleWindows: [6], warmupWindows: [6, 6], trainCycles: 2, trainLocalSteps: 10 },
  stop: { maxDraws: 40, effectiveSampleSize: 1e9 },
  workers: 1,
};
const PLAN = planFor(dualMoon, SHORT);
const KEY = key(5);
const POSITIONS = normal(key(4), [16, 5]);
const lost = (): DeviceLost => new DeviceLost("lost", "unplugged");

type State = RunState<TrajectoryState>;
type OwnPlan = Plan<TrajectoryState, never>;

/** The plan with another device for the chains. */
function planOn(chainDevice: Device, deviceAsked: Plan<never>["deviceAsked"] = "webgpu"): OwnPlan {
  return { ...PLAN, chainDevice, deviceAsked } as unknown as OwnPlan;
}

/** A plan whose GPU fails at some time. */
function failingPlan(when: Failing): OwnPlan {
  return planOn(fallbackDevice([failingDevice(lost, when), wasmDevice], { steps: "throw" }));
}

async function statesOf(plan: OwnPlan, from?: State): Promise<State[]> {
  const states = [from ?? await runAdaptive.start(plan)(POSITIONS)];
  for await (const next of runAdaptive.cycles(plan)(states[0], KEY)) states.push(next);
  return states;
}

/** The state as double precision sees it: what the chains are compared to is computed anew. */
async function inDouble(state: State): Promise<State> {
  const { logDensity, gradient } = await startChains(dualMoon, PLAN.local as never, {
    device: "wasm",
    workers: 1,
  })(state.chains.position) as unknown as TrajectoryState;
  return { ...state, chains: { ...state.chains, logDensity, gradient } };
}

const single = statesOf(planOn(wasmSingleDevice));

/** In every phase: settling, warm-up, training, production. */
for (const when of [1, 5, 8, 14, 18, 20, 21, 22, 23].map((atStep) => ({ atStep }))) {
  Deno.test(`a run whose device is lost in its ${when.atStep}th call goes on from the last state`, async () => {
    const before = await single;
    const plan = failingPlan(when);
    const states = await statesOf(plan);
    // No cycle is missing, and none is there twice.
    assert.deepEqual(states.map(({ cycle }) => cycle), before.map((_, i) => i));
    // Those before the loss are as they would have been.
    const same = states.findIndex((state, i) =>
      state.chains.position.data.some((x, j) => x !== before[i].chains.position.data[j])
    );
    assert.ok(same > 0);
    const expected = await statesOf(planOn(wasmDevice), await inDouble(before[same - 1]));
    const last = states[states.length - 1];
    const other = expected[expected.length - 1];
    assert.deepEqual(last.chains, other.chains);
    assert.deepEqual(last.draws, other.draws);
    const result = await resultOf(plan, last, { key: key(9), seconds: () => 1 });
    assert.equal(result.device.fallbacks.length, 1);
    assert.ok(
      result.warnings.some((text) =>
        /^The chains moved on the device "wasm" in place of "webgpu": the GPU device was lost \(unplugged\)\. The run went on from its last state/
          .test(text)
      ),
    );
  });
}

Deno.test("draws that were kept before a device was lost stay as they are", async () => {
  const before = await single;
  const states = await statesOf(failingPlan({ atStep: 23 }));
  const producing = states.findIndex(({ draws }) => draws.length > 0);
  assert.ok(producing > 0 && producing < states.length - 1);
  assert.deepEqual(states[producing].draws, before[producing].draws);
  const last = states[states.length - 1];
  assert.deepEqual(last.draws.slice(0, states[producing].draws.length), before[producing].draws);
  assert.equal(last.ended, "budget");
});

Deno.test("a function that is lost in the midst of a cycle has the whole cycle done again", async () => {
  const before = await single;
  const gpu = failingDevice(lost, {});
  await statesOf(planOn(fallbackDevice([gpu, wasmDevice])));
  for (let atMap = 2; atMap <= gpu.runs.maps; atMap++) {
    const states = await statesOf(failingPlan({ atMap }));
    const same = states.findIndex((state, i) =>
      state.chains.position.data.some((x, j) => x !== before[i].chains.position.data[j])
    );
    const expected = await statesOf(planOn(wasmDevice), await inDouble(before[same - 1]));
    assert.deepEqual(
      states[states.length - 1].chains,
      expected[expected.length - 1].chains,
      `${atMap}`,
    );
  }
});

Deno.test("a run goes on from bytes of a state after its device was lost", async () => {
  const states = await statesOf(failingPlan({ atStep: 21 }));
  const last = states[states.length - 1];
  const kept = states.slice(1, -1).findLast(({ phase }) => phase === "production") as State;
  const read = stateFromBytes(stateToBytes(kept)) as State;
  const again = await statesOf(planOn(wasmDevice), read);
  assert.deepEqual(again[again.length - 1].draws, last.draws);
});

/** A density whose floats of 32 bits are a whole apart. */
const high = density(2, (x) => x.square().sum().mul(-0.5).sub(1e7));
const FALLING: SampleOptions = { chains: 32, workers: 1, stop: { maxDraws: 100 } };

/** What a run of a plan with a stand-in for a GPU gives. */
async function resultOn(
  target: Parameters<typeof planFor>[0],
  chainDevice: Device,
  deviceAsked: Plan<never>["deviceAsked"] = "webgpu",
) {
  const plan = { ...planFor(target, FALLING), chainDevice, deviceAsked } as unknown as OwnPlan;
  const { dimension } = target;
  const first = await runAdaptive.start(plan)(normal(key(4), [32, dimension]));
  let last = first;
  for await (const next of runAdaptive.cycles(plan)(first, KEY)) last = next;
  return { last, ...await resultOf(plan, last, { key: key(9), seconds: () => 1 }) };
}

const standIn = (): Device =>
  fallbackDevice([{ ...wasmSingleDevice, name: "webgpu" }, wasmDevice], { steps: "throw" });

Deno.test("a log density of −1e7 has its chains moved in double precision before any draw", async () => {
  const { device, warnings, logDensity, draws, last } = await resultOn(high, standIn());
  assert.deepEqual([device.name, device.precision, device.rounding], ["wasm", "f64", undefined]);
  assert.deepEqual(device.fallbacks.map(({ kind }) => kind), ["precision"]);
  const [warning] = warnings.filter((text) => text.includes("single precision"));
  assert.match(warning, /"wasm" in place of "webgpu": log densities of about -1\.0e\+7 are off by/);
  assert.match(warning, /went on in double precision; leave `device` out/);
  const { data } = (draws as unknown as { readonly x: { readonly data: Float64Array } }).x;
  logDensity.data.forEach((value, i) => {
    assert.equal(value, high.logDensity(data.subarray(2 * i, 2 * i + 2)));
  });
  // When it is gone on with, single precision is not tried again.
  const options = { ...FALLING, device: "auto", stop: { maxDraws: 150 } } as const;
  const plan = { ...planFor(high, options), chainDevice: standIn() } as unknown as OwnPlan;
  const read = stateFromBytes(stateToBytes(last)) as State;
  for await (const { chains } of runAdaptive.cycles(plan)({ ...read, phase: "production" }, KEY)) {
    assert.ok(chains.position.data.some((x) => x !== Math.fround(x)));
  }
});

Deno.test("the warning of single precision is for what needs it: −1e4 has none, nor has any density in double", async () => {
  const low = density(2, (x) => x.square().sum().mul(-0.5).sub(1e4));
  const { device, warnings } = await resultOn(low, standIn());
  assert.deepEqual([device.name, device.fallbacks], ["webgpu", []]);
  assert.ok(!warnings.some((text) => text.includes("single precision")));
  const double = await resultOn(high, wasmDevice);
  assert.ok(!double.warnings.some((text) => text.includes("single precision")));
  assert.equal(double.device.rounding, undefined);
});

Deno.test("positions far from 0 and near to each other have their chains moved in double precision", async () => {
  const far = density(2, (x) => x.sub([0, 3e5]).square().sum().mul(-0.5));
  const near = normal(key(1), [32, 2]).add([0, 3e5]);
  const plan = { ...planFor(far, FALLING), chainDevice: standIn() } as unknown as OwnPlan;
  let last = await runAdaptive.start(plan)(near);
  for await (const next of runAdaptive.cycles(plan)(last, KEY)) last = next;
  const { device } = await resultOf(plan, last, { key: key(9), seconds: () => 1 });
  assert.deepEqual(device.fallbacks.map(({ kind }) => kind), ["precision"]);
  assert.match(device.fallbacks[0].reason, /^x\[1\], about 3\.0e\+5, is known to 0\.01\d* of its/);
});

Deno.test("where single precision was asked for, chains stay in it and a warning says what it takes", async () => {
  const { device, warnings } = await resultOn(high, wasmSingleDevice);
  assert.equal(device.precision, "f32");
  assert.ok(device.rounding !== undefined && device.rounding.spread > 0.1);
  assert.ok(device.rounding.largest >= device.rounding.rootMeanSquare);
  assert.ok(
    warnings.some((text) => /^Single precision is too short for this target: log d/.test(text)),
  );
});

Deno.test("log densities of the result are those of double precision at the draws, and rounding is measured", async () => {
  const { logDensity, draws, device } = await sample(dualMoon, key(1), {
    ...SHORT,
    precision: "f32",
  });
  const { data, shape: [chains, count] } = draws.x;
  for (let i = 0; i < chains * count; i++) {
    const exact = dualMoon.logDensity(data.subarray(5 * i, 5 * i + 5));
    assert.equal(logDensity.data[i], exact);
  }
  const { rounding } = device;
  assert.ok(rounding !== undefined && rounding.draws === chains * count);
  // Dual moon has log densities of some units, of which single precision takes a few 1e-7.
  const { largest, rootMeanSquare } = rounding;
  assert.ok(largest < 1e-4 && rootMeanSquare > 1e-8 && rootMeanSquare < 1e-5);
});

Deno.test("starts that overflow single precision are those of double precision", async () => {
  const wide = density(2, (x) => x.mul(1e25).square().sum().mul(-0.5e-50));
  const run = await sample(wide, key(1), { ...FALLING, device: "webgpu" });
  const [{ from, kind }] = run.device.fallbacks;
  assert.equal(from, "webgpu");
  // Where there is no GPU, that is said first, and double precision follows from it.
  assert.ok(["precision", "unavailable"].includes(kind));
  assert.equal(run.device.precision, "f64");
  await assert.rejects(
    sample(density(1, (x) => x.sum().mul(NaN)), key(1), { ...FALLING, device: "webgpu" }),
    /^RangeError: Cannot start 32 of 32 chains: chain 0: the log density is NaN/,
  );
});

Deno.test('a target of JavaScript runs by WebAssembly, with the bits of "wasm" and a warning', async () => {
  const host = hostDensity(2, ([x, y]) => -x * x - y * y);
  const expected = await sample(host, key(1), FALLING);
  const run = await sample(host, key(1), { ...FALLING, device: "webgpu" });
  assert.deepEqual(run.draws, expected.draws);
  assert.equal(run.device.name, "wasm");
  assert.ok(run.warnings.some((text) => /"wasm" in place of "webgpu": the log density/.test(text)));
});

Deno.test("a GPU that is not there is told of to who asked for it by name alone; one that is lost, to all", async () => {
  const missing = (): WebgpuUnavailable => new WebgpuUnavailable("WebGPU has no adapter here");
  for (
    const [error, asked, told] of [
      [missing, "webgpu", 1],
      [missing, "auto", 0],
      [lost, "webgpu", 1],
      [lost, "auto", 1],
    ] as const
  ) {
    const gpu = failingDevice(error, { atMap: 1 });
    const device = fallbackDevice([gpu, wasmDevice], { steps: "throw" });
    const run = await resultOn(dualMoon, device, asked);
    assert.equal(run.device.fallbacks.length, 1);
    const found = run.warnings.filter((text) => text.startsWith("The chains moved on the device"));
    assert.equal(found.length, told, `${asked}: ${run.device.fallbacks[0].reason}`);
  }
});

Deno.test("log densities of chains that are still on their way do not have single precision given up", async () => {
  const bell = density(1, (x) => x.square().sum().mul(-0.5));
  const schedule = { warmupWindows: [4, 1000, 50] };
  const options = { ...FALLING, schedule, local: rwm() as never };
  const plan = { ...planFor(bell, options), chainDevice: standIn() } as unknown as OwnPlan;
  let last = await runAdaptive.start(plan)(normal(key(1), [32, 1]).add(1000));
  for await (const next of runAdaptive.cycles(plan)(last, KEY)) {
    if (last.cycle === 0) assert.ok(Math.max(...next.chains.logDensity.data) < -4e5);
    last = next;
  }
  const { device } = await resultOf(plan, last, { key: key(9), seconds: () => 1 });
  assert.deepEqual([device.precision, device.fallbacks], ["f32", []]);
});

Deno.test("where single precision is given up, chains are compared to log densities in double precision", async () => {
  const plan = { ...planFor(high, FALLING), chainDevice: standIn() } as unknown as OwnPlan;
  const first = await runAdaptive.start(plan)(normal(key(4), [32, 2]));
  let before: State = first;
  for await (const state of runAdaptive.cycles(plan)(first, KEY)) {
    if (state.tooShort !== undefined && before.tooShort === undefined) {
      const { position, logDensity } = state.chains;
      logDensity.data.forEach((value, chain) =>
        assert.equal(value, high.logDensity(position.data.slice(2 * chain, 2 * chain + 2)))
      );
    }
    before = state;
  }
  assert.ok(before.tooShort !== undefined);
});

Deno.test("where a run has no time, log densities of its one draw are in double precision, too", async () => {
  const run = await sample(dualMoon, key(1), {
    ...SHORT,
    precision: "f32",
    stop: { maxSeconds: 1e-6 },
  });
  const { draws: { x: { data, shape } }, logDensity } = run;
  assert.deepEqual(shape, [16, 1, 5]);
  logDensity.data.forEach((value, i) =>
    assert.equal(value, dualMoon.logDensity(data.subarray(5 * i, 5 * i + 5)))
  );
  assert.equal(run.device.rounding?.draws, 16);
});

Deno.test("a plan that needs double precision gives the same bits each time it is run", async () => {
  const plan = { ...planFor(high, FALLING), chainDevice: standIn() } as unknown as OwnPlan;
  const run = async (): Promise<State> => {
    const first = await runAdaptive.start(plan)(normal(key(4), [32, 2]));
    return await runAdaptive(plan)(first, KEY);
  };
  // One after the other, and two at the same time.
  const once = await run();
  for (const state of [await run(), ...await Promise.all([run(), run()])]) {
    assert.deepEqual(state.draws, once.draws);
    assert.deepEqual(state.chains, once.chains);
  }
  assert.ok(once.tooShort !== undefined);
});
