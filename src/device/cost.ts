/**
 * Whether a run should be faster on a GPU, by what there is to compute: no clock is asked, so that the same
 * run on the same machine takes the same device.
 *
 * @module
 */

/** What a run computes. */
export interface RunCost {
  /** Work of the log density and its gradient at a point, by `workOf`. */
  readonly gradient: number;
  /** Work of the log density alone. */
  readonly density: number;
  /** How many chains move side by side. */
  readonly chains: number;
  /** How many workers would share them. */
  readonly workers: number;
}

/**
 * A unit of work takes WebAssembly so many nanoseconds on one core, in double precision: 0.06 to 0.13 measured
 * for sums over data, of which long runs consist.
 */
const WASM_NANOSECONDS = 0.1;
/**
 * And a GPU that is busy: a graphics processor of a laptop (Apple M1: 1,024 floats at 1.28 GHz by its data
 * sheet) at a fifth of its peak. Not measured; those of desktops have ten times as much and more.
 */
const GPU_NANOSECONDS = 0.004;
/** A chain by itself waits for each operation: some 5 cycles of dependent arithmetic, twice as long with memory. */
const GPU_LATENCY_NANOSECONDS = 8;
/** A read-back: waiting for a GPU takes 10 ms in Deno (measured on Mesa's), less in browsers. */
const READ_BACK_MILLISECONDS = 10;
/** Five shaders, of which drivers take 50 to 500 ms to compile each. */
const START_MILLISECONDS = 1500;
/**
 * Gradients that a chain takes in a run to the default stop, and how often a GPU is waited for: 280 to 1,060
 * and 80 to 115 over runs with and without a flow of logistic regressions and a normal distribution.
 */
const GRADIENTS = 500;
const READ_BACKS = 100;
/** Draws of a chain in such a run, whose log densities are computed again in double precision: 100 to 280. */
const DRAWS = 200;
/** It has to be so many times as fast: both estimates are right to a factor of two or three. */
const LEAST_GAIN = 2;

/** How long a run should take on each device, in milliseconds, but for all that does not depend on the device. */
export function expectedMilliseconds(
  { gradient, density, chains, workers }: RunCost,
): { readonly wasm: number; readonly webgpu: number } {
  const wasm = (work: number, points: number): number =>
    1e-6 * WASM_NANOSECONDS * work * points / workers;
  const each = Math.max(GPU_LATENCY_NANOSECONDS, GPU_NANOSECONDS * chains);
  return {
    wasm: wasm(gradient, GRADIENTS * chains),
    webgpu: START_MILLISECONDS + READ_BACKS * READ_BACK_MILLISECONDS +
      1e-6 * each * gradient * GRADIENTS + wasm(density, DRAWS * chains),
  };
}

/**
 * Whether a GPU should be faster by enough to be taken. Runs of a few seconds never are: waiting for the GPU
 * would take longer.
 *
 * @param cost What there is to compute.
 * @returns Whether to ask for an adapter.
 */
export function gpuPays(cost: RunCost): boolean {
  const { wasm, webgpu } = expectedMilliseconds(cost);
  // A density that calls the host has work without bound.
  return Number.isFinite(wasm) && wasm > LEAST_GAIN * webgpu;
}
