/**
 * Compiled modules and their instances in this thread.
 *
 * @module
 */
import type { CompiledModule } from "../compile/ensemble.ts";
import { TooLarge } from "./failures.ts";
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

/** The longest function that engines take, by the WebAssembly JavaScript Interface. */
const MOST_BYTES = 7_654_321;

function tooLarge(bytes: number, cause: unknown): TooLarge {
  return new TooLarge(
    `Cannot compile this program: its code has ${
      (bytes / 1e6).toFixed(1)
    } MB, and engines take no ` +
      "function of that length. Loops of JavaScript write their bodies out: use arrays with one " +
      'more axis, or scan, or run it on the device "interpreter", which is slow',
    `its code has ${(bytes / 1e6).toFixed(1)} MB, and engines take no function of that length`,
    { cause },
  );
}

/**
 * Compiles a module and makes an instance.
 *
 * @param compiled A module that exports `memory` and `run`.
 * @returns The module and the instance.
 * @throws {RangeError} If the code is too long for the engine.
 */
export async function instantiate(
  { bytes, callees, precision }: CompiledModule,
): Promise<Instance> {
  const host = callees.length === 0 ? undefined : new HostCalls(callees, precision);
  // Asynchronous, since browsers forbid a synchronous compilation of this size on a main thread.
  const { module, instance } = await WebAssembly.instantiate(bytes, host?.imports).catch(
    (error) => {
      throw bytes.length > MOST_BYTES ? tooLarge(bytes.length, error) : error;
    },
  );
  const memory = instance.exports["memory"] as WebAssembly.Memory;
  host?.attach(memory);
  return { module, memory, run: instance.exports["run"] as Run, host };
}
