/**
 * Updates of a flow whose slopes are computed by programs.
 *
 * @module
 */
import { fromArray, type Tensor } from "../tensor/tensor.ts";
import { adam } from "./adam.ts";
import { ROWS_TOGETHER } from "./custom_programs.ts";
import { type Batch, completeBatches } from "./batch.ts";
import type { Flow, FlowState } from "./flow.ts";

/**
 * From chunks of rows, chunks × {@linkcode ROWS_TOGETHER} × d, and the weight of each, to Σ w (−ln q) of
 * each chunk, then its slopes in each parameter, chunks × size, in the order of the weights.
 */
export type ChunkSlopes = (
  state: FlowState,
  chunks: readonly [rows: Tensor, weights: Tensor],
) => Promise<Float64Array[]>;

/** Most slopes that are held at a time: chunks times weights. */
const SLOPES_AT_ONCE = 2 ** 20;

/** Loss of a batch. */
interface Loss {
  readonly loss: number;
  readonly slopes: Float64Array;
}

/** Rows of a batch from one on, in whole chunks: the last is filled up by its last row, of weight 0. */
function chunksOf(
  data: Float64Array,
  d: number,
  { rows, weights }: Batch,
  [first, end]: readonly [number, number],
): [Tensor, Tensor] {
  const chunks = Math.ceil((end - first) / ROWS_TOGETHER);
  const points = new Float64Array(chunks * ROWS_TOGETHER * d);
  const counts = new Float64Array(chunks * ROWS_TOGETHER);
  for (let i = 0; i < counts.length; i++) {
    const at = Math.min(first + i, end - 1);
    points.set(data.subarray(rows[at] * d, (rows[at] + 1) * d), i * d);
    if (first + i < end) counts[i] = weights?.[at] ?? 1;
  }
  return [
    fromArray({ dtype: "f64", shape: [chunks, ROWS_TOGETHER, d], data: points }),
    fromArray({ dtype: "f64", shape: [chunks, ROWS_TOGETHER], data: counts }),
  ];
}

/**
 * Σ wᵢ (−ln q(xᵢ)) over rows, divided by their number, and its slopes. The order of sums is that of the
 * rows alone: within chunks, then over them.
 */
async function lossOf(
  chunkSlopes: ChunkSlopes,
  state: FlowState,
  data: Float64Array,
  batch: Batch,
): Promise<Loss> {
  const { dimension: d, weights: { length: count } } = state;
  const { rows: { length: rows } } = batch;
  const sums = new Float64Array(count);
  let loss = 0;
  const most = ROWS_TOGETHER * Math.max(1, Math.floor(SLOPES_AT_ONCE / (count + 1)));
  for (let first = 0; first < rows; first += most) {
    const end = Math.min(first + most, rows);
    const [losses, ...slopes] = await chunkSlopes(state, chunksOf(data, d, batch, [first, end]));
    for (let i = 0; i < losses.length; i++) {
      loss += losses[i];
      let k = 0;
      for (const part of slopes) {
        const size = part.length / losses.length;
        for (let e = i * size; e < (i + 1) * size; e++) sums[k++] += part[e];
      }
    }
  }
  return { loss: loss / rows, slopes: sums.map((sum) => sum / rows) };
}

/**
 * Makes the updates of a kind of flow.
 *
 * @param chunkSlopes Computes losses and slopes.
 * @returns The updates, one after the other, by Adam. A batch whose loss or slopes are not finite changes
 * nothing.
 */
export function updatesBy(chunkSlopes: ChunkSlopes): Flow["updates"] {
  return async (state, data, batches) => {
    const complete = completeBatches(batches, data.length / state.dimension);
    let after = state;
    const losses: number[] = [];
    const sum = new Float64Array(state.weights.length);
    for (const batch of complete) {
      const { loss, slopes } = await lossOf(chunkSlopes, after, data, batch);
      if (Number.isFinite(loss)) after = { ...after, ...adam(after, slopes, batch) };
      losses.push(loss);
      after.weights.forEach((weight, i) => sum[i] += weight);
    }
    const average = batches.length === 0
      ? state.weights
      : Float32Array.from(sum, (each) => each / batches.length);
    return { state: after, losses, average };
  };
}
