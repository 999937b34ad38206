/**
 * What a flow is: a normalised density on ℝᵈ that can be sampled, evaluated and trained.
 *
 * @module
 */
import type { KeyWords } from "../random/words.ts";
import type { Batch, UpdateOptions, Weights } from "./engine.ts";
import type { Whitening } from "./whitening.ts";

/** The state of a flow: plain data, never changed in place. */
export interface FlowState extends Weights, Whitening {
  /** Coordinates, d. */
  readonly dimension: number;
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

/** A flow after some updates. */
export interface FlowUpdates {
  /** The flow after. */
  readonly state: FlowState;
  /** −E ln q over each batch, before its update. */
  readonly losses: readonly number[];
}

/**
 * A kind of flow. All functions are pure; they are asynchronous since their engine is loaded late. They
 * throw a `TypeError` where a state or points are of another shape than the flow.
 */
export interface Flow {
  /** Its name. */
  readonly name: string;
  /**
   * A flow that is the identity, with random first weights inside.
   *
   * @param dimension Coordinates, at least 1.
   * @param key For the weights and for how layers split the coordinates.
   */
  init(dimension: number, key: KeyWords): FlowState;
  /**
   * Sets the whitening to the mean and the full covariance of data, n × d.
   *
   * @throws {TypeError} If data does not consist of points of the flow's dimension.
   * @throws {RangeError} If data is not finite or holds fewer than two points.
   */
  whiten(state: FlowState, data: Float64Array): FlowState;
  /** Points n × d to the base. */
  forward(state: FlowState, position: Float64Array): Promise<FlowMap>;
  /** The base n × d to points. */
  inverse(state: FlowState, base: Float64Array): Promise<FlowMap>;
  /** Points from standard normal vectors n × d, with their log density from the same pass. */
  sample(state: FlowState, base: Float64Array): Promise<FlowDraws>;
  /** Log density at points, n × d. */
  logDensity(state: FlowState, position: Float64Array): Promise<Float64Array>;
  /** One gradient step on −E ln q over rows n × d. */
  update(
    state: FlowState,
    data: Float64Array,
    options: UpdateOptions,
  ): Promise<{ readonly state: FlowState; readonly loss: number }>;
  /**
   * Several gradient steps, each on −E ln q over the rows of data n × d that its batch names. A step
   * whose loss is not finite, as from data that is not, changes nothing: its loss says so.
   *
   * @throws {RangeError} If a batch is empty, names rows that are not there, or its options are out of
   * range.
   */
  updates(
    state: FlowState,
    data: Float64Array,
    batches: readonly Batch[],
  ): Promise<FlowUpdates>;
}
