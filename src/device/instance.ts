/**
 * Compiled modules and their instances in this thread.
 *
 * @module
 */
import type { CompiledModule } from "../compile/ensemble.ts";
import { HostCalls } from "./host_calls.ts";
import type { Run } from "./slices.ts";

/** A module with an instance. */
export interface Instance {
  /** The module, which workers make instances of as well. */
  readonly module: WebAssembly.Module;
  /** The instance's memory. */
  readonly memory: WebAssembly.Memory;
  /** The instance's function. */
  readonly run: Run;
  /** Takes its calls to functions of the host, if it has any. */
  readonly host: HostCalls | undefined;
}

/**
 * Compiles a module and makes an instance.
 *
 * @param compiled A module that exports `memory` and `run`.
 * @returns The module and the instance.
 */
export async function instantiate(
  { bytes, callees, precision }: CompiledModule,
): Promise<Instance> {
  const host = callees.length === 0 ? undefined : new HostCalls(callees, precision);
  // Asynchronous, since browsers forbid a synchronous compilation of this size on a main thread.
  const { module, instance } = await WebAssembly.instantiate(bytes, host?.imports);
  const memory = instance.exports["memory"] as WebAssembly.Memory;
  host?.attach(memory);
  return { module, memory, run: instance.exports["run"] as Run, host };
}
