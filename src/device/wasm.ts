/**
 * Compiled programs: in this thread, or shared among workers.
 *
 * @module
 */
import type { Precision } from "../tensor/functions/precision.ts";
import type { Device } from "./device.ts";
import { WasmMap } from "./wasm_map.ts";
import { WasmStep } from "./wasm_step.ts";
import { defaultWorkers, workerPool } from "./worker_pool.ts";

/** How programs are compiled and where they run. */
export interface WasmOptions {
  /** What floats are; f64 by default. */
  readonly precision?: Precision | undefined;
  /** How many workers there are at most; one for each core by default, 1 is this thread alone. */
  readonly workers?: number | undefined;
}

/**
 * The device that compiles to WebAssembly.
 *
 * @param options The precision, and the number of workers.
 * @returns The device.
 */
export function wasmDeviceWith(
  { precision = "f64", workers = defaultWorkers() }: WasmOptions = {},
): Device {
  const pool = workers > 1 ? workerPool(workers) : undefined;
  return {
    name: "wasm",
    precision,
    workers,
    step: (program, leaves, record) => new WasmStep(program, leaves, record, { precision, pool }),
    map: (program, own) => new WasmMap(program, own, { precision, pool }),
    hold: () => pool?.hold() ?? { release: () => {} },
  };
}

/** The same in this thread alone. */
export const wasmDevice: Device = wasmDeviceWith({ workers: 1 });

/** The same in this thread alone and in single precision. */
export const wasmSingleDevice: Device = wasmDeviceWith({ workers: 1, precision: "f32" });
