/**
 * Which device a program runs on.
 *
 * @module
 */
import type { Device } from "./device.ts";
import { type Precision, PRECISIONS } from "../tensor/precision.ts";
import { interpreterDevice, interpreterSingleDevice } from "./interpreter.ts";
import { wasmDevice, wasmSingleDevice } from "./wasm_inline.ts";

/** A device by name; `"auto"` takes the fastest that is there. */
export type DeviceName = "auto" | "interpreter" | "wasm";

/** All names of devices. */
export const DEVICE_NAMES: readonly DeviceName[] = ["auto", "interpreter", "wasm"];

/** A `(module (func (drop (i8x16.splat (i32.const 0)))))`: valid where WebAssembly has SIMD. */
const SIMD_PROBE = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0],
  ...[10, 9, 1, 7, 0, 0x41, 0, 0xfd, 0x0f, 0x1a, 0x0b],
);

/**
 * The device of a name.
 *
 * @param name Its name; `"auto"` is WebAssembly, or the interpreter where WebAssembly has no SIMD.
 * @param precision What the floats of programs are; f64 by default.
 * @returns The device.
 * @throws {RangeError} If there is no device of that name, or no such precision.
 */
export function chooseDevice(name: DeviceName = "auto", precision: Precision = "f64"): Device {
  if (!DEVICE_NAMES.includes(name)) {
    throw new RangeError(
      `Cannot choose the device ${JSON.stringify(name)}: expected one of ${
        DEVICE_NAMES.join(", ")
      }`,
    );
  }
  if (!PRECISIONS.includes(precision)) {
    throw new RangeError(
      `Cannot run in the precision ${JSON.stringify(precision)}: expected one of ${
        PRECISIONS.join(", ")
      }`,
    );
  }
  const [interpreter, wasm] = precision === "f64"
    ? [interpreterDevice, wasmDevice]
    : [interpreterSingleDevice, wasmSingleDevice];
  if (name === "interpreter") return interpreter;
  if (name === "wasm") return wasm;
  return WebAssembly.validate(SIMD_PROBE) ? wasm : interpreter;
}
