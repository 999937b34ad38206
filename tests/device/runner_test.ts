import assert from "node:assert/strict";
import { chooseDevice, type DeviceName } from "../../src/device/choose.ts";
import type { Device, StepRunner } from "../../src/device/device.ts";
import { interpreterDevice, interpreterSingleDevice } from "../../src/device/interpreter.ts";
import { wasmDevice, wasmSingleDevice } from "../../src/device/wasm.ts";
import { webgpuDevice } from "../../src/device/webgpu.ts";
import type { Precision } from "../../src/tensor/functions/precision.ts";
import type { Program, ValueType } from "../../src/tensor/program.ts";
import { concat, where } from "../../src/tensor/operations.ts";
import { lgamma } from "../../src/tensor/special_functions.ts";
import { bits, type Key, key, normal, uniform } from "../../src/tensor/random.ts";
import { fromArray, type Tensor, tensor, words } from "../../src/tensor/tensor.ts";
import { repeatLoop, trace } from "../../src/tensor/trace.ts";
import { assertSameBits } from "../tensor/bits.ts";
import { ON_GPU } from "./webgpu_adapter.ts";

const DEVICES: readonly Device[] = [
  ...[interpreterDevice, wasmDevice],
  ...[interpreterSingleDevice, wasmSingleDevice, webgpuDevice],
];

const TYPES: readonly ValueType[] = [
  { dtype: "f64", shape: [3] },
  { dtype: "f64", shape: [70] },
  { dtype: "u32", shape: [2] },
  { dtype: "bool", shape: [] },
  // Shared.
  { dtype: "f64", shape: [3] },
  { dtype: "u32", shape: [2] },
];
const LEAVES = 4;

/** A step with a leaf of each kind: few floats, many floats, words and a truth value. */
const STEP: Program = trace((few, many, counts, flag, scale, of) => {
  const moved = few.add(normal(of as Key, [3]).mul(scale));
  const turned = many.reshape([7, 10]).transpose().reshape([70]).add(moved.at(0));
  return [
    moved,
    turned.mul(0.9),
    counts.add(bits(of as Key, [2])),
    uniform(of as Key).less(0.5).or(flag.not()),
  ];
}, TYPES);

function stateOf(chains: number): Tensor[] {
  return [
    normal(key(1), [chains, 3]),
    normal(key(2), [chains, 70]),
    bits(key(3), [chains, 2]),
    uniform(key(4), [chains]).less(0.5),
  ];
}

const SHARED = [tensor([1, 2, 0.5])];
const ALL = [0, 1, 2, 3];

function runner(device: Device): StepRunner {
  return device.step(STEP, LEAVES, ALL);
}

function assertSame(actual: readonly Tensor[], expected: readonly Tensor[], what: string): void {
  assert.equal(actual.length, expected.length, what);
  expected.forEach((value, i) => assertSameBits(actual[i], value, `${what} ${i}`));
}

