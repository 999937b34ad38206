import assert from "node:assert/strict";
import {
  alternateHalves,
  differentialEvolution,
  hostDensity,
  rwm,
  startChains,
  vectorize,
} from "../../mod.ts";
import { UnsupportedProgram } from "../../src/compile/wgsl/shader.ts";
import { chooseDevice, deviceBehind } from "../../src/device/choose.ts";
import type { Device, StepResult } from "../../src/device/device.ts";
import { deviceFailure, type FallbackKind, TooLarge } from "../../src/device/failures.ts";
import { canFallBack, deviceInUse, fallbackDevice, FellBack } from "../../src/device/fallback.ts";
import { interpreterDevice } from "../../src/device/interpreter.ts";
import { wasmDevice, wasmSingleDevice } from "../../src/device/wasm.ts";
import { webgpuDeviceWith } from "../../src/device/webgpu.ts";
import { type Connection, connectTo } from "../../src/device/webgpu_connection.ts";
import { DeviceLost, type FailureReason } from "../../src/device/webgpu_errors.ts";
import { hostFunction } from "../../src/tensor/host_function.ts";
import { lgamma } from "../../src/tensor/special_functions.ts";
import { key, normal } from "../../src/tensor/random.ts";
import type { Key } from "../../src/tensor/random.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { tensor } from "../../src/tensor/tensor.ts";
import { trace } from "../../src/tensor/trace.ts";
import { assertSameBits } from "../tensor/bits.ts";
import { failingDevice } from "./failing_device.ts";

const TYPES = [{ dtype: "f64", shape: [2] }, { dtype: "u32", shape: [2] }] as const;
const STEP = trace((x, k) => [x.mul(0.9).add(normal(k as Key, [2]))], [...TYPES]);
const SQUARE = trace((x) => [x.square()], [TYPES[0]]);
const START = normal(key(1), [5, 2]);
const lost = (): DeviceLost => new DeviceLost("lost", "unplugged");

function steps(device: Device, state: Tensor, firstStep = 0): Promise<StepResult> {
  return device.step(STEP, 1, [0]).run([state], [], key(2), { steps: 3, thin: 1, firstStep });
}

Deno.test("a device that works does all the work, and nothing else does any", async () => {
  const first = failingDevice(lost, {});
  const second = failingDevice(lost, { atStep: 1, atMap: 1 }, wasmDevice);
  const device = fallbackDevice([first, second]);
  const { state } = await steps(device, START);
  assertSameBits(state[0], (await steps(wasmSingleDevice, START)).state[0], "state");
  await device.map(SQUARE, 1).run([START], []);
  assert.deepEqual([first.runs, second.runs], [{ steps: 1, maps: 1 }, { steps: 0, maps: 0 }]);
  assert.deepEqual([device.name, device.precision, device.fallbacks], ["webgpu", "f32", []]);
});

Deno.test("steps in whose midst a device is lost are those of the next from the same state and key", async () => {
  const device = fallbackDevice([failingDevice(lost, { atStep: 2 }), wasmDevice]);
  const runner = device.step(STEP, 1, [0]);
  const run = (state: Tensor, firstStep: number): Promise<StepResult> =>
    runner.run([state], [], key(2), { steps: 3, thin: 1, firstStep });
  const first = await run(START, 0);
  assertSameBits(first.state[0], (await steps(wasmSingleDevice, START)).state[0], "before");
  const second = await run(first.state[0], 3);
  const expected = await steps(wasmDevice, first.state[0], 3);
  assertSameBits(second.state[0], expected.state[0], "after");
  assertSameBits(second.draws[0], expected.draws[0], "draws");
  assert.deepEqual([device.name, device.precision], ["wasm", "f64"]);
  assert.deepEqual(device.fallbacks, [{
    from: "webgpu",
    to: "wasm",
    kind: "lost",
    reason: "the GPU device was lost (unplugged)",
  }]);
});

Deno.test("all that runs on a device moves when one thing fails, so that precisions do not mix", async () => {
  const device = fallbackDevice([failingDevice(lost, { atMap: 1 }), wasmDevice]);
  const walk = device.step(STEP, 1, [0]);
  const [square] = await device.map(SQUARE, 1).run([START], []);
  assertSameBits(square, (await wasmDevice.map(SQUARE, 1).run([START], []))[0], "squares");
  const { state } = await walk.run([START], [], key(2), { steps: 3, thin: 1 });
  assertSameBits(state[0], (await steps(wasmDevice, START)).state[0], "state");
});

Deno.test("steps may be left to their caller, who finds the next device in place", async () => {
  const device = fallbackDevice([failingDevice(lost, { atStep: 1 }), wasmDevice], {
    steps: "throw",
  });
  await assert.rejects(steps(device, START), (error) => {
    assert.ok(error instanceof FellBack);
    assert.deepEqual([error.fallback], device.fallbacks);
    return true;
  });
  const { state } = await steps(device, START);
  assertSameBits(state[0], (await steps(wasmDevice, START)).state[0], "state");
});

