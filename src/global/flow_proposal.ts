/**
 * A trained flow as a proposal distribution.
 *
 * @module
 */
import type { Flow, FlowState } from "../flows/flow.ts";
import { fromArray } from "../tensor/tensor.ts";
import type { NormalVectors } from "./normals.ts";
import type { Proposal } from "./proposal.ts";

/**
 * The distribution of a flow.
 *
 * @param flow The kind of flow.
 * @param state Its weights.
 * @param normals Draws vectors of `flow.normals(state)` normal numbers, which its points are made of.
 * @returns The distribution.
 */
export function flowProposal(flow: Flow, state: FlowState, normals: NormalVectors): Proposal {
  return {
    async sample(key, n) {
      const base = await normals(key, n);
      const { position, logDensity } = await flow.sample(state, base.data as Float64Array);
      return {
        position: fromArray({ dtype: "f64", shape: [n, state.dimension], data: position }),
        logDensity: fromArray({ dtype: "f64", shape: [n], data: logDensity }),
      };
    },
    async logDensity(position) {
      const values = await flow.logDensity(state, position.data as Float64Array);
      return fromArray({ dtype: "f64", shape: [values.length], data: values });
    },
  };
}