for (const device of DEVICES) {
  const name = `${device.name} ${device.precision}`;
  const options = device === webgpuDevice ? ON_GPU : {};

  Deno.test(`${name}: a chain does not depend on how many others there are`, options, async () => {
    const run = { steps: 7, thin: 2, firstStep: 3 };
    const all = await runner(device).run(stateOf(19), SHARED, key(5), run);
    for (const chains of [1, 3, 8, 9, 16, 17]) {
      const state = stateOf(19).map((leaf) => leaf.slice(0, chains));
      const some = await runner(device).run(state, SHARED, key(5), run);
      assertSame(some.state, all.state.map((leaf) => leaf.slice(0, chains)), "leaf");
      assertSame(some.draws, all.draws.map((leaf) => leaf.slice(0, chains)), "draws");
    }
  });

  Deno.test(`${name}: a run does not depend on how it is cut into calls`, options, async () => {
    const whole = await runner(device).run(stateOf(9), SHARED, key(5), { steps: 12, thin: 3 });
    for (const cuts of [[12], [3, 9], [6, 6], [9, 3], [3, 3, 3, 3]]) {
      const parts = runner(device);
      let state: readonly Tensor[] = stateOf(9);
      let firstStep = 0;
      const draws: (readonly Tensor[])[] = [];
      for (const steps of cuts) {
        const part = await parts.run(state, SHARED, key(5), { steps, thin: 3, firstStep });
        state = part.state;
        draws.push(part.draws);
        firstStep += steps;
      }
      assertSame(state, whole.state, "leaf");
      // Draws are chains × draws × shape.
      assertSame(ALL.map((i) => concat(draws.map((part) => part[i]), 1)), whole.draws, "draws");
    }
  });

  Deno.test(
    `${name}: some of the chains give the bits that they give among all`,
    options,
    async () => {
      const options = { steps: 5, thin: 2, firstStep: 3 };
      const all = await runner(device).run(stateOf(19), SHARED, key(5), options);
      // One runner for all parts, from what is still in its memory as well.
      const parts = runner(device);
      for (const [firstChain, end] of [[0, 10], [10, 19], [3, 4], [18, 19]]) {
        const own = (leaf: Tensor): Tensor => leaf.slice(firstChain, end);
        const from = stateOf(19).map(own);
        const some = await parts.run(from, SHARED, key(5), { ...options, firstChain });
        assertSame(some.state, all.state.map(own), "leaf");
        assertSame(some.draws, all.draws.map(own), "draws");
      }
      const on = { steps: 2, firstStep: 8 };
      const { state } = await runner(device).run(stateOf(2), SHARED, key(5), { steps: 8 });
      const resident = runner(device);
      const here = await resident.run(stateOf(2), SHARED, key(5), { steps: 8 });
      for (const firstChain of [4, 0]) {
        const expected = await runner(device).run(state, SHARED, key(5), { ...on, firstChain });
        const actual = await resident.run(here.state, SHARED, key(5), { ...on, firstChain });
        assertSame(actual.state, expected.state, `from chain ${firstChain}`);
      }
    },
  );

  Deno.test(
    `${name}: draws are every thin-th state, and thinning changes no state`,
    options,
    async () => {
      const every = await runner(device).run(stateOf(3), SHARED, key(5), { steps: 10, thin: 1 });
      assert.deepEqual(every.draws[1].shape, [3, 10, 70]);
      for (const thin of [undefined, 2, 3, 4, 10, 11]) {
        const options = thin === undefined ? {} : { thin };
        const some = await runner(device).run(stateOf(3), SHARED, key(5), {
          steps: 10,
          ...options,
        });
        assertSame(some.state, every.state, "leaf");
        const kept = thin === undefined ? 0 : Math.floor(10 / thin);
        const expected = every.draws.map((leaf) =>
          kept === 0
            ? leaf.slice(0, 0, { axis: 1 })
            : leaf.slice((thin ?? 1) - 1, undefined, { axis: 1, step: thin ?? 1 })
        );
        assertSame(some.draws, expected, `thin ${thin}: draws`);
      }
    },
  );

  Deno.test(
    `${name}: the key and the number of the first step decide what is drawn`,
    options,
    async () => {
      const run = (runKey: Key, firstStep: number): Promise<readonly Tensor[]> =>
        runner(device).run(stateOf(2), SHARED, runKey, { steps: 1, firstStep }).then(({ state }) =>
          state
        );
      const seen = new Set<string>();
      for (const runKey of [key(1), key(2)]) {
        for (const firstStep of [0, 1, 2 ** 32 - 1]) {
          seen.add((await run(runKey, firstStep))[0].data.join());
        }
      }
      assert.equal(seen.size, 6);
      assertSame(await run(key(1), 1), await run(key(1), 1), "leaf");
    },
  );

  Deno.test(
    `${name}: two runs at once on one runner do not disturb each other`,
    options,
    async () => {
      const one = runner(device);
      const options = { steps: 20, thin: 5 };
      const results = await Promise.all([
        one.run(stateOf(9), SHARED, key(1), options),
        one.run(stateOf(3), [tensor([0, 0, 0])], key(2), options),
        one.run(stateOf(9), SHARED, key(3), options),
      ]);
      const alone = [
        await runner(device).run(stateOf(9), SHARED, key(1), options),
        await runner(device).run(stateOf(3), [tensor([0, 0, 0])], key(2), options),
        await runner(device).run(stateOf(9), SHARED, key(3), options),
      ];
      results.forEach(({ state, draws }, i) => {
        assertSame(state, alone[i].state, `run ${i}: leaf`);
        assertSame(draws, alone[i].draws, `run ${i}: draws`);
      });
    },
  );

  Deno.test(
    `${name}: a signal ends a long run with its reason, and the runner goes on`,
    options,
    async () => {
      const one = runner(device);
      const controller = new AbortController();
      const reason = new Error("enough");
      setTimeout(() => controller.abort(reason), 50);
      const start = performance.now();
      // Days of steps.
      const endless = one.run(stateOf(9), SHARED, key(5), {
        steps: 2 ** 40,
        signal: controller.signal,
      });
      // Another one on the same runner, and one whose signal was given before it began.
      const waiting = one.run(stateOf(9), SHARED, key(5), { steps: 4, thin: 2 });
      await assert.rejects(endless, (error) => error === reason);
      assert.ok(performance.now() - start < 5000, "the signal was heard too late");
      await assert.rejects(
        one.run(stateOf(9), SHARED, key(5), { steps: 4, signal: controller.signal }),
        (error) => error === reason,
      );
      const expected = await runner(device).run(stateOf(9), SHARED, key(5), { steps: 4, thin: 2 });
      const after = await one.run(stateOf(9), SHARED, key(5), { steps: 4, thin: 2 });
      assertSame((await waiting).state, expected.state, "leaf");
      assertSame(after.draws, expected.draws, "draws");
    },
  );

  Deno.test(`${name}: a signal ends a run whose draws are far apart`, options, async () => {
    const signal = AbortSignal.timeout(50);
    await assert.rejects(
      runner(device).run(stateOf(9), SHARED, key(5), { steps: 2 ** 41, thin: 2 ** 40, signal }),
      { name: "TimeoutError" },
    );
  });

  Deno.test(`${name}: the event loop has its turns during a long run`, options, async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 5);
    const signal = AbortSignal.timeout(400);
    await assert.rejects(
      runner(device).run(stateOf(9), SHARED, key(5), { steps: 2 ** 40, signal }),
    );
    clearInterval(timer);
    assert.ok(turns >= 3, `${turns} turns`);
  });

  Deno.test(`${name}: a run refuses what does not fit its step`, options, async () => {
    const one = runner(device);
    const state = stateOf(4);
    const refuses = (
      state: readonly Tensor[],
      shared: readonly Tensor[],
      options: { steps: number; thin?: number; firstStep?: number; firstChain?: number },
      name: string,
      message: RegExp,
    ): Promise<void> => assert.rejects(one.run(state, shared, key(1), options), { name, message });
    const steps = { steps: 2 };
    await refuses(state.slice(1), SHARED, steps, "TypeError", /3 arrays over chains and 1 shared/);
    await refuses(state, [], steps, "TypeError", /the program takes 5 in all/);
    await refuses(
      state,
      [tensor([1, 2])],
      steps,
      "TypeError",
      /shared array 0 is f64\[2\] instead of f64\[3\]/,
    );
    await refuses(
      [...state.slice(0, 3), stateOf(5)[3]],
      SHARED,
      steps,
      "TypeError",
      /array 3 over chains is bool\[5\] instead of bool\[4\]/,
    );
    await refuses(
      [state[0].as("u32"), ...state.slice(1)],
      SHARED,
      steps,
      "TypeError",
      /array 0 over chains is u32\[4, 3\] instead of f64\[4, 3\]/,
    );
    const none = state.map((leaf) => leaf.slice(0, 0));
    await refuses(none, SHARED, steps, "RangeError", /Cannot run 0 chains/);
    for (const wrong of [0, -1, 1.5, NaN]) {
      await refuses(
        state,
        SHARED,
        { steps: wrong },
        "RangeError",
        /`steps` must be a whole number/,
      );
      await refuses(state, SHARED, { ...steps, thin: wrong }, "RangeError", /`thin` must be/);
    }
    await refuses(state, SHARED, { ...steps, firstStep: -1 }, "RangeError", /`firstStep` must be/);
    await refuses(state, SHARED, { ...steps, firstChain: 0.5 }, "RangeError", /`firstChain` must/);
    // Nothing of it did any harm.
    const expected = await runner(device).run(state, SHARED, key(1), steps);
    assertSame((await one.run(state, SHARED, key(1), steps)).state, expected.state, "leaf");
  });

  Deno.test(`${name}: a step that gives another state than it takes is refused`, options, () => {
    const shorter = trace((x) => [x.sum()], [{ dtype: "f64", shape: [2] }, TYPES[5]]);
    assert.throws(() => device.step(shorter, 1, []), {
      name: "TypeError",
      message: "Cannot run this step: it turns a state of f64[2] into one of f64[]",
    });
  });

  Deno.test(
    `${name}: a function is applied to each point, with what all share`,
    options,
    async () => {
      const map = device.map(
        trace((x, n, scale) => [x.mul(scale).sum(), n.add(1), x.less(scale)], [
          { dtype: "f64", shape: [70] },
          { dtype: "u32", shape: [] },
          { dtype: "f64", shape: [] },
        ]),
        2,
      );
      for (const [points, scale] of [[11, 2], [30, -1], [1, 0.5]]) {
        // Whole numbers, so that their sums are exact in every precision.
        const x = normal(key(points), [points, 70]).mul(100).floor();
        const n = bits(key(points), [points]);
        const [sums, next, less] = await map.run([x, n], [tensor(scale)]);
        assertSameBits(sums, x.mul(scale).sum(1), "sums");
        assertSameBits(next, n.add(1), "words");
        assertSameBits(less, x.less(scale), "truth values");
      }
      await assert.rejects(map.run([normal(key(1), [3, 70])], [tensor(1)]), /the program takes 3/);
      await assert.rejects(
        map.run([normal(key(1), [3, 70]), words([1, 2])], [tensor(1)]),
        /array 1 over chains is u32\[2\] instead of u32\[3\]/,
      );
    },
  );
}

