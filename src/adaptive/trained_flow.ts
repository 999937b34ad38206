/**
 * A trained flow as a value: it can be drawn from, evaluated and used in another run.
 *
 * @module
 */
import type { Device } from "../device/device.ts";
import type { Flow, FlowState } from "../flows/flow.ts";
import { flowProposal } from "../global/flow_proposal.ts";
import { normalVectors } from "../global/normals.ts";
import type { Proposal } from "../global/proposal.ts";

/** A flow with its weights; a normalised density on the unconstrained coordinates. */
export interface TrainedFlow extends Proposal {
  /** The kind of flow. */
  readonly kind: Flow;
  /** Its weights and whitening: plain data. */
  readonly state: FlowState;
}

/**
 * Puts a kind of flow and its weights together.
 *
 * @param kind The kind of flow that the state was made by.
 * @param state The weights.
 * @param device Where normal vectors are drawn.
 * @returns The flow.
 */
export function trainedFlow(kind: Flow, state: FlowState, device: Device): TrainedFlow {
  return { kind, state, ...flowProposal(kind, state, normalVectors(kind.normals(state), device)) };
}
