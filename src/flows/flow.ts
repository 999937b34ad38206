/**
 * What a flow is: a normalised density on ℝᵈ that can be sampled, evaluated and trained.
 *
 * @module
 */
import type { KeyWords } from "../random/words.ts";
import type { Precision } from "../tensor/functions/precision.ts";
import type { Batch, UpdateOptions } from "./batch.ts";
import type { EngineShape, Numbers, Weights } from "./engine.ts";
import type { FlowRunOptions } from "./shared_engine.ts";

/** The state of a flow: plain data, never changed in place. */
export interface FlowState extends Weights, Numbers {
  /** Coordinates, d. */
  readonly dimension: number;
  /** Which of them are periodic, with the period 2π. */
  readonly periodic: readonly boolean[];
  /** For each layer, which coordinates it moves. */
  readonly masks: readonly (readonly boolean[])[];
}

/** Points with their log density. */
export interface FlowDraws {
  /** n × d. */
  readonly position: Float64Array;
  /** Normalised log density at each, [n]. */
  readonly logDensity: Float64Array;
}

/** Points through a flow, with ln |det| of the map from points to the base. */
export interface FlowMap {
  /** n × d. */
  readonly value: Float64Array;
  /** [n]. */
  readonly logDeterminant: Float64Array;
}

/** The slopes of a flow's log density at points. */
export interface FlowScores {
  /** ∇ ln q at each, n × d. */
  readonly score: Float64Array;
  /** ln q at each, [n]. */
  readonly logDensity: Float64Array;
}

/** A flow after some updates. */
export interface FlowUpdates {
  /** The flow after. */
  readonly state: FlowState;
  /** −E ln q over each batch, before its update. */
  readonly losses: readonly number[];
  /**
   * The mean of the weights after each update: as long as the learning rate is not small a flow with
   * these is better by far.
   */
  readonly average: Float32Array;
}

/**
 * A kind of flow. All functions are pure; they are asynchronous since their engine is loaded late. They
 * throw a `TypeError` where a state or points are of another shape than the flow.
 */
export interface Flow {
  /** Its name. */
  readonly name: string;
  /** All options that it was made with, as plain data: what its states need to be used elsewhere. */
  readonly options: Readonly<Record<string, unknown>>;
  /**
   * Refuses before a run what would only show within it; left out by kinds that have nothing to refuse.
   *
   * @param dimension Coordinates.
   * @param periodic Which of them are periodic; none by default.
   * @throws {TypeError} If this kind of flow cannot be drawn from, or not in so many dimensions.
   * @throws {RangeError} If some are periodic and this kind of flow knows no such coordinates.
   */
  check?(dimension: number, periodic?: readonly boolean[]): void;
  /**
   * A flow that is the identity, with random first weights inside.
   *
   * @param dimension Coordinates, at least 1.
   * @param key For the weights and for how layers split the coordinates.
   * @param periodic Which coordinates are periodic, with the period 2π; none by default. Its density is
   * that on the circle there, and what it draws lies in [−π, π].
   * @throws {RangeError} If some are periodic and this kind of flow knows no such coordinates.
   */
  init(dimension: number, key: KeyWords, periodic?: readonly boolean[]): FlowState;
  /**
   * Sets the whitening to the mean and the full covariance of data, n × d.
   *
   * @throws {TypeError} If data does not consist of points of the flow's dimension.
   * @throws {RangeError} If data is not finite or holds fewer than two points.
   */
  whiten(state: FlowState, data: Float64Array): FlowState;
  /** Points n × d to the base. */
  forward(state: FlowState, position: Float64Array, where?: FlowRunOptions): Promise<FlowMap>;
  /** The base n × d to points. */
  inverse(state: FlowState, base: Float64Array, where?: FlowRunOptions): Promise<FlowMap>;
  /**
   * What the flow is made of, for engines; left out by kinds that no engine knows.
   *
   * @param state A state of this kind.
   */
  engineShape?(state: FlowState): EngineShape;
  /** How many standard normal numbers {@linkcode Flow.sample} makes a point of: d for a normal base. */
  normals(state: FlowState): number;
  /**
   * Points from standard normal numbers, n × `normals(state)`, with their log density from the same pass.
   * In single precision, about twice as fast, both have some six digits only: for pictures, not for
   * global moves, since the log density is then not that which `logDensity` finds.
   */
  sample(
    state: FlowState,
    normals: Float64Array,
    options?: { readonly precision?: Precision } & FlowRunOptions,
  ): Promise<FlowDraws>;
  /** Log density at points, n × d. */
  logDensity(
    state: FlowState,
    position: Float64Array,
    where?: FlowRunOptions,
  ): Promise<Float64Array>;
  /** Log density and its gradient in the points, n × d. */
  scores(state: FlowState, position: Float64Array, where?: FlowRunOptions): Promise<FlowScores>;
  /** One gradient step on −E ln q over rows n × d. */
  update(
    state: FlowState,
    data: Float64Array,
    options: UpdateOptions,
    where?: FlowRunOptions,
  ): Promise<{ readonly state: FlowState; readonly loss: number }>;
  /**
   * Several gradient steps, each on −E ln q over the rows of data n × d that its batch names, each times
   * its weight. A step whose loss is not finite, as from data that is not, changes nothing: its loss says
   * so.
   *
   * @throws {RangeError} If a batch is empty, names rows that are not there, or its options are out of
   * range.
   */
  updates(
    state: FlowState,
    data: Float64Array,
    batches: readonly Batch[],
    where?: FlowRunOptions,
  ): Promise<FlowUpdates>;
}