Deno.test("wasm: a memory that grows between runs loses nothing", async () => {
  const one = runner(wasmDevice);
  const few = await one.run(stateOf(2), SHARED, key(5), { steps: 2, thin: 1 });
  const many = await one.run(stateOf(3000), SHARED, key(5), { steps: 2, thin: 1 });
  const again = await one.run(few.state, SHARED, key(5), { steps: 2, thin: 1, firstStep: 2 });
  const fresh = runner(wasmDevice);
  const start = stateOf(3000).map((leaf) => leaf.slice(2990));
  assert.deepEqual(many.state.map((leaf) => leaf.shape[0]), [3000, 3000, 3000, 3000]);
  assert.equal(start[0].shape[0], 10);
  const expected = await fresh.run(few.state, SHARED, key(5), { steps: 2, thin: 1, firstStep: 2 });
  assertSame(again.state, expected.state, "leaf");
  assertSame(again.draws, expected.draws, "draws");
});

Deno.test("a loop turns for each chain as often as it asks, with small and large carries of all types", async () => {
  const program = trace((n, x) => {
    const start = { small: x.at(0), word: words([1]).at(0), odd: x.at(0).less(0), large: x };
    const end = repeatLoop(n, ({ small, word, odd, large }, i) => ({
      small: small.mul(0.5).add(large.sum()),
      word: word.add(i),
      odd: where(odd, tensor(0).less(0), small.less(large.at(3))),
      large: large.add(small).sin(),
    }), start);
    return [end.small, end.word, end.odd.as("f64"), end.large];
  }, [{ dtype: "u32", shape: [] }, { dtype: "f64", shape: [40] }]);
  // More chains than a group has, and no multiple of its size; 0 and the largest in different lanes.
  const counts = [3, 0, 1, 17, 2, 5, 0, 4, 9, 31, 1, 0, 2];
  const x = normal(key(3), [counts.length, 40]);
  const inputs = [words(counts), x];
  const expected = await interpreterDevice.map(program, 2).run(inputs, [], {});
  assertSame(await wasmDevice.map(program, 2).run(inputs, [], {}), expected, "output");
  // A chain that does not turn keeps what it had.
  assert.deepEqual([...expected[3].slice(1, 2).data], [...x.slice(1, 2).data]);
  assert.equal(expected[1].data[3], 1 + 16 * 17 / 2);
});

