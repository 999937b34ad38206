import assert from "node:assert/strict";
import type { Device, RunOptions, StepResult } from "../../src/device/device.ts";
import { interpreterDevice } from "../../src/device/interpreter.ts";
import { wasmDevice } from "../../src/device/wasm.ts";
import { ensembleRun, mapChains } from "../../src/kernels/ensemble.ts";
import { hmc } from "../../src/kernels/hmc.ts";
import type { ChainState, Kernel } from "../../src/kernels/kernel.ts";
import { mala } from "../../src/kernels/mala.ts";
import { rwm } from "../../src/kernels/rwm.ts";
import { density } from "../../src/target/density.ts";
import { hostDensity } from "../../src/target/host_density.ts";
import type { Target } from "../../src/target/target.ts";
import { hostFunction } from "../../src/tensor/host_function.ts";
import { type Key, key, normal } from "../../src/tensor/random.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { trace } from "../../src/tensor/trace.ts";
import { leaves, type Tree } from "../../src/tensor/tree.ts";
import { assertSameBits } from "../tensor/bits.ts";
import { dualMoon, gaussian, type TestDensity } from "../targets/mod.ts";

type AnyKernel = Kernel<ChainState & Tree>;

const DEVICES: readonly Device[] = [interpreterDevice, wasmDevice];
const KERNELS = [rwm(), mala(), hmc({ leapfrogSteps: 4, jitter: 0.5 })] as unknown as AnyKernel[];

/** Eleven chains: one full group and one with missing places. */
const CHAINS = 11;
const STEPS = 5;

async function run(
  device: Device,
  target: Target,
  kernel: AnyKernel,
): Promise<ReadonlyMap<string, Tensor>> {
  const { dimension } = target;
  const position = normal(key(3), [CHAINS, dimension]).mul(0.5);
  const start = mapChains(
    ({ position }: { readonly position: Tensor }) => kernel.init(target)(position),
    { device },
  );
  const first = await start({ position });
  const advance = ensembleRun(
    (state: ChainState & Tree, shared: { readonly stepSize: Tensor }, key: Key) =>
      kernel.step(target, shared)(state, key),
    device,
  );
  const options = { steps: STEPS, thin: 2 };
  const { state, draws } = await advance(first, { stepSize: tensor(0.2) }, key(9), options);
  return new Map([
    ...leaves(first).map(({ name, value }) => [`first ${name}`, value] as const),
    ...leaves(state).map(({ name, value }) => [`last ${name}`, value] as const),
    ...Object.entries(draws).map(([name, value]) => [`draws of ${name}`, value] as const),
  ]);
}

/** A target as a black box that computes as the traced one does, with the numbers of its calls. */
function blackBox({ dimension, logDensity }: TestDensity): {
  readonly target: Target;
  readonly traced: Target;
  readonly calls: { value: number; gradient: number };
} {
  const traced = density(dimension, logDensity);
  const calls = { value: 0, gradient: 0 };
  const target = hostDensity(
    dimension,
    (x) => {
      calls.value++;
      return traced.logDensity(x);
    },
    (x) => {
      calls.gradient++;
      return traced.gradient(x);
    },
  );
  return { target, traced, calls };
}

for (const test of [dualMoon, gaussian(2), gaussian(100)]) {
  for (const kernel of KERNELS) {
    Deno.test(`${kernel.name} on ${test.name}: a black box gives the bits of the traced density, on each device`, async () => {
      const { target, traced, calls } = blackBox(test);
      const expected = await run(interpreterDevice, traced, kernel);
      for (const device of DEVICES) {
        Object.assign(calls, { value: 0, gradient: 0 });
        const actual = await run(device, target, kernel);
        for (const [name, value] of expected) {
          assertSameBits(actual.get(name) as Tensor, value, `${device.name}: ${name}`);
        }
        // One of each to start with, then what the step takes, and nothing for missing chains.
        const gradients = kernel.gradientsPerStep;
        assert.deepEqual(calls, {
          value: CHAINS * (1 + STEPS),
          gradient: CHAINS * (Math.min(gradients, 1) + gradients * STEPS),
        }, device.name);
      }
    });
  }
}

/** A step (position, key) → position that adds what a function of the host gives, moved by noise. */
function stepOf(
  device: Device,
  dimension: number,
  f: (x: Float64Array) => number,
): (chains: number, options: RunOptions) => Promise<StepResult> {
  const call = hostFunction(f);
  const program = trace((x, key) => {
    const once = x.mul(0.9).add(normal(key as Key, [dimension]));
    return [once.add(call(once).mul(0.1)).sub(call(x))];
  }, [{ dtype: "f64", shape: [dimension] }, { dtype: "u32", shape: [2] }]);
  const runner = device.step(program, 1, [0]);
  return (chains, options) =>
    runner.run([normal(key(1), [chains, dimension])], [], key(2), options);
}

