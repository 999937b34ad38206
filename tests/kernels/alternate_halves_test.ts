import assert from "node:assert/strict";
import {
  alternateHalves,
  bits,
  type ChainState,
  concat,
  density,
  differentialEvolution,
  type EnsembleStep,
  foldIn,
  hostDensity,
  key,
  normal,
  type Precision,
  stack,
  startChains,
  type Step,
  type Tensor,
  tensor,
  vectorize,
  zeros,
} from "../../mod.ts";
import { leaves, mapLeaves, type Tree } from "../../src/tensor/tree.ts";
import { logistic } from "../targets/mod.ts";
import { assertSameBits } from "../tensor/bits.ts";
import { withRecordedWorkers } from "../device/recorded_workers.ts";

const target = density(
  2,
  (x) => x.at(0).square().mul(-0.5).sub(x.at(1).sub(x.at(0).square()).square()),
);
const kernel = differentialEvolution();
const RECORD = ["position", "logDensity", "acceptance"];

function halves(
  options: { readonly workers?: number; readonly precision?: Precision } = {},
): EnsembleStep<ChainState> {
  return alternateHalves((partners) => kernel.step(target, { stepSize: 1.3, partners }), {
    record: RECORD,
    ...options,
  });
}

function start(chains: number): Promise<ChainState> {
  return startChains(target, kernel)(normal(key(0), [chains, 2]));
}

function assertSameTree(actual: Tree, expected: Tree, what: string): void {
  leaves(expected).forEach(({ name, value }, i) =>
    assertSameBits(leaves(actual)[i].value, value, `${what}: ${name}`)
  );
}

/** A step of the ensemble, chain by chain, from what it says in the documentation. */
function byHand(state: ChainState, step: number): ChainState {
  const chains = state.position.shape[0];
  const half = Math.ceil(chains / 2);
  let now = state;
  for (const [from, to] of [[0, half], [half, chains]]) {
    const partners = from === 0 ? now.position.slice(half) : now.position.slice(0, half);
    const kept = now;
    const moved = Array.from({ length: to - from }, (_, i) => {
      const chain = from + i;
      const own = mapLeaves(kept, (leaf) => leaf.at(chain));
      const key_ = foldIn(foldIn(key(1), chain), step);
      return kernel.step(target, { stepSize: 1.3, partners })(own, key_);
    });
    const next = (name: keyof ChainState): Tensor =>
      concat([
        kept[name].slice(0, from),
        stack(moved.map((each) => each[name])),
        kept[name].slice(to),
      ]);
    now = {
      position: next("position"),
      logDensity: next("logDensity"),
      acceptance: next("acceptance"),
    };
  }
  return now;
}

for (const chains of [6, 7, 12]) {
  Deno.test(`alternateHalves() moves ${chains} chains as one does by hand`, async () => {
    let expected = await start(chains);
    const draws: ChainState[] = [];
    const result = await halves().collect(expected, key(1), { steps: 5, thin: 2, firstStep: 3 });
    for (let step = 0; step < 5; step++) {
      expected = byHand(expected, 3 + step);
      if (step % 2 === 1) draws.push(expected);
    }
    assertSameTree(result.state, expected, "state");
    assert.deepEqual(Object.keys(result.draws).sort(), [...RECORD].sort());
    for (const name of RECORD) {
      const own = stack(draws.map((draw) => draw[name as keyof ChainState]), 1);
      assertSameBits(result.draws[name], own, name);
    }
  });
}

Deno.test("halves in one call are the same as in several, and keep nothing unless told to", async () => {
  const from = await start(9);
  const whole = await halves()(from, key(1), { steps: 6 });
  let parts = from;
  const one = halves();
  for (const [firstStep, steps] of [[0, 1], [1, 3], [4, 2]]) {
    parts = await one(parts, key(1), { steps, firstStep });
  }
  assertSameTree(parts, whole, "in parts");
  const none = await one.collect(from, key(1), { steps: 6, thin: 7 });
  assertSameTree(none.state, whole, "thinned");
  assert.deepEqual(none.draws["position"].shape, [9, 0, 2]);
  assert.deepEqual(none.draws["acceptance"].shape, [9, 0]);
  // Other ensembles in between, of other sizes.
  await one(await start(6), key(2));
  assertSameTree(await one(from, key(1), { steps: 6 }), whole, "again");
});

