/**
 * Buffers of a WebGPU device that are used again, and what becomes of its errors.
 *
 * @module
 */

/** Thrown where a WebGPU device cannot do the work of a flow. What the work was given is unchanged. */
export class WebGpuFlowError extends Error {
  /** The class's name. */
  override readonly name = "WebGpuFlowError";
}

/**
 * The error of a device that cannot do the work.
 *
 * @param reason Why.
 * @param cause What was thrown, if anything.
 * @returns The error, which says what to do.
 */
export function webGpuFailure(reason: string, cause?: unknown): WebGpuFlowError {
  return new WebGpuFlowError(
    `Cannot run a flow on WebGPU: ${reason}; its state is unchanged, go on with it in WebAssembly, ` +
      "that is, with the flow as it was before withWebGpu()",
    { cause },
  );
}

/** Buffers of less are not worth telling apart. */
const LEAST_BYTES = 256;

/** Buffers, kept by their use and by their size, which is a power of two. */
export class BufferPool {
  readonly #device: GPUDevice;
  readonly #free = new Map<string, GPUBuffer[]>();
  readonly #all = new Set<GPUBuffer>();

  /** @param device Whose buffers they are. */
  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** How many buffers there are. */
  get count(): number {
    return this.#all.size;
  }

  /**
   * A buffer of at least so many bytes. What it holds is what its last user left.
   *
   * @param bytes How many.
   * @param usage What it is used for.
   * @returns The buffer.
   */
  take(bytes: number, usage: GPUBufferUsageFlags): GPUBuffer {
    let size = LEAST_BYTES;
    while (size < bytes) size *= 2;
    const kept = this.#free.get(`${usage} ${size}`)?.pop();
    if (kept !== undefined) return kept;
    const buffer = this.#device.createBuffer({ size, usage });
    this.#all.add(buffer);
    return buffer;
  }

  /**
   * Takes a buffer back.
   *
   * @param buffer A buffer of this pool that no work uses any more.
   */
  give(buffer: GPUBuffer): void {
    if (!this.#all.has(buffer)) return;
    const name = `${buffer.usage} ${buffer.size}`;
    const same = this.#free.get(name) ?? [];
    same.push(buffer);
    this.#free.set(name, same);
  }

  /** Destroys all buffers, those in use too. */
  destroy(): void {
    for (const buffer of this.#all) buffer.destroy();
    this.#all.clear();
    this.#free.clear();
  }
}
