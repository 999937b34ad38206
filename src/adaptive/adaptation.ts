/**
 * Adaptation of the local kernel: its step size and its metric, both from the whole ensemble.
 *
 * @module
 */
import { exp } from "../tensor/functions/scalar_math.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type DualAveraging, startDualAveraging, updateDualAveraging } from "./dual_averaging.ts";
import { ensembleScale } from "./ensemble_scale.ts";

/** What the adaptation of a local kernel remembers; plain data. */
export interface AdaptationState {
  /** Of the step size. */
  readonly stepSize: DualAveraging;
  /** Diagonal of the inverse mass matrix. */
  readonly inverseMass: Float64Array;
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
  /** Takes in the mean acceptance probability of a step. */
  afterStep(
    state: AdaptationState,
    acceptance: number,
    target: AdaptationTarget,
  ): AdaptationState;
  /** Takes in the positions of a window, chains × draws × d. */
  afterWindow(
    state: AdaptationState,
    positions: Tensor,
    target: AdaptationTarget,
  ): AdaptationState;
  /** The step size to use: while adapting the current one, then the averaged one. */
  stepSize(state: AdaptationState, frozen: boolean): number;
}

/**
 * The standard adaptation: the step size by dual averaging on the mean acceptance probability over
 * chains, the metric as the squared scale of each coordinate over chains and draws, by quantiles.
 *
 * @returns The rule.
 */
export function ensembleAdaptation(): Adaptation {
  return {
    start: (dimension, { firstStepSize }) => ({
      stepSize: startDualAveraging(firstStepSize),
      inverseMass: new Float64Array(dimension).fill(1),
    }),
    afterStep: (state, acceptance, target) => ({
      ...state,
      stepSize: updateDualAveraging(state.stepSize, acceptance, target.acceptance),
    }),
    afterWindow: (state, positions, { firstStepSize }) => ({
      stepSize: startDualAveraging(firstStepSize),
      inverseMass: ensembleScale(positions, state.inverseMass).variance,
    }),
    stepSize: ({ stepSize }, frozen) => exp(frozen ? stepSize.logAverage : stepSize.logStepSize),
  };
}
