/**
 * A shader program with its bindings, and the buffers of one piece of work.
 *
 * @module
 */
import { type BufferPool, webGpuFailure } from "./webgpu_buffers.ts";

/** How a program uses a buffer: what the others tell apart by dispatch, `told` moves with each. */
export type Binding = "told" | "read" | "written";

/** Bytes from what one dispatch is told to what the next one is: the least that all devices allow. */
export const TOLD_STRIDE = 256;

const TYPES: Readonly<Record<Binding, GPUBufferBindingLayout>> = {
  told: { type: "uniform", hasDynamicOffset: true },
  read: { type: "read-only-storage" },
  written: { type: "storage" },
};

/** What pipelines of a program are made from. */
interface Parts {
  readonly module: GPUShaderModule;
  readonly bindings: GPUBindGroupLayout;
  readonly layout: GPUPipelineLayout;
}

/** A program for one flow. All of it is made when it is first needed, where errors are looked for. */
export class ShaderProgram {
  readonly #device: GPUDevice;
  readonly #code: string;
  readonly #kinds: readonly Binding[];
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();
  #made: Parts | undefined;

  /**
   * @param device Where it runs.
   * @param code WGSL.
   * @param bindings How it uses its buffers, in the order of their numbers.
   */
  constructor(device: GPUDevice, code: string, bindings: readonly Binding[]) {
    this.#device = device;
    this.#code = code;
    this.#kinds = bindings;
  }

  get #parts(): Parts {
    if (this.#made !== undefined) return this.#made;
    const visibility = GPUShaderStage.COMPUTE;
    const bindings = this.#device.createBindGroupLayout({
      entries: this.#kinds.map((kind, binding) => ({ binding, visibility, buffer: TYPES[kind] })),
    });
    this.#made = {
      module: this.#device.createShaderModule({ code: this.#code }),
      bindings,
      layout: this.#device.createPipelineLayout({ bindGroupLayouts: [bindings] }),
    };
    return this.#made;
  }

  /**
   * The pipeline of an entry point.
   *
   * @param entryPoint Its name.
   * @returns The pipeline.
   */
  pipeline(entryPoint: string): Promise<GPUComputePipeline> {
    let pipeline = this.#pipelines.get(entryPoint);
    if (pipeline === undefined) {
      const { module, layout } = this.#parts;
      pipeline = this.#device.createComputePipelineAsync({
        layout,
        compute: { module, entryPoint },
      });
      this.#pipelines.set(entryPoint, pipeline);
    }
    return pipeline;
  }

  /**
   * Binds buffers.
   *
   * @param buffers In the order of the bindings.
   * @returns The bind group.
   */
  bind(buffers: readonly GPUBufferBinding[]): GPUBindGroup {
    const entries = buffers.map((resource, binding) => ({ binding, resource }));
    return this.#device.createBindGroup({ layout: this.#parts.bindings, entries });
  }
}

/** Numbers that can be written to a buffer. */
export type Numbers32 = Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

/** The buffers of one piece of work, which go back to their pool together. */
export class Lease {
  readonly #device: GPUDevice;
  readonly #pool: BufferPool;
  readonly #taken: GPUBuffer[] = [];

  /**
   * @param device Whose buffers they are.
   * @param pool Where they come from.
   */
  constructor(device: GPUDevice, pool: BufferPool) {
    this.#device = device;
    this.#pool = pool;
  }

