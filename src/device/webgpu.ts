/**
 * Compiled programs on a GPU, in single precision.
 *
 * @module
 */
import type { Device } from "./device.ts";
import { WebgpuMap } from "./webgpu_map.ts";
import type { WebgpuHow } from "./webgpu_program.ts";
import { WebgpuStep } from "./webgpu_step.ts";

/** What can give its memory on the GPU back. */
interface Releasing {
  /** Gives it back once its work is done. */
  release(): void;
}

/**
 * The device that compiles to WGSL. Whether there is a GPU shows when something first runs: that is
 * rejected with a {@linkcode WebgpuUnavailable} if there is none.
 *
 * What runs while it is held gives its memory on the GPU back when the last hold ends: a garbage collector knows
 * nothing of that memory, and would come too late after large runs. It can run again all the same.
 *
 * @param how How programs are printed, and where they run.
 * @returns The device.
 */
export function webgpuDeviceWith(how: WebgpuHow = {}): Device {
  const used = new Set<Releasing>();
  let holds = 0;
  const noted = <Runner extends Releasing>(runner: Runner): Runner => {
    if (holds > 0) used.add(runner);
    return runner;
  };
  return {
    name: "webgpu",
    precision: "f32",
    step: (program, leaves, record) => {
      const step = new WebgpuStep(program, leaves, record, how);
      return { run: (...given) => noted(step).run(...given) };
    },
    map: (program, own) => {
      const map = new WebgpuMap(program, own, how);
      return { run: (...given) => noted(map).run(...given) };
    },
    hold: () => {
      let held = true;
      holds++;
      return {
        release: () => {
          if (!held) return;
          held = false;
          holds--;
          if (holds > 0) return;
          for (const runner of used) runner.release();
          used.clear();
        },
      };
    },
  };
}

/** The device on the connection that all share. */
export const webgpuDevice: Device = webgpuDeviceWith();
