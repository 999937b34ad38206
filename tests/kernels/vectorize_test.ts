import assert from "node:assert/strict";
import {
  bits,
  density,
  type DeviceName,
  type EnsembleStep,
  foldIn,
  type GradientState,
  hmc,
  type Key,
  key,
  mala,
  mixture,
  normal,
  repeat,
  rwm,
  sequence,
  startChains,
  type Step,
  type Tensor,
  tensor,
  uniform,
  vectorize,
  where,
  zeros,
} from "../../mod.ts";
import { chooseDevice } from "../../src/device/choose.ts";
import { mapChains } from "../../src/kernels/ensemble.ts";
import { leaves, type Tree } from "../../src/tensor/tree.ts";
import { assertSameBits } from "../tensor/bits.ts";
import { logistic } from "../targets/mod.ts";
import { KERNELS } from "./kernels.ts";

const DEVICES: readonly DeviceName[] = ["interpreter", "wasm"];

const target = density(
  2,
  (x) => x.at(0).square().mul(-0.5).sub(x.at(1).sub(x.at(0).square()).square()),
);

const composed: Step<GradientState> = repeat(
  mixture([
    [1, mala().step(target, { stepSize: 0.6 })],
    [
      3,
      sequence(
        hmc({ leapfrogSteps: 3, jitter: 0.2 }).step(target, { stepSize: 0.3, inverseMass: [1, 2] }),
        mala().step(target, { stepSize: 0.2 }),
      ),
    ],
  ]),
  2,
);

function start(chains: number, device: DeviceName = "auto"): Promise<GradientState> {
  return startChains(target, mala(), { device })(normal(key(0), [chains, 2]));
}

/** The first chains of an ensemble. */
function first(chains: number, tree: Tree): Tensor[] {
  return leaves(tree).map(({ value }) => value.slice(0, chains));
}

function assertSameState(actual: Tree, expected: Tree, what: string): void {
  const [a, b] = [actual, expected].map(leaves);
  assert.deepEqual(a.map(({ name }) => name), b.map(({ name }) => name));
  a.forEach(({ name, value }, i) => assertSameBits(value, b[i].value, `${what}: ${name}`));
}

type Seen = { readonly seen: Tensor };
const look: Step<Seen> = (_, key) => ({ seen: bits(key) });

for (const device of DEVICES) {
  Deno.test(`vectorize() gives chain c in step s the key foldIn(foldIn(key, c), s), on ${device}`, async () => {
    const run = vectorize(look, { device });
    const none = { seen: zeros([6]).as("u32") };
    const { draws, state } = await run.collect(none, key(3), { steps: 4, firstStep: 7 });
    assert.deepEqual(draws["seen"].shape, [6, 4]);
    for (let chain = 0; chain < 6; chain++) {
      for (let s = 0; s < 4; s++) {
        const expected = bits(foldIn(foldIn(key(3), chain), 7 + s)).item();
        assert.equal(draws["seen"].at(chain, s).item(), expected);
      }
      assert.equal(state.seen.at(chain).item(), draws["seen"].at(chain, 3).item());
    }
  });

  Deno.test(`steps in one call are the same as in several, on ${device}`, async () => {
    const run = vectorize(composed, { device });
    const from = await start(5, device);
    const whole = await run(from, key(1), { steps: 6 });
    let parts = from;
    for (const [firstStep, steps] of [[0, 1], [1, 3], [4, 2]]) {
      parts = await run(parts, key(1), { steps, firstStep });
    }
    assertSameState(parts, whole, "in parts");
    assertSameState((await run.collect(from, key(1), { steps: 6 })).state, whole, "collected");
    // One step by default.
    assertSameState(await run(from, key(1)), await run(from, key(1), { steps: 1 }), "by default");
  });

  Deno.test(`collect() keeps every thin-th state, on ${device}`, async () => {
    const record = ["acceptance", "gradient", "logDensity", "position"];
    const run = vectorize(composed, { device, record });
    const from = await start(5, device);
    const all = await run.collect(from, key(1), { steps: 7 });
    assert.deepEqual(Object.keys(all.draws), record);
    for (const thin of [1, 2, 3, 7, 8]) {
      const { draws, state } = await run.collect(from, key(1), { steps: 7, thin });
      assertSameState(state, all.state, `thin ${thin}`);
      for (const name of record) {
        const kept = Math.floor(7 / thin);
        assert.deepEqual(draws[name].shape.slice(0, 2), [5, kept]);
        const expected = all.draws[name].slice(thin - 1, kept * thin, { axis: 1, step: thin });
        if (kept > 0) assertSameBits(draws[name], expected, `${name}, thin ${thin}`);
      }
    }
    const last = all.draws["position"].slice(6, 7, { axis: 1 }).reshape([5, 2]);
    assertSameBits(last, all.state.position, "the last draw is the last state");
  });

  Deno.test(`a chain does not depend on how many there are, on ${device}`, async () => {
    const run = vectorize(composed, { device });
    const many = await run(await start(13, device), key(1), { steps: 3 });
    for (const chains of [1, 2, 4, 5, 8, 9]) {
      const few = await run(await start(chains, device), key(1), { steps: 3 });
      const expected = first(chains, many);
      leaves(few).forEach(({ name, value }, i) => {
        assertSameBits(value, expected[i], `${name} of ${chains} chains`);
      });
    }
  });
}

