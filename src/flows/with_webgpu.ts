/**
 * A flow whose work is done by a graphics processor.
 *
 * @module
 */
import type { KeyWords } from "../random/words.ts";
import { completeBatches } from "./batch.ts";
import { type EngineShape, type Numbers, withEngine } from "./engine.ts";
import { engineMethods, type EngineRunner } from "./engine_methods.ts";
import type { Flow, FlowDraws, FlowState } from "./flow.ts";
import { mapRows } from "./shared_engine.ts";
import { checkShape, WebGpuEngine } from "./webgpu_engine.ts";
import { withWorkers } from "./with_workers.ts";

/** Which draws of a key are wanted. */
export interface DrawOptions {
  /** How many, a whole number of at least 0. */
  readonly rows: number;
  /** The number of the first one; 0 by default. */
  readonly first?: number;
  /** Ends the work with its reason. */
  readonly signal?: AbortSignal;
}

/** A flow on a WebGPU device. */
export interface WebGpuFlow extends Flow {
  /**
   * Draws points on the device, from the normal numbers on. The draw of a number is the same however many
   * there are, and that of `trainedFlow(…).sample` with the same key.
   *
   * @param state A state of this kind.
   * @param key The key.
   * @param draws How many, and the number of the first.
   * @returns The points, and their log density from the same pass.
   * @throws {RangeError} If the numbers are not whole, or not from 0 to 2³².
   */
  draw(state: FlowState, key: KeyWords, draws: DrawOptions): Promise<FlowDraws>;
  /** Gives the memory on the device back. The device remains, and the flow can be used again. */
  destroy(): void;
}

function refusal({ name }: Flow): TypeError {
  return new TypeError(
    `Cannot run flows of the kind ${name} on WebGPU: give one of splineFlow() or affineFlow(), or use it ` +
      "without withWebGpu(), in WebAssembly",
  );
}

/** Refuses states and rows of another shape, as the engine in WebAssembly does. */
async function expectFit(shape: EngineShape, state: Numbers, data: Float64Array): Promise<void> {
  await withEngine(shape, (engine) => engine.written(state, data));
}

function runnerOf(engine: WebGpuEngine): EngineRunner {
  return {
    async map(shape, state, data, how, where) {
      if ("scores" in how) return await mapRows(shape, state, data, how, where);
      await expectFit(shape, state, data);
      return await engine.map(shape, state, data, how, { signal: where?.signal });
    },
    async update(shape, state, data, batches, where) {
      await expectFit(shape, state, data);
      const steps = completeBatches(batches, data.length / shape.dimension);
      return await engine.update(shape, state, data, steps, { signal: where?.signal });
    },
  };
}

/** Draws are counted in words of 32 bits. */
const MOST_DRAWS = 4_294_967_296;

function checkDraws(rows: number, first: number): void {
  const whole = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
  if (whole(rows) && whole(first) && first + rows <= MOST_DRAWS) return;
  throw new RangeError(
    `Cannot draw ${rows} points from a flow, the first with the number ${first}: expected whole numbers ` +
      `that add up to at most ${MOST_DRAWS}`,
  );
}

/**
 * The same flow, run and trained by shaders on a WebGPU device. Its states remain those of the flow: what
 * either has trained the other can use.
 *
 * Arithmetic has 32 bits throughout, `precision` or not, while whitening has 64: log densities, points
 * and slopes are those of the engine in WebAssembly to about 1e-5, relative to their size, so that the
 * log density of a draw is that at its position to as much. Runs on one device have the same bits; other
 * devices round otherwise. Gradients of the log density (`scores`) are still computed in WebAssembly, with
 * 64 bits.
 *
 * Where the device fails, is lost or refuses a shader, a `WebGpuFlowError` says so; states are never
 * changed in place, so that work can go on from the one that is there, with the flow that was given.
 *
 * @param flow A flow of `splineFlow` or `affineFlow`, of at most 64 coordinates and 128 hidden units to a
 * layer.
 * @param device The device, with WebGPU's default limits or more. It remains the caller's.
 * @returns The flow on the device.
 * @throws {TypeError} If the flow is of another kind, or there is no device.
 *
 * @example
 * ```ts
 * import { affineFlow, withWebGpu } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * const adapter = await navigator.gpu?.requestAdapter();
 * if (adapter) {
 *   const device = await adapter.requestDevice();
 *   const flow = withWebGpu(affineFlow({ layers: 2, hidden: [8] }), device);
 *   const state = flow.init(2, [0, 1]);
 *   const { logDensity } = await flow.draw(state, [0, 2], { rows: 1000 });
 *   assert.equal(logDensity.length, 1000);
 *   flow.destroy();
 *   device.destroy();
 * }
 * ```
 */
export function withWebGpu(flow: Flow, device: GPUDevice): WebGpuFlow {
  if (typeof device !== "object" || device === null || !("queue" in device)) {
    throw new TypeError(
      "Cannot run a flow on WebGPU without a device: give that of an adapter's requestDevice()",
    );
  }
  const shapeOf = flow.engineShape?.bind(flow);
  if (shapeOf === undefined) throw refusal(flow);
  const engine = new WebGpuEngine(device);
  return {
    ...withWorkers(flow, {}),
    ...engineMethods(shapeOf, runnerOf(engine)),
    check(dimension, periodic = new Array<boolean>(dimension).fill(false)) {
      flow.check?.(dimension, periodic);
      checkShape(shapeOf(flow.init(dimension, [0, 0], periodic)));
    },
    async draw(state, key, { rows, first = 0, ...options }) {
      checkDraws(rows, first);
      const shape = shapeOf(state);
      await expectFit(shape, state, new Float64Array(0));
      const { value, log } = await engine.draw(shape, state, { key, rows, first }, options);
      return { position: value, logDensity: log };
    },
    destroy: () => engine.destroy(),
  };
}
