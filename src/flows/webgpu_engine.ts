/**
 * The engine of flows on WebGPU, in single precision: states are those of the engine in WebAssembly, so
 * that a flow trained by either runs on the other.
 *
 * @module
 */
import type { KeyWords } from "../random/words.ts";
import { logDensityAtOrigin } from "./base.ts";
import { namedRows } from "./batch.ts";
import type { EngineShape, EngineUpdates, MapOptions, Mapped, Numbers, Weights } from "./engine.ts";
import type { Step } from "./engine_calls.ts";
import { BufferPool } from "./webgpu_buffers.ts";
import {
  GROUP,
  type MapEntry,
  type MapRun,
  type MapSource,
  WebGpuMap,
  type WhiteRows,
} from "./webgpu_map.ts";
import { planFor } from "./webgpu_plan.ts";
import { WatchedDevice } from "./webgpu_program.ts";
import { WebGpuTraining } from "./webgpu_training.ts";
import { logDeterminantOf, pointsOf, whiteSingles } from "./webgpu_white.ts";

/** Most coordinates: with 64 lavapipe compiles a flow in 5 s, with 200 not in half a minute. */
const MOST_COORDINATES = 64;
/** Most units of a hidden layer, for the same reason. */
const MOST_WIDTH = 128;
/** Vectors of four numbers that a buffer holds by default: 128 MiB. */
const MOST_VECTORS = 8_388_608;
/** Flows whose shaders are kept: their compilation takes some tenths of a second. */
const KEPT = 4;

/** How an engine works; for tests. */
export interface WebGpuEngineOptions {
  /**
   * Rows of a dispatch at most, a multiple of 64; as many as are good for it by default. Results have the
   * same bits for any.
   */
  readonly rowsAtOnce?: number;
  /** Changes the text of shaders, to see that what is wrong with them is noticed. */
  readonly changed?: (shader: string) => string;
}

/** How an engine's work may end early. */
export interface EngineCallOptions {
  /** Ends the work with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** The programs of one flow. */
interface Programs {
  readonly map: WebGpuMap;
  readonly training: WebGpuTraining;
}

function refuse(what: string): never {
  throw new RangeError(
    `Cannot run a flow ${what} on WebGPU; run it in WebAssembly, that is, without withWebGpu()`,
  );
}

/**
 * Refuses flows that shaders cannot run.
 *
 * @param shape What the flow is made of.
 * @throws {RangeError} If it has more than 64 coordinates or hidden layers of more than 128 units, splines on a
 * range that is not from 1e-3 to 1e6, or more numbers than a buffer of 128 MiB holds.
 */
export function checkShape(shape: EngineShape): void {
  const { dimension, hidden, range } = shape;
  if (dimension > MOST_COORDINATES) {
    refuse(`of ${dimension} coordinates, more than ${MOST_COORDINATES},`);
  }
  const wide = hidden.find((width) => width > MOST_WIDTH);
  if (wide !== undefined) refuse(`with \`hidden\` ${wide}, more than ${MOST_WIDTH},`);
  if (!(range >= 1e-3 && range <= 1e6)) refuse(`with \`range\` ${range}, not from 1e-3 to 1e6,`);
  const { vectors, rowVectors } = planFor(shape);
  if (Math.max(3 * vectors, GROUP * rowVectors) > MOST_VECTORS) {
    refuse(`of ${shape.masks.length} such layers, too many for one buffer,`);
  }
}

/** Runs flows on a device, one piece of work after the other. */
export class WebGpuEngine {
  readonly #watched: WatchedDevice;
  readonly #options: WebGpuEngineOptions;
  readonly #programs = new Map<string, Programs>();

  /**
   * @param device The device; it remains the caller's.
   * @param options How work is cut.
   */
  constructor(device: GPUDevice, options: WebGpuEngineOptions = {}) {
    this.#watched = new WatchedDevice(device, new BufferPool(device));
    this.#options = options;
  }

  /** How many buffers it holds on the device. */
  get buffers(): number {
    return this.#watched.pool.count;
  }

  /** Gives its memory on the device back. It can be used again. */
  destroy(): void {
    this.#watched.pool.destroy();
    this.#programs.clear();
  }

