/**
 * Compiled modules and their instances in this thread.
 *
 * @module
 */
import type { Run } from "./slices.ts";

/** A module with an instance. */
export interface Instance {
  /** The module, which workers make instances of as well. */
  readonly module: WebAssembly.Module;
  /** The instance's memory. */
  readonly memory: WebAssembly.Memory;
  /** The instance's function. */
  readonly run: Run;
}

/**
 * Compiles bytes and makes an instance.
 *
 * @param bytes A module that exports `memory` and `run`.
 * @returns The module and the instance.
 */
export async function instantiate(bytes: Uint8Array<ArrayBuffer>): Promise<Instance> {
  // Asynchronous, since browsers forbid a synchronous compilation of this size on a main thread.
  const { module, instance } = await WebAssembly.instantiate(bytes);
  return {
    module,
    memory: instance.exports["memory"] as WebAssembly.Memory,
    run: instance.exports["run"] as Run,
  };
}
