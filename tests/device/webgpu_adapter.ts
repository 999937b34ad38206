/** Tests that need a GPU, or what stands in for one. */
import { webgpuDeviceWith } from "../../src/device/webgpu.ts";
import type { Device } from "../../src/device/device.ts";
import { type Requirement, requirement } from "../requirement.ts";
import { hasAdapter } from "../shaders/compute.ts";

/**
 * The options of a test that needs an adapter. The connection to it stays open from one test to the next.
 */
export const ON_GPU: Requirement & {
  readonly sanitizeResources: false;
  readonly sanitizeOps: false;
} = {
  ...requirement("webgpu", await hasAdapter()),
  sanitizeResources: false,
  sanitizeOps: false,
};

/** A device whose results are those of WebAssembly to the bit, where its division and roots are IEEE 754's. */
export const exactDevice: Device = webgpuDeviceWith({ exact: true });
