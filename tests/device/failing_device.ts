/** Devices that stand in for a GPU, and fail when they are told to. */
import type { Device } from "../../src/device/device.ts";
import { wasmSingleDevice } from "../../src/device/wasm.ts";

/** A device with the arithmetic of single precision and the name of a GPU. */
export interface FailingDevice extends Device {
  /** How many runs of steps and of functions it has begun. */
  readonly runs: { steps: number; maps: number };
}

/** When a device fails. */
export interface Failing {
  /** The run of steps at which it does, from 1. */
  readonly atStep?: number;
  /** The run of a function at which it does, from 1. */
  readonly atMap?: number;
}

/**
 * A device that fails at some run and at all after it.
 *
 * @param error What it fails with.
 * @param when When.
 * @param device What works until then.
 */
export function failingDevice(
  error: () => unknown,
  { atStep = Infinity, atMap = Infinity }: Failing,
  device: Device = wasmSingleDevice,
): FailingDevice {
  const runs = { steps: 0, maps: 0 };
  let failed = false;
  const fail = (): void => {
    failed = true;
    throw error();
  };
  return {
    ...device,
    name: "webgpu",
    runs,
    step: (...given) => {
      const runner = device.step(...given);
      return {
        async run(...work) {
          runs.steps++;
          // It is lost in the midst of its work, as a GPU is.
          const result = await runner.run(...work);
          if (failed || runs.steps >= atStep) fail();
          return result;
        },
      };
    },
    map: (...given) => {
      const runner = device.map(...given);
      return {
        async run(...work) {
          runs.maps++;
          const result = await runner.run(...work);
          if (failed || runs.maps >= atMap) fail();
          return result;
        },
      };
    },
  };
}
