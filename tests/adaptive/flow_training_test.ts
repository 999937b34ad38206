import assert from "node:assert/strict";
import { startTraining, trainingStep } from "../../src/adaptive/flow_training.ts";
import type { TrainingStep } from "../../src/adaptive/plan.ts";
import { addToReplay, emptyReplay, type Replay, rowsOf } from "../../src/adaptive/replay.ts";
import { splineFlow } from "../../src/flows/spline_flow.ts";
import { key, normal, tensor, trainInCycles } from "../../mod.ts";

const flow = splineFlow({ layers: 2, bins: 4, hidden: [8] });

/** Draws of a banana, 16 chains × 40. */
function bananaReplay(): Replay {
  const z = normal(key(1), [16, 40, 2]);
  const data = Float64Array.from(
    z.data,
    (each, i) => i % 2 === 0 ? each : each + z.data[i - 1] ** 2,
  );
  return addToReplay(emptyReplay(2), {
    position: tensor(data).reshape([16, 40, 2]),
  }, { cycle: 0, capacity: 10_000 });
}

const start = (): ReturnType<typeof startTraining> =>
  startTraining(flow, flow.init(2, [1, 2]), bananaReplay());

Deno.test("training makes a flow better at positions that it was not trained on", async () => {
  const step = trainingStep(flow, trainInCycles({ updates: 60 }));
  let training = await start();
  const first = training.validation[0];
  for (let i = 0; i < 3; i++) training = await step({ ...training, last: i === 2 }, key(i));
  assert.ok(training.validation[3] < first - 0.1, `${training.validation}`);
  assert.equal(training.loss.length, 4);
  assert.equal(training.validation.length, 4);
  assert.equal(training.cycle, 3);
});

Deno.test("a step of training is a pure function", async () => {
  const step = trainingStep(flow, trainInCycles({ updates: 25 }));
  const training = await start();
  const copy = structuredClone(training);
  const once = await step(training, key(5));
  assert.deepEqual(training, copy);
  assert.deepEqual(await step(training, key(5)), once);
  assert.notDeepEqual(await step(training, key(6)), once);
});

const spoilt = (weights: Float32Array): Float32Array => weights.map((w, i) => w + 2 * (i % 7 - 3));

/** A training step that leaves weights much worse each time. */
const spoiling: TrainingStep = (_, { state }) =>
  Promise.resolve({ state: { ...state, weights: spoilt(state.weights) }, loss: 1 });

Deno.test("the best flow is kept when training makes it worse, and the last cycle starts from it", async () => {
  const seen: Float32Array[] = [];
  const step = trainingStep(flow, (kind, input) => {
    seen.push(input.state.weights);
    return spoiling(kind, input);
  });
  const first = await start();
  let training = first;
  for (let i = 0; i < 3; i++) training = await step(training, key(i));
  assert.deepEqual(training.best, first.best);
  assert.notDeepEqual(training.flow.weights, first.flow.weights);
  assert.equal(training.stale, 3);
  assert.deepEqual(training.validation.slice(1), [0, 1, 2].map(() => training.validation[0]));
  await step({ ...training, last: true }, key(4));
  assert.deepEqual(seen[1], spoilt(first.flow.weights));
  assert.deepEqual(seen[3], first.best.weights);
});

/** A training step after which the flow has other values at held-out positions. */
const changing: TrainingStep = (_, { state }) =>
  Promise.resolve({ state: { ...state, updates: 1 }, loss: 1 });

/** Whether a flow is kept whose log density is higher by so much at held-out positions, in turn. */
async function isKept(...higher: number[]): Promise<boolean> {
  const kind: typeof flow = {
    ...flow,
    logDensity: (state, { length }) =>
      Promise.resolve(
        Float64Array.from(
          { length: length / 2 },
          (_, row) => -row + state.updates * higher[row % higher.length],
        ),
      ),
  };
  const replay = bananaReplay();
  const training = await startTraining(kind, kind.init(2, [1, 2]), replay);
  return (await trainingStep(kind, changing)(training, key(1))).best.updates === 1;
}

Deno.test("a flow is kept if it is better by more than the standard error", async () => {
  // 80 held-out positions: the standard error of these means is 1/√79.
  assert.equal(await isKept(1 + 0.12, -1 + 0.12), true);
  assert.equal(await isKept(1 + 0.1, -1 + 0.1), false);
  assert.equal(await isKept(1e-6), true);
  assert.equal(await isKept(-1e-6), false);
  assert.equal(await isKept(5, NaN), false);
  assert.equal(await isKept(5, -Infinity), false);
});

Deno.test("without anything held out the newest flow is the best", async () => {
  const replay = bananaReplay();
  const all = { ...replay, held: new Uint8Array(replay.held.length) };
  const training = { ...await start(), replay: all };
  const after = await trainingStep(flow, spoiling)(training, key(1));
  assert.deepEqual(after.best.weights, after.flow.weights);
  assert.equal(after.stale, 0);
});

Deno.test("what is held out does not reach the whitening", async () => {
  const replay = bananaReplay();
  const from = (given: Replay): ReturnType<typeof startTraining> =>
    startTraining(flow, flow.init(2, [1, 2]), given);
  const moved = (wanted: "held" | "trained"): Replay => {
    const data = replay.data.slice();
    for (const row of rowsOf(replay, wanted)) data[2 * row] += row % 5;
    return { ...replay, data };
  };
  const { flow: white } = await from(replay);
  assert.deepEqual((await from(moved("held"))).flow, white);
  assert.notDeepEqual((await from(moved("trained"))).flow, white);
  // Where nothing but that is there, it has to do.
  const held = { ...replay, held: new Uint8Array(replay.held.length).fill(1) };
  assert.notDeepEqual((await from(held)).flow.cholesky, flow.init(2, [1, 2]).cholesky);
});

Deno.test("what is held out does not reach the updates", async () => {
  const replay = bananaReplay();
  const training = await start();
  const train = trainInCycles({ updates: 15 });
  const input = {
    state: training.flow,
    replay,
    cycle: 0,
    last: false,
    stale: 0,
    updates: 0,
    key: key(3),
  };
  const { state } = await train(flow, input);
  const moved = (wanted: "held" | "trained"): Replay => {
    const data = replay.data.slice();
    for (const row of rowsOf(replay, wanted)) data[2 * row] += 5;
    return { ...replay, data };
  };
  const other = await train(flow, { ...input, replay: moved("held") });
  assert.deepEqual(other.state.weights, state.weights);
  const third = await train(flow, { ...input, replay: moved("trained") });
  assert.notDeepEqual(third.state.weights, state.weights);
});
