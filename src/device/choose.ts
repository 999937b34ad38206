/**
 * Which device a program runs on.
 *
 * @module
 */
import type { Device } from "./device.ts";
import { fallbackDevice, type FallbackOptions } from "./fallback.ts";
import { type Precision, PRECISIONS } from "../tensor/functions/precision.ts";
import { interpreterDevice, interpreterSingleDevice } from "./interpreter.ts";
import { wasmDeviceWith } from "./wasm.ts";
import { webgpuDevice } from "./webgpu.ts";

/**
 * A device by name. `"wasm"`, the default everywhere, is compiled WebAssembly; where that has no SIMD, the
 * interpreter takes its place with the same bits. `"webgpu"` is a GPU, with floats of 32 bits; what it cannot
 * do, `"wasm"` does. `"auto"` is the one of both that should be faster: results then depend on the machine.
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

/** Compiled WebAssembly, or the interpreter where there is no SIMD. */
function compiledDevice(
  options: Required<Pick<DeviceOptions, "precision">> & DeviceOptions,
): Device {
  if (WebAssembly.validate(SIMD_PROBE)) return wasmDeviceWith(options);
  return fallbackDevice([interpreted(options.precision)], {
    before: [{
      from: "wasm",
      to: "interpreter",
      kind: "unavailable",
      reason: "WebAssembly has no SIMD here",
    }],
  });
}

function interpreted(precision: Precision | undefined): Device {
  return precision === "f32" ? interpreterSingleDevice : interpreterDevice;
}

/**
 * A GPU, and what takes its place where it fails: WebAssembly, then the interpreter; in double precision
 * unless single precision was asked for.
 *
 * @param gpu The device of the GPU.
 * @param options What floats are after it, how many workers there are, and what happens to steps in whose
 * midst it fails.
 * @returns The device.
 */
export function deviceBehind(
  gpu: Device,
  { precision = "f64", workers, steps }: DeviceOptions & FallbackOptions = {},
): Device {
  const others = [wasmDeviceWith({ precision, workers }), interpreted(precision)];
  const known = WebAssembly.validate(SIMD_PROBE) ? others : others.slice(1);
  return fallbackDevice([gpu, ...known], steps === undefined ? {} : { steps });
}

/**
 * The device of a name.
 *
 * Whether there is a GPU shows when something first runs on it, since an adapter can only be waited for: if
 * there is none, all runs by `"wasm"`. `"auto"` is `"wasm"` here, for steps and functions by themselves:
 * one call does not tell how much is to come. {@linkcode sample} knows, and may take a GPU.
 *
 * @param name Its name.
 * @param options What floats are, and how many workers there are.
 * @returns The device.
 * @throws {RangeError} If there is no device of that name, no such precision on it, or no such number of
 * workers.
 */
export function chooseDevice(
  name: DeviceName = "wasm",
  { precision, workers }: DeviceOptions = {},
): Device {
  checkDeviceOptions(name, { precision, workers });
  if (name === "webgpu") return deviceBehind(webgpuDevice, { precision, workers });
  return name === "interpreter"
    ? interpreted(precision)
    : compiledDevice({ precision: precision ?? "f64", workers });
}

/** Whether there is such a device, with such floats and so many workers. */
function checkDeviceOptions(name: DeviceName, { precision, workers }: DeviceOptions): void {
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
  if (precision !== undefined && !PRECISIONS.includes(precision)) {
    throw new RangeError(
      `Cannot run in the precision ${JSON.stringify(precision)}: expected one of ${
        PRECISIONS.join(", ")
      }`,
    );
  }
  if (name === "webgpu" && precision === "f64") {
    throw new RangeError(
      'Cannot run in the precision "f64" on the device "webgpu": WGSL has floats of 32 bits alone. ' +
        'Take the precision "f32", or the device "wasm"',
    );
  }
}
