import assert from "node:assert/strict";
import { chooseDevice } from "../../src/device/choose.ts";
import type { Device, StepResult, StepRunner } from "../../src/device/device.ts";
import { webgpuDevice, webgpuDeviceWith } from "../../src/device/webgpu.ts";
import { type Connection, connection, connectTo } from "../../src/device/webgpu_connection.ts";
import { DeviceLost } from "../../src/device/webgpu_errors.ts";
import { WebgpuProgram } from "../../src/device/webgpu_program.ts";
import { mapShader } from "../../src/compile/wgsl/shader.ts";
import { ensembleRun, mapChains } from "../../src/kernels/ensemble.ts";
import type { ChainState } from "../../src/kernels/kernel.ts";
import { rwm } from "../../src/kernels/rwm.ts";
import { density } from "../../src/target/density.ts";
import { where } from "../../src/tensor/operations.ts";
import { bits, type Key, key, normal } from "../../src/tensor/random.ts";
import { fromArray, type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { trace } from "../../src/tensor/trace.ts";
import { leaves, type Tree } from "../../src/tensor/tree.ts";
import { type AnyKernel, KERNELS } from "../kernels/kernels.ts";
import { dualMoon, eightSchools, type TestDensity } from "../targets/mod.ts";
import { assertSameBits } from "../tensor/bits.ts";
import { exactDevice, ON_GPU } from "./webgpu_adapter.ts";

const wasm = chooseDevice("wasm", { precision: "f32", workers: 1 });

/** A step with large arrays, that keeps what it drew: words, and floats with little rounding. */
const STEP = trace((words, sums, many, k) => {
  const drawn = bits(k as Key, [40]);
  const large = many.add(drawn.as("f64").mul(2 ** -32).broadcastTo([50, 40]).sum([1]));
  return [words.add(drawn), sums.add(normal(k as Key, [3])), large.mul(0.5)];
}, [
  { dtype: "u32", shape: [40] },
  { dtype: "f64", shape: [3] },
  { dtype: "f64", shape: [50] },
  { dtype: "u32", shape: [2] },
]);

function stateOf(chains: number): Tensor[] {
  const single = (x: Tensor): Tensor =>
    fromArray({ dtype: "f64", shape: x.shape, data: Float64Array.from(x.data, Math.fround) });
  return [
    bits(key(3), [chains, 40]),
    single(normal(key(1), [chains, 3])),
    single(normal(key(2), [chains, 50])),
  ];
}

function runner(device: Device, record: readonly number[] = [0, 1, 2]): StepRunner {
  return device.step(STEP, 3, record);
}

function assertSame(actual: StepResult, expected: StepResult): void {
  expected.state.forEach((leaf, i) => assertSameBits(actual.state[i], leaf, `leaf ${i}`));
  expected.draws.forEach((leaf, i) => assertSameBits(actual.draws[i], leaf, `draws ${i}`));
}

Deno.test(
  "random words on a GPU are those of WebAssembly to the bit, and so are the floats of an exact one",
  ON_GPU,
  async () => {
    const options = { steps: 6, thin: 2, firstStep: 7, firstChain: 1000 };
    // A whole workgroup, one less, one more, and many.
    for (const chains of [63, 64, 65, 3001]) {
      const expected = await runner(wasm).run(stateOf(chains), [], key(5), options);
      const actual = await runner(webgpuDevice).run(stateOf(chains), [], key(5), options);
      assertSameBits(actual.state[0], expected.state[0], "words");
      assertSameBits(actual.draws[0], expected.draws[0], "drawn words");
      actual.state[1].data.forEach((x, i) => {
        assert.ok(Math.abs(x - expected.state[1].data[i]) < 1e-5, `${x}`);
      });
      assertSame(await runner(exactDevice).run(stateOf(chains), [], key(5), options), expected);
    }
  },
);

/** One step of a kernel from a start that both have, and the start itself. */
async function oneStep(
  device: Device,
  { dimension, logDensity }: TestDensity,
  kernel: AnyKernel,
): Promise<Map<string, Tensor>> {
  const target = density(dimension, logDensity);
  const position = normal(key(3), [CHAINS, dimension]).mul(0.5);
  const start = mapChains(
    ({ position }: { readonly position: Tensor }) => kernel.init(target)(position),
    { device: wasm },
  );
  const run = ensembleRun(
    (state: ChainState & Tree, shared: { readonly stepSize: Tensor }, k: Key) =>
      kernel.step(target, shared)(state, k) as typeof state,
    device,
  );
  const { state } = await run(await start({ position }), { stepSize: tensor(0.05) }, key(9), {
    steps: 1,
    firstStep: 5,
  });
  return new Map(leaves(state).map(({ name, value }) => [name, value]));
}
const CHAINS = 300;

for (const [name, kernel] of KERNELS) {
  for (const target of [dualMoon, eightSchools]) {
    Deno.test(
      `${name} on ${target.name}: a step on a GPU is the one of WebAssembly but for rounding`,
      ON_GPU,
      async () => {
        const expected = await oneStep(wasm, target, kernel);
        const [actual, exact] = [
          await oneStep(webgpuDevice, target, kernel),
          await oneStep(exactDevice, target, kernel),
        ];
        const flipped = new Set<number>();
        for (const [leaf, value] of expected) {
          assertSameBits(exact.get(leaf) as Tensor, value, leaf);
          const { data } = actual.get(leaf) as Tensor;
          const each = value.size / CHAINS;
          data.forEach((x, i) => {
            const y = value.data[i];
            const close = Object.is(x, y) || Math.abs(x - y) <= 1e-3 * (1 + Math.abs(y));
            if (!close) flipped.add(Math.floor(i / each));
          });
        }
        // An acceptance turns where a uniform number falls between two rounded probabilities: with a chance
        // below 10⁻³ a chain, so that 4 of 300 are not seen once in 200 such tests.
        assert.ok(flipped.size < 4, `${flipped.size} chains differ`);
      },
    );
  }
}

Deno.test(
  "a state that lies on the GPU already is gone on from, and any other is written",
  ON_GPU,
  async () => {
    const one = runner(webgpuDevice);
    const whole = await runner(webgpuDevice).run(stateOf(70), [], key(5), { steps: 9 });
    const first = await one.run(stateOf(70), [], key(5), { steps: 4 });
    const second = await one.run(first.state, [], key(5), { steps: 5, firstStep: 4 });
    assertSame(second, whole);
    // Neither the state before nor a copy is what lies there now.
    assertSame(await one.run(first.state, [], key(5), { steps: 5, firstStep: 4 }), whole);
    const copy = first.state.map(({ dtype, shape, data }) => fromArray({ dtype, shape, data }));
    assertSame(await one.run(copy, [], key(5), { steps: 5, firstStep: 4 }), whole);
    // Buffers that grow lose it.
    await one.run(stateOf(700), [], key(5), { steps: 1 });
    assertSame(
      await one.run(second.state, [], key(6), { steps: 1 }),
      await runner(webgpuDevice).run(second.state, [], key(6), { steps: 1 }),
    );
  },
);

Deno.test(
  "draws that fill their buffer, and groups that fill the scratch, come in parts",
  ON_GPU,
  async () => {
    const options = { steps: 29, thin: 3 };
    const expected = await runner(webgpuDevice).run(stateOf(200), [], key(5), options);
    for (const [drawBytes, scratchBytes] of [[1, 1], [200_000, 70_000]]) {
      const device = webgpuDeviceWith({ drawBytes, scratchBytes });
      assertSame(await runner(device).run(stateOf(200), [], key(5), options), expected);
    }
  },
);

Deno.test("a function on a GPU is applied to many points in parts", ON_GPU, async () => {
  const program = trace(
    (x, scale) => [
      x.mul(scale).sum(),
      x.reshape([1, 70]).mul(x.reshape([70, 1]))
        .sum([0]).sum(),
    ],
    [{ dtype: "f64", shape: [70] }, { dtype: "f64", shape: [] }],
  );
  // Whole numbers, so that all sums are exact.
  const x = normal(key(1), [3000, 70]).mul(10).floor();
  const expected = await wasm.map(program, 1).run([x], [tensor(3)]);
  for (const how of [{}, { drawBytes: 40_000, scratchBytes: 50_000 }, { drawBytes: 1 }]) {
    const actual = await webgpuDeviceWith(how).map(program, 1).run([x], [tensor(3)]);
    expected.forEach((value, i) => assertSameBits(actual[i], value, `result ${i}`));
  }
});

/** Chains in x₀ > 0, outside of which the density is not a number, and in a box, outside of which it is 0. */
const OUTSIDE: { readonly [what: string]: (x: Tensor) => Tensor } = {
  NaN: (x) => x.at(0).log().mul(0).sub(x.square().sum().mul(0.5)),
  "−∞": (x) => where(x.at(0).less(0), -Infinity, x.square().sum().mul(-0.5)),
  "0 · ∞": (x) =>
    where(x.at(0).less(0), Infinity, 1).mul(where(x.at(0).less(0), 0, 1)).sub(
      x.square().sum().mul(0.5),
    ),
};

for (const [what, logDensity] of Object.entries(OUTSIDE)) {
  Deno.test(`chains on a GPU never go where the log density is ${what}`, ON_GPU, async () => {
    const target = density(2, logDensity);
    const kernel = rwm();
    const run = ensembleRun(
      (state: ChainState & Tree, _: Record<string, never>, k: Key) =>
        kernel.step(target, { stepSize: 1 })(state as never, k) as unknown as typeof state,
      webgpuDevice,
      ["position", "acceptance", "logDensity"],
    );
    const position = normal(key(3), [100, 2]).abs();
    const state = await mapChains(
      ({ position }: { readonly position: Tensor }) => kernel.init(target)(position),
      { device: webgpuDevice },
    )({ position });
    const { draws } = await run(state as unknown as ChainState & Tree, {}, key(4), {
      steps: 200,
      thin: 1,
    });
    const { position: places, acceptance, logDensity: values } = draws;
    for (let i = 0; i < places.size; i += 2) {
      assert.ok(places.data[i] > 0, `a chain is at ${places.data[i]}`);
    }
    values.data.forEach((value) => assert.ok(Number.isFinite(value), `${value}`));
    // About a third of all proposals goes there, and is rejected for sure.
    const refused = acceptance.data.filter((each) => each === 0).length / acceptance.size;
    assert.ok(refused > 0.1 && refused < 0.6, `${refused} of all proposals were refused`);
    assert.ok(acceptance.data.every((each) => each >= 0 && each <= 1));
  });
}

Deno.test(
  "a lost device rejects the run and leaves the state as it was; the next run is on a new one",
  ON_GPU,
  async () => {
    let open: Connection = await connectTo();
    let connections = 0;
    const device = webgpuDeviceWith({
      connect: async () => {
        if (!open.open) open = await connectTo();
        connections++;
        return open;
      },
    });
    const one = runner(device);
    const { state } = await one.run(stateOf(100), [], key(5), { steps: 3 });
    const before = state.map(({ data }) => data.slice());
    const expected = await runner(webgpuDevice).run(state, [], key(5), { steps: 4, firstStep: 3 });
    const endless = one.run(state, [], key(5), { steps: 2 ** 40, firstStep: 3 });
    setTimeout(() => open.device.destroy(), 60);
    await assert.rejects(endless, (error) => {
      assert.ok(error instanceof DeviceLost, String(error));
      assert.equal(error.reason, "lost");
      assert.match(error.message, /Run it again from the last state, or on the device "wasm"$/);
      return true;
    });
    state.forEach(({ data }, i) => assert.deepEqual(data, before[i]));
    assertSame(await one.run(state, [], key(5), { steps: 4, firstStep: 3 }), expected);
    assert.equal(connections, 3);
    open.device.destroy();
  },
);

Deno.test(
  "the shared connection is one for all, and a new one once it was lost",
  ON_GPU,
  async () => {
    const [first, second] = await Promise.all([connection(), connection()]);
    assert.equal(first, second);
    first.device.destroy();
    await assert.rejects(first.settled(new Promise(() => {})), DeviceLost);
    const [third, fourth] = await Promise.all([connection(), connection()]);
    assert.notEqual(third, first);
    assert.equal(third, fourth);
  },
);

Deno.test(
  "more chains than a buffer holds are refused with how many there may be",
  ON_GPU,
  async () => {
    const open = await connection();
    const small: Connection = {
      device: open.device,
      mostWorkgroups: open.mostWorkgroups,
      mostBytes: 100_000,
      open: true,
      settled: (work) => open.settled(work),
      created: (create) => open.created(create),
    };
    const one = runner(webgpuDeviceWith({ connect: () => Promise.resolve(small) }));
    await assert.rejects(one.run(stateOf(500), [], key(5), { steps: 1 }), {
      name: "RangeError",
      message:
        /^Cannot run 500 chains on the device "webgpu": .* Run up to \d+ chains, or the device/,
    });
  },
);

Deno.test("a shader that the GPU does not take is one error", ON_GPU, async () => {
  const open = await connection();
  const shader = mapShader(trace((x) => [x.add(1)], [{ dtype: "f64", shape: [] }]), 1);
  const wrong = { ...shader, code: shader.code.replace("+ 1f", "+ true") };
  await assert.rejects(WebgpuProgram.of(open, wrong), (error) => {
    assert.ok(error instanceof DeviceLost, String(error));
    assert.equal(error.reason, "refused");
    return true;
  });
  assert.ok(open.open);
  await WebgpuProgram.of(open, shader);
});
