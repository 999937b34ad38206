/**
 * Draws of several runs of the same chains, one after the other.
 *
 * @module
 */
import { allocate, sizeOf } from "../tensor/shape.ts";
import { fromArray, type Tensor } from "../tensor/tensor.ts";

/**
 * Joins draws along their second axis.
 *
 * @param parts At least one tensor, chains × draws × shape, with the same chains and shape.
 * @returns All draws of each chain, in the order of the parts.
 */
export function joinDraws(parts: readonly Tensor[]): Tensor {
  const [{ dtype, shape: [chains, , ...shape] }] = parts;
  const draws = parts.reduce((sum, part) => sum + part.shape[1], 0);
  const data = allocate(dtype, chains * draws * sizeOf(shape));
  let to = 0;
  for (let chain = 0; chain < chains; chain++) {
    for (const part of parts) {
      const width = part.size / chains;
      data.set(part.data.subarray(chain * width, (chain + 1) * width), to);
      to += width;
    }
  }
  return fromArray({ dtype, shape: [chains, draws, ...shape], data });
}
