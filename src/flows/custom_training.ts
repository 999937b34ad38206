/**
 * Updates of a flow whose slopes come row by row.
 *
 * @module
 */
import { adam } from "./adam.ts";
import { type Batch, checkBatch } from "./engine.ts";
import type { Flow, FlowState } from "./flow.ts";

/** ln q at points, [n], then its slopes in each parameter, each n × size, in the order of the weights. */
export type RowSlopes = (state: FlowState, points: Float64Array) => Promise<Float64Array[]>;

/** Most slopes that are held at a time: rows times weights. */
const SLOPES_AT_ONCE = 2 ** 20;

/** Loss of a batch. */
interface Loss {
  readonly loss: number;
  readonly slopes: Float64Array;
}

/**
 * Σ wᵢ (−ln q(xᵢ)) over rows, divided by their number, and its slopes. Rows are added in their order,
 * whichever are computed together and where.
 */
async function lossOf(
  rowSlopes: RowSlopes,
  state: FlowState,
  data: Float64Array,
  { rows, weights }: Batch,
): Promise<Loss> {
  const { dimension: d, weights: { length: count } } = state;
  const sums = new Float64Array(count);
  let loss = 0;
  const most = Math.max(1, Math.floor(SLOPES_AT_ONCE / (count + 1)));
  for (let start = 0; start < rows.length; start += most) {
    const some = rows.subarray(start, start + most);
    const points = new Float64Array(some.length * d);
    some.forEach((row, i) => points.set(data.subarray(row * d, (row + 1) * d), i * d));
    const [logDensity, ...slopes] = await rowSlopes(state, points);
    for (let i = 0; i < some.length; i++) {
      const weight = weights?.[start + i] ?? 1;
      loss -= weight * logDensity[i];
      let k = 0;
      for (const part of slopes) {
        const size = part.length / some.length;
        for (let e = i * size; e < (i + 1) * size; e++) sums[k++] -= weight * part[e];
      }
    }
  }
  return { loss: loss / rows.length, slopes: sums.map((sum) => sum / rows.length) };
}

/**
 * Makes the updates of a kind of flow.
 *
 * @param rowSlopes Computes log density and slopes.
 * @returns The updates, one after the other, by Adam. A batch whose loss or slopes are not finite changes
 * nothing.
 */
export function updatesBy(rowSlopes: RowSlopes): Flow["updates"] {
  return async (state, data, batches) => {
    const complete = batches.map(({ clip = 1, weightDecay = 0, ...given }) => {
      const batch = { ...given, clip, weightDecay };
      checkBatch(batch, data.length / state.dimension);
      return batch;
    });
    let after = state;
    const losses: number[] = [];
    for (const batch of complete) {
      const { loss, slopes } = await lossOf(rowSlopes, after, data, batch);
      if (Number.isFinite(loss)) after = { ...after, ...adam(after, slopes, batch) };
      losses.push(loss);
    }
    return { state: after, losses };
  };
}