Deno.test("a composed step has the same bits on all devices", async () => {
  const record = ["acceptance", "gradient", "logDensity", "position"];
  const [expected, actual] = await Promise.all(DEVICES.map(async (device) => {
    const run = vectorize(composed, { device, record });
    return await run.collect(await start(11, device), key(1), { steps: 9, thin: 2 });
  }));
  assertSameState(actual.state, expected.state, "state");
  assertSameState(actual.draws, expected.draws, "draws");
});

Deno.test("runs do not disturb each other or what they are given", async () => {
  const run = vectorize(composed);
  const [small, large] = [await start(3), await start(9)];
  const copies = leaves(small).map(({ value }) => value.data.slice());
  const expected = await vectorize(composed)(small, key(1), { steps: 40 });
  // At the same time, with other chains between, and on from what is still in memory.
  const together = await Promise.all([
    run(small, key(1), { steps: 40 }),
    run(large, key(2), { steps: 40 }),
    run(small, key(1), { steps: 40 }),
  ]);
  assertSameState(together[0], expected, "first");
  assertSameState(together[2], expected, "third");
  const next = await run(together[2], key(3));
  await run(next, key(4));
  assertSameState(await run(together[2], key(3)), next, "again from an earlier state");
  assertSameState(together[2], expected, "an earlier state");
  leaves(small).forEach(({ value }, i) => assert.deepEqual(value.data, copies[i]));
});

Deno.test("a run that is stopped throws the signal's reason and leaves the step usable", async () => {
  const run = vectorize(composed);
  const from = await start(8);
  const next = await run(from, key(1), { steps: 5 });
  const expected = await vectorize(composed)(next, key(2), { steps: 5 });
  // What the step had in memory is not that state any more.
  const stopped = { steps: 100_000_000, signal: AbortSignal.timeout(20) };
  await assert.rejects(run(next, key(2), stopped), { name: "TimeoutError" });
  await assert.rejects(
    run(from, key(1), { signal: AbortSignal.abort(new Error("not now")) }),
    /^Error: not now$/,
  );
  assertSameState(await run(next, key(2), { steps: 5 }), expected, "afterwards");
});

Deno.test("states may be any trees of tensors", async () => {
  type Walk = { readonly at: readonly [Tensor, { readonly count: Tensor; readonly up: Tensor }] };
  const walk: Step<Walk> = ({ at: [x, { count, up }] }, key) => {
    const further = x.add(uniform(key, [2, 3]));
    return { at: [further, { count: count.add(count), up: further.sum().greater(up.as("f64")) }] };
  };
  const from: Walk = {
    at: [zeros([5, 2, 3]), { count: zeros([5]).add(1).as("u32"), up: zeros([5]).as("bool") }],
  };
  const [a, b] = await Promise.all(
    DEVICES.map(async (device) =>
      await vectorize(walk, { device }).collect(from, key(1), { steps: 3 })
    ),
  );
  assertSameState(a.state, b.state, "state");
  assertSameState(a.draws, b.draws, "draws");
  // Without a position, all leaves are kept.
  assert.deepEqual(Object.keys(a.draws), ["at.0", "at.1.count", "at.1.up"]);
  assert.deepEqual(a.draws["at.0"].shape, [5, 3, 2, 3]);
  assert.deepEqual([...a.state.at[1].count.data], [8, 8, 8, 8, 8]);
});

Deno.test("collect() keeps the position unless told otherwise", async () => {
  const { draws } = await vectorize(composed).collect(await start(2), key(0));
  assert.deepEqual(Object.keys(draws), ["position"]);
  const none = await vectorize(composed, { record: [] }).collect(await start(2), key(0));
  assert.deepEqual(none.draws, {});
});

Deno.test("startChains() refuses a start that a chain could never leave, and says which", async () => {
  // NaN left of −1, +∞ right of 1, a density of 0 above.
  const holes = density(1, (x) => {
    const at = x.at(0);
    return where(at.less(-1), NaN, where(at.less(1), 0, where(at.less(2), Infinity, -Infinity)));
  });
  const start = startChains(holes, rwm());
  await start([[0], [3]]);
  await assert.rejects(
    start([[0], [-2]]),
    /^RangeError: Cannot start chain 1: the log density is NaN at \[-2\], where it would stay/,
  );
  await assert.rejects(
    start([[1.5]]),
    /^RangeError: Cannot start chain 0: .* is Infinity at \[1\.5\]/,
  );
});

