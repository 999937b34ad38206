/**
 * Where the chains of a run move.
 *
 * @module
 */
import { chooseDevice, deviceBehind } from "../device/choose.ts";
import { gpuPays } from "../device/cost.ts";
import type { Device } from "../device/device.ts";
import { hardwareConnection } from "../device/hardware_adapter.ts";
import { webgpuDeviceWith } from "../device/webgpu.ts";
import type { Target } from "../target/target.ts";
import { workOf } from "../tensor/work.ts";
import type { SampleOptions } from "./options.ts";

/** What a run has to compute. */
export interface ChainWork {
  /** What is sampled. */
  readonly target: Target;
  /** How many chains there are. */
  readonly chains: number;
  /** How many workers would share them. */
  readonly workers: number;
}

/**
 * The device of the chains. A GPU that was asked for by name, or by `"auto"` for enough work in a precision
 * that is left open, has WebAssembly behind it; nothing is asked of the machine before something runs there.
 *
 * @param options The name of the device, the precision and the number of workers.
 * @param work What there is to do.
 * @returns The device.
 */
export function chainDeviceFor(
  { device, precision, workers }: Pick<SampleOptions, "device" | "precision" | "workers">,
  work: ChainWork,
): Device {
  // A step is taken again with its cycle, from the state before that.
  const behind = (gpu: Device): Device => deviceBehind(gpu, { precision, workers, steps: "throw" });
  if (device === "webgpu") return behind(webgpuDeviceWith());
  const pays = device === "auto" && precision !== "f64" && gpuPays(costOf(work));
  return pays
    ? behind(webgpuDeviceWith({ connect: hardwareConnection() }))
    : chooseDevice(device, { precision, workers });
}

function costOf({ target: { value, valueAndGradient = value }, chains, workers }: ChainWork) {
  return { gradient: workOf(valueAndGradient), density: workOf(value), chains, workers };
}
