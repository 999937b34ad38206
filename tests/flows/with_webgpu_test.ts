/** A flow that is run by shaders is the same flow, and says so clearly where it cannot be. */
import assert from "node:assert/strict";
import { fitFlow } from "../../src/adaptive/fit_flow.ts";
import { trainedFlow, trainFurther } from "../../src/adaptive/trained_flow.ts";
import { trainInCycles } from "../../src/adaptive/training.ts";
import { affineFlow } from "../../src/flows/affine_flow.ts";
import { customFlow } from "../../src/flows/custom_flow.ts";
import type { Flow } from "../../src/flows/flow.ts";
import { splineFlow } from "../../src/flows/spline_flow.ts";
import { WebGpuFlowError } from "../../src/flows/webgpu_buffers.ts";
import { WebGpuEngine } from "../../src/flows/webgpu_engine.ts";
import { withWebGpu } from "../../src/flows/with_webgpu.ts";
import { key, normal } from "../../src/tensor/random.ts";
import { KINDS, normalsFor, pointsFor, stateOf } from "./kinds.ts";
import { onAdapter, relativeError, shapeFor, withDevice } from "./webgpu_device.ts";

const kind = KINDS[6];
const { flow } = kind;
const state = stateOf(kind, 3);
const points = pointsFor(state, [3, 4], 200);
const how = { learningRate: 1e-2 };

Deno.test({
  name: "withWebGpu() gives a flow that does all that the flow does, to five digits",
  ...onAdapter,
  fn: () =>
    withDevice(async (device) => {
      const shared = withWebGpu(flow, device);
      assert.equal(shared.name, flow.name);
      assert.deepEqual(shared.options, flow.options);
      assert.deepEqual(shared.init(3, [1, 2]), flow.init(3, [1, 2]));
      assert.deepEqual(shared.whiten(state, points), flow.whiten(state, points));
      assert.equal(shared.normals(state), flow.normals(state));
      const near = (a: Float64Array, b: Float64Array): void =>
        assert.ok(relativeError(a, b) < 1e-4, `${relativeError(a, b)}`);
      near(await shared.logDensity(state, points), await flow.logDensity(state, points));
      const there = await shared.forward(state, points);
      near(there.logDeterminant, (await flow.forward(state, points)).logDeterminant);
      const back = await shared.inverse(state, there.value);
      near(back.logDeterminant, there.logDeterminant);
      const normals = normalsFor(kind, state, [3, 5], 200);
      const drawn = await shared.sample(state, normals);
      near(drawn.logDensity, (await flow.sample(state, normals)).logDensity);
      // Slopes of the log density remain those of 64 bits.
      assert.deepEqual(await shared.scores(state, points), await flow.scores(state, points));
      const after = await shared.update(state, points, how);
      const expected = await flow.update(state, points, how);
      near(Float64Array.of(after.loss), Float64Array.of(expected.loss));
      near(Float64Array.from(after.state.weights), Float64Array.from(expected.state.weights));
      shared.destroy();
    }),
});

Deno.test({
  name: "draws of withWebGpu() are those of the trained flow with the same key",
  ...onAdapter,
  fn: () =>
    withDevice(async (device) => {
      const shared = withWebGpu(flow, device);
      const { position, logDensity } = await shared.draw(state, [0, 5], { rows: 100 });
      const expected = await trainedFlow(flow, state).sample(key(5), 100);
      assert.ok(relativeError(position, expected.position.data) < 1e-4);
      assert.ok(relativeError(logDensity, expected.logDensity.data) < 1e-4);
      const later = await shared.draw(state, [0, 5], { first: 60, rows: 2 });
      assert.deepEqual(later.position, position.slice(180, 186));
      const other = await shared.draw(state, [0, 6], { rows: 100 });
      assert.notDeepEqual(other, { position, logDensity });
      assert.deepEqual((await shared.draw(state, [0, 5], { rows: 0 })).logDensity.length, 0);
      // From the flow on a device, too.
      const drawn = await trainedFlow(shared, state).sample(key(5), 100);
      assert.ok(relativeError(drawn.logDensity.data, expected.logDensity.data) < 1e-4);
      for (const draws of [{ rows: -1 }, { rows: 1.5 }, { rows: 2, first: 2 ** 32 - 1 }]) {
        await assert.rejects(
          shared.draw(state, [0, 5], draws),
          /^RangeError: Cannot draw .* points from a flow, the first with the number/,
        );
      }
    }),
});

Deno.test({
  name: "fitFlow() fits a flow on a device as it does in WebAssembly",
  ...onAdapter,
  fn: () =>
    withDevice(async (device) => {
      const noise = normal(key(1), [600, 2]);
      const draws = noise.square().add(noise.slice(0, 600).mul(0.5));
      const options = { cycles: 3, train: trainInCycles({ updates: 30 }) };
      const plain = splineFlow({ layers: 4 });
      const there = await fitFlow(withWebGpu(plain, device), draws, key(2), options);
      const here = await fitFlow(plain, draws, key(2), options);
      // Rounding grows from update to update; what is learned is the same.
      assert.ok(relativeError(there.loss.slice(0, 2), here.loss.slice(0, 2)) < 1e-3);
      const apart = there.validation.map((each, i) => Math.abs(each - here.validation[i]));
      assert.ok(apart.every((each) => each < 0.05), `${apart}`);
      assert.ok(here.loss[0] - here.loss[3] > 0.05);
    }),
});

