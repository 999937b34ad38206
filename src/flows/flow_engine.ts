/**
 * What another engine of flows than the one in WebAssembly offers.
 *
 * @module
 */
import type { EngineShape, EngineUpdates, MapOptions, Mapped, Numbers, Weights } from "./engine.ts";
import type { Step } from "./engine_calls.ts";

/** What is wanted of rows: their images and densities, or the slopes of the log density in them. */
export type RowWork = MapOptions | { readonly scores: true };

/** How an engine's work may end early. */
export interface FlowEngineOptions {
  /** Ends the work with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * An engine that runs flows of coupling layers. What it is given has been checked, and is never changed:
 * where its work fails the caller still has all that it had.
 */
export interface FlowEngine {
  /**
   * Sends rows through a flow.
   *
   * @param shape What the flow is made of.
   * @param state Weights and whitening.
   * @param data n × d.
   * @param how Which way, and what is wanted of each row.
   * @param options A signal.
   * @returns The rows and their numbers.
   */
  map(
    shape: EngineShape,
    state: Numbers,
    data: Float64Array,
    how: MapOptions,
    options?: FlowEngineOptions,
  ): Promise<Mapped>;
  /**
   * Updates weights by batches, one after the other.
   *
   * @param shape What the flow is made of.
   * @param state The weights before, and the whitening.
   * @param data n × d, from which the batches choose rows.
   * @param steps The batches, complete.
   * @param options A signal.
   * @returns The weights after, their mean, and the losses.
   */
  update(
    shape: EngineShape,
    state: Numbers & Weights,
    data: Float64Array,
    steps: readonly Step[],
    options?: FlowEngineOptions,
  ): Promise<Omit<EngineUpdates, "sum">>;
}
