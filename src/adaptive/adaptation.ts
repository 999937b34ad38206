/**
 * Adaptation of the local kernel: its step size and its metric, both from the whole ensemble.
 *
 * @module
 */
import { exp } from "../tensor/functions/scalar_math.ts";
import type { KernelParameters } from "../kernels/kernel.ts";
import { expectOptions } from "../tensor/expect_options.ts";
import { fromArray } from "../tensor/tensor.ts";
import { type DualAveraging, startDualAveraging, updateDualAveraging } from "./dual_averaging.ts";
import {
  type EnsembleMetric,
  ensembleMetric,
  type MetricOptions,
  unitMetric,
} from "./ensemble_metric.ts";
import type { ObservedStep, ObservedWindow } from "./observed.ts";

/** What the adaptation of a local kernel remembers; plain data. */
export interface AdaptationState {
  /** Of the step size. */
  readonly stepSize: DualAveraging;
  /** Of the whole ensemble. */
  readonly metric: EnsembleMetric;
}

/** What adaptation aims at, from the kernel. */
export interface AdaptationTarget {
  /** Wanted mean acceptance probability. */
  readonly acceptance: number;
  /** A first step size in units of the metric. */
  readonly firstStepSize: number;
}

/** A rule that adapts a local kernel during warm-up; all parts are pure. */
export interface Adaptation {
  /** Starts for d dimensions. */
  start(dimension: number, target: AdaptationTarget): AdaptationState;
  /** Takes in a step. */
  afterStep(
    state: AdaptationState,
    step: ObservedStep,
    target: AdaptationTarget,
  ): AdaptationState;
  /** Takes in a window. */
  afterWindow(
    state: AdaptationState,
    window: ObservedWindow,
    target: AdaptationTarget,
  ): AdaptationState;
  /** The parameters of the kernel: while adapting the current step size, then the averaged one. */
  parameters(state: AdaptationState, frozen: boolean): KernelParameters;
}

/** Mean length of trajectories along the longest direction of the ensemble, in its standard deviations. */
const LENGTH = 1.5;
/**
 * No trajectory is made for more than so many standard deviations of a standard normal: where the ensemble
 * extends further, it is in modes that no trajectory connects.
 */
const MOST_EXTENT = 6;

/**
 * The standard adaptation: the step size by dual averaging on the mean acceptance probability over chains,
 * the metric from positions and gradients of a window, the length of trajectories from how far the
 * ensemble extends in units of that metric.
 *
 * @param options Kind of the metric.
 * @returns The rule.
 */
export function ensembleAdaptation(options: MetricOptions = {}): Adaptation {
  expectOptions(options, ["metric", "fisher"], "adapt");
  return {
    start: (dimension, { firstStepSize }) => ({
      stepSize: startDualAveraging(firstStepSize),
      metric: unitMetric(dimension),
    }),
    afterStep: (state, { acceptance }, target) => ({
      ...state,
      stepSize: updateDualAveraging(state.stepSize, acceptance, target.acceptance),
    }),
    afterWindow: (state, window) => ({
      // The metric changes less from window to window than it is off from a first guess.
      stepSize: startDualAveraging(exp(state.stepSize.logAverage)),
      metric: ensembleMetric(window, state.metric, options),
    }),
    parameters: ({ stepSize, metric: { inverseMass, root, extent } }, frozen) => ({
      stepSize: exp(frozen ? stepSize.logAverage : stepSize.logStepSize),
      inverseMass,
      ...root &&
        { inverseMassRoot: fromArray({ dtype: "f64", shape: squareOf(root), data: root }) },
      trajectoryLength: LENGTH * Math.min(extent, MOST_EXTENT),
    }),
  };
}

function squareOf({ length }: Float64Array): number[] {
  const dimension = Math.sqrt(length);
  return [dimension, dimension];
}
