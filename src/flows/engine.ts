/**
 * The host side of the flow engine: loads the WebAssembly module and moves arrays in and out of it.
 *
 * @module
 */
import { type Batch, completeBatches } from "./batch.ts";
import { type Base, logDensityAtOrigin } from "./base.ts";
import { ENGINE_BYTES } from "./engine_bytes.ts";
import {
  type Description,
  type Earlier,
  type Exports,
  instantiateEngine,
  makeEngine,
  train,
  writeNumbers,
  type Written,
} from "./engine_calls.ts";
import type { Whitening } from "./whitening.ts";

/** The version of the interface that this host is written for. */
const INTERFACE = 6;

let compiling: Promise<WebAssembly.Module> | undefined;
let loading: Promise<Exports> | undefined;

/** The module, compiled when it is first needed. */
export function engineModule(): Promise<WebAssembly.Module> {
  const bytes = (): Uint8Array<ArrayBuffer> =>
    Uint8Array.from(atob(ENGINE_BYTES), (letter) => letter.charCodeAt(0));
  // Asynchronous, since browsers forbid a synchronous compilation of this size on a main thread.
  return compiling ??= WebAssembly.compile(bytes());
}

/** An instance of it, made when it is first needed. */
function load(): Promise<Exports> {
  return loading ??= instantiate();
}

async function instantiate(): Promise<Exports> {
  const exports = await instantiateEngine(await engineModule());
  if (exports.engineInterface() !== INTERFACE) {
    throw new Error("Cannot use the flow engine: its bytes are of another version than its host");
  }
  return exports;
}

/** What a flow is made of. */
export interface EngineShape {
  /** Coordinates, d. */
  readonly dimension: number;
  /** Widths of the hidden layers of each conditioner. */
  readonly hidden: readonly number[];
  /** Bins of each spline. */
  readonly bins: number;
  /** Splines act on [−range, range]. */
  readonly range: number;
  /** Whether coordinates are moved by affine maps instead of splines. */
  readonly affine?: boolean;
  /** What points are mapped to. */
  readonly base: Base;
  /** For each layer, whether a rotation comes before it. */
  readonly rotated: readonly boolean[];
  /** For each layer, which coordinates it moves. */
  readonly masks: readonly (readonly boolean[])[];
}

/** The numbers of a flow that its densities depend on. */
export interface Numbers extends Whitening {
  /** The weights. */
  readonly weights: Float32Array;
  /** For each layer the orthogonal matrix R, d × d, of the rotation x ↦ Rᵀx before it, if any. */
  readonly rotations: readonly (Float64Array | undefined)[];
}

/** Weights with the optimiser's memory of them. */
export interface Weights {
  /** The weights. */
  readonly weights: Float32Array;
  /** Adam's running mean of the slopes. */
  readonly firstMoment: Float32Array;
  /** Adam's running mean of their squares. */
  readonly secondMoment: Float32Array;
  /** Updates so far. */
  readonly updates: number;
}

/** How rows are sent through the flow. */
export interface MapOptions {
  /** From the base to points, instead of from points to the base. */
  readonly inverse: boolean;
  /** Whether the number of each row is its log density, instead of ln |det|. */
  readonly density: boolean;
  /** Whether to compute in single precision: about twice as fast, with six digits. */
  readonly single?: boolean;
}

/** Rows through the flow. */
export interface Mapped {
  /** n × d. */
  readonly value: Float64Array;
  /** ln |det| of the map from points to the base, or the log density, [n]. */
  readonly log: Float64Array;
}

/**
 * A shape in the engine's words.
 *
 * @param shape What the flow is made of.
 * @returns What an engine is made from.
 */
export function describe(
  { dimension, hidden, bins, range, affine = false, base, rotated, masks }: EngineShape,
): Description {
  const flags = [base.periodic, rotated, masks.flat()].flat().map(Number);
  const sizes = [dimension, bins, masks.length, hidden.length, Number(affine), base.degrees];
  return { words: [...sizes, ...hidden, ...flags], range, baseConstant: logDensityAtOrigin(base) };
}

/** What updates give. */
export interface EngineUpdates {
  /** The weights after. */
  readonly weights: Weights;
  /** The mean of the weights after each update. */
  readonly average: Float32Array;
  /** Their sum, to go on from in a later part of the same call. */
  readonly sum: Float32Array;
  /** The loss (mean of −ln q over the batch, each times its weight) before each update. */
  readonly losses: readonly number[];
}

/** An engine for one shape of flow. Its memory is scratch: all states are the caller's. */
export class Engine {
  readonly #exports: Exports;
  readonly #engine: number;
  readonly #dimension: number;
  readonly #rotated: readonly boolean[];
  /** Number of weights. */
  readonly count: number;

