/**
 * A trained flow as a value: it can be drawn from, evaluated, kept, and used in another run.
 *
 * @module
 */
import { chooseDevice } from "../device/choose.ts";
import type { Device } from "../device/device.ts";
import type { Flow, FlowState } from "../flows/flow.ts";
import { flowProposal } from "../global/flow_proposal.ts";
import { normalVectors } from "../global/normals.ts";
import type { Proposal, Proposed } from "../global/proposal.ts";
import type { Key } from "../tensor/random.ts";
import { sameShape, shapeText } from "../tensor/shape.ts";
import { Tensor, tensor, type TensorLike } from "../tensor/tensor.ts";
import { valueText } from "../tensor/value_text.ts";

/**
 * A flow with its weights; a normalised density on the unconstrained coordinates. `namedDraws` turns its
 * points into values of a posterior's parameters.
 */
export interface TrainedFlow extends Proposal {
  /** The kind of flow. */
  readonly kind: Flow;
  /** Its weights and whitening: plain data. */
  readonly state: FlowState;
  /**
   * Draws points, with their log density from the same pass. Point i of a key is the same for any n.
   *
   * @param key The key.
   * @param n How many, at least 1.
   * @returns The points, n × d, and ln q at each, [n].
   * @throws {TypeError} If the key is none.
   * @throws {RangeError} If n is not a whole number of at least 1.
   */
  sample(key: Key, n: number): Promise<Proposed>;
  /**
   * Its log density.
   *
   * @param position Points n × d, or one of d numbers; nested arrays do.
   * @returns ln q at each, [n]; a scalar for one point.
   * @throws {TypeError} If the points have another number of coordinates.
   */
  logDensity(position: TensorLike): Promise<Tensor>;
}

/** The points of n × d numbers, or of d, as n × d. */
function pointsOf(given: TensorLike, dimension: number): Tensor {
  const points = tensor(given);
  const { dtype, shape } = points;
  const fits = dtype === "f64" && (shape.length === 1 || shape.length === 2) &&
    shape[shape.length - 1] === dimension;
  if (fits) return points.reshape([-1, dimension]);
  throw new TypeError(
    `Cannot evaluate a flow at points ${dtype}${
      shapeText(shape)
    }: it has ${dimension} coordinates, ` +
      `so that they must be f64[n, ${dimension}], or f64[${dimension}] for one point`,
  );
}

/**
 * Puts a kind of flow and its weights together.
 *
 * @param kind The kind of flow that the state was made by.
 * @param state The weights.
 * @param device Where normal vectors are drawn; WebAssembly by default.
 * @returns The flow.
 */
export function trainedFlow(
  kind: Flow,
  state: FlowState,
  device: Device = chooseDevice(),
): TrainedFlow {
  const proposal = flowProposal(kind, state, normalVectors(kind.normals(state), device));
  return {
    kind,
    state,
    async sample(key, n) {
      if (!(key instanceof Tensor && key.dtype === "u32" && sameShape(key.shape, [2]))) {
        throw new TypeError(
          `Cannot draw from a flow with the key ${valueText(key)}: make one with key(seed)`,
        );
      }
      if (!(Number.isSafeInteger(n) && n >= 1)) {
        throw new RangeError(
          `Cannot draw ${valueText(n)} points from a flow: expected a whole number of at least 1`,
        );
      }
      return await proposal.sample(key, n);
    },
    async logDensity(position) {
      const points = pointsOf(position, state.dimension);
      if (points.size === 0) return points.reshape([0]);
      const values = await proposal.logDensity(points);
      return tensor(position).shape.length === 1 ? values.reshape([]) : values;
    },
  };
}

/**
 * A kind of flow that begins with the weights of a trained one instead of new ones: give it to `sample`
 * as `flow`, and training goes on from there, with the optimiser's memory and with the whitening that the
 * weights belong to. (The trained flow itself, as `flow`, is used as it is.) How good it is for the
 * target is seen in the first cycle of training; where it is good enough, one more cycle follows.
 *
 * @param flow The trained flow.
 * @returns The kind of flow; for targets of the same coordinates.
 * @throws {TypeError} If it is no trained flow.
 *
 * @example Data that come in
 * ```ts
 * import { density, key, sample, trainFurther } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * const target = (shift: number) => density(2, (x) => x.sub(shift).square().sum().mul(-0.5));
 * const stop = { effectiveSampleSize: 500 };
 * const first = await sample(target(0), key(1), { stop });
 * assert(first.flow !== undefined);
 * const second = await sample(target(0.2), key(2), { stop, flow: trainFurther(first.flow) });
 * assert.equal(second.state.ended, "converged");
 * ```
 */
export function trainFurther(flow: Pick<TrainedFlow, "kind" | "state">): Flow {
  if (typeof flow !== "object" || flow === null || !("kind" in flow && "state" in flow)) {
    throw new TypeError(
      "Cannot train this further: give the `flow` of a result, which runs with a flow have",
    );
  }
  const { kind, state } = flow;
  return {
    ...kind,
    init(dimension, _key, periodic = new Array<boolean>(dimension).fill(false)) {
      if (dimension !== state.dimension) {
        throw new RangeError(
          `Cannot train a flow further on ${dimension} coordinates: it was trained on ` +
            state.dimension,
        );
      }
      if (periodic.some((each, i) => each !== state.periodic[i])) {
        throw new RangeError(
          "Cannot train a flow further with other periodic coordinates than it has",
        );
      }
      return state;
    },
    whiten: (before) => before,
  };
}
