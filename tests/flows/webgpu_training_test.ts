/** Training by shaders: slopes, updates and losses are those of the engine in WebAssembly. */
import assert from "node:assert/strict";
import { type Batch, completeBatches } from "../../src/flows/batch.ts";
import type { Flow, FlowState, FlowUpdates } from "../../src/flows/flow.ts";
import { splineFlow } from "../../src/flows/spline_flow.ts";
import { WebGpuEngine } from "../../src/flows/webgpu_engine.ts";
import { permutation } from "../../src/random/words.ts";
import { uniforms } from "../diagnostics/series.ts";
import { pointsFor } from "./kinds.ts";
import {
  ALL_KINDS,
  DEFAULT,
  onAdapter,
  relativeError,
  shapeFor,
  withDevice,
} from "./webgpu_device.ts";
import {
  batchesOfAll,
  broken,
  data,
  DIMENSION,
  slopeErrors,
  small,
  stateFor,
  TOLERANCE,
  trained,
  update,
  updateErrors,
} from "./webgpu_updates.ts";

for (const kind of ALL_KINDS) {
  for (const dimension of kind === DEFAULT ? [20] : [1, 5]) {
    Deno.test({
      name: `${kind.name} by shaders, d=${dimension}: slopes in the weights are the engine's`,
      ...onAdapter,
      fn: () =>
        withDevice(async (device) => {
          const errors = await slopeErrors(device, kind, dimension);
          assert.ok(errors.every((error) => error < TOLERANCE), `${errors}`);
        }),
    });
  }
}

Deno.test({
  name: "updates by shaders are Adam's, with clipping, decay, row weights and the mean of weights",
  ...onAdapter,
  fn: () =>
    withDevice(async (device) => {
      const errors = await updateErrors(device, batchesOfAll);
      assert.ok(errors.every((error) => error < 1e-4), `${errors}`);
    }),
});

Deno.test({
  name: "a whole training by shaders comes along as that in WebAssembly",
  ...onAdapter,
  fn: () =>
    withDevice(async (device) => {
      const points = pointsFor(stateFor(DEFAULT, 5), [5, 8], 2000);
      const { flow } = DEFAULT;
      // From the beginning, in batches of 128 at the default rate.
      const state = flow.whiten(flow.init(5, [5, 1]), points);
      const batches = Array.from({ length: 60 }, (_, i) => ({
        rows: permutation([7, i], 2000).subarray(0, 128),
        learningRate: 8e-3,
      }));
      const actual = await update(device, DEFAULT, { state, data: points, batches });
      const expected = await flow.updates(state, points, batches);
      assert.ok(relativeError(actual.losses, expected.losses) < 1e-3);
      // What either has trained the other can use, and it is as good.
      const held = pointsFor(state, [5, 9], 500);
      const [a, b] = await Promise.all(
        [actual, expected].map((each) => flow.logDensity(each.state, held)),
      );
      const gap = a.reduce((sum, each, i) => sum + (each - b[i]) / a.length, 0);
      assert.ok(Math.abs(gap) < 1e-2, `${gap} nats apart`);
      assert.ok(Math.abs(expected.losses[59] - expected.losses[0]) > 0.01);
    }),
});

Deno.test({
  name: "training by shaders has the same bits in any split into passes, at once or in slices",
  ...onAdapter,
  fn: () =>
    withDevice(async (device) => {
      const start = { state: trained(), data, batches: batchesOfAll };
      const whole = await update(device, small, start);
      assert.deepEqual(await update(device, small, start), whole);
      for (const rowsAtOnce of [64, 128, 1024]) {
        assert.deepEqual(await update(device, small, start, { rowsAtOnce }), whole);
      }
      const slice = (state: FlowState, from: number, to?: number): Promise<FlowUpdates> =>
        update(device, small, { state, data, batches: batchesOfAll.slice(from, to) });
      const first = await slice(trained(), 0, 3);
      const second = await slice(first.state, 3);
      assert.deepEqual(second.state, whole.state);
      assert.deepEqual([...first.losses, ...second.losses], whole.losses);
    }),
});