  /**
   * @param exports The module.
   * @param shape What the flow is made of.
   */
  constructor(exports: Exports, shape: EngineShape) {
    this.#exports = exports;
    this.#dimension = shape.dimension;
    this.#rotated = shape.rotated;
    this.#engine = makeEngine(exports, describe(shape));
    this.count = exports.engineCount(this.#engine);
  }

  /** Gives its memory back; it must not be used again. */
  free(): void {
    this.#exports.engineFree(this.#engine);
  }

  /** A view of doubles in the engine's memory; valid until the next call. */
  #doubles(at: number, length: number): Float64Array {
    return new Float64Array(this.#exports.memory.buffer, at, length);
  }

  #singles(at: number): Float32Array {
    return new Float32Array(this.#exports.memory.buffer, at, this.count);
  }

  /**
   * What is to be written for a state and rows.
   *
   * @param state Weights and whitening.
   * @param data n × d.
   * @returns The numbers.
   * @throws {TypeError} If the state or the rows are of another shape than the flow.
   */
  written({ mean, cholesky, weights, rotations }: Numbers, data: Float64Array): Written {
    if (weights.length !== this.count) {
      throw new TypeError(
        `Cannot use a state of ${weights.length} weights: this flow has ${this.count}; give it the ` +
          "options that the state was made with",
      );
    }
    if (data.length % this.#dimension !== 0) {
      throw new TypeError(
        `Cannot send ${data.length} numbers through a flow: expected ${this.#dimension} for each point`,
      );
    }
    const stray = this.#rotated.some((rotated, i) => rotated !== (rotations[i] !== undefined));
    if (stray) {
      throw new TypeError(
        "Cannot use a state with other rotations than its flow: give it the options that the state " +
          "was made with",
      );
    }
    const present = rotations.filter((rotation) => rotation !== undefined);
    return { mean, cholesky, weights, rotations: present, data };
  }

  #put(state: Numbers, data: Float64Array): number {
    return writeNumbers(this.#exports, this.#engine, this.written(state, data));
  }

  /**
   * Maps rows to the base or back; in double precision unless told otherwise: both ways must agree to the
   * last digits, since the global move compares log densities from either.
   *
   * @param state Weights and whitening.
   * @param data n × d.
   * @param options Which way, and what is wanted of each row.
   * @returns The rows and their numbers.
   */
  map(
    state: Numbers,
    data: Float64Array,
    { inverse, density, single = false }: MapOptions,
  ): Mapped {
    const at = this.#put(state, data);
    this.#exports.engineMap(this.#engine, Number(inverse), Number(density), Number(single));
    return this.#mapped(at, data.length);
  }

  #mapped(at: number, length: number): Mapped {
    const rows = length / this.#dimension;
    return {
      value: this.#doubles(at, length).slice(),
      log: this.#doubles(this.#exports.engineLog(this.#engine), rows).slice(),
    };
  }

  /**
   * The slopes of the log density at points, in double precision.
   *
   * @param state Weights and whitening.
   * @param data Points, n × d.
   * @returns ∇ ln q at each, n × d, and ln q.
   */
  scores(state: Numbers, data: Float64Array): Mapped {
    const at = this.#put(state, data);
    this.#exports.engineScores(this.#engine);
    return this.#mapped(at, data.length);
  }

  /**
   * Mean of −ln q over rows, and its slopes in the weights, in double precision.
   *
   * @param state Weights and whitening.
   * @param data n × d.
   * @returns Loss and slopes.
   */
  loss(
    state: Numbers,
    data: Float64Array,
  ): { readonly loss: number; readonly slopes: Float64Array } {
    const e = this.#exports;
    this.#put(state, data);
    e.engineWhiten(this.#engine);
    const loss = e.engineExactLoss(this.#engine) -
      e.engineWhiteningLogDeterminant(this.#engine);
    const slopes = this.#doubles(e.engineExactSlopes(this.#engine), this.count).slice();
    return { loss, slopes };
  }

  /**
   * Updates weights by batches, one after the other, in single precision. A batch whose loss or slopes
   * are not finite changes nothing.
   *
   * @param from The weights before, and the whitening.
   * @param data n × d, from which the batches choose rows.
   * @param batches What each update is made from, and how.
   * @param earlier Updates of the same call before these, over which the mean goes too.
   * @returns The weights after, their mean, and the losses.
   * @throws {RangeError} If a batch is empty, names rows that are not there, or its options are out of
   * range.
   */
  update(
    from: Numbers & Weights,
    data: Float64Array,
    batches: readonly Batch[],
    earlier?: Earlier,
  ): EngineUpdates {
    const e = this.#exports;
    const engine = this.#engine;
    const steps = completeBatches(batches, data.length / this.#dimension);
    const moments = { first: from.firstMoment, second: from.secondMoment };
    writeNumbers(e, engine, { ...this.written(from, data), moments });
    e.engineWhiten(engine);
    const work = { steps, updates: from.updates, count: this.count, earlier };
    const trained = train(e, engine, work);
    if (trained === undefined) throw new Error("Cannot stop training without a team");
    return {
      weights: {
        weights: this.#singles(e.engineWeights(engine)).slice(),
        firstMoment: this.#singles(e.engineFirstMoment(engine)).slice(),
        secondMoment: this.#singles(e.engineSecondMoment(engine)).slice(),
        updates: trained.updates,
      },
      average: trained.average,
      sum: trained.sum,
      losses: trained.losses,
    };
  }
}

/** Engines that are kept: enough for a few flows at a time. */
const KEPT = 4;
const engines = new Map<string, Engine>();

/**
 * Works with the engine for a shape. The last few engines are kept, since the states are not theirs.
 *
 * @param shape What the flow is made of.
 * @param work What to do; it must be done when it returns.
 * @returns What the work gives.
 */
export async function withEngine<Result>(
  shape: EngineShape,
  work: (engine: Engine) => Result,
): Promise<Result> {
  const exports = await load();
  // Synchronous from here on, so that no other flow's work comes between.
  const name = JSON.stringify(shape);
  const engine = engines.get(name) ?? new Engine(exports, shape);
  // Put in again as the newest; the oldest goes.
  engines.delete(name);
  engines.set(name, engine);
  for (const [oldest, unused] of engines) {
    if (engines.size <= KEPT) break;
    engines.delete(oldest);
    unused.free();
  }
  return work(engine);
}
