/**
 * The state of a run as bytes, to be kept in a file or a database and gone on from.
 *
 * @module
 */
import type { RunState } from "../adaptive/run_state.ts";
import type { ChainState } from "../kernels/kernel.ts";
import { fromBytes, toBytes } from "./coded_bytes.ts";
import { RUN_STATE, TRAINED_FLOW } from "./formats.ts";

/**
 * Writes the state of a run as bytes.
 *
 * @param state The state after any cycle.
 * @returns The bytes; the same state gives the same ones.
 * @throws {TypeError} If the state holds something other than plain data and concrete tensors.
 */
export function stateToBytes(state: RunState): Uint8Array<ArrayBuffer> {
  return toBytes(RUN_STATE, state);
}

/**
 * Reads the state of a run.
 *
 * @param bytes What {@linkcode stateToBytes} wrote.
 * @returns The state: give it to `sample` as `resume`, or to `runAdaptive`.
 * @throws {SyntaxError} If the bytes are foreign, damaged or of another format.
 *
 * @example A run that goes on in another process
 * ```ts
 * import { density, key, sample, stateFromBytes, stateToBytes } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * const gaussian = density(2, (x) => x.square().sum().mul(-0.5));
 * const options = { flow: "none", stop: { effectiveSampleSize: 500 } } as const;
 * const first = await sample(gaussian, key(1), options);
 * const bytes = stateToBytes(first.state);
 * const more = await sample(gaussian, key(1), {
 *   ...options,
 *   stop: { effectiveSampleSize: 5000 },
 *   resume: stateFromBytes(bytes),
 * });
 * assert(more.draws.x.shape[1] > first.draws.x.shape[1]);
 * ```
 */
export function stateFromBytes<State extends ChainState = ChainState>(
  bytes: Uint8Array,
): RunState<State> {
  return fromBytes(RUN_STATE, bytes, [TRAINED_FLOW]) as RunState<State>;
}
