/**
 * Compiled programs on a GPU, in single precision.
 *
 * @module
 */
import type { Device } from "./device.ts";
import { type Connection, connection } from "./webgpu_connection.ts";
import { WebgpuMap } from "./webgpu_map.ts";
import { WebgpuStep } from "./webgpu_step.ts";

/**
 * The device that compiles to WGSL. Whether there is a GPU shows when something first runs: that is
 * rejected with a {@linkcode WebgpuUnavailable} if there is none.
 *
 * @param connect Connects to the GPU; all share one connection by default.
 * @returns The device.
 */
export function webgpuDeviceWith(connect: () => Promise<Connection> = connection): Device {
  return {
    name: "webgpu",
    precision: "f32",
    step: (program, leaves, record) => new WebgpuStep(program, leaves, record, connect),
    map: (program, own) => new WebgpuMap(program, own, connect),
    hold: () => ({ release: () => {} }),
  };
}

/** The device on the connection that all share. */
export const webgpuDevice: Device = webgpuDeviceWith();
