/**
 * The host side of the flow engine: loads the WebAssembly module and moves arrays in and out of it.
 *
 * @module
 */
import { ENGINE_BYTES } from "./engine_bytes.ts";

/** The version of the interface that this host is written for. */
const INTERFACE = 1;

interface Exports {
  readonly memory: WebAssembly.Memory;
  engine_interface(): number;
  masks_new(words: number): number;
  masks_data(masks: number): number;
  engine_new(
    masks: number,
    dimension: number,
    hidden: number,
    bins: number,
    range: number,
  ): number;
  engine_count(engine: number): number;
  engine_numbers(engine: number): number;
  engine_slopes(engine: number): number;
  engine_first_moment(engine: number): number;
  engine_second_moment(engine: number): number;
  engine_resume(engine: number, updates: number): void;
  engine_reserve(engine: number, rows: number): number;
  engine_out(engine: number): number;
  engine_log_determinant(engine: number): number;
  engine_map(engine: number, back: number, single: number): void;
  engine_loss(engine: number): number;
  engine_update(engine: number, rate: number, clip: number, weightDecay: number): number;
}

let loaded: Exports | undefined;

/** The module, compiled and instantiated when it is first needed. */
function load(): Exports {
  if (loaded !== undefined) return loaded;
  const bytes = Uint8Array.from(atob(ENGINE_BYTES), (letter) => letter.charCodeAt(0));
  const module = new WebAssembly.Module(bytes);
  // wasm-bindgen asks for set-up functions of its table; the plain exports used here need none.
  const imports: Record<string, Record<string, () => void>> = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    (imports[from] ??= {})[name] = () => {};
  }
  const instance = new WebAssembly.Instance(module, imports);
  const exports = instance.exports as unknown as Exports;
  if (exports.engine_interface() !== INTERFACE) {
    throw new Error("Cannot use the flow engine: its bytes are of another version than its host");
  }
  return loaded = exports;
}

/** What a flow is made of. */
export interface EngineShape {
  /** Coordinates, d. */
  readonly dimension: number;
  /** Width of both hidden layers of each conditioner. */
  readonly hidden: number;
  /** Bins of each spline. */
  readonly bins: number;
  /** Splines act on [−range, range]. */
  readonly range: number;
  /** For each layer, which coordinates it moves. */
  readonly masks: readonly (readonly boolean[])[];
}

/** Rows through the flow. */
export interface Mapped {
  /** n × d. */
  readonly value: Float64Array;
  /** ln |det| of the map from points to the base, [n]. */
  readonly logDeterminant: Float64Array;
}

/** Weights with the optimiser's memory of them. */
export interface Weights {
  /** The weights. */
  readonly weights: Float64Array;
  /** Adam's running means of the slopes and of their squares. */
  readonly firstMoment: Float64Array;
  readonly secondMoment: Float64Array;
  /** Updates so far. */
  readonly updates: number;
}

/** How one update is made. */
export interface UpdateOptions {
  /** Adam's step. */
  readonly learningRate: number;
  /** Largest global norm of the slopes; 1 by default. */
  readonly clip?: number;
  /** AdamW's decoupled decay; 0 by default. */
  readonly weightDecay?: number;
}

/** An engine for one shape of flow. Its memory is scratch: all states are the caller's. */
export class Engine {
  readonly #exports: Exports;
  readonly #engine: number;
  readonly #dimension: number;
  /** Number of weights. */
  readonly count: number;

  /** @param shape What the flow is made of. */
  constructor({ dimension, hidden, bins, range, masks }: EngineShape) {
    this.#exports = load();
    this.#dimension = dimension;
    const words = this.#exports.masks_new(masks.length * dimension);
    new Uint32Array(this.#exports.memory.buffer, this.#exports.masks_data(words))
      .set(masks.flat().map(Number));
    this.#engine = this.#exports.engine_new(words, dimension, hidden, bins, range);
    this.count = this.#exports.engine_count(this.#engine);
  }

  /** A view of numbers in the engine's memory; valid until the next call. */
  #view(at: number, length: number): Float64Array {
    return new Float64Array(this.#exports.memory.buffer, at, length);
  }

  #put(data: Float64Array): void {
    const rows = data.length / this.#dimension;
    const at = this.#exports.engine_reserve(this.#engine, rows);
    this.#view(at, data.length).set(data);
  }

  #setWeights(weights: Float64Array): void {
    this.#view(this.#exports.engine_numbers(this.#engine), this.count).set(weights);
  }

  /** Maps rows to the base, or back to points. */
  map(weights: Float64Array, data: Float64Array, back: boolean): Mapped {
    const e = this.#exports;
    this.#setWeights(weights);
    this.#put(data);
    e.engine_map(this.#engine, back ? 1 : 0, 0);
    const rows = data.length / this.#dimension;
    return {
      value: this.#view(e.engine_out(this.#engine), data.length).slice(),
      logDeterminant: this.#view(e.engine_log_determinant(this.#engine), rows).slice(),
    };
  }

  /** Mean of −ln q over rows (without whitening), and its slopes in the weights, in double precision. */
  loss(
    weights: Float64Array,
    data: Float64Array,
  ): { readonly loss: number; readonly slopes: Float64Array } {
    this.#setWeights(weights);
    this.#put(data);
    const loss = this.#exports.engine_loss(this.#engine);
    const slopes = this.#view(this.#exports.engine_slopes(this.#engine), this.count).slice();
    return { loss, slopes };
  }

  /**
   * Updates weights by batches, one after the other.
   *
   * @param from The weights before.
   * @param batches Rows of each batch with how the update is made.
   * @returns The weights after, and the loss before each update.
   */
  update(
    from: Weights,
    batches: Iterable<{ readonly data: Float64Array; readonly options: UpdateOptions }>,
  ): { readonly weights: Weights; readonly losses: readonly number[] } {
    const e = this.#exports;
    const first = (): Float64Array => this.#view(e.engine_first_moment(this.#engine), this.count);
    const second = (): Float64Array => this.#view(e.engine_second_moment(this.#engine), this.count);
    this.#setWeights(from.weights);
    first().set(from.firstMoment);
    second().set(from.secondMoment);
    e.engine_resume(this.#engine, from.updates);
    const losses: number[] = [];
    for (const { data, options: { learningRate, clip = 1, weightDecay = 0 } } of batches) {
      this.#put(data);
      losses.push(e.engine_update(this.#engine, learningRate, clip, weightDecay));
    }
    return {
      weights: {
        weights: this.#view(e.engine_numbers(this.#engine), this.count).slice(),
        firstMoment: first().slice(),
        secondMoment: second().slice(),
        updates: from.updates + losses.length,
      },
      losses,
    };
  }
}

const engines = new Map<string, Engine>();

/** The engine for a shape; engines are kept, since their states are not theirs. */
export function engineFor(shape: EngineShape): Engine {
  const name = JSON.stringify(shape);
  const known = engines.get(name);
  if (known !== undefined) return known;
  const made = new Engine(shape);
  engines.set(name, made);
  return made;
}
