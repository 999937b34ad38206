/**
 * A flow whose long work goes to workers.
 *
 * @module
 */
import type { Flow } from "./flow.ts";
import type { FlowRunOptions } from "./shared_engine.ts";

/**
 * The same flow, its work done where it is said: so those who train it or draw from it need not know.
 *
 * @param flow The flow.
 * @param where How many workers, and a signal that ends their work.
 * @returns A flow with the same results to the bit.
 */
export function withWorkers(flow: Flow, where: FlowRunOptions): Flow {
  return {
    ...flow,
    // Each by its own name: a flow may be of a class, whose methods do not spread.
    name: flow.name,
    options: flow.options,
    ...flow.check && {
      check: (dimension: number, periodic?: readonly boolean[]) =>
        flow.check?.(dimension, periodic),
    },
    ...flow.engineShape && { engineShape: flow.engineShape.bind(flow) },
    init: (dimension, key, periodic) => flow.init(dimension, key, periodic),
    whiten: (state, data) => flow.whiten(state, data),
    normals: (state) => flow.normals(state),
    scores: (state, position, own) => flow.scores(state, position, { ...where, ...own }),
    update: (state, data, how, own) => flow.update(state, data, how, { ...where, ...own }),
    forward: (state, position, own) => flow.forward(state, position, { ...where, ...own }),
    inverse: (state, base, own) => flow.inverse(state, base, { ...where, ...own }),
    sample: (state, normals, own) => flow.sample(state, normals, { ...where, ...own }),
    logDensity: (state, position, own) => flow.logDensity(state, position, { ...where, ...own }),
    updates: (state, data, batches, own) =>
      flow.updates(state, data, batches, { ...where, ...own }),
  };
}
