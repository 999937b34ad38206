/**
 * The log densities of kept draws in double precision, where chains move in single precision.
 *
 * @module
 */
import type { ChainState } from "../kernels/kernel.ts";
import { fromArray, type Tensor } from "../tensor/tensor.ts";
import type { Tree } from "../tensor/tree.ts";
import { distinct } from "./evidence_weights.ts";
import type { DrawBlock, RunState } from "./run_state.ts";
import type { Runtime } from "./runtime.ts";
import { addRounding, NO_ROUNDING, type RoundingRecord } from "./single_precision.ts";

/**
 * Computes the log densities of new draws again, in double precision, and records how far those of the chains
 * are from them. Draws that repeat the one before, as after a rejection, are computed once.
 *
 * @param runtime The compiled plan.
 * @param before The state before the cycle.
 * @param after The state after it, with new draws.
 * @returns The state after it, with the log densities in double precision; as it is where chains move in that.
 */
export async function inDouble<State extends ChainState & Tree>(
  runtime: Runtime<State>,
  before: RunState<State>,
  after: RunState<State>,
): Promise<RunState<State>> {
  if (!runtime.single()) return after;
  const known = before.draws.length;
  const blocks: DrawBlock[] = [];
  let rounding = after.rounding ?? NO_ROUNDING;
  for (const block of after.draws.slice(known)) {
    const double = await doubleDensities(runtime, block);
    rounding = addBlock(rounding, block.logDensity, double);
    blocks.push({ ...block, logDensity: double });
  }
  return { ...after, draws: [...after.draws.slice(0, known), ...blocks], rounding };
}

function addBlock(record: RoundingRecord, single: Tensor, double: Tensor): RoundingRecord {
  return addRounding(record, single.data as Float64Array, double.data as Float64Array);
}

/** Log densities of a block in double precision, chains × draws. */
async function doubleDensities<State extends ChainState & Tree>(
  { logDensity }: Runtime<State>,
  { position }: DrawBlock,
): Promise<Tensor> {
  const [chains, draws, dimension] = position.shape;
  const { rows, numbers } = distinct(position);
  const shape = [rows.length / dimension, dimension];
  const values = (await logDensity(fromArray({ dtype: "f64", shape, data: rows.slice() }))).data;
  return fromArray({
    dtype: "f64",
    shape: [chains, draws],
    data: Float64Array.from(numbers, (number) => values[number]),
  });
}
