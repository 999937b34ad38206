/**
 * Adaptation of the local kernel: its step size and its metric, both from the whole ensemble.
 *
 * @module
 */
import { exp } from "../tensor/functions/scalar_math.ts";
import type { KernelParameters } from "../kernels/kernel.ts";
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

/** What the chains did in a step of warm-up: the recorded leaves of their states by name. */
export interface ObservedStep {
  /** Mean acceptance probability over chains. */
  readonly acceptance: number;
  /** Each recorded leaf, chains × 1 × its shape: position, logDensity, and what the kernel observes. */
  readonly draws: Readonly<Record<string, Tensor>>;
}

/** What the chains did in a window of warm-up. */
export interface ObservedWindow {
  /** Positions, chains × draws × d; those of periodic coordinates around their means. */
  readonly position: Tensor;
  /** Gradients there, of the same shape, if the kernel has them. */
  readonly gradient: Tensor | undefined;
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
    afterStep: (state, { acceptance }, target) => ({
      ...state,
      stepSize: updateDualAveraging(state.stepSize, acceptance, target.acceptance),
    }),
    afterWindow: (state, { position }, { firstStepSize }) => ({
      stepSize: startDualAveraging(firstStepSize),
      inverseMass: ensembleScale(position, state.inverseMass).variance,
    }),
    parameters: ({ stepSize, inverseMass }, frozen) => ({
      stepSize: exp(frozen ? stepSize.logAverage : stepSize.logStepSize),
      inverseMass,
    }),
  };
}