  #programsFor(shape: EngineShape): Programs {
    const name = JSON.stringify(shape);
    let programs = this.#programs.get(name);
    if (programs === undefined) {
      checkShape(shape);
      const plan = planFor(shape);
      programs = {
        map: new WebGpuMap(this.#watched, shape, plan, this.#options.changed),
        training: new WebGpuTraining(this.#watched, shape, plan, this.#options.changed),
      };
    }
    // Put in again as the newest; the oldest goes.
    this.#programs.delete(name);
    this.#programs.set(name, programs);
    const [oldest] = this.#programs.keys();
    if (this.#programs.size > KEPT) this.#programs.delete(oldest);
    return programs;
  }

  /**
   * Sends rows through a flow.
   *
   * @param shape What the flow is made of.
   * @param state Weights and whitening, of that shape.
   * @param data n × d.
   * @param how Which way, and what is wanted of each row.
   * @param options A signal.
   * @returns The rows and their numbers.
   * @throws {RangeError} If shaders cannot run such a flow.
   * @throws {WebGpuFlowError} If the device cannot do it.
   */
  async map(
    shape: EngineShape,
    state: Numbers,
    data: Float64Array,
    { inverse, density }: MapOptions,
    options: EngineCallOptions = {},
  ): Promise<Mapped> {
    const { periodic } = shape.base;
    const entry: MapEntry = inverse
      ? density ? "sample" : "from_base"
      : density
      ? "density"
      : "to_base";
    const white = inverse ? Float32Array.from(data) : whiteSingles(state, periodic, data);
    const rows = await this.#rows(shape, state, { white }, { entry, ...options });
    return this.#mapped(shape, state, rows, { inverse, density });
  }

  /**
   * Draws points, with their log density from the same pass. The draw of a number is the same however many
   * there are, and is made of the normal numbers that `normalVectors` draws.
   *
   * @param shape What the flow is made of.
   * @param state Weights and whitening.
   * @param draws The key, the number of the first draw, and how many there are.
   * @param options A signal.
   * @returns The points, n × d, and their log density.
   * @throws {RangeError} If shaders cannot run such a flow.
   * @throws {WebGpuFlowError} If the device cannot do it.
   */
  async draw(
    shape: EngineShape,
    state: Numbers,
    draws: { readonly key: KeyWords; readonly first: number; readonly rows: number },
    options: EngineCallOptions = {},
  ): Promise<Mapped> {
    const rows = await this.#rows(shape, state, draws, { entry: "draw", ...options });
    return this.#mapped(shape, state, rows, { inverse: true, density: true });
  }

  #rows(shape: EngineShape, state: Numbers, source: MapSource, run: MapRun): Promise<WhiteRows> {
    return this.#programsFor(shape).map.run(state, source, {
      ...run,
      rowsAtOnce: this.#options.rowsAtOnce,
    });
  }

  #mapped(
    { base }: EngineShape,
    state: Numbers,
    { value, log }: WhiteRows,
    { inverse, density }: MapOptions,
  ): Mapped {
    const constant = logDeterminantOf(state) + (density ? logDensityAtOrigin(base) : 0);
    return {
      value: inverse ? pointsOf(state, base.periodic, value) : Float64Array.from(value),
      log: Float64Array.from(log, (each) => each + constant),
    };
  }

  /**
   * Updates weights by batches, one after the other. A batch whose loss or slopes are not finite changes
   * nothing.
   *
   * @param shape What the flow is made of.
   * @param state The weights before, and the whitening, of that shape.
   * @param data n × d, from which the batches choose rows.
   * @param steps The batches, complete.
   * @param options A signal.
   * @returns The weights after, their mean, and the losses.
   * @throws {RangeError} If shaders cannot run such a flow.
   * @throws {WebGpuFlowError} If the device cannot do it.
   */
  async update(
    shape: EngineShape,
    state: Numbers & Weights,
    data: Float64Array,
    steps: readonly Step[],
    options: EngineCallOptions = {},
  ): Promise<Omit<EngineUpdates, "sum">> {
    const { training } = this.#programsFor(shape);
    const named = namedRows(data, shape.dimension, steps);
    const white = whiteSingles(state, shape.base.periodic, named.data);
    const start = { state, white, steps: named.steps };
    return await training.run(start, { ...options, rowsAtOnce: this.#options.rowsAtOnce });
  }
}
