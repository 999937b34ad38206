/** Training by shaders: slopes, updates and losses are those of the engine in WebAssembly. */
import assert from "node:assert/strict";
import type { Batch, UpdateOptions } from "../../src/flows/batch.ts";
import { completeBatches } from "../../src/flows/batch.ts";
import { withEngine } from "../../src/flows/engine.ts";
import type { FlowState, FlowUpdates } from "../../src/flows/flow.ts";
import { WebGpuEngine, type WebGpuEngineOptions } from "../../src/flows/webgpu_engine.ts";
import { permutation } from "../../src/random/words.ts";
import { normals, uniforms } from "../diagnostics/series.ts";
import { type Kind, KINDS, pointsFor, stateOf } from "./kinds.ts";
import {
  ALL_KINDS,
  DEFAULT,
  onAdapter,
  relativeError,
  shapeFor,
  withDevice,
} from "./webgpu_device.ts";

/** What is asked of slopes, relative to their norm. */
const TOLERANCE = 1e-4;

const small = KINDS[0];

/** Weights of the default flow's eight layers are moved less: more, and the layers are chaotic. */
function stateFor(kind: Kind, dimension: number): FlowState {
  const state = stateOf(kind, dimension, kind === DEFAULT ? 0.05 : 0.15);
  // Another rotation, between layers.
  return kind === small
    ? { ...state, rotations: state.rotations.with(2, state.rotations[0]) }
    : state;
}

/** Updates by an engine of its own. */
async function update(
  device: GPUDevice,
  { flow }: Kind,
  { state, data, batches }: {
    readonly state: FlowState;
    readonly data: Float64Array;
    readonly batches: readonly Batch[];
  },
  options: WebGpuEngineOptions = {},
): Promise<FlowUpdates> {
  const engine = new WebGpuEngine(device, options);
  const steps = completeBatches(batches, data.length / state.dimension);
  const { weights, ...others } = await engine.update(shapeFor(flow, state), state, data, steps);
  engine.destroy();
  return { state: { ...state, ...weights }, ...others };
}

/** Rows in some order, each with a weight of any size and sign. */
function weightedRows(rows: number, from: number): Pick<Batch, "rows" | "weights"> {
  const chosen = permutation([3, rows], from).subarray(0, rows);
  return { rows: chosen, weights: Float32Array.from(normals([4, rows], rows), (z) => 1 + z) };
}

/** |a − b| over |b|. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const norm = (of: (i: number) => number): number =>
    Math.sqrt(Array.from(b, (_, i) => of(i) ** 2).reduce((sum, each) => sum + each, 0));
  return norm((i) => a[i] - b[i]) / norm((i) => b[i]);
}

/** The first moment starts at 0 and takes a tenth of the slopes. */
const FIRST: UpdateOptions = { learningRate: 0, clip: Infinity };

function slopesOf({ state }: FlowUpdates): number[] {
  return Array.from(state.firstMoment, (each) => 10 * each);
}

/** Errors of the slopes over plain and over weighted rows, and of the loss of the latter. */
async function slopeErrors(
  device: GPUDevice,
  kind: Kind,
  dimension: number,
  options?: WebGpuEngineOptions,
): Promise<readonly number[]> {
  const state = stateFor(kind, dimension);
  const data = pointsFor(state, [dimension, 4], 300);
  const rows = Uint32Array.from({ length: 300 }, (_, i) => i);
  const run = (batch: Pick<Batch, "rows" | "weights">): Promise<FlowUpdates> =>
    update(device, kind, { state, data, batches: [{ ...batch, ...FIRST }] }, options);
  const plain = await run({ rows });
  const exact = await withEngine(
    shapeFor(kind.flow, state),
    (engine) => engine.loss(state, data),
  );
  const weighted = weightedRows(150, 300);
  const some = await run(weighted);
  const known = await kind.flow.updates(state, data, [{ ...weighted, ...FIRST }]);
  return [
    distance(slopesOf(plain), exact.slopes),
    relativeError(plain.losses, [exact.loss]),
    distance(slopesOf(some), slopesOf(known)),
    relativeError(some.losses, known.losses),
  ];
}

