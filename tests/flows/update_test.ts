/** Updates of weights: Adam, clipping, decay, what is refused, and that nothing else changes. */
import assert from "node:assert/strict";
import type { UpdateOptions } from "../../src/flows/batch.ts";
import { withEngine } from "../../src/flows/engine.ts";
import type { FlowState } from "../../src/flows/flow.ts";
import { splineFlow } from "../../src/flows/spline_flow.ts";
import { permutation } from "../../src/random/words.ts";
import { normals } from "../diagnostics/series.ts";
import { correlated, DEFAULT_FORM, largestDifference, perturbed, shapeOf } from "./reference.ts";

const flow = splineFlow({ layers: 4 });
const DIMENSION = 3;
const data: Float64Array = correlated([1, 2], 500, DIMENSION);

/** A flow in the middle of its training. */
function trained(updates = 6): FlowState {
  const state = perturbed(flow.whiten(flow.init(DIMENSION, [1, 1]), data), [1, 3]);
  const count = state.weights.length;
  return {
    ...state,
    firstMoment: Float32Array.from(normals([1, 4], count), (z) => 0.02 * z),
    secondMoment: Float32Array.from(normals([1, 5], count), (z) => 1e-4 * z * z + 1e-5),
    updates,
  };
}

function rowsFrom(first: number, count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => first + i);
}

function slopesOf(state: FlowState, points: Float64Array): Promise<Float64Array> {
  return withEngine(shapeOf(state, DEFAULT_FORM), (engine) => engine.loss(state, points).slopes);
}

/** Kingma & Ba 2015, algorithm 1; Loshchilov & Hutter 2019, algorithm 2; slopes shortened to `clip`. */
function adamw(
  state: FlowState,
  slopes: Float64Array,
  { learningRate, clip = 1, weightDecay = 0 }: UpdateOptions,
): { weights: Float64Array; firstMoment: Float64Array; secondMoment: Float64Array } {
  const n = state.updates + 1;
  const scale = Math.min(1, clip / Math.hypot(...slopes));
  const firstMoment = slopes.map((slope, i) => 0.9 * state.firstMoment[i] + 0.1 * scale * slope);
  const secondMoment = slopes.map((slope, i) =>
    0.999 * state.secondMoment[i] + 0.001 * (scale * slope) ** 2
  );
  const weights = Float64Array.from(state.weights, (weight, i) => {
    const mean = firstMoment[i] / (1 - 0.9 ** n);
    const square = secondMoment[i] / (1 - 0.999 ** n);
    return weight - learningRate * (mean / (Math.sqrt(square) + 1e-8) + weightDecay * weight);
  });
  return { weights, firstMoment, secondMoment };
}

const hows: readonly UpdateOptions[] = [
  { learningRate: 5e-3 },
  { learningRate: 0.02, clip: 0.1 },
  { learningRate: 5e-3, clip: Infinity },
  { learningRate: 0.01, clip: 0.5, weightDecay: 0.3 },
];

for (const how of hows) {
  for (const updates of [0, 6, 5000]) {
    Deno.test(`update ${updates + 1} is Adam's with ${JSON.stringify(how)}`, async () => {
      const state = trained(updates);
      const points = data.subarray(0, 100 * DIMENSION);
      const slopes = await slopesOf(state, points);
      const expected = adamw(state, slopes, how);
      const { state: after } = await flow.update(state, points, how);
      assert.equal(after.updates, updates + 1);
      // Slopes in single precision are off by 1e-5 of their norm.
      const norm = Math.min(how.clip ?? 1, Math.hypot(...slopes));
      assert.ok(largestDifference(after.firstMoment, expected.firstMoment) < 1e-6 * norm + 1e-8);
      assert.ok(largestDifference(after.secondMoment, expected.secondMoment) < 1e-7 * norm ** 2);
      assert.ok(
        largestDifference(after.weights, expected.weights) < 2e-3 * how.learningRate + 1e-6,
      );
    });
  }
}

Deno.test("the slopes here are long enough to be clipped", async () => {
  assert.ok(Math.hypot(...await slopesOf(trained(), data.subarray(0, 300))) > 1);
});

Deno.test("a first update moves every weight by the rate, against its slope", async () => {
  const state = perturbed(flow.whiten(flow.init(DIMENSION, [1, 1]), data), [1, 3]);
  const slopes = await slopesOf(state, data);
  const { state: after } = await flow.update(state, data, { learningRate: 1e-3 });
  slopes.forEach((slope, i) => {
    if (Math.abs(slope) < 1e-2) return;
    const step = after.weights[i] - state.weights[i];
    assert.ok(Math.abs(step + 1e-3 * Math.sign(slope)) < 1e-6, `weight ${i} moved by ${step}`);
  });
});

const batchesOfAll = Array.from({ length: 8 }, (_, i) => ({
  rows: permutation([9, i], 500).subarray(0, 77),
  learningRate: 5e-3 / (i + 1),
  weightDecay: 0.01,
}));