for (const [name, kernel] of KERNELS) {
  Deno.test(`startChains() starts each chain as ${name} starts one`, async () => {
    const position = normal(key(0), [5, 2]);
    for (const device of DEVICES) {
      const state = await startChains(target, kernel, { device })(position);
      for (let chain = 0; chain < 5; chain++) {
        const alone = kernel.init(target)(position.at(chain));
        const own = leaves(state).map(({ name, value }) => [name, value.at(chain)] as const);
        assertSameState(Object.fromEntries(own), alone, `chain ${chain}`);
      }
      const nested = position.toArray() as number[][];
      assertSameState(await startChains(target, kernel, { device })(nested), state, "nested");
    }
  });
}

Deno.test("mapChains() applies a function to any number of chains, of one form", async () => {
  const sumAndSigns = mapChains(
    ({ x }: { readonly x: Tensor }) => ({ sum: x.sum(), signs: x.less(0) }),
    { device: chooseDevice() },
  );
  for (const chains of [1, 4, 7]) {
    const x = normal(key(chains), [chains, 3]);
    const { sum, signs } = await sumAndSigns({ x });
    assertSameBits(sum, x.sum(1), "sum");
    assertSameBits(signs, x.less(0), "signs");
  }
  for (
    const other of [{ y: zeros([2, 3]) }, { x: zeros([2, 4]) }, { x: zeros([2, 3]).as("u32") }]
  ) {
    await assert.rejects(
      sumAndSigns(other as never),
      /^TypeError: Cannot run on a state of .*: this was compiled for one of x f64\[3\]$/,
    );
  }
});

Deno.test("startChains() refuses what are no positions of the target", async () => {
  const begin = startChains(target, rwm());
  for (
    const [wrong, text] of [
      [zeros([3, 3]), "f64\\[3, 3\\]"],
      [zeros([2]), "f64\\[2\\]"],
      [zeros([3, 2]).as("u32"), "u32\\[3, 2\\]"],
    ] as const
  ) {
    await assert.rejects(
      begin(wrong),
      new RegExp(`^TypeError: .*at positions ${text}: .* 2 coordinates, .* f64\\[chains, 2\\]$`),
    );
  }
  await assert.rejects(begin(zeros([0, 2])), /^RangeError: Cannot run 0 chains: at least one/);
  assert.throws(
    () => startChains(target, rwm(), { precison: "f32" } as object),
    /^TypeError: Cannot start chains with the unknown option `precison`: .*precision, workers$/,
  );
});

type Any = EnsembleStep<Tree>;

/** What goes wrong when a step is run. */
const refused: readonly (readonly [string, () => Promise<unknown>, RegExp])[] = [
  [
    "a leaf to record that there is not",
    async () => await vectorize(composed, { record: ["momentum"] })(await start(2), key(0)),
    /^RangeError: Cannot record momentum: .* acceptance, gradient, logDensity, position$/,
  ],
  [
    "a step that changes a shape",
    () => vectorize(({ x }: { x: Tensor }) => ({ x: x.sum() }))({ x: zeros([4, 2]) }, key(0)),
    /^TypeError: Cannot run this step: it turns a state of x f64\[2\] into one of x f64\[\]$/,
  ],
  [
    "a step that changes a type",
    () => vectorize(({ x }: { x: Tensor }) => ({ x: x.less(0) }))({ x: zeros([4]) }, key(0)),
    /^TypeError: .* a state of x f64\[\] into one of x bool\[\]$/,
  ],
  [
    "a step that changes names",
    () =>
      vectorize((({ x }: { x: Tensor }) => ({ y: x })) as never)(
        { x: zeros([4]) } as never,
        key(0),
      ),
    /^TypeError: .* a state of x f64\[\] into one of y f64\[\]$/,
  ],
  [
    "a step that is asynchronous",
    async () => await vectorize(vectorize(composed) as never)(await start(2) as never, key(0)),
    /^TypeError: Cannot run this step: it gave back a promise, as steps of ensembles do/,
  ],
  [
    "a state without chains",
    () => (vectorize(look) as unknown as Any)({ seen: zeros([]).as("u32") }, key(0)),
    /^TypeError: Cannot run on a state of seen u32\[\]: .* the chain as its first axis$/,
  ],
  [
    "leaves with different numbers of chains",
    async () => await vectorize(composed)({ ...await start(2), logDensity: zeros([3]) }, key(0)),
    /^TypeError: .* logDensity f64\[3\], position f64\[2, 2\]: each leaf must have the chain as/,
  ],
  [
    "no chains",
    () => (vectorize(look) as unknown as Any)({ seen: zeros([0]).as("u32") }, key(0)),
    /^RangeError: Cannot run 0 chains: at least one is needed$/,
  ],
  [
    "a seed in place of a key",
    async () => await vectorize(composed)(await start(2), 42 as unknown as Key),
    /^TypeError: Cannot run with the key 42: make one with key\(seed\)$/,
  ],
  [
    "zero steps",
    async () => await vectorize(composed)(await start(2), key(0), { steps: 0 }),
    /^RangeError: .*`steps` must be a whole number from 1$/,
  ],
  [
    "half a step",
    async () => await vectorize(composed)(await start(2), key(0), { steps: 1.5 }),
    /^RangeError: .*steps 1\.5: /,
  ],
  [
    "thinning by zero",
    async () => await vectorize(composed).collect(await start(2), key(0), { thin: 0 }),
    /^RangeError: .*thin 0: /,
  ],
  [
    "a negative first step",
    async () => await vectorize(composed)(await start(2), key(0), { firstStep: -1 }),
    /^RangeError: .*firstStep -1: /,
  ],
  [
    "an unknown option of a run",
    async () => await vectorize(composed)(await start(2), key(0), { step: 5 } as object),
    /^TypeError: .*unknown option `step`: the options are steps, thin, firstStep, firstChain, signal$/,
  ],
];