for (const kind of ALL_KINDS) {
  for (const dimension of kind === DEFAULT ? [5, 20] : [1, 2, 5]) {
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

const DIMENSION = 3;

/** A flow in the middle of its training. */
function trained(updates = 6): FlowState {
  const state = stateFor(small, DIMENSION);
  const count = state.weights.length;
  return {
    ...state,
    firstMoment: Float32Array.from(normals([1, 4], count), (z) => 0.02 * z),
    secondMoment: Float32Array.from(normals([1, 5], count), (z) => 1e-4 * z * z + 1e-5),
    updates,
  };
}

const data: Float64Array = pointsFor(trained(), [DIMENSION, 8], 500);

const batchesOfAll: readonly Batch[] = Array.from({ length: 8 }, (_, i) => ({
  ...(i % 2 === 0 ? { rows: permutation([9, i], 500).subarray(0, 177) } : weightedRows(99, 500)),
  learningRate: 5e-3 / (i + 1),
  weightDecay: 0.01,
  clip: i === 3 ? 0.1 : 1,
}));

/** How far updates of an engine are from those in WebAssembly: weights, moments, mean, losses. */
async function updateErrors(
  device: GPUDevice,
  batches: readonly Batch[],
  options?: WebGpuEngineOptions,
): Promise<readonly number[]> {
  const errors: number[] = [];
  for (const updates of [0, 6, 5000]) {
    const state = trained(updates);
    const actual = await update(device, small, { state, data, batches }, options);
    const expected = await small.flow.updates(state, data, batches);
    assert.equal(actual.state.updates, expected.state.updates);
    const moved = (weights: Float32Array): Float32Array =>
      weights.map((weight, i) => weight - state.weights[i]);
    errors.push(
      distance(moved(actual.state.weights), moved(expected.state.weights)),
      distance(moved(actual.average), moved(expected.average)),
      distance(actual.state.firstMoment, expected.state.firstMoment),
      distance(actual.state.secondMoment, expected.state.secondMoment),
      relativeError(actual.losses, expected.losses),
    );
  }
  return errors;
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

/** A batch that holds a number that is none, or beyond what 32 bits hold, and one without it. */
async function broken(
  device: GPUDevice,
  value: number,
  options?: WebGpuEngineOptions,
): Promise<{ readonly whole: FlowUpdates; readonly rest: FlowUpdates }> {
  const rows = Uint32Array.from({ length: 80 }, (_, i) => i);
  const bad = data.with(5 * DIMENSION + 1, value);
  const batches = [rows, rows.subarray(10)].map((each) => ({ rows: each, learningRate: 1e-2 }));
  const run = (some: readonly Batch[]): Promise<FlowUpdates> =>
    update(device, small, { state: trained(), data: bad, batches: some }, options);
  return { whole: await run(batches), rest: await run(batches.slice(1)) };
}

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

/** Mistakes in the shaders that show in the slopes of a kind of flow. */
const SLOPE_MUTANTS: readonly { name: string; kind: Kind; from: string; to: string }[] = [
  {
    name: "a row left out of each group",
    kind: small,
    from: "var row = first;",
    to: "var row = first + 1u;",
  },
  { name: "only the last group", kind: small, from: "sum += parts[g", to: "sum = parts[g" },
  {
    name: "a row for two",
    kind: small,
    from: "pass_of.first + id.x",
    to: "pass_of.first + id.x / 2u",
  },
  { name: "no row weights", kind: small, from: "row.weight * pass_of.share", to: "pass_of.share" },
  {
    name: "no slope of ln |det|",
    kind: small,
    from: "maps_backward(layer, -weight)",
    to: "maps_backward(layer, 0.0)",
  },
  { name: "no slope through the conditioner", kind: small, from: "x[coordinate] += by;", to: "" },
  {
    name: "the rotation the wrong way back",
    kind: small,
    from: "    rotate_back(l - 1u);\n  }\n  return weight",
    to: "    rotate(l - 1u);\n  }\n  return weight",
  },
  { name: "tanh without its slope", kind: small, from: "by - by * after * after", to: "by" },
  {
    name: "shares as if they were free",
    kind: small,
    from: "-= mean * raw[first + k]",
    to: "-= 0.0",
  },
  { name: "softplus without its slope", kind: small, from: "by_left * bin.left.y", to: "by_left" },
  {
    name: "an affine scale without its bound",
    kind: KINDS[3],
    from: "by_s - by_s * (s / BOUND) * (s / BOUND)",
    to: "by_s",
  },
  { name: "no slope in the turn", kind: KINDS[5], from: "by_raw[TURN_AT] = by_x;", to: "" },
  {
    name: "the sine's slope for the cosine's",
    kind: KINDS[6],
    from: "cosine_here * by_sine - sine_here * by",
    to: "cosine_here * by - sine_here * by_sine",
  },
  {
    name: "a normal slope in a heavy tail",
    kind: KINDS[2],
    from: "2.0 * power / (degrees * over)",
    to: "1.0",
  },
  {
    name: "circles in the base's slope",
    kind: KINDS[7],
    from: "energy.slope * weight, 0.0, is_periodic(i)",
    to: "energy.slope * weight, 0.0, false",
  },
];

/** A mistake, and whether it was made. */
function mistake(
  from: string,
  to: string,
): { readonly changed: (text: string) => string; count: number } {
  const made = {
    count: 0,
    changed(text: string): string {
      if (text.includes(from)) made.count++;
      return text.replace(from, to);
    },
  };
  return made;
}

for (const { name, kind, from, to } of SLOPE_MUTANTS) {
  Deno.test({
    name: `shaders of training with a mistake are caught: ${name}`,
    ...onAdapter,
    fn: () =>
      withDevice(async (device) => {
        const made = mistake(from, to);
        const errors = await slopeErrors(device, kind, 5, made);
        assert.ok(made.count > 0);
        assert.ok(errors.some((error) => !(error < 10 * TOLERANCE)), `${errors}`);
      }),
  });
}

/** Mistakes in the shaders that show in updates. */
const UPDATE_MUTANTS: readonly { name: string; from: string; to: string }[] = [
  { name: "no clipping", from: "norm > pass_of.clip", to: "false" },
  {
    name: "no correction of the first moment",
    from: "pass_of.rate * correction.x",
    to: "pass_of.rate",
  },
  {
    name: "no correction of the second moment",
    from: "progress.share = correction.y",
    to: "progress.share = 1.0",
  },
  { name: "no decay", from: "weight * pass_of.shrink", to: "weight" },
  { name: "the last weights for their mean", from: "pass_of.update > 0u", to: "false" },
  { name: "slopes added to those before", from: "pass_of.begins == 0u) { sum", to: "true) { sum" },
];

for (const { name, from, to } of UPDATE_MUTANTS) {
  Deno.test({
    name: `shaders of Adam with a mistake are caught: ${name}`,
    ...onAdapter,
    fn: () =>
      withDevice(async (device) => {
        const made = mistake(from, to);
        const errors = await updateErrors(device, batchesOfAll, made);
        assert.ok(made.count > 0);
        assert.ok(errors.some((error) => !(error < 1e-3)), `${errors}`);
      }),
  });
}

Deno.test({
  name: "shaders that forget the passes before are caught by their bits",
  ...onAdapter,
  fn: () =>
    withDevice(async (device) => {
      const made = mistake("pass_of.begins == 0u) { sum", "false) { sum");
      const start = { state: trained(), data, batches: batchesOfAll };
      const whole = await update(device, small, start);
      const split = await update(device, small, start, { ...made, rowsAtOnce: 64 });
      assert.ok(made.count > 0);
      assert.notDeepEqual(split.state.weights, whole.state.weights);
    }),
});

Deno.test({
  name: "shaders that update by slopes that are no numbers are caught",
  ...onAdapter,
  fn: () =>
    withDevice(async (device) => {
      // Finite in 32 bits, so that only the bits of what is computed from it say that it is too much.
      const made = mistake("let sound = ", "let sound = true || ");
      const { whole, rest } = await broken(device, 1e30, made);
      assert.ok(made.count > 0);
      assert.notDeepEqual(whole.state, rest.state);
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
