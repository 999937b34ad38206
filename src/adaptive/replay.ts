/**
 * The replay buffer: recent positions of all chains, which the flow is trained on.
 *
 * @module
 */
import type { Tensor } from "../tensor/tensor.ts";

/** Rows of positions, the oldest first; plain data. */
export interface Replay {
  /** Number of coordinates of a row. */
  readonly dimension: number;
  /** rows × d. */
  readonly data: Float64Array;
}

/**
 * An empty buffer.
 *
 * @param dimension Number of coordinates.
 * @returns The buffer.
 */
export function emptyReplay(dimension: number): Replay {
  return { dimension, data: new Float64Array(0) };
}

/**
 * Adds positions, step by step for all chains, so that the oldest rows are the oldest steps; when
 * there are more than `capacity` rows, the oldest go.
 *
 * @param replay The buffer before.
 * @param positions chains × draws × d. Rows that are not finite are left out.
 * @param capacity Most rows that are kept.
 * @returns The buffer after.
 */
export function addToReplay(replay: Replay, positions: Tensor, capacity: number): Replay {
  const { dimension } = replay;
  const [chains, draws] = positions.shape;
  const { data } = positions;
  const added = new Float64Array(chains * draws * dimension);
  let rows = 0;
  for (let draw = 0; draw < draws; draw++) {
    for (let chain = 0; chain < chains; chain++) {
      const from = (chain * draws + draw) * dimension;
      const row = data.subarray(from, from + dimension) as Float64Array;
      if (row.every(Number.isFinite)) added.set(row, dimension * rows++);
    }
  }
  const all = new Float64Array(replay.data.length + rows * dimension);
  all.set(replay.data);
  all.set(added.subarray(0, rows * dimension), replay.data.length);
  const surplus = all.length / dimension - capacity;
  return { dimension, data: surplus > 0 ? all.slice(surplus * dimension) : all };
}
