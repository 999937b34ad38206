/**
 * The GPU: asked for when it is first needed, shared by all that run on it, and asked for again once it was
 * lost.
 *
 * @module
 */
import { DeviceLost, WebgpuUnavailable } from "./webgpu_errors.ts";

/** Limits of an adapter that are asked for as they are: the defaults are those of the smallest phones. */
const LIMITS = [
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxComputeWorkgroupsPerDimension",
] as const;

/** A connection to a GPU. */
export interface Connection {
  /** The device. */
  readonly device: GPUDevice;
  /** Bytes that a buffer bound to a shader may have. */
  readonly mostBytes: number;
  /** Workgroups that a dispatch may have. */
  readonly mostWorkgroups: number;
  /** Whether it can still be used. */
  readonly open: boolean;
  /**
   * Waits for work, and for what went wrong with it.
   *
   * @param work The work.
   * @returns What it gives.
   * @throws {DeviceLost} If the device was lost or refused something.
   */
  settled<T>(work: Promise<T>): Promise<T>;
  /**
   * Creates something, of which it waits to hear that it is valid.
   *
   * @param create Creates it.
   * @returns What it gives.
   * @throws {DeviceLost} If the device refuses it, or has no memory for it.
   */
  created<T>(create: () => T | Promise<T>): Promise<T>;
}

/** A loss is known so long after what it spoiled, at most (measured: 10 to 30 ms). */
const LOSS_MILLISECONDS = 100;

/** How an adapter is asked for: WebGPU's entry point, where there is one. */
export type Gpu = Pick<GPU, "requestAdapter">;

/** WebGPU's entry point here, if there is one. */
export function gpuHere(): Gpu | undefined {
  return (globalThis as { readonly navigator?: { readonly gpu?: Gpu } }).navigator?.gpu;
}

class OpenConnection implements Connection {
  readonly device: GPUDevice;
  readonly mostBytes: number;
  readonly mostWorkgroups: number;
  #failure: DeviceLost | undefined;
  readonly #failed: PromiseWithResolvers<never> = Promise.withResolvers<never>();

  constructor(device: GPUDevice) {
    this.device = device;
    const { limits } = device;
    this.mostBytes = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
    this.mostWorkgroups = limits.maxComputeWorkgroupsPerDimension;
    // Nobody may be waiting when it happens.
    this.#failed.promise.catch(() => {});
    device.lost.then(({ message, reason }) =>
      this.#fail(new DeviceLost("lost", message || String(reason)))
    );
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      this.#fail(failureOf((event as GPUUncapturedErrorEvent).error));
      // Nobody goes on with it: its memory is for the next one.
      device.destroy();
    });
  }

  get open(): boolean {
    return this.#failure === undefined;
  }

  #fail(failure: DeviceLost): void {
    this.#failure ??= failure;
    this.#failed.reject(this.#failure);
  }

  /** Waits a little: what was to be done with a lost device fails before the loss is known. */
  async #lossKnown(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const waited = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LOSS_MILLISECONDS);
    });
    await Promise.race([waited, this.#failed.promise.catch(() => {})]);
    clearTimeout(timer);
  }

  async settled<T>(work: Promise<T>): Promise<T> {
    try {
      const result = await Promise.race([work, this.#failed.promise]);
      if (this.#failure !== undefined) throw this.#failure;
      return result;
    } catch (error) {
      if (error instanceof DeviceLost) throw error;
      await this.#lossKnown();
      throw this.#failure ?? new DeviceLost("refused", (error as Error).message, { cause: error });
    }
  }

  async created<T>(create: () => T | Promise<T>): Promise<T> {
    this.device.pushErrorScope("validation");
    this.device.pushErrorScope("out-of-memory");
    const made = (async () => await create())();
    const errors = Promise.all([this.device.popErrorScope(), this.device.popErrorScope()]);
    const [outcome, found] = await this.settled(
      Promise.all([Promise.allSettled([made]), errors]),
    );
    const error = found.find((each) => each !== null);
    if (error !== undefined) throw failureOf(error);
    if (outcome[0].status === "fulfilled") return outcome[0].value;
    const { reason } = outcome[0];
    throw new DeviceLost("refused", (reason as Error).message, { cause: reason });
  }
}

function failureOf(error: GPUError): DeviceLost {
  const full = typeof GPUOutOfMemoryError === "function" && error instanceof GPUOutOfMemoryError;
  return new DeviceLost(full ? "out-of-memory" : "refused", error.message);
}

/**
 * Connects to a GPU.
 *
 * @param gpu Where an adapter is asked for; the one of this place by default.
 * @returns The connection.
 * @throws {WebgpuUnavailable} If there is no adapter.
 */
export async function connectTo(gpu: Gpu | undefined = gpuHere()): Promise<Connection> {
  if (gpu === undefined) throw new WebgpuUnavailable("there is no WebGPU here");
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) throw new WebgpuUnavailable("WebGPU has no adapter here");
  const requiredLimits = Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]));
  try {
    return new OpenConnection(await adapter.requestDevice({ requiredLimits }));
  } catch (error) {
    const why = `its adapter gives no device (${(error as Error).message})`;
    throw new WebgpuUnavailable(why, { cause: error });
  }
}

let current: Promise<Connection> | undefined;

/**
 * The connection that all share: a new one if there is none yet, or it was lost.
 *
 * @returns The connection.
 * @throws {WebgpuUnavailable} If there is no adapter.
 */
export async function connection(): Promise<Connection> {
  const asked = current ??= connectTo();
  const forget = (): void => {
    if (current === asked) current = undefined;
  };
  try {
    const known = await asked;
    if (known.open) return known;
  } catch (error) {
    forget();
    throw error;
  }
  forget();
  return await connection();
}
