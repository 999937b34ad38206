/** Updates of flows by shaders and in WebAssembly, and how far they are apart. */
import assert from "node:assert/strict";
import { type Batch, completeBatches, type UpdateOptions } from "../../src/flows/batch.ts";
import { withEngine } from "../../src/flows/engine.ts";
import type { FlowState, FlowUpdates } from "../../src/flows/flow.ts";
import { WebGpuEngine, type WebGpuEngineOptions } from "../../src/flows/webgpu_engine.ts";
import { permutation } from "../../src/random/words.ts";
import { normals } from "../diagnostics/series.ts";
import { type Kind, KINDS, pointsFor, stateOf } from "./kinds.ts";
import { DEFAULT, relativeError, shapeFor } from "./webgpu_device.ts";

/** What is asked of slopes, relative to their norm. */
export const TOLERANCE = 1e-4;

/** A small flow of splines, with another rotation between layers. */
export const small: Kind = KINDS[0];

/** Weights of the default flow's eight layers are moved less: more, and the layers are chaotic. */
export function stateFor(kind: Kind, dimension: number): FlowState {
  const state = stateOf(kind, dimension, kind === DEFAULT ? 0.05 : 0.15);
  // Another rotation, between layers.
  return kind === small
    ? { ...state, rotations: state.rotations.with(2, state.rotations[0]) }
    : state;
}

/** Updates by an engine of its own. */
export async function update(
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
export function weightedRows(rows: number, from: number): Pick<Batch, "rows" | "weights"> {
  const chosen = permutation([3, rows], from).subarray(0, rows);
  return { rows: chosen, weights: Float32Array.from(normals([4, rows], rows), (z) => 1 + z) };
}

/** |a − b| over |b|. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
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
export async function slopeErrors(
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

/** Of what it is trained on here. */
export const DIMENSION = 3;

/** A flow in the middle of its training. */
export function trained(updates = 6): FlowState {
  const state = stateFor(small, DIMENSION);
  const count = state.weights.length;
  return {
    ...state,
    firstMoment: Float32Array.from(normals([1, 4], count), (z) => 0.02 * z),
    secondMoment: Float32Array.from(normals([1, 5], count), (z) => 1e-4 * z * z + 1e-5),
    updates,
  };
}

/** What it is trained on. */
export const data: Float64Array = pointsFor(trained(), [DIMENSION, 8], 500);

/** Batches with and without weights of rows, one with slopes that are clipped. */
export const batchesOfAll: readonly Batch[] = Array.from({ length: 8 }, (_, i) => ({
  ...(i % 2 === 0 ? { rows: permutation([9, i], 500).subarray(0, 177) } : weightedRows(99, 500)),
  learningRate: 5e-3 / (i + 1),
  weightDecay: 0.01,
  clip: i === 3 ? 0.1 : 1,
}));

/** How far updates of an engine are from those in WebAssembly: weights, moments, mean, losses. */
export async function updateErrors(
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

/** A batch that holds a number that is none, or beyond what 32 bits hold, and one without it. */
export async function broken(
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
