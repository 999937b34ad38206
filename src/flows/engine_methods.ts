/**
 * What an engine does for a flow: the methods that are more than its states.
 *
 * @module
 */
import { basePoints, normalsOf } from "./base.ts";
import type { Batch } from "./batch.ts";
import type { EngineShape, EngineUpdates, Mapped, Numbers, Weights } from "./engine.ts";
import type { Flow, FlowState } from "./flow.ts";
import type { FlowRunOptions, RowWork } from "./shared_engine.ts";

/** Runs flows of any shape. States and data are never changed. */
export interface EngineRunner {
  /**
   * Sends rows n × d through a flow.
   *
   * @throws {TypeError} If the state or the rows are of another shape than the flow.
   */
  map(
    shape: EngineShape,
    state: Numbers,
    data: Float64Array,
    how: RowWork,
    where?: FlowRunOptions,
  ): Promise<Mapped>;
  /**
   * Updates weights by batches of rows of data n × d, one after the other.
   *
   * @throws {TypeError} If the state or the rows are of another shape than the flow.
   * @throws {RangeError} If a batch is empty, names rows that are not there, or its options are out of
   * range.
   */
  update(
    shape: EngineShape,
    state: Numbers & Weights,
    data: Float64Array,
    batches: readonly Batch[],
    where?: FlowRunOptions,
  ): Promise<Omit<EngineUpdates, "sum">>;
}

/** The methods of a flow that an engine runs. */
export type EngineMethods = Pick<
  Flow,
  | "forward"
  | "inverse"
  | "logDensity"
  | "normals"
  | "sample"
  | "scores"
  | "update"
  | "updates"
>;

/**
 * The methods of a flow that an engine runs.
 *
 * @param shapeOf What the flow of a state is made of.
 * @param runner The engine.
 * @returns The methods.
 */
export function engineMethods(
  shapeOf: (state: FlowState) => EngineShape,
  runner: EngineRunner,
): EngineMethods {
  const map = (
    state: FlowState,
    data: Float64Array,
    how: RowWork,
    where?: FlowRunOptions,
  ): Promise<Mapped> => runner.map(shapeOf(state), state, data, how, where);
  const updates: Flow["updates"] = async (state, data, batches, where) => {
    const after = await runner.update(shapeOf(state), state, data, batches, where);
    const { weights, ...others } = after;
    return { state: { ...state, ...weights }, ...others };
  };
  return {
    async forward(state, position, where) {
      const { value, log } = await map(state, position, { inverse: false, density: false }, where);
      return { value, logDeterminant: log };
    },
    async inverse(state, base, where) {
      const { value, log } = await map(state, base, { inverse: true, density: false }, where);
      return { value, logDeterminant: log };
    },
    normals: (state) => normalsOf(shapeOf(state).base),
    async sample(state, normals, { precision = "f64", ...where } = {}) {
      const base = basePoints(shapeOf(state).base, normals);
      const single = precision === "f32";
      const how = { inverse: true, density: true, single };
      const { value, log } = await map(state, base, how, where);
      return { position: value, logDensity: log };
    },
    logDensity: async (state, position, where) =>
      (await map(state, position, { inverse: false, density: true }, where)).log,
    async scores(state, position, where) {
      const { value, log } = await map(state, position, { scores: true }, where);
      return { score: value, logDensity: log };
    },
    updates,
    async update(state, data, how, where) {
      const rows = Uint32Array.from({ length: data.length / state.dimension }, (_, i) => i);
      const after = await updates(state, data, [{ rows, ...how }], where);
      return { state: after.state, loss: after.losses[0] };
    },
  };
}
