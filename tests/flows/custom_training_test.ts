/** Training of flows that users write: slopes, row weights, what is refused, and that it learns. */
import assert from "node:assert/strict";
import { customFlow } from "../../src/flows/custom_flow.ts";
import type { Batch } from "../../src/flows/batch.ts";
import type { Flow, FlowState } from "../../src/flows/flow.ts";
import { hostFunction } from "../../src/tensor/host_function.ts";
import { concat, stack } from "../../src/tensor/operations.ts";
import { normal } from "../../src/tensor/random.ts";
import { scan } from "../../src/tensor/scan.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { normals } from "../diagnostics/series.ts";
import { cubic, customKinds, customState, sinhArcsinh } from "./custom_kinds.ts";
import { correlated, largestDifference } from "./reference.ts";

/** Slopes of a batch's loss: the first moment starts at 0 and takes a tenth of them. */
async function slopesOf(
  flow: Flow,
  state: FlowState,
  data: Float64Array,
  batch: Pick<Batch, "rows" | "weights">,
): Promise<{ readonly loss: number; readonly slopes: number[] }> {
  const how = { learningRate: 0, clip: Infinity };
  const { state: after, losses } = await flow.updates(state, data, [{ ...batch, ...how }]);
  assert.deepEqual(after.weights, state.weights);
  return { loss: losses[0], slopes: Array.from(after.firstMoment, (each) => 10 * each) };
}

const rowsOf = (count: number): Uint32Array => Uint32Array.from({ length: count }, (_, i) => i);

for (const flow of customKinds()) {
  for (const dimension of [1, 2, 5]) {
    const name = `${flow.name}, d=${dimension}`;
    const state = customState(flow, dimension);
    const data = correlated([dimension, 8], 37, dimension);

    Deno.test(`slopes are those of the loss, ${name}`, async () => {
      const { loss, slopes } = await slopesOf(flow, state, data, { rows: rowsOf(37) });
      const lossWith = async (weights: Float32Array): Promise<number> => {
        const logDensity = await flow.logDensity({ ...state, weights }, data);
        return -logDensity.reduce((sum, each) => sum + each) / logDensity.length;
      };
      assert.ok(Math.abs(loss - await lossWith(state.weights)) < 1e-12 * (1 + Math.abs(loss)));
      assert.ok(slopes.some((slope) => Math.abs(slope) > 0.01));
      const scale = 1 + Math.max(...slopes.map(Math.abs));
      for (let index = 0; index < slopes.length; index++) {
        // Single precision rounds the step.
        const [up, down] = [1, -1].map((sign) => Math.fround(state.weights[index] + sign * 1e-4));
        const numerical = (await lossWith(state.weights.with(index, up)) -
          await lossWith(state.weights.with(index, down))) / (up - down);
        const error = Math.abs(numerical - slopes[index]);
        assert.ok(error < 1e-6 * scale, `weight ${index}: ${slopes[index]}, not ${numerical}`);
      }
    });

    Deno.test(`weights count rows, ${name}`, async () => {
      const few = { rows: rowsOf(8) };
      const near = (a: readonly number[], b: readonly number[]): void =>
        assert.ok(largestDifference(a, b) < 1e-5 * (1 + Math.max(...b.map(Math.abs))));
      const plain = await slopesOf(flow, state, data, few);
      const twice = await slopesOf(flow, state, data, {
        ...few,
        weights: Float32Array.of(2, 0, 1, 1, 1, 1, 1, 1),
      });
      const doubled = await slopesOf(flow, state, data, {
        rows: Uint32Array.of(0, 0, 2, 3, 4, 5, 6, 7),
      });
      near([twice.loss, ...twice.slopes], [doubled.loss, ...doubled.slopes]);
      const against = await slopesOf(flow, state, data, {
        ...few,
        weights: new Float32Array(8).fill(-2),
      });
      near([against.loss, ...against.slopes], [plain.loss, ...plain.slopes].map((x) => -2 * x));
    });
  }
}