Deno.test("the same updates give the same bits, at once or in slices", async () => {
  const whole = await flow.updates(trained(), data, batchesOfAll);
  assert.deepEqual(await flow.updates(trained(), data, batchesOfAll), whole);
  for (const cut of [1, 5]) {
    const first = await flow.updates(trained(), data, batchesOfAll.slice(0, cut));
    const second = await flow.updates(first.state, data, batchesOfAll.slice(cut));
    assert.deepEqual(second.state, whole.state);
    assert.deepEqual([...first.losses, ...second.losses], whole.losses);
  }
  assert.equal(whole.state.updates, 6 + batchesOfAll.length);
});

Deno.test("updates() reads the rows that its batches name, in their order", async () => {
  const [{ rows }] = batchesOfAll;
  const chosen = Float64Array.from(
    [...rows].flatMap((row) => [...data.subarray(row * DIMENSION, (row + 1) * DIMENSION)]),
  );
  const how = { learningRate: 1e-3 };
  const { state, losses } = await flow.updates(trained(), data, [{ rows, ...how }]);
  const alone = await flow.update(trained(), chosen, how);
  assert.deepEqual(alone, { state, loss: losses[0] });
  assert.deepEqual((await flow.updates(trained(), data, [])).state, trained());
});

Deno.test("nothing that is given is changed", async () => {
  const [state, points] = [trained(), data.slice()];
  const batch = { rows: rowsFrom(0, 50), learningRate: 0.1 };
  await flow.updates(state, points, [batch]);
  await flow.update(state, points, { learningRate: 0.1 });
  await flow.sample(state, points);
  await flow.forward(state, points);
  await flow.logDensity(state, points);
  flow.whiten(state, points);
  assert.deepEqual(state, trained());
  assert.deepEqual(points, data);
  assert.deepEqual(batch, { rows: rowsFrom(0, 50), learningRate: 0.1 });
});

for (const dimension of [1, 2, 5]) {
  for (const broken of [NaN, Infinity, -Infinity, 1e200]) {
    Deno.test(`a batch with ${broken} changes nothing and says so, d=${dimension}`, async () => {
      const good = correlated([2, dimension], 60, dimension);
      const init = flow.whiten(flow.init(dimension, [1, 1]), good);
      const state = perturbed({ ...init, updates: 3 }, [1, 3]);
      const whole = { rows: rowsFrom(0, 50), learningRate: 1e-2 };
      for (let column = 0; column < dimension; column++) {
        for (const row of [0, 21, 49]) {
          const bad = good.with(row * dimension + column, broken);
          const { state: after, losses } = await flow.updates(state, bad, [whole]);
          assert.ok(!Number.isFinite(losses[0]), `a loss of ${losses[0]}`);
          assert.deepEqual(after, state);
        }
      }
      // The batches after it are as if it had not been.
      const bad = good.with(0, broken);
      const rest = { rows: rowsFrom(1, 50), learningRate: 1e-2 };
      const { state: after } = await flow.updates(state, bad, [whole, rest]);
      assert.deepEqual(after, (await flow.updates(state, good, [rest])).state);
    });
  }
}

Deno.test("batches and options that make no sense are refused", async () => {
  const refuse = (batch: object, message: RegExp): Promise<void> =>
    assert.rejects(
      flow.updates(trained(), data, [{ rows: rowsFrom(0, 9), learningRate: 1e-3, ...batch }]),
      message,
    );
  await refuse(
    { rows: rowsFrom(0, 0) },
    /^RangeError: Cannot update a flow by a batch without rows$/,
  );
  await refuse({ rows: rowsFrom(499, 2) }, /with row 500: the data has 500 rows$/);
  await refuse({ learningRate: NaN }, /`learningRate` NaN: expected a non-negative number$/);
  await refuse({ learningRate: -1 }, /`learningRate` -1/);
  await refuse({ learningRate: Infinity }, /`learningRate` Infinity/);
  await refuse({ clip: 0 }, /`clip` 0: expected a positive number$/);
  await refuse({ weightDecay: -1 }, /`weightDecay` -1: expected a non-negative number$/);
});

Deno.test("updates give the mean of the weights after each of them", async () => {
  const state = trained(3);
  const batches = [0, 1, 2].map((i) => ({ rows: rowsFrom(20 * i, 20), learningRate: 1e-2 }));
  const { average, state: last } = await flow.updates(state, data, batches);
  const sum = new Float64Array(state.weights.length);
  let here: FlowState = state;
  for (const batch of batches) {
    here = (await flow.updates(here, data, [batch])).state;
    here.weights.forEach((weight, i) => sum[i] += weight / 3);
  }
  assert.deepEqual(here.weights, last.weights);
  average.forEach((each, i) => assert.ok(Math.abs(each - sum[i]) < 1e-6));
  assert.deepEqual((await flow.updates(state, data, [])).average, state.weights);
});
