/**
 * Rows through a flow on a WebGPU device.
 *
 * @module
 */
import { pausesOf } from "../device/pause.ts";
import type { KeyWords } from "../random/words.ts";
import type { EngineShape, Numbers } from "./engine.ts";
import { type FlowPlan, packed } from "./webgpu_plan.ts";
import { type Lease, ShaderProgram, TOLD_STRIDE, type WatchedDevice } from "./webgpu_program.ts";
import { programText } from "./webgpu_shaders.ts";

/** Rows of a workgroup. */
export const GROUP = 64;
/** Numbers that are on the device at a time, at most: 16 MiB. */
const MOST_NUMBERS = 4_194_304;
/**
 * Products of weights in a submission, about: a few hundredths of a second on the slowest device there is,
 * Mesa's lavapipe with two cores, since a longer one would hold up a page.
 */
export const PRODUCTS_AT_ONCE = 100_000_000;
/** Submissions between two looks at what is done. */
export const SUBMISSIONS_AHEAD = 8;

/** What becomes of rows: an entry point of `shaders/flow_map.wgsl`. */
export type MapEntry = "to_base" | "density" | "from_base" | "sample" | "draw";

/** Rows in white coordinates, in and out. */
export interface WhiteRows {
  /** n × d. */
  readonly value: Float32Array;
  /** What the entry point makes of each, [n]. */
  readonly log: Float32Array;
}

/** The buffers of a state that all programs of layers read. */
export interface StateBuffers {
  readonly plan: GPUBufferBinding;
  readonly weights: GPUBufferBinding & { readonly buffer: GPUBuffer };
  readonly rotations: GPUBufferBinding;
}

/**
 * Writes a state to the device.
 *
 * @param lease Where its buffers come from.
 * @param plan How the flow is laid out.
 * @param state Weights and rotations.
 * @returns The buffers.
 */
export function writeState(lease: Lease, plan: FlowPlan, state: Numbers): StateBuffers {
  const present = state.rotations.filter((rotation) => rotation !== undefined);
  return {
    plan: lease.upload(plan.words),
    weights: lease.upload(packed(plan, state.weights)),
    rotations: lease.upload(Float32Array.from(present.flatMap((each) => [...each]))),
  };
}

/** Rows of a dispatch that multiplies about so many weights: whole groups, and at least one. */
export function rowsWithin(products: number, { products: each }: FlowPlan): number {
  return Math.max(1, Math.floor(products / (each * GROUP))) * GROUP;
}

/** What a map starts from: rows, or a key that they are drawn by. */
export type MapSource =
  | { readonly white: Float32Array<ArrayBuffer> }
  | { readonly key: KeyWords; readonly first: number; readonly rows: number };

/** How a map is made. */
export interface MapRun {
  /** What becomes of the rows. */
  readonly entry: MapEntry;
  /** Rows of a dispatch at most; as many as are good for it by default. */
  readonly rowsAtOnce?: number | undefined;
  /** Ends the work with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Sends rows through one flow. */
export class WebGpuMap {
  readonly #watched: WatchedDevice;
  readonly #dimension: number;
  readonly #plan: FlowPlan;
  readonly #program: ShaderProgram;

  /**
   * @param watched The device.
   * @param shape What the flow is made of.
   * @param plan How it is laid out.
   * @param changed Changes the shaders' text.
   */
  constructor(
    watched: WatchedDevice,
    shape: EngineShape,
    plan: FlowPlan,
    changed = (text: string): string => text,
  ) {
    this.#watched = watched;
    this.#dimension = shape.dimension;
    this.#plan = plan;
    const code = changed(programText("map", plan.constants));
    this.#program = new ShaderProgram(watched.device, code, [
      "read",
      "read",
      "read",
      "told",
      "written",
    ]);
  }

  /**
   * Sends rows through: each row's bits are those it has alone.
   *
   * @param state Weights and rotations.
   * @param source Rows in white coordinates, or what they are drawn by.
   * @param run What becomes of them.
   * @returns The rows, in white coordinates.
   */
  async run(state: Numbers, source: MapSource, run: MapRun): Promise<WhiteRows> {
    const d = this.#dimension;
    const rows = "white" in source ? source.white.length / d : source.rows;
    const value = new Float32Array(rows * d);
    const log = new Float32Array(rows);
    if (rows === 0) return { value, log };
    return await this.#watched.run(async (lease) => {
      const buffers = writeState(lease, this.#plan, state);
      const block = Math.max(1, Math.floor(MOST_NUMBERS / (d + 1)));
      for (let first = 0; first < rows; first += block) {
        const part = this.#partOf(source, first, Math.min(block, rows - first));
        const numbers = await this.#block(lease, buffers, part, run);
        value.set(numbers.subarray(0, part.rows * d), first * d);
        log.set(numbers.subarray(part.rows * d), first);
      }
      return { value, log };
    }, run.signal);
  }

  #partOf(source: MapSource, first: number, rows: number): Part {
    const d = this.#dimension;
    if (!("white" in source)) return { rows, key: source.key, draw: source.first + first };
    return {
      rows,
      white: source.white.subarray(first * d, (first + rows) * d),
      key: [0, 0],
      draw: 0,
    };
  }

  /** Rows that are on the device at a time. */
  async #block(
    lease: Lease,
    buffers: StateBuffers,
    { rows, white, key, draw }: Part,
    { entry, signal, rowsAtOnce = rowsWithin(PRODUCTS_AT_ONCE, this.#plan) }: MapRun,
  ): Promise<Float32Array> {
    const { device } = this.#watched;
    const pauses = pausesOf(signal);
    const numbers = lease.room(4 * rows * (this.#dimension + 1));
    if (white !== undefined) device.queue.writeBuffer(numbers.buffer, 0, white);
    const records: ArrayBuffer[] = [];
    for (let first = 0; first < rows; first += rowsAtOnce) {
      const end = Math.min(first + rowsAtOnce, rows);
      records.push(Uint32Array.of(first, end, rows, draw, ...key).buffer);
    }
    const told = lease.tell(records);
    const pipeline = await this.#program.pipeline(entry);
    const group = this.#program.bind([
      buffers.plan,
      buffers.weights,
      buffers.rotations,
      told,
      numbers,
    ]);
    for (let i = 0; i < records.length; i++) {
      const [first, end] = new Uint32Array(records[i]);
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group, [i * TOLD_STRIDE]);
      pass.dispatchWorkgroups(Math.ceil((end - first) / GROUP));
      pass.end();
      device.queue.submit([encoder.finish()]);
      if ((i + 1) % SUBMISSIONS_AHEAD === 0) {
        await device.queue.onSubmittedWorkDone();
        if (pauses.due()) await pauses.take();
      }
    }
    const [bytes] = await lease.read([numbers]);
    return new Float32Array(bytes);
  }
}

/** Rows of a block. */
interface Part {
  readonly rows: number;
  readonly white?: Float32Array<ArrayBuffer>;
  readonly key: KeyWords;
  readonly draw: number;
}