Deno.test("a batch of many rows is summed as one of few, row after row", async () => {
  // So many weights that rows are computed in several runs.
  const wide = customFlow({
    name: "wide",
    init: (dimension, key) => ({ shift: normal(key, [dimension, 600_000]).mul(1e-4) }),
    forward: ({ shift }, x) => ({
      value: x.add(shift.tanh().sum([1]).mul(x.tanh().mul(0).add(1))),
      logDeterminant: 0,
    }),
    workers: 1,
  });
  const state = wide.init(1, [1, 2]);
  const data = normals([3, 1], 60);
  const { slopes } = await slopesOf(wide, state, data, { rows: rowsOf(60) });
  const parts = await Promise.all(
    [0, 20, 40].map((first) =>
      slopesOf(wide, state, data, { rows: rowsOf(20).map((row) => row + first) })
    ),
  );
  const mean = slopes.map((_, i) => parts.reduce((sum, part) => sum + part.slopes[i] / 3, 0));
  const scale = slopes.reduce((most, slope) => Math.max(most, Math.abs(slope)), 0);
  assert.ok(scale > 0 && largestDifference(slopes, mean) < 1e-5 * scale);
});

Deno.test("loops and functions of the host within a flow have slopes", async () => {
  const ownTanh = hostFunction(
    ([x]) => Math.tanh(x),
    ([x]) => Float64Array.of(1 - Math.tanh(x) ** 2),
  );
  const flow = customFlow({
    name: "loop",
    init: () => ({ steps: [0.3, -0.2, 0.1], pull: 0.4 }),
    // Each turn adds a bounded function of the first coordinate to the second one.
    forward: ({ steps, pull }, x) => {
      const [moved] = scan(
        (y: Tensor, step: Tensor) => [y.add(step.mul(x.at(0).add(y.mul(0)).tanh())), []],
        x.at(1),
        steps,
      );
      return {
        value: stack([x.at(0), moved.add(ownTanh(x.slice(0, 1).mul(pull)))]),
        logDeterminant: 0,
      };
    },
  });
  const [state, data] = [customState(flow, 2), correlated([2, 8], 37, 2)];
  const { slopes } = await slopesOf(flow, state, data, { rows: rowsOf(37) });
  assert.ok(slopes.every((slope) => Math.abs(slope) > 1e-3));
  const lossWith = async (weights: Float32Array): Promise<number> => {
    const logDensity = await flow.logDensity({ ...state, weights }, data);
    return -logDensity.reduce((sum, each) => sum + each) / logDensity.length;
  };
  for (let index = 0; index < slopes.length; index++) {
    const [up, down] = [1, -1].map((sign) => Math.fround(state.weights[index] + sign * 1e-4));
    const numerical = (await lossWith(state.weights.with(index, up)) -
      await lossWith(state.weights.with(index, down))) / (up - down);
    assert.ok(Math.abs(numerical - slopes[index]) < 1e-6, `${slopes[index]}, not ${numerical}`);
  }
});

Deno.test("updates at once or in slices give the same bits", async () => {
  const flow = customFlow(sinhArcsinh);
  const [state, data] = [customState(flow, 3), correlated([3, 8], 200, 3)];
  const all = Array.from({ length: 8 }, (_, i) => ({
    rows: rowsOf(50).map((row) => (7 * row + i) % 200),
    learningRate: 5e-3 / (i + 1),
    weightDecay: 0.01,
  }));
  const whole = await flow.updates(state, data, all);
  assert.deepEqual(await flow.updates(state, data, all), whole);
  const first = await flow.updates(state, data, all.slice(0, 3));
  const second = await flow.updates(first.state, data, all.slice(3));
  assert.deepEqual(second.state, whole.state);
  assert.deepEqual([...first.losses, ...second.losses], whole.losses);
  assert.equal(whole.state.updates, 8);
  assert.deepEqual((await flow.updates(state, data, [])).state, state);
});

Deno.test("a batch that is not finite changes nothing and says so", async () => {
  const flow = customFlow(cubic);
  const [state, data] = [customState(flow, 2), correlated([2, 8], 60, 2)];
  for (const broken of [NaN, Infinity, -Infinity, 1e200]) {
    const bad = data.with(31, broken);
    const { state: after, losses } = await flow.updates(state, bad, [
      { rows: rowsOf(60), learningRate: 0.01 },
    ]);
    assert.ok(!Number.isFinite(losses[0]), `a loss of ${losses[0]}`);
    assert.deepEqual(after, state);
  }
});

Deno.test("slopes are shortened to a norm of 1 by default", async () => {
  const flow = customFlow(sinhArcsinh);
  const [state, data] = [customState(flow, 3), correlated([3, 8], 200, 3).map((x) => 5 * x)];
  const norm = async (how: { clip?: number }): Promise<number> => {
    const { state: after } = await flow.update(state, data, { learningRate: 0, ...how });
    return 10 * Math.hypot(...after.firstMoment);
  };
  assert.ok(await norm({ clip: Infinity }) > 2);
  assert.ok(Math.abs(await norm({}) - 1) < 1e-6);
  assert.ok(Math.abs(await norm({ clip: 0.25 }) - 0.25) < 1e-6);
});

