/**
 * What a flow is: a normalised density on ℝᵈ that can be sampled, evaluated and trained.
 *
 * @module
 */
import type { KeyWords } from "../random/words.ts";
import type { UpdateOptions, Weights } from "./engine.ts";

/** The state of a flow: plain data, never changed in place. */
export interface FlowState extends Weights {
  /** Coordinates, d. */
  readonly dimension: number;
  /** For each layer, which coordinates it moves. */
  readonly masks: readonly (readonly boolean[])[];
  /** Mean of the whitening, [d]. */
  readonly mean: Float64Array;
  /** Lower Cholesky factor of its covariance, d × d. */
  readonly cholesky: Float64Array;
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

/** A kind of flow. All functions are pure. */
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
   * @throws {RangeError} If data is not finite.
   */
  whiten(state: FlowState, data: Float64Array): FlowState;
  /** Points to the base. */
  forward(state: FlowState, position: Float64Array): FlowMap;
  /** The base to points. */
  inverse(state: FlowState, base: Float64Array): FlowMap;
  /** Points from standard normal vectors n × d, with their log density from the same pass. */
  sample(state: FlowState, base: Float64Array): FlowDraws;
  /** Log density at points, n × d. */
  logDensity(state: FlowState, position: Float64Array): Float64Array;
  /** One gradient step on −E log q over rows n × d. */
  update(
    state: FlowState,
    rows: Float64Array,
    options: UpdateOptions,
  ): { readonly state: FlowState; readonly loss: number };
  /** Several gradient steps, one for each batch, with the losses before each. */
  updates(
    state: FlowState,
    batches: Iterable<{ readonly data: Float64Array; readonly options: UpdateOptions }>,
  ): { readonly state: FlowState; readonly losses: readonly number[] };
}