Deno.test("halves give the same bits interpreted, compiled and for any number of workers", async () => {
  const { dimension, logDensity } = logistic(6000, 4);
  const slow = density(dimension, logDensity);
  const move = (options: object) =>
    alternateHalves((partners) => kernel.step(slow, { stepSize: 1, partners }), options);
  const from = await startChains(slow, kernel)(normal(key(0), [4000, dimension]).mul(0.1));
  const alone = await move({ workers: 1 })(from, key(1), { steps: 2 });
  await withRecordedWorkers(async ({ started }) => {
    assertSameTree(await move({ workers: 2 })(from, key(1), { steps: 2 }), alone, "two workers");
    assert.ok(started.length > 0);
  });
  const few = await start(8);
  const [a, b] = await Promise.all(
    ["interpreter", "wasm"].map((device) =>
      alternateHalves((partners) => kernel.step(target, { stepSize: 1.3, partners }), {
        device: device as "wasm",
      })(few, key(1), { steps: 9 })
    ),
  );
  assertSameTree(a, b, "interpreted");
});

Deno.test("halves in single precision hold floats of 32 bits and stay close to double ones", async () => {
  const from = await start(10);
  const rounded = mapLeaves(from, (leaf) =>
    tensor(Float64Array.from(leaf.data, Math.fround))
      .reshape(leaf.shape));
  const single = await halves({ precision: "f32" })(rounded, key(1));
  assert.ok(single.position.data.every((x) => Math.fround(x) === x));
  const double = await halves()(rounded, key(1));
  const off = single.position.sub(double.position).abs().data;
  // Single rounding decides differently only where a random number is within 1e-6 of a limit.
  assert.ok(off.every((x) => x < 1e-4), String(Math.max(...off)));
});

Deno.test("a step that needs no partners does in halves what it does in all chains at once", async () => {
  const from = await start(11);
  const alone: Step<ChainState> = kernel.step(target, {
    stepSize: 1,
    partners: [[0, 1], [2, 0.5], [-1, 1]],
  });
  const together = await vectorize(alone)(from, key(5), { steps: 7, firstStep: 2 });
  const inTurn = await alternateHalves(() => alone)(from, key(5), { steps: 7, firstStep: 2 });
  assertSameTree(inTurn, together, "state");
});

Deno.test("a run of halves counts its chains from the first", async () => {
  type Seen = ChainState & { readonly seen: Tensor };
  const look: Step<Seen> = (state, key) => ({ ...state, seen: bits(key) });
  const from = { ...await start(7), seen: zeros([7]).as("u32") };
  const { seen } = await alternateHalves(() => look)(from, key(5), { firstChain: 20 });
  for (let chain = 0; chain < 7; chain++) {
    assert.equal(seen.at(chain).item(), bits(foldIn(foldIn(key(5), 20 + chain), 0)).item());
  }
});

Deno.test("alternateHalves() calls a host function once for each chain and step", async () => {
  let calls = 0;
  const box = hostDensity(2, ([x, y]) => (calls++, -x * x - y * y));
  const from = await startChains(box, kernel)(normal(key(0), [9, 2]));
  calls = 0;
  await alternateHalves((partners) => kernel.step(box, { stepSize: 1, partners }))(from, key(1), {
    steps: 5,
  });
  assert.equal(calls, 45);
});

Deno.test("alternateHalves() refuses too few chains, no step, and what a run refuses", async () => {
  await assert.rejects(
    halves()(await start(5), key(1)),
    /^RangeError: Cannot move 5 chains in halves: each half needs at least 3 .* give 6 chains or more$/,
  );
  assert.throws(
    () => alternateHalves(kernel as never),
    /^TypeError: Cannot alternate halves of object: give a function from the positions of other chains/,
  );
  assert.throws(
    () => alternateHalves(() => kernel.step(target, { stepSize: 1 }), { chains: 4 } as object),
    /^TypeError: Cannot alternate halves with the unknown option `chains`/,
  );
  const from = await start(6);
  await assert.rejects(
    halves()(from, key(1), { steps: 0 }),
    /`steps` must be a whole number from 1/,
  );
  await assert.rejects(halves()(from, 1 as never), /^TypeError: Cannot run with the key 1/);
  await assert.rejects(
    alternateHalves((partners) => kernel.step(target, { stepSize: 1, partners }), {
      record: ["momentum"],
    })(from, key(1)),
    /^RangeError: Cannot record momentum/,
  );
  await assert.rejects(
    halves()(from, key(1), { steps: 5, signal: AbortSignal.abort(new Error("not now")) }),
    /^Error: not now$/,
  );
});