Deno.test("a loss that is not finite changes nothing, whatever its slopes", async () => {
  const flow = customFlow({
    name: "constant",
    init: () => ({ constant: 0.5 }),
    forward: ({ constant }, x) => ({ value: x, logDeterminant: constant }),
  });
  const state = flow.init(1, [1, 2]);
  const { state: after, loss } = await flow.update(state, Float64Array.of(1, NaN), {
    learningRate: 0.1,
  });
  assert.deepEqual([after, loss], [state, NaN]);
  assert.notDeepEqual(
    (await flow.update(state, Float64Array.of(1, 2), { learningRate: 0.1 })).state.weights,
    state.weights,
  );
});

Deno.test("batches and options that make no sense are refused", async () => {
  const flow = customFlow(cubic);
  const [state, data] = [customState(flow, 2), correlated([2, 8], 60, 2)];
  const refuse = (batch: object, message: RegExp): Promise<void> =>
    assert.rejects(
      flow.updates(state, data, [{ rows: rowsOf(9), learningRate: 1e-3, ...batch }]),
      message,
    );
  await refuse({ rows: rowsOf(0) }, /^RangeError: Cannot update a flow by a batch without rows$/);
  await refuse({ rows: Uint32Array.of(60) }, /with row 60: the data has 60 rows$/);
  await refuse({ weights: new Float32Array(8) }, /a batch of 9 rows with 8 weights: give one for/);
  await refuse({ learningRate: NaN }, /`learningRate` NaN: expected a non-negative number$/);
  await refuse({ clip: 0 }, /`clip` 0: expected a positive number$/);
});

Deno.test("nothing that is given is changed", async () => {
  const flow = customFlow(cubic);
  const [state, data] = [customState(flow, 2), correlated([2, 8], 60, 2)];
  const points = data.slice();
  await flow.update(state, points, { learningRate: 0.1 });
  await flow.sample(state, points);
  await flow.scores(state, points);
  flow.whiten(state, points);
  assert.deepEqual([state, points], [customState(flow, 2), data]);
});

Deno.test("training finds the parameters that the data were drawn with", async () => {
  const flow = customFlow(sinhArcsinh);
  const init = flow.init(2, [1, 2]);
  const truth = { ...init, weights: Float32Array.of(0.6, -0.4, 0.2, -0.1) };
  const n = 20_000;
  const { position } = await flow.sample(truth, normals([5, 1], 2 * n));
  let state = init;
  for (let step = 0; step < 60; step++) {
    const rows = Uint32Array.from({ length: 2000 }, (_, i) => (2000 * step + i) % n);
    state = (await flow.updates(state, position, [{ rows, learningRate: 0.05 }])).state;
  }
  for (let step = 0; step < 30; step++) {
    state = (await flow.update(state, position, { learningRate: 0.03 * (1 - step / 30) })).state;
  }
  // The estimates of 20,000 draws have standard errors of about 0.01.
  assert.ok(largestDifference(state.weights, truth.weights) < 0.06, `${state.weights}`);
});

Deno.test("the parameters of a list are trained like others", async () => {
  const [, , flow] = customKinds();
  const [state, data] = [customState(flow, 3), correlated([3, 8], 400, 3)];
  const before = await flow.update(state, data, { learningRate: 0 });
  let after = before;
  for (let i = 0; i < 30; i++) {
    after = await flow.update(after.state, data, { learningRate: 0.02 });
  }
  assert.ok(after.loss < before.loss - 0.5, `${before.loss} to ${after.loss}`);
});

Deno.test("parameters that are not used have slopes of 0", async () => {
  const flow = customFlow({
    name: "unused",
    init: (dimension) => ({ used: 0.5, unused: [1, 2], half: new Float64Array(dimension) }),
    forward: ({ used, half }, x) => ({
      value: concat([x.slice(0, 1).add(half.slice(0, 1)), x.slice(1)]).mul(used.exp()),
      logDeterminant: used.mul(x.size),
    }),
  });
  const state = flow.init(2, [1, 2]);
  const { slopes } = await slopesOf(flow, state, correlated([2, 8], 60, 2), { rows: rowsOf(60) });
  // half[0], half[1], unused[0], unused[1], used
  assert.deepEqual(slopes.map((slope) => slope === 0), [false, true, true, true, false]);
});