Deno.test("work at the same time that fails for the same reason moves by one device", async () => {
  const device = fallbackDevice([
    failingDevice(lost, { atStep: 1 }),
    wasmDevice,
    interpreterDevice,
  ]);
  await Promise.all([steps(device, START), steps(device, START), steps(device, START)]);
  assert.deepEqual([device.name, device.fallbacks.length], ["wasm", 1]);
});

Deno.test("devices fail one after the other, and the last one's error is thrown", async () => {
  const large = (): TooLarge => new TooLarge("Cannot compile this", "it is too large");
  const failing = failingDevice(lost, { atStep: 1 });
  const other = { ...failingDevice(large, { atStep: 1 }, wasmDevice), name: "wasm" } as const;
  const device = fallbackDevice([failing, other, interpreterDevice]);
  const { state } = await steps(device, START);
  assertSameBits(state[0], (await steps(wasmDevice, START)).state[0], "state");
  assert.deepEqual(device.fallbacks.map(({ from, to, kind }) => [from, to, kind]), [
    ["webgpu", "wasm", "lost"],
    ["wasm", "interpreter", "too large"],
  ]);
  await assert.rejects(
    steps(fallbackDevice([failingDevice(lost, { atStep: 1 }), other]), START),
    /^RangeError: Cannot compile this$/,
  );
});

Deno.test("an error of the work itself is thrown, and no device is given up for it", async () => {
  const device = fallbackDevice([wasmSingleDevice, wasmDevice]);
  await assert.rejects(steps(device, normal(key(1), [5, 3])), /^TypeError: Cannot run: array 0/);
  const signal = AbortSignal.abort(new Error("enough"));
  const run = device.step(STEP, 1, [0]).run([START], [], key(2), { steps: 1, signal });
  await assert.rejects(run, /^Error: enough$/);
  await assert.rejects(
    device.step(STEP, 1, [0]).run([START], [], key(2), { steps: 0 }),
    /^RangeError: Cannot run with steps 0/,
  );
  assert.deepEqual(device.fallbacks, []);
  for (const error of [new Error("x"), new RangeError("x"), new TypeError("x"), "x", undefined]) {
    assert.equal(deviceFailure(error), undefined);
  }
});

Deno.test("in place of a device come those behind it that fit, and nothing changes for it", async () => {
  const failing = failingDevice(lost, { atStep: 1 }, wasmDevice);
  const device = fallbackDevice([wasmSingleDevice, wasmSingleDevice, failing, interpreterDevice]);
  assert.equal(device.instead(() => false), undefined);
  const double = device.instead(({ precision }) => precision === "f64");
  assert.ok(double !== undefined);
  assert.deepEqual(deviceInUse(double), { name: "webgpu", precision: "f64", fallbacks: [] });
  const { state } = await steps(double, START);
  assertSameBits(state[0], (await steps(wasmDevice, START)).state[0], "state");
  assert.deepEqual(deviceInUse(double).fallbacks.map(({ to }) => to), ["interpreter"]);
  assert.deepEqual(deviceInUse(device), { name: "wasm", precision: "f32", fallbacks: [] });
  // What comes before does not.
  const last = fallbackDevice([wasmDevice, wasmSingleDevice]);
  assert.equal(last.instead(({ precision }) => precision === "f64"), undefined);
});

/** A connection that takes no shader. */
function refusing(reason: FailureReason): () => Promise<Connection> {
  const refuse = (): Promise<never> => Promise.reject(new DeviceLost(reason, "so it says"));
  const connection = { open: true, settled: refuse, created: refuse } as unknown as Connection;
  return () => Promise.resolve(connection);
}

const CONNECTIONS: readonly [string, () => Promise<Connection>, FallbackKind, RegExp][] = [
  [
    "without an adapter",
    () => connectTo({ requestAdapter: () => Promise.resolve(null) }),
    "unavailable",
    /^WebGPU has no adapter here$/,
  ],
  ["that refuses shaders", refusing("refused"), "refused", /refused its work \(so it says\)$/],
  ["without memory", refusing("out-of-memory"), "out of memory", /no memory left .*so it says\)$/],
  ["that is lost", refusing("lost"), "lost", /^the GPU device was lost \(so it says\)$/],
];

for (const [name, connect, kind, reason] of CONNECTIONS) {
  Deno.test(`a GPU ${name} gives way to WebAssembly in double precision`, async () => {
    const device = deviceBehind(webgpuDeviceWith({ connect }), { workers: 1 });
    assert.ok(canFallBack(device));
    const { state } = await steps(device, START);
    assertSameBits(state[0], (await steps(wasmDevice, START)).state[0], "state");
    assert.deepEqual(device.fallbacks.map(({ from, to, kind }) => [from, to, kind]), [
      ["webgpu", "wasm", kind],
    ]);
    assert.match(device.fallbacks[0].reason, reason);
  });
}

