/**
 * Training a flow on given draws, outside of a run.
 *
 * @module
 */
import { chooseDevice } from "../device/choose.ts";
import type { Device } from "../device/device.ts";
import type { Flow } from "../flows/flow.ts";
import { expectOptions } from "../tensor/expect_options.ts";
import { type Key, split } from "../tensor/random.ts";
import { type Tensor, tensor, type TensorLike } from "../tensor/tensor.ts";
import { valueText } from "../tensor/value_text.ts";
import { COUNT, expectNumber } from "./expect_number.ts";
import { type FlowTraining, startTraining, trainingStep } from "./flow_training.ts";
import type { TrainingStep } from "./plan.ts";
import { addToReplay, emptyReplay, type Replay } from "./replay.ts";
import { type TrainedFlow, trainedFlow } from "./trained_flow.ts";
import { trainInCycles } from "./training.ts";

/** Options of {@linkcode fitFlow}. */
export interface FitFlowOptions {
  /** How it learns in a cycle; `trainInCycles()` by default. */
  readonly train?: TrainingStep;
  /** Most cycles, the last of which anneals; 30 by default. */
  readonly cycles?: number;
  /** Cycles without a validation loss better by 0.02 nats after which the last begins; 4 by default. */
  readonly patience?: number;
  /** Which coordinates are periodic, with the period 2π; none by default. */
  readonly periodic?: readonly boolean[];
  /**
   * ln of importance weights p/q, up to a constant, of draws that are of q and not of what is to be fitted,
   * n numbers; those where it is −∞ are left out.
   */
  readonly logWeights?: TensorLike;
  /** The gradient of the log density at the draws, n × d: for a score term. */
  readonly gradient?: TensorLike;
  /** Where normal vectors are drawn when the flow is sampled; WebAssembly by default. */
  readonly device?: Device;
  /** Stops the training within some tens of milliseconds; the signal's reason is thrown then. */
  readonly signal?: AbortSignal;
}

const OPTIONS: Readonly<Record<keyof FitFlowOptions, true>> = {
  train: true,
  cycles: true,
  patience: true,
  periodic: true,
  logWeights: true,
  gradient: true,
  device: true,
  signal: true,
};

/** A flow that was fitted, and how that went. */
export interface FittedFlow {
  /** The flow that is best at draws that it was not trained on. */
  readonly flow: TrainedFlow;
  /** Mean loss −E ln q over the updates of each cycle; first that of the whitening alone. */
  readonly loss: readonly number[];
  /** −E ln q of the best flow so far at held-out draws after each cycle. */
  readonly validation: readonly number[];
}

/** Refuses what users who do not check types may pass, and what would be ignored in silence. */
function checkParts(flow: Flow, { train, periodic, gradient }: FitFlowOptions): void {
  if (typeof flow !== "object" || flow === null || !("updates" in flow)) {
    throw new TypeError(
      "Cannot fit this: give a kind of flow, such as splineFlow(), or trainFurther() of a trained one",
    );
  }
  if (train !== undefined && typeof train !== "function") {
    throw new TypeError("Cannot fit a flow with this `train`: give trainInCycles({ … })");
  }
  const marks = periodic ?? [];
  if (!(Array.isArray(marks) && marks.every((each) => typeof each === "boolean"))) {
    throw new TypeError(
      `Cannot fit a flow with \`periodic\` ${
        valueText(periodic)
      }: give true or false for each coordinate`,
    );
  }
  if (train?.usesGradient === true && gradient === undefined) {
    throw new TypeError(
      "Cannot fit a flow with a score term but without `gradient`: give that of the log density at each " +
        "draw, or leave out `score`",
    );
  }
}

/** Fewer draws show nothing of a distribution. */
const LEAST_DRAWS = 16;

function replayOf(draws: Tensor, { logWeights, gradient }: FitFlowOptions): Replay {
  const [n, d] = draws.shape;
  const known = (
    given: TensorLike | undefined,
    shape: readonly number[],
    name: string,
  ): Tensor | undefined => {
    if (given === undefined) return undefined;
    const value = tensor(given);
    if (value.shape.join() !== shape.join()) {
      throw new TypeError(
        `Cannot fit a flow with \`${name}\` of shape [${value.shape}]: expected [${shape}]`,
      );
    }
    return value.reshape([1, ...shape]);
  };
  return addToReplay(emptyReplay(d, { withGradient: gradient !== undefined, importance: 1 }), {
    position: draws.reshape([1, n, d]),
    logWeight: known(logWeights, [n], "logWeights"),
    gradient: known(gradient, [n, d], "gradient"),
  }, { cycle: 0, capacity: Infinity });
}

/**
 * Fits a flow to draws: whitens it, trains it in cycles until it no longer gets better at the eighth of
 * the draws that is held out, in stretches of neighbours, and anneals it in a last cycle.
 *
 * @param flow The kind of flow, such as `splineFlow()`.
 * @param draws Draws, n × d, at least 16; those that are not finite are left out.
 * @param key For the first weights and the order of the draws.
 * @param options How it is trained, and for how long.
 * @returns The flow, and its losses.
 * @throws {TypeError} If an option is unknown or missing, or something is of a wrong type or shape.
 * @throws {RangeError} If there are too few draws, or an option is out of range.
 *
 * @example A flow of a ring
 * ```ts
 * import { fitFlow, key, normal, splineFlow } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * const directions = normal(key(1), [2000, 2]);
 * const draws = directions.div(directions.square().sum(1).sqrt().reshape([2000, 1]));
 * const noisy = draws.add(normal(key(2), [2000, 2]).mul(0.1));
 * const { flow, validation } = await fitFlow(splineFlow(), noisy, key(3), { cycles: 3 });
 * assert(validation[2] < validation[0]);
 * const { position } = await flow.sample(key(4), 5);
 * assert.deepEqual(position.shape, [5, 2]);
 * ```
 */
export async function fitFlow(
  flow: Flow,
  draws: TensorLike,
  key: Key,
  options: FitFlowOptions = {},
): Promise<FittedFlow> {
  expectOptions(options, Object.keys(OPTIONS), "fit a flow");
  const { train = trainInCycles(), cycles = 30, patience = 4, signal } = options;
  for (const [name, value] of Object.entries({ cycles, patience })) {
    expectNumber("fit a flow", name, value, COUNT);
  }
  checkParts(flow, options);
  const given = tensor(draws);
  if (given.shape.length !== 2) {
    throw new TypeError(
      `Cannot fit a flow to draws of shape [${given.shape}]: expected draws × coordinates`,
    );
  }
  const replay = replayOf(given, options);
  if (replay.held.length < LEAST_DRAWS) {
    throw new RangeError(
      `Cannot fit a flow to ${replay.held.length} finite draws: at least ${LEAST_DRAWS} are needed`,
    );
  }
  const [forFlow, forTraining] = split(key);
  const first = flow.init(
    replay.dimension,
    [forFlow.data[0], forFlow.data[1]],
    options.periodic,
  );
  const step = trainingStep(flow, train);
  let training: FlowTraining = await startTraining(flow, first, replay);
  for (const each of split(forTraining, cycles)) {
    signal?.throwIfAborted();
    const last = training.cycle === cycles - 1 || training.stale >= patience;
    training = await step({ ...training, last }, each, { signal });
    if (last) break;
  }
  const { best, loss, validation } = training;
  return {
    flow: trainedFlow(flow, best, options.device ?? chooseDevice()),
    loss,
    validation,
  };
}