Deno.test({
  name: "what one training leaves in buffers does not reach the next, of another flow",
  ...onAdapter,
  fn: () =>
    withDevice(async (device) => {
      const engine = new WebGpuEngine(device);
      const train = (flow: Flow, by: WebGpuEngine) => {
        const state = flow.init(DIMENSION, [1, 1]);
        const steps = completeBatches(batchesOfAll, data.length / DIMENSION);
        return by.update(shapeFor(flow, state), state, data, steps);
      };
      // Of one layout but for the maps that have fewer rows than others.
      const [first, second] = [[13, 15], [15, 2]].map((hidden) =>
        splineFlow({ layers: 4, hidden })
      );
      await train(first, engine);
      const after = await train(second, engine);
      assert.deepEqual(after, await train(second, new WebGpuEngine(device)));
    }),
});

Deno.test({
  name: "training by shaders changes nothing that it is given",
  ...onAdapter,
  fn: () =>
    withDevice(async (device) => {
      const [state, points] = [trained(), data.slice()];
      const batches = structuredClone(batchesOfAll) as Batch[];
      await update(device, small, { state, data: points, batches });
      assert.deepEqual(state, trained());
      assert.deepEqual(points, data);
      assert.deepEqual(batches, batchesOfAll);
      const none = await update(device, small, { state, data: points, batches: [] });
      assert.deepEqual(none, { state, average: state.weights, losses: [] });
    }),
});

for (const value of [NaN, Infinity, -Infinity, 1e200, 1e30]) {
  Deno.test({
    name: `a batch with ${value} changes nothing by shaders, and says so`,
    ...onAdapter,
    fn: () =>
      withDevice(async (device) => {
        const { whole, rest } = await broken(device, value);
        assert.ok(!Number.isFinite(whole.losses[0]), `a loss of ${whole.losses[0]}`);
        assert.deepEqual(whole.state, rest.state);
        assert.equal(whole.losses[1], rest.losses[0]);
        assert.equal(rest.state.updates, 7);
      }),
  });
}

Deno.test({
  name: "weights of rows that are no numbers change nothing by shaders",
  ...onAdapter,
  fn: () =>
    withDevice(async (device) => {
      const rows = Uint32Array.of(0, 1, 2);
      const batch = { rows, weights: Float32Array.of(1, NaN, 1), learningRate: 1e-2 };
      const after = await update(device, small, { state: trained(), data, batches: [batch] });
      assert.deepEqual(after.state, trained());
      assert.ok(Number.isNaN(after.losses[0]));
    }),
});

Deno.test({
  name: "a signal ends training by shaders with its reason",
  ...onAdapter,
  fn: () =>
    withDevice(async (device) => {
      const engine = new WebGpuEngine(device);
      const state = trained();
      const rows = Uint32Array.from({ length: 500 }, (_, i) => i);
      const steps = completeBatches(
        Array.from({ length: 400 }, () => ({ rows, learningRate: 1e-3 })),
        500,
      );
      const shape = shapeFor(small.flow, state);
      const controller = new AbortController();
      const running = engine.update(shape, state, data, steps, { signal: controller.signal });
      setTimeout(() => controller.abort(new Error("enough")), 50);
      await assert.rejects(running, /^Error: enough$/);
      // It still works, and begins from what it is given.
      const few = steps.slice(0, 1);
      const after = await engine.update(shape, state, data, few);
      const alone = await new WebGpuEngine(device).update(shape, state, data, few);
      assert.deepEqual(after, alone);
    }),
});

Deno.test({
  name: "weights of one in a batch are those of none",
  ...onAdapter,
  fn: () =>
    withDevice(async (device) => {
      const [{ rows }] = batchesOfAll;
      const how = { rows, learningRate: 1e-3 };
      const run = (batch: Batch): Promise<FlowUpdates> =>
        update(device, small, { state: trained(), data, batches: [batch] });
      const ones = await run({ ...how, weights: new Float32Array(rows.length).fill(1) });
      assert.deepEqual(ones, await run(how));
      const chances = uniforms([1, 1], rows.length);
      const others = await run({ ...how, weights: Float32Array.from(chances) });
      assert.notDeepEqual(others.state.weights, ones.state.weights);
    }),
});