Deno.test("behind a GPU comes single precision where that was asked for", async () => {
  const [, connect] = CONNECTIONS[0];
  const device = deviceBehind(webgpuDeviceWith({ connect }), { precision: "f32", workers: 1 });
  const { state } = await steps(device, START);
  assertSameBits(state[0], (await steps(wasmSingleDevice, START)).state[0], "state");
  assert.deepEqual([device.name, device.precision], ["wasm", "f32"]);
});

Deno.test("what calls functions of JavaScript runs by WebAssembly, wherever it was asked to", async () => {
  const program = trace((x) => [hostFunction(([a, b]) => a * b)(x)], [TYPES[0]]);
  const device = chooseDevice("webgpu", { workers: 1 });
  const [product] = await device.map(program, 1).run([START], []);
  assertSameBits(product, (await wasmDevice.map(program, 1).run([START], []))[0], "product");
  assert.ok(canFallBack(device));
  assert.equal(device.fallbacks[0].kind, "host functions");
  assert.equal(deviceFailure(new UnsupportedProgram("no"))?.kind, "host functions");
});

Deno.test("a program that WebAssembly cannot hold is interpreted behind a GPU, with the same bits", async () => {
  const long = trace((x) => {
    let sum = x;
    for (let i = 0; i < 2400; i++) sum = sum.add(lgamma(x.add(i)));
    return [sum];
  }, [{ dtype: "f64", shape: [] }]);
  const [, connect] = CONNECTIONS[0];
  const device = deviceBehind(webgpuDeviceWith({ connect }), { workers: 1 });
  const x = tensor([1, 2.5]);
  const [result] = await device.map(long, 1).run([x], []);
  assertSameBits(result, (await interpreterDevice.map(long, 1).run([x], []))[0], "sums");
  assert.ok(canFallBack(device));
  assert.deepEqual(device.fallbacks.map(({ to, kind }) => [to, kind]), [
    ["wasm", "unavailable"],
    ["interpreter", "too large"],
  ]);
});

/** Works where WebAssembly has no SIMD. */
function withoutSimd<Result>(work: () => Result): Result {
  const { validate } = WebAssembly;
  WebAssembly.validate = () => false;
  try {
    return work();
  } finally {
    WebAssembly.validate = validate;
  }
}

Deno.test("where WebAssembly has no SIMD the interpreter gives its bits, and a GPU has it behind", async () => {
  for (const name of ["wasm", "auto", undefined] as const) {
    for (const precision of ["f64", "f32"] as const) {
      const device = withoutSimd(() => chooseDevice(name, { precision }));
      assert.deepEqual(deviceInUse(device), {
        name: "interpreter",
        precision,
        fallbacks: [{
          from: "wasm",
          to: "interpreter",
          kind: "unavailable",
          reason: "WebAssembly has no SIMD here",
        }],
      });
      const compiled = precision === "f64" ? wasmDevice : wasmSingleDevice;
      const expected = (await steps(compiled, START)).state[0];
      assertSameBits((await steps(device, START)).state[0], expected, `${name}`);
    }
  }
  const [, connect] = CONNECTIONS[0];
  const device = withoutSimd(() => deviceBehind(webgpuDeviceWith({ connect })));
  await steps(device, START);
  assert.deepEqual(deviceInUse(device).fallbacks.map(({ from, to }) => [from, to]), [
    ["webgpu", "interpreter"],
  ]);
});

Deno.test("vectorize() and alternateHalves() say where their steps run", async () => {
  const target = hostDensity(2, ([x, y]) => -x * x - y * y);
  const start = await startChains(target, rwm())(START.reshape([5, 2]));
  const step = vectorize(rwm().step(target, { stepSize: 1 }), { device: "webgpu" });
  assert.deepEqual(step.device(), { name: "webgpu", precision: "f32", fallbacks: [] });
  const wasm = vectorize(rwm().step(target, { stepSize: 1 }));
  const [moved, expected] = [await step(start, key(3)), await wasm(start, key(3))];
  assertSameBits(moved.position, expected.position, "position");
  const { name, precision, fallbacks } = step.device();
  assert.deepEqual([name, precision, fallbacks[0].kind], ["wasm", "f64", "host functions"]);
  assert.deepEqual(wasm.device(), { name: "wasm", precision: "f64", fallbacks: [] });
  const kernel = differentialEvolution();
  const halves = alternateHalves((partners) => kernel.step(target, { stepSize: 1, partners }));
  assert.equal(halves.device().name, "wasm");
});