function wait(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

const smooth = (x: Float64Array): number => x[0] / (1 + x[1] * x[1]);

for (const dimension of [2, 70]) {
  Deno.test(`calls of changing length change no bit and are made once, ${dimension} coordinates`, async () => {
    const options = { steps: 400, thin: 3 };
    const expected = await stepOf(interpreterDevice, dimension, smooth)(11, options);
    let calls = 0;
    // Fast enough for slices of many steps, then slow in the midst of one.
    const uneven = stepOf(wasmDevice, dimension, (x) => {
      if (++calls % 1103 === 0) wait(40);
      return smooth(x);
    });
    const actual = await uneven(11, options);
    assertSameBits(actual.state[0], expected.state[0], "state");
    assertSameBits(actual.draws[0], expected.draws[0], "draws");
    assert.equal(calls, 2 * 11 * options.steps);
  });
}

Deno.test("the event loop has its turns within one step of slow calls", async () => {
  const points = normal(key(1), [8, 2]);
  const slow = hostFunction((x) => {
    wait(20);
    return smooth(x);
  });
  const map = wasmDevice.map(trace((x) => [slow(x)], [{ dtype: "f64", shape: [2] }]), 1);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await map.run([points], []);
  clearInterval(timer);
  // 160 ms in one group.
  assert.ok(turns >= 3, `${turns} turns`);
});

for (const device of DEVICES) {
  const { name } = device;

  Deno.test(`${name}: a signal ends a step of slow calls, and the runner goes on`, async () => {
    let calls = 0;
    let slow = true;
    const one = stepOf(device, 2, (x) => {
      calls++;
      if (slow) wait(20);
      return smooth(x);
    });
    const controller = new AbortController();
    const reason = new Error("enough");
    setTimeout(() => controller.abort(reason), 1);
    // 20 ms × 2 calls × 64 chains × 10 steps.
    const endless = one(64, { steps: 10, signal: controller.signal });
    await assert.rejects(endless, (error) => error === reason);
    assert.ok(calls < 10, `${calls} calls`);
    slow = false;
    const after = await one(9, { steps: 4, thin: 2 });
    const expected = await stepOf(device, 2, smooth)(9, { steps: 4, thin: 2 });
    assertSameBits(after.state[0], expected.state[0], "state");
    assertSameBits(after.draws[0], expected.draws[0], "draws");
  });

  Deno.test(`${name}: a signal ends a function that is applied to many points`, async () => {
    let calls = 0;
    const slow = hostFunction((x) => {
      calls++;
      wait(20);
      return smooth(x);
    });
    const map = device.map(trace((x) => [slow(x)], [{ dtype: "f64", shape: [2] }]), 1);
    const signal = AbortSignal.timeout(1);
    const points = [normal(key(1), [1000, 2])];
    await assert.rejects(map.run(points, [], { signal }), { name: "TimeoutError" });
    assert.ok(calls < 10, `${calls} calls`);
  });

  Deno.test(`${name}: what a function throws comes out as it is, and the runner goes on`, async () => {
    const mine = new RangeError("the solver failed");
    let fails = false;
    const one = stepOf(device, 2, (x) => {
      if (fails) throw mine;
      return smooth(x);
    });
    const options = { steps: 4, thin: 2 };
    const expected = await one(9, options);
    fails = true;
    await assert.rejects(one(9, options), (error) => error === mine);
    fails = false;
    const after = await one(9, options);
    assertSameBits(after.state[0], expected.state[0], "state");
    assertSameBits(after.draws[0], expected.draws[0], "draws");
  });

  Deno.test(`${name}: a result of the wrong type is refused with the position`, async () => {
    const one = stepOf(device, 2, (x) => [x[0]] as unknown as number);
    await assert.rejects(one(3, { steps: 2 }), {
      name: "TypeError",
      message: /^Cannot use the host function .*: at \[.*, .*\] it gave back an array of 1 instead/,
    });
  });
}

Deno.test("wasm: a function that aborts its own run is the last that is called", async () => {
  const controller = new AbortController();
  let calls = 0;
  const one = stepOf(wasmDevice, 2, (x) => {
    if (++calls === 5) controller.abort();
    return smooth(x);
  });
  await assert.rejects(one(64, { steps: 100, signal: controller.signal }), { name: "AbortError" });
  assert.equal(calls, 5);
});

Deno.test("wasm: two runs of one function at once do not disturb each other", async () => {
  const slow = hostFunction((x) => {
    wait(8);
    return smooth(x);
  });
  const map = wasmDevice.map(trace((x) => [slow(x)], [{ dtype: "f64", shape: [2] }]), 1);
  const inputs = [normal(key(1), [9, 2]), normal(key(2), [3, 2])];
  const results = await Promise.all(inputs.map((points) => map.run([points], [])));
  results.forEach(([result], i) => {
    const { data } = inputs[i];
    const expected = Float64Array.from(
      { length: result.size },
      (_, p) => smooth(data.subarray(2 * p, 2 * p + 2) as Float64Array),
    );
    assertSameBits(result, tensor(expected), `run ${i}`);
  });
});
