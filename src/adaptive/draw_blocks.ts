/**
 * The draws of several cycles.
 *
 * @module
 */
import { fromArray, type Tensor } from "../tensor/tensor.ts";
import type { DrawBlock } from "./run_state.ts";

/** Kept draws of each chain. */
export function drawCount(blocks: readonly DrawBlock[]): number {
  return blocks.reduce((sum, { logDensity }) => sum + logDensity.shape[1], 0);
}

/** Draws of several cycles as one tensor, chains × draws × shape. */
export function joinDraws(parts: readonly Tensor[]): Tensor {
  const [first] = parts;
  const [chains, , ...shape] = first.shape;
  const size = shape.reduce((product, length) => product * length, 1);
  const draws = parts.reduce((sum, part) => sum + part.shape[1], 0);
  const data = new Float64Array(chains * draws * size);
  let before = 0;
  for (const part of parts) {
    const width = part.shape[1] * size;
    for (let chain = 0; chain < chains; chain++) {
      data.set(
        part.data.subarray(chain * width, (chain + 1) * width),
        chain * draws * size + before * size,
      );
    }
    before += part.shape[1];
  }
  return fromArray({ dtype: "f64", shape: [chains, draws, ...shape], data });
}