Deno.test({
  name: "a flow on a device goes on from where another one is",
  ...onAdapter,
  fn: () =>
    withDevice(async (device) => {
      const further = withWebGpu(trainFurther({ kind: flow, state }), device);
      assert.equal(further.init(3, [9, 9], state.periodic), state);
      const ofClass = withWebGpu(Object.create(flow) as Flow, device);
      assert.deepEqual(
        await ofClass.logDensity(state, points),
        await further.logDensity(state, points),
      );
    }),
});

Deno.test({
  name: "calls at the same time do not disturb each other, and buffers are used again",
  ...onAdapter,
  fn: () =>
    withDevice(async (device) => {
      const engine = new WebGpuEngine(device);
      const shape = shapeFor(flow, state);
      const density = { inverse: false, density: true };
      const one = (from: number) =>
        engine.map(shape, state, points.subarray(from, from + 300), density);
      const alone = [await one(0), await one(3), await one(300)];
      const { buffers } = engine;
      assert.deepEqual(await Promise.all([one(0), one(3), one(300)]), alone);
      for (let i = 0; i < 5; i++) await one(0);
      assert.equal(engine.buffers, buffers);
      engine.destroy();
      assert.equal(engine.buffers, 0);
      // It begins anew.
      assert.deepEqual(await one(3), alone[1]);
    }),
});

Deno.test({
  name: "a device that is lost is said to be, and training goes on in WebAssembly",
  ...onAdapter,
  fn: () =>
    withDevice(async (device) => {
      const shared = withWebGpu(flow, device);
      const { state: after } = await shared.update(state, points, how);
      const kept = structuredClone(after);
      device.destroy();
      for (let i = 0; i < 2; i++) {
        await assert.rejects(shared.update(after, points, how), (error) => {
          assert.ok(error instanceof WebGpuFlowError);
          assert.match(
            error.message,
            /^Cannot run a flow on WebGPU: .*; its state is unchanged, go on with it in WebAssembly/s,
          );
          return true;
        });
      }
      assert.deepEqual(after, kept);
      assert.equal((await flow.update(after, points, how)).state.updates, 2);
    }),
});

Deno.test({
  name: "a shader that a device refuses is one clear error, and the next call works",
  ...onAdapter,
  fn: () =>
    withDevice(async (device) => {
      let refused = true;
      const changed = (text: string): string => refused ? `${text}\nfn f() { absent(); }` : text;
      const engine = new WebGpuEngine(device, { changed });
      const shape = shapeFor(flow, state);
      const run = () => engine.map(shape, state, points, { inverse: false, density: true });
      await assert.rejects(run(), (error) => error instanceof WebGpuFlowError);
      refused = false;
      engine.destroy();
      assert.equal((await run()).log.length, 200);
    }),
});

Deno.test({
  name: "withWebGpu() refuses what shaders do not know, and says to use WebAssembly",
  ...onAdapter,
  fn: () =>
    withDevice(async (device) => {
      const own = customFlow({
        name: "shift",
        init: () => ({ by: 0 }),
        forward: ({ by }, x) => ({ value: x.add(by), logDeterminant: by.mul(0) }),
      });
      assert.throws(
        () => withWebGpu(own, device),
        /^TypeError: Cannot run flows of the kind shift on WebGPU: give one of splineFlow\(\) or .* WebAssembly$/,
      );
      assert.throws(
        () => withWebGpu(flow, undefined as unknown as GPUDevice),
        /^TypeError: Cannot run a flow on WebGPU without a device: give that of an adapter's/,
      );
      const refuse = async (other: Flow, dimension: number, message: RegExp): Promise<void> => {
        const shared = withWebGpu(other, device);
        assert.throws(() => shared.check?.(dimension), message);
        const large = shared.init(dimension, [1, 1]);
        await assert.rejects(shared.logDensity(large, new Float64Array(dimension)), message);
        await assert.rejects(shared.update(large, new Float64Array(dimension), how), message);
        await assert.rejects(shared.draw(large, [0, 1], { rows: 1 }), message);
      };
      const small = { layers: 2, hidden: [4] };
      await refuse(
        affineFlow(small),
        65,
        /^RangeError: Cannot run a flow of 65 coordinates, more than 64, on WebGPU; run it in WebAssembly/,
      );
      await refuse(
        splineFlow({ layers: 1, hidden: [129] }),
        2,
        /with `hidden` 129, more than 128, on/,
      );
      await refuse(splineFlow({ ...small, range: 1e7 }), 2, /with `range` 10000000, not from 1e-3/);
      withWebGpu(affineFlow(small), device).check?.(64);
    }),
});

Deno.test({
  name: "states and points of another shape are refused as in WebAssembly",
  ...onAdapter,
  fn: () =>
    withDevice(async (device) => {
      const shared = withWebGpu(splineFlow({ layers: 2 }), device);
      const message =
        /^TypeError: Cannot use a state of \d+ weights: this flow has \d+; give it the/;
      await assert.rejects(shared.logDensity(state, points), message);
      await assert.rejects(shared.update(state, points, how), message);
      await assert.rejects(shared.draw(state, [0, 1], { rows: 1 }), message);
      const own = withWebGpu(flow, device);
      await assert.rejects(
        own.logDensity(state, points.subarray(0, 5)),
        /^TypeError: Cannot send 5 numbers through a flow: expected 3 for each point$/,
      );
      await assert.rejects(
        own.updates(state, points, [{ rows: Uint32Array.of(200), ...how }]),
        /with row 200: the data has 200 rows$/,
      );
    }),
});
