/**
 * Adaptation of the local kernel: its step size and its metric, both from the whole ensemble.
 *
 * @module
 */
import { exp, log } from "../tensor/functions/scalar_math.ts";
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
import { type LengthAdaptation, startLength, updateLength } from "./chees.ts";
import type { ObservedStep, ObservedWindow } from "./observed.ts";

/** What the adaptation of a local kernel remembers; plain data. */
export interface AdaptationState {
  /** Of the step size. */
  readonly stepSize: DualAveraging;
  /** Of the whole ensemble. */
  readonly metric: EnsembleMetric;
  /** Of the length of trajectories, where a rule adapts it by what they lead to. */
  readonly length?: LengthAdaptation | undefined;
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

/** Nor for more than so many steps on average: where step sizes are tiny, they are for a small part. */
const MOST_STEPS = 100;

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
      stepSize: updateDualAveraging(
        state.stepSize,
        amplified(acceptance, target.acceptance),
        target.acceptance,
      ),
    }),
    afterWindow: (state, window, { firstStepSize }) => ({
      // Between what was found for the metric before and the guess for one that is right.
      stepSize: startDualAveraging(exp((state.stepSize.logAverage + log(firstStepSize)) / 2)),
      metric: ensembleMetric(window, state.metric, options),
    }),
    parameters: ({ stepSize: { logAverage, logStepSize }, metric }, frozen) => {
      const { extent } = metric;
      const stepSize = exp(frozen ? logAverage : logStepSize);
      return {
        stepSize,
        ...metricParameters(metric),
        trajectoryLength: Math.min(LENGTH * Math.min(extent, MOST_EXTENT), MOST_STEPS * stepSize),
      };
    },
  };
}

/** Length of the first trajectories, in standard deviations of the ensemble. */
const FIRST_LENGTH = 1.5;

/** Steps that are far too short are accepted by so much more often than wanted, at least. */
const LEAST_EXCESS = 0.2;

/**
 * An acceptance above the wanted one, amplified as if there were always as much room above it: where nearly all
 * proposals are to be accepted, steps that are far too short would hardly differ from those that are right.
 */
function amplified(acceptance: number, wanted: number): number {
  const excess = acceptance - wanted;
  return excess > 0 ? wanted + excess * Math.max(1, LEAST_EXCESS / (1 - wanted)) : acceptance;
}

/**
 * {@linkcode ensembleAdaptation} with the length of trajectories by the ChEES criterion: longer as long as
 * that leads chains further from where they were, measured by their distance from the mean. For kernels
 * that observe it, such as `jitteredHmc()`.
 *
 * Source: Hoffman, Radul & Sountsov, AISTATS 2021.
 *
 * @param options Kind of the metric.
 * @returns The rule.
 */
export function cheesAdaptation(options: MetricOptions = {}): Adaptation {
  const rest = ensembleAdaptation(options);
  return {
    ...rest,
    start: (dimension, goal) => ({
      ...rest.start(dimension, goal),
      length: startLength(FIRST_LENGTH, dimension),
    }),
    afterStep: (state, step, goal) => ({
      ...rest.afterStep(state, step, goal),
      length: state.length && updateLength(state.length, step),
    }),
    afterWindow: (state, window, goal) => ({
      ...rest.afterWindow(state, window, goal),
      length: state.length,
    }),
    parameters: (state, frozen) => {
      const { length } = state;
      const parameters = rest.parameters(state, frozen);
      if (length === undefined) return parameters;
      return {
        ...parameters,
        trajectoryLength: exp(frozen ? length.logAverage : length.logLength),
        // The same program serves warm-up and production.
        center: length.center,
      };
    },
  };
}

/** A metric as parameters of kernels. */
export function metricParameters(
  { inverseMass, root }: EnsembleMetric,
): Pick<KernelParameters, "inverseMass" | "inverseMassRoot"> {
  if (root === undefined) return { inverseMass };
  const shape = [inverseMass.length, inverseMass.length];
  return { inverseMass, inverseMassRoot: fromArray({ dtype: "f64", shape, data: root }) };
}
