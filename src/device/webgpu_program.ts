/**
 * A shader on a GPU with the memory that it works in.
 *
 * @module
 */
import { BINDINGS, type ComputeShader, GIVEN, GIVEN_BYTES } from "../compile/wgsl/shader.ts";
import type { PrintOptions } from "../compile/wgsl/printer.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { writeShared } from "./blocks.ts";
import type { Connection } from "./webgpu_connection.ts";

/** How programs are printed, and where they run. */
export interface WebgpuHow extends PrintOptions {
  /** Connects to the GPU; all share one connection by default. */
  readonly connect?: (() => Promise<Connection>) | undefined;
  /**
   * Draws are read once so many bytes of them lie on the GPU, and points go there in parts of so many; 64 MiB
   * by default.
   */
  readonly drawBytes?: number | undefined;
  /** Scratch of the groups of a dispatch takes so many bytes at most, if one group's fits; 256 MiB by default. */
  readonly scratchBytes?: number | undefined;
}

/** The numbers of a dispatch, but for those of its groups. */
export type Given = { readonly [N in typeof GIVEN[number]]?: number };

/** The names of what is bound to a shader. */
const BOUND = Object.keys(BINDINGS) as (keyof typeof BINDINGS)[];

/** The buffers that grow with the work. */
type Growing = "own" | "results" | "scratch" | "readable";

/** A GPU works on so many groups at once at least: with fewer, a dispatch takes no less time. */
export const LEAST_GROUPS = 64;

const SCRATCH_BYTES = 2 ** 28;

/** A shader that is ready to run. */
export class WebgpuProgram {
  /** Where it runs. */
  readonly connection: Connection;
  readonly #shader: ComputeShader;
  readonly #pipeline: GPUComputePipeline;
  readonly #layout: GPUBindGroupLayout;
  readonly #given: GPUBuffer;
  readonly #data: GPUBuffer;
  /** What all chains share, as it is to be on the GPU. */
  readonly #image: ArrayBuffer;
  readonly #scratchBytes: number;
  readonly #buffers: Partial<Record<Growing, GPUBuffer>> = {};
  #bindings: GPUBindGroup | undefined;

  private constructor(
    connection: Connection,
    shader: ComputeShader,
    { pipeline, layout, scratchBytes }: {
      readonly pipeline: GPUComputePipeline;
      readonly layout: GPUBindGroupLayout;
      readonly scratchBytes: number;
    },
  ) {
    this.#scratchBytes = scratchBytes;
    this.connection = connection;
    this.#shader = shader;
    this.#pipeline = pipeline;
    this.#layout = layout;
    const { device } = connection;
    const { STORAGE, UNIFORM, COPY_DST } = GPUBufferUsage;
    this.#image = new ArrayBuffer(Math.max(shader.dataBytes, 16));
    for (const { offset, bytes } of shader.segments) {
      new Uint8Array(this.#image).set(bytes, offset);
    }
    this.#given = device.createBuffer({ size: GIVEN_BYTES, usage: UNIFORM | COPY_DST });
    this.#data = device.createBuffer({
      size: this.#image.byteLength,
      usage: STORAGE | COPY_DST,
    });
    device.queue.writeBuffer(this.#data, 0, this.#image);
  }

