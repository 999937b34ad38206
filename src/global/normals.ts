/**
 * Many standard normal vectors at once, from a compiled program.
 *
 * @module
 */
import type { Device } from "../device/device.ts";
import { foldIn, type Key, normal } from "../tensor/random.ts";
import { type Tensor, words } from "../tensor/tensor.ts";
import { trace } from "../tensor/trace.ts";

/** Draws n standard normal vectors, n × d; row i comes from foldIn(key, i). */
export type NormalVectors = (key: Key, n: number) => Promise<Tensor>;

/**
 * Compiles the drawing of standard normal vectors.
 *
 * @param dimension Length of a vector.
 * @param device Where it runs.
 * @returns The function that draws them.
 */
export function normalVectors(dimension: number, device: Device): NormalVectors {
  const program = trace(
    (row, key) => [normal(foldIn(key as Key, row), [dimension])],
    [{ dtype: "u32", shape: [] }, { dtype: "u32", shape: [2] }],
  );
  const runner = device.map(program, 1);
  return async (key, n) => {
    const rows = words(Uint32Array.from({ length: n }, (_, i) => i));
    return (await runner.run([rows], [key]))[0];
  };
}
