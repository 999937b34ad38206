/**
 * Compiled programs on a GPU, in single precision.
 *
 * @module
 */
import type { Device } from "./device.ts";
import { WebgpuMap } from "./webgpu_map.ts";
import type { WebgpuHow } from "./webgpu_program.ts";
import { WebgpuStep } from "./webgpu_step.ts";

/**
 * The device that compiles to WGSL. Whether there is a GPU shows when something first runs: that is
 * rejected with a {@linkcode WebgpuUnavailable} if there is none.
 *
 * @param how How programs are printed, and where they run.
 * @returns The device.
 */
export function webgpuDeviceWith(how: WebgpuHow = {}): Device {
  return {
    name: "webgpu",
    precision: "f32",
    step: (program, leaves, record) => new WebgpuStep(program, leaves, record, how),
    map: (program, own) => new WebgpuMap(program, own, how),
    hold: () => ({ release: () => {} }),
  };
}

/** The device on the connection that all share. */
export const webgpuDevice: Device = webgpuDeviceWith();
