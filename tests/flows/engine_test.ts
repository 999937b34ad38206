/** Engines are scratch: many shapes at a time, in any order, give what each gives alone. */
import assert from "node:assert/strict";
import type { Flow, FlowState } from "../../src/flows/flow.ts";
import { splineFlow, type SplineFlowOptions } from "../../src/flows/spline_flow.ts";
import { correlated, perturbed } from "./reference.ts";

/** More shapes than engines are kept; two states of one shape among them. */
const FLOWS: readonly (readonly [dimension: number, options: SplineFlowOptions, seed: number])[] = [
  [2, { layers: 2 }, 1],
  [3, { layers: 2, hidden: [5] }, 1],
  [2, { layers: 2 }, 2],
  [1, { layers: 3, bins: 5 }, 1],
  [2, { layers: 2, range: 2 }, 1],
  [4, { layers: 1, hidden: [] }, 1],
  [2, { layers: 2, bins: 9 }, 1],
  [5, { layers: 2, hidden: [9, 7, 3] }, 1],
];

interface Member {
  readonly flow: Flow;
  readonly state: FlowState;
  readonly data: Float64Array;
}

const members: readonly Member[] = FLOWS.map(([dimension, options, seed]) => {
  const flow = splineFlow(options);
  const data = correlated([dimension, seed], 100 + 10 * seed, dimension);
  const init = flow.whiten(flow.init(dimension, [dimension, seed]), data);
  return { flow, state: perturbed(init, [dimension, seed + 1]), data };
});

/** All that an engine does. */
async function everything({ flow, state, data }: Member): Promise<readonly unknown[]> {
  const rows = Uint32Array.from({ length: 50 }, (_, i) => i);
  const updated = await flow.updates(state, data, [{ rows, learningRate: 1e-2 }]);
  return [
    updated,
    await flow.sample(updated.state, data),
    await flow.logDensity(state, data),
    await flow.forward(state, data.subarray(0, state.dimension)),
  ];
}

async function oneByOne(): Promise<unknown[]> {
  const results: unknown[] = [];
  for (const member of members) results.push(await everything(member));
  return results;
}

Deno.test("flows of many shapes do not disturb each other", async () => {
  const first = await oneByOne();
  assert.deepEqual(await oneByOne(), first);
  // All at the same time, in the opposite order.
  const together = await Promise.all(members.toReversed().map(everything));
  assert.deepEqual(together.toReversed(), first);
});

Deno.test("an engine's scratch of a large call leaves nothing in a small one", async () => {
  const [{ flow, state, data }] = members;
  const alone = await flow.logDensity(state, data.subarray(0, 6));
  await flow.logDensity(state, correlated([9, 9], 20_000, 2));
  assert.deepEqual(await flow.logDensity(state, data.subarray(0, 6)), alone);
  assert.deepEqual((await flow.logDensity(state, data)).subarray(0, 3), alone);
});

Deno.test("a row's numbers do not depend on the rows around it", async () => {
  for (const { flow, state, data } of members) {
    const d = state.dimension;
    const { value, logDeterminant } = await flow.inverse(state, data);
    for (const row of [0, 15, 16, 99]) {
      const alone = await flow.inverse(state, data.subarray(row * d, (row + 1) * d));
      assert.deepEqual(alone.value, value.subarray(row * d, (row + 1) * d));
      assert.equal(alone.logDeterminant[0], logDeterminant[row]);
    }
  }
});

Deno.test("results are copies, not views of the engine's memory", async () => {
  const [{ flow, state, data }] = members;
  const first = await flow.sample(state, data);
  const kept = structuredClone(first);
  await flow.sample(state, data.map((x) => 1 + x));
  assert.deepEqual(first, kept);
});

Deno.test("a state of another flow and points of another dimension are refused", async () => {
  const { state, data } = members[0];
  const other = splineFlow({ layers: 2, bins: 4 });
  const message = new RegExp(
    `^TypeError: Cannot use a state of ${state.weights.length} weights: this flow has \\d+; give it`,
  );
  for (const use of [other.forward, other.inverse, other.sample, other.logDensity]) {
    await assert.rejects(use(state, data), message);
  }
  await assert.rejects(other.update(state, data, { learningRate: 1e-3 }), message);

  const { flow } = members[0];
  const odd = data.subarray(0, 5);
  const points = /^TypeError: Cannot send 5 numbers through a flow: expected 2 for each point$/;
  for (const use of [flow.forward, flow.inverse, flow.sample, flow.logDensity]) {
    await assert.rejects(use(state, odd), points);
  }
  await assert.rejects(flow.update(state, odd, { learningRate: 1e-3 }), points);
  // An engine that has refused still works.
  assert.equal((await flow.logDensity(state, data)).length, data.length / 2);
});
