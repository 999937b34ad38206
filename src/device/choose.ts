/**
 * Which device a program runs on.
 *
 * @module
 */
import type { Device } from "./device.ts";
import { type Precision, PRECISIONS } from "../tensor/functions/precision.ts";
import { interpreterDevice, interpreterSingleDevice } from "./interpreter.ts";
import { wasmDeviceWith } from "./wasm.ts";
import { webgpuDevice } from "./webgpu.ts";

/**
 * A device by name; `"auto"` takes the fastest that is there with floats of 64 bits. `"webgpu"` is a GPU, with
 * floats of 32.
 */
export type DeviceName = "auto" | "interpreter" | "wasm" | "webgpu";

/** All names of devices. */
export const DEVICE_NAMES: readonly DeviceName[] = ["auto", "interpreter", "wasm", "webgpu"];

/** How a device runs. */
export interface DeviceOptions {
  /** What the floats of programs are; f64 by default, and on the device `"webgpu"` always f32. */
  readonly precision?: Precision | undefined;
  /**
   * How many workers share the chains at most; one for each core by default, and 1 is this thread
   * alone. Results have the same bits for any number. Workers start when there is enough to do, and
   * end soon after.
   */
  readonly workers?: number | undefined;
}

/** A `(module (func (drop (i8x16.splat (i32.const 0)))))`: valid where WebAssembly has SIMD. */
const SIMD_PROBE = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0],
  ...[10, 9, 1, 7, 0, 0x41, 0, 0xfd, 0x0f, 0x1a, 0x0b],
);

/**
 * The device of a name.
 *
 * Whether there is a GPU shows when something first runs on it: an adapter can only be waited for.
 *
 * @param name Its name; `"auto"` is WebAssembly, or the interpreter where WebAssembly has no SIMD.
 * @param options What floats are, and how many workers there are.
 * @returns The device.
 * @throws {RangeError} If there is no device of that name, no such precision on it, or no such number of
 * workers.
 */
export function chooseDevice(
  name: DeviceName = "auto",
  { precision = name === "webgpu" ? "f32" : "f64", workers }: DeviceOptions = {},
): Device {
  if (workers !== undefined && !(Number.isSafeInteger(workers) && workers >= 1)) {
    throw new RangeError(
      `Cannot run with \`workers\` ${workers}: expected a whole number from 1, which is this ` +
        "thread alone",
    );
  }
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
  if (name === "webgpu") {
    if (precision === "f32") return webgpuDevice;
    throw new RangeError(
      `Cannot run in the precision "${precision}" on the device "webgpu": WGSL has floats of 32 bits alone. ` +
        'Take the precision "f32", or the device "wasm"',
    );
  }
  const compiled = name === "wasm" || name === "auto" && WebAssembly.validate(SIMD_PROBE);
  if (compiled) return wasmDeviceWith({ precision, workers });
  return precision === "f64" ? interpreterDevice : interpreterSingleDevice;
}
