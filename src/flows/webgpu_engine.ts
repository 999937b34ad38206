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
import type { FlowEngine, FlowEngineOptions } from "./flow_engine.ts";
import { BufferPool } from "./webgpu_buffers.ts";
import { type MapEntry, type MapRun, type MapSource, WebGpuMap, type WhiteRows } from "./webgpu_map.ts";
import { planFor } from "./webgpu_plan.ts";
import { WatchedDevice } from "./webgpu_program.ts";
import { WebGpuTraining } from "./webgpu_training.ts";
import { logDeterminantOf, pointsOf, whiteSingles } from "./webgpu_white.ts";

/** Most coordinates: beyond, the numbers of a row do not fit a shader's own memory. */
const MOST_COORDINATES = 256;
/** Most units of a hidden layer, for the same reason. */
const MOST_WIDTH = 512;
/** Flows whose shaders are kept: their compilation takes some tenths of a second. */
const KEPT = 4;

/** How work is cut, for tests: results have the same bits for any. */
export interface WebGpuEngineOptions {
  /** Rows of a dispatch at most, a multiple of 64; as many as are good for it by default. */
  readonly rowsAtOnce?: number;
}

/** The programs of one flow. */
interface Programs {
  readonly map: WebGpuMap;
  readonly training: WebGpuTraining;
}

function checkShape({ dimension, hidden, range }: EngineShape): void {
  const refuse = (what: string): never => {
    throw new RangeError(
      `Cannot run a flow ${what} on WebGPU; run it in WebAssembly, that is, without withWebGpu()`,
    );
  };
  if (dimension > MOST_COORDINATES) {
    refuse(`of ${dimension} coordinates, more than ${MOST_COORDINATES},`);
  }
  const wide = hidden.find((width) => width > MOST_WIDTH);
  if (wide !== undefined) refuse(`with \`hidden\` ${wide}, more than ${MOST_WIDTH},`);
  if (!(range >= 1e-3 && range <= 1e6)) refuse(`with \`range\` ${range}, not from 1e-3 to 1e6,`);
}

/** Runs flows on a device, one piece of work after the other. */
export class WebGpuEngine implements FlowEngine {
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
    checkShape(shape);
    const name = JSON.stringify(shape);
    let programs = this.#programs.get(name);
    if (programs === undefined) {
      const plan = planFor(shape);
      programs = {
        map: new WebGpuMap(this.#watched, shape, plan),
        training: new WebGpuTraining(this.#watched, shape, plan),
      };
    }
    // Put in again as the newest; the oldest goes.
    this.#programs.delete(name);
    this.#programs.set(name, programs);
    const [oldest] = this.#programs.keys();
    if (this.#programs.size > KEPT) this.#programs.delete(oldest);
    return programs;
  }

  /** {@linkcode FlowEngine.map}. */
  async map(
    shape: EngineShape,
    state: Numbers,
    data: Float64Array,
    { inverse, density }: MapOptions,
    options: FlowEngineOptions = {},
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
   */
  async draw(
    shape: EngineShape,
    state: Numbers,
    draws: { readonly key: KeyWords; readonly first: number; readonly rows: number },
    options: FlowEngineOptions = {},
  ): Promise<Mapped> {
    const rows = await this.#rows(shape, state, draws, { entry: "draw", ...options });
    return this.#mapped(shape, state, rows, { inverse: true, density: true });
  }

  #rows(shape: EngineShape, state: Numbers, source: MapSource, run: MapRun): Promise<WhiteRows> {
    return this.#programsFor(shape).map.run(state, source, { ...run, ...this.#options });
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

  /** {@linkcode FlowEngine.update}. */
  async update(
    shape: EngineShape,
    state: Numbers & Weights,
    data: Float64Array,
    steps: readonly Step[],
    options: FlowEngineOptions = {},
  ): Promise<Omit<EngineUpdates, "sum">> {
    const { training } = this.#programsFor(shape);
    const named = namedRows(data, shape.dimension, steps);
    const white = whiteSingles(state, shape.base.periodic, named.data);
    const start = { state, white, steps: named.steps };
    return await training.run(start, { ...options, ...this.#options });
  }
}