  #take(bytes: number, usage: GPUBufferUsageFlags): GPUBuffer {
    const buffer = this.#pool.take(bytes, usage);
    this.#taken.push(buffer);
    return buffer;
  }

  /** Room for so many bytes; what it holds at first is anything. */
  room(bytes: number): GPUBufferBinding & { readonly buffer: GPUBuffer } {
    const { STORAGE, COPY_DST, COPY_SRC } = GPUBufferUsage;
    return { buffer: this.#take(bytes, STORAGE | COPY_DST | COPY_SRC), size: bytes };
  }

  /** Room of zeros. */
  zeros(bytes: number): GPUBufferBinding & { readonly buffer: GPUBuffer } {
    const room = this.room(bytes);
    const encoder = this.#device.createCommandEncoder();
    encoder.clearBuffer(room.buffer, 0, bytes);
    this.#device.queue.submit([encoder.finish()]);
    return room;
  }

  /** Numbers that shaders can read; at least four bytes of anything where there are none. */
  upload(numbers: Numbers32): GPUBufferBinding & { readonly buffer: GPUBuffer } {
    const room = this.room(Math.max(4, numbers.byteLength));
    // Deno ends where there is nothing to write.
    if (numbers.length > 0) this.#device.queue.writeBuffer(room.buffer, 0, numbers);
    return room;
  }

  /**
   * What each dispatch is told.
   *
   * @param records One for each, all of one size.
   * @returns The binding, to be used with an offset of `TOLD_STRIDE` times a record's number.
   */
  tell(records: readonly ArrayBuffer[]): GPUBufferBinding {
    const all = new Uint8Array(TOLD_STRIDE * records.length);
    records.forEach((record, i) => all.set(new Uint8Array(record), i * TOLD_STRIDE));
    const buffer = this.#take(all.length, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST);
    this.#device.queue.writeBuffer(buffer, 0, all);
    return { buffer, size: Math.ceil(records[0].byteLength / 16) * 16 };
  }

  /**
   * Reads buffers back, once all work before is done.
   *
   * @param rooms The buffers, each from its start for its size.
   * @returns Their bytes.
   */
  async read(rooms: readonly GPUBufferBinding[]): Promise<ArrayBuffer[]> {
    const sizes = rooms.map(({ size = 0 }) => size);
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    const { COPY_DST, MAP_READ } = GPUBufferUsage;
    const readable = this.#take(bytes, COPY_DST | MAP_READ);
    const encoder = this.#device.createCommandEncoder();
    let at = 0;
    const places = sizes.map((size, i) => {
      encoder.copyBufferToBuffer(rooms[i].buffer, 0, readable, at, size);
      at += size;
      return at - size;
    });
    this.#device.queue.submit([encoder.finish()]);
    // One wait for all: in Deno each takes at least 10 ms.
    await readable.mapAsync(GPUMapMode.READ, 0, bytes);
    const mapped = readable.getMappedRange(0, bytes);
    const results = places.map((place, i) => mapped.slice(place, place + sizes[i]));
    readable.unmap();
    return results;
  }

  /** Gives all buffers back. */
  release(): void {
    for (const buffer of this.#taken.splice(0)) this.#pool.give(buffer);
  }
}

/** A device, and whether it is still there. */
export class WatchedDevice {
  /** The device. */
  readonly device: GPUDevice;
  /** Its buffers. */
  readonly pool: BufferPool;
  #lost: string | undefined;
  #busy: Promise<unknown> = Promise.resolve();

  /**
   * @param device The device.
   * @param pool Its buffers.
   */
  constructor(device: GPUDevice, pool: BufferPool) {
    this.device = device;
    this.pool = pool;
    device.lost.then(({ message }) => this.#lost = message || "no reason was given");
  }

  /**
   * Does work with buffers that are given back after it.
   *
   * @param work The work.
   * @param signal Its reason is thrown as it is.
   * @returns What the work gives.
   * @throws {WebGpuFlowError} If the device was lost, or refuses anything.
   */
  run<Result>(work: (lease: Lease) => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    // One after the other: a device's errors do not say whose they are.
    const result = this.#busy.then(() => this.#run(work, signal));
    this.#busy = result.catch(() => {});
    return result;
  }

  async #run<Result>(
    work: (lease: Lease) => Promise<Result>,
    signal: AbortSignal | undefined,
  ): Promise<Result> {
    signal?.throwIfAborted();
    if (this.#lost !== undefined) throw webGpuFailure(`the device was lost (${this.#lost})`);
    const { device } = this;
    const lease = new Lease(device, this.pool);
    device.pushErrorScope("out-of-memory");
    device.pushErrorScope("validation");
    let result: Result | undefined;
    let thrown: unknown;
    try {
      result = await work(lease);
    } catch (error) {
      thrown = error ?? new Error("nothing was thrown");
    }
    const errors = await Promise.all([device.popErrorScope(), device.popErrorScope()])
      .catch(() => []);
    lease.release();
    if (signal?.aborted === true && thrown === signal.reason) throw thrown;
    const error = errors.find((each) => each !== null);
    if (error) throw webGpuFailure(error.message, thrown);
    if (this.#lost !== undefined) {
      throw webGpuFailure(`the device was lost (${this.#lost})`, thrown);
    }
    if (thrown !== undefined) throw webGpuFailure(String(thrown), thrown);
    return result as Result;
  }
}