for (const [what, run, message] of refused) {
  Deno.test(`a vectorized step refuses ${what}`, async () => {
    await assert.rejects(run, message);
  });
}

Deno.test("vectorize() refuses what is no step, unknown options and devices", () => {
  assert.throws(
    () => vectorize(mala() as never),
    /^TypeError: Cannot vectorize object: .*\.step\(/,
  );
  assert.throws(
    () => vectorize(look, { chains: 4 } as object),
    /unknown option `chains`: .*device/,
  );
  assert.throws(() => vectorize(look, { device: "tpu" as never }), /^RangeError: .*device "tpu"/);
  assert.throws(
    () => vectorize(look, { precision: "f16" as never }),
    /^RangeError: Cannot run in the precision "f16": expected one of f64, f32/,
  );
});

Deno.test("the f32 log density of a long likelihood is the f64 one to its last digits", async () => {
  const { dimension, logDensity } = logistic(20_000, 3);
  const long = density(dimension, logDensity);
  const position = normal(key(4), [16, dimension]).mul(0.02);
  const rounded = tensor(Float64Array.from(position.data, Math.fround)).reshape(position.shape);
  const [double, single] = await Promise.all(
    (["f64", "f32"] as const).map((precision) => startChains(long, mala(), { precision })(rounded)),
  );
  // About −13,900, where floats of 32 bits are 2⁻¹⁰ apart.
  const errors = single.logDensity.sub(double.logDensity).abs();
  assert.ok(Math.max(...errors.data) <= 2 ** -10, `${errors}`);
  const slopes = single.gradient.sub(double.gradient).abs();
  assert.ok(Math.max(...slopes.data) <= 1e-3, `${slopes}`);
});

Deno.test("a key gives f32 chains nearly the first steps of f64 ones", async () => {
  const both = (["f64", "f32"] as const).map(async (precision) => {
    const begun = await startChains(target, mala(), { precision })(normal(key(0), [500, 2]));
    return await vectorize(composed, { precision })(begun, key(1), { steps: 3 });
  });
  const [double, single] = await Promise.all(both);
  for (const { name, value } of leaves(single)) {
    assert.ok(value.data.every((x) => x === Math.fround(x)), `${name} has more than 32 bits`);
  }
  const apart = single.position.sub(double.position).abs().max(1).data;
  // Of 3 · 2 · 500 decisions some may fall otherwise, where a uniform number is near the probability.
  const far = apart.filter((distance) => distance > 1e-4).length;
  assert.ok(far <= 2, `${far} chains went elsewhere`);
  assert.ok(apart.some((distance) => distance > 0));
});

Deno.test("a vectorized step runs any number of chains, and states of one form alone", async () => {
  const run = vectorize(composed) as unknown as Any;
  const expected = await run(await start(3), key(1));
  await run(await start(6), key(1));
  const line = density(3, (x) => x.square().sum().neg());
  const { gradient, ...rest } = await start(3);
  for (
    const other of [
      await startChains(target, rwm())(zeros([3, 2])),
      await startChains(line, mala())(zeros([3, 3])),
      { ...rest, slope: gradient },
      { ...rest, gradient: gradient.as("bool") },
      { ...rest, gradient, count: tensor([1, 2, 3]) },
    ]
  ) {
    await assert.rejects(
      run(other, key(1)),
      /^TypeError: Cannot run on a state of .*: this was compiled for one of acceptance f64\[\], gr/,
    );
  }
  assertSameState(await run(await start(3), key(1)), expected, "afterwards");
});