  /**
   * Compiles a shader.
   *
   * @param connection Where it is to run.
   * @param shader The shader.
   * @param scratchBytes How much scratch a dispatch has at most, if one group's fits.
   * @returns It, ready to run.
   * @throws {DeviceLost} If the device does not take it.
   */
  static async of(
    connection: Connection,
    shader: ComputeShader,
    scratchBytes: number = SCRATCH_BYTES,
  ): Promise<WebgpuProgram> {
    const { device } = connection;
    return await connection.created(async () => {
      const { COMPUTE } = GPUShaderStage;
      const types: { readonly [N in keyof typeof BINDINGS]: GPUBufferBindingType } = {
        given: "uniform",
        data: "read-only-storage",
        own: shader.writesOwn ? "storage" : "read-only-storage",
        results: "storage",
        scratch: "storage",
      };
      const layout = device.createBindGroupLayout({
        entries: BOUND.map((name) => ({
          binding: BINDINGS[name],
          visibility: COMPUTE,
          buffer: { type: types[name] },
        })),
      });
      const pipeline = await device.createComputePipelineAsync({
        layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module: device.createShaderModule({ code: shader.code }), entryPoint: "main" },
      });
      return new WebgpuProgram(connection, shader, { pipeline, layout, scratchBytes });
    });
  }

  /** How many groups a dispatch may have: as many as there is scratch memory and as there are workgroups. */
  get mostGroups(): number {
    const { mostBytes, mostWorkgroups } = this.connection;
    const bytes = Math.min(mostBytes, this.#scratchBytes);
    const each = Math.max(this.#shader.scratchBytes, 1);
    // A single group that needs more may still fit the device.
    return Math.max(1, Math.min(mostWorkgroups, Math.floor(bytes / each)));
  }

  /**
   * Makes room, and keeps what is larger. What buffers that grow held is lost.
   *
   * @param bytes How many bytes each needs.
   * @returns Which of them are new.
   * @throws {DeviceLost} If there is no memory for them.
   */
  async reserve(bytes: { readonly [N in Growing]: number }): Promise<ReadonlySet<Growing>> {
    const { device } = this.connection;
    const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
    const usage = {
      own: STORAGE | COPY_SRC | COPY_DST,
      results: STORAGE | COPY_SRC,
      scratch: STORAGE,
      readable: MAP_READ | COPY_DST,
    };
    const missing = (Object.keys(bytes) as Growing[])
      .filter((name) => (this.#buffers[name]?.size ?? 0) < Math.max(bytes[name], 16));
    if (missing.length === 0) return new Set();
    for (const name of missing) {
      this.#buffers[name]?.destroy();
      // Should there be no memory, the next run begins with none.
      delete this.#buffers[name];
    }
    const created = await this.connection.created(() =>
      missing.map((name) =>
        device.createBuffer({ size: Math.max(bytes[name], 16), usage: usage[name] })
      )
    );
    missing.forEach((name, i) => this.#buffers[name] = created[i]);
    const bound = { given: this.#given, data: this.#data };
    const buffers = { ...this.#buffers, ...bound } as Record<keyof typeof BINDINGS, GPUBuffer>;
    this.#bindings = device.createBindGroup({
      layout: this.#layout,
      entries: BOUND.map((name) => ({
        binding: BINDINGS[name],
        resource: { buffer: buffers[name] },
      })),
    });
    return new Set(missing);
  }

  /**
   * Writes what all chains share.
   *
   * @param values The values.
   * @param write Writes more into the image of the shared memory.
   */
  share(values: readonly Tensor[], write?: (image: ArrayBuffer) => void): void {
    const { sharedBytes } = this.#shader;
    writeShared({ buffer: this.#image }, this.#shader, values);
    write?.(this.#image);
    if (sharedBytes === 0) return;
    this.connection.device.queue.writeBuffer(this.#data, 0, this.#image, 0, sharedBytes);
  }

  /** Writes the blocks of groups. */
  writeOwn(blocks: ArrayBuffer): void {
    // Chains may have nothing for themselves, of which Deno's writeBuffer makes a panic.
    if (blocks.byteLength === 0) return;
    this.connection.device.queue.writeBuffer(this.#buffer("own"), 0, blocks);
  }

  /** Runs the shader for so many groups, from one on, in as many dispatches as that takes. */
  dispatch(groups: number, given: Given, from = 0): void {
    const { device } = this.connection;
    for (let first = 0; first < groups; first += this.mostGroups) {
      const numbers: Given = { ...given, firstGroup: from + first };
      const words = Uint32Array.from(GIVEN, (name) => numbers[name] ?? 0);
      device.queue.writeBuffer(this.#given, 0, words);
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(this.#pipeline);
      pass.setBindGroup(0, this.#bindings as GPUBindGroup);
      pass.dispatchWorkgroups(Math.min(groups - first, this.mostGroups));
      pass.end();
      device.queue.submit([encoder.finish()]);
    }
  }

  /** Waits until all that was dispatched is done. */
  async wait(): Promise<void> {
    await this.connection.settled(this.connection.device.queue.onSubmittedWorkDone());
  }

  /**
   * Waits until all that was dispatched is done, and reads buffers.
   *
   * @param parts Which, and how many bytes of each.
   * @param use Reads what they held, one after the other as given.
   */
  async read(
    parts: readonly { readonly of: "own" | "results"; readonly bytes: number }[],
    use: (memory: ArrayBuffer) => void,
  ): Promise<void> {
    const { device } = this.connection;
    const readable = this.#buffer("readable");
    const encoder = device.createCommandEncoder();
    let to = 0;
    for (const { of, bytes } of parts) {
      encoder.copyBufferToBuffer(this.#buffer(of), 0, readable, to, bytes);
      to += bytes;
    }
    device.queue.submit([encoder.finish()]);
    await this.connection.settled(readable.mapAsync(GPUMapMode.READ, 0, to));
    use(readable.getMappedRange(0, to));
    readable.unmap();
  }

  /** Gives its memory back; nothing runs after that. */
  destroy(): void {
    for (const buffer of [this.#given, this.#data, ...Object.values(this.#buffers)]) {
      buffer.destroy();
    }
  }

  #buffer(name: Growing): GPUBuffer {
    return this.#buffers[name] as GPUBuffer;
  }
}
