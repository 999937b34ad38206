/**
 * Compiled programs: in this thread, or shared among workers.
 *
 * @module
 */
import type { Device } from "./device.ts";
import { WasmMap } from "./wasm_map.ts";
import { WasmStep } from "./wasm_step.ts";
import { defaultWorkers, workerPool } from "./worker_pool.ts";

/**
 * The device that compiles to WebAssembly.
 *
 * @param workers How many workers it uses at most; 1 is this thread alone.
 * @returns The device.
 */
export function wasmDeviceWith(workers: number = defaultWorkers()): Device {
  const pool = workers > 1 ? workerPool(workers) : undefined;
  return {
    name: "wasm",
    step: (program, leaves, record) => new WasmStep(program, leaves, record, pool),
    map: (program, own) => new WasmMap(program, own, pool),
    hold: () => pool?.hold() ?? { release: () => {} },
  };
}

/** The same in this thread alone. */
export const wasmDevice: Device = wasmDeviceWith(1);