Deno.test("a loop turns for each chain as often as it asks, in single precision too", async () => {
  const program = trace((n, x) => [
    repeatLoop(n, (y: Tensor) => y.mul(0.75).add(1), x),
    repeatLoop(n, (y: Tensor) => y.add(n), words([0]).at(0)),
  ], [{ dtype: "u32", shape: [] }, { dtype: "f64", shape: [] }]);
  const counts = [0, 7, 1, 2, 19, 3, 0, 0, 5, 1, 8];
  const inputs = [
    words(counts),
    fromArray({ dtype: "f64", shape: [11], data: new Float64Array(11) }),
  ];
  const single = wasmSingleDevice;
  const [y, squares] = await single.map(program, 2).run(inputs, [], {});
  assert.deepEqual([...squares.data], counts.map((n) => n * n));
  counts.forEach((n, i) => {
    let expected = 0;
    for (let turn = 0; turn < n; turn++) expected = Math.fround(Math.fround(expected * 0.75) + 1);
    assert.equal(y.data[i], expected);
  });
});

Deno.test("chooseDevice() knows its devices and no others", () => {
  assert.equal(chooseDevice("interpreter"), interpreterDevice);
  assert.equal(chooseDevice("interpreter", { precision: "f32" }), interpreterSingleDevice);
  for (const name of ["wasm", "auto", undefined] as const) {
    for (const precision of ["f64", "f32"] as const) {
      const device = chooseDevice(name, { precision });
      assert.deepEqual([device.name, device.precision], ["wasm", precision]);
    }
  }
  for (const precision of ["f32", undefined] as const) {
    const device = chooseDevice("webgpu", { precision });
    assert.deepEqual([device.name, device.precision], ["webgpu", "f32"]);
  }
  assert.throws(() => chooseDevice("webgpu", { precision: "f64" }), {
    name: "RangeError",
    message: /Cannot run in the precision "f64" on the device "webgpu": .* the device "wasm"/,
  });
  assert.throws(() => chooseDevice("auto", { precision: "f16" as Precision }), {
    name: "RangeError",
    message: /Cannot run in the precision "f16": expected one of f64, f32/,
  });
  assert.throws(() => chooseDevice("cuda" as DeviceName), {
    name: "RangeError",
    message: /Cannot choose the device "cuda": expected one of auto, interpreter, wasm, webgpu/,
  });
});

Deno.test("a program whose code is too long for the engine is refused with what to do", async () => {
  const long = trace((x, _key) => {
    let sum = x;
    for (let i = 0; i < 2400; i++) sum = sum.add(lgamma(x.add(i)));
    return [sum];
  }, [{ dtype: "f64", shape: [] }, { dtype: "u32", shape: [2] }]);
  const step = wasmDevice.step(long, 1, [0]);
  await assert.rejects(
    step.run([tensor([1])], [], key(1), { steps: 1 }),
    /^RangeError: Cannot compile this program: its code has .* MB, .*use arrays .* or scan/,
  );
});
