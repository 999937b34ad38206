/**
 * What a kernel is: a way to start, and a step that leaves a distribution invariant. Kernels are
 * written for one chain in the array language; `vectorize` runs them for many.
 *
 * @module
 */
import type { Key } from "../tensor/random.ts";
import { type Tensor, tensor, type TensorLike } from "../tensor/tensor.ts";
import { applyProgram } from "../tensor/trace.ts";
import type { Target } from "../target/target.ts";

/** A pure step: from a state and a key to the next state. */
export type Step<State> = (state: State, key: Key) => State;

/** What every state of a chain holds. A type, since an interface does not count as a tree. */
export type ChainState = {
  /** Unconstrained position, [d]. */
  readonly position: Tensor;
  /** Log density there, a scalar. */
  readonly logDensity: Tensor;
  /** Probability with which the last proposal was accepted, a scalar in [0, 1]. */
  readonly acceptance: Tensor;
};

/** A state of a chain that keeps the gradient, so that nothing is computed twice. */
export type GradientState = ChainState & {
  /** Gradient of the log density at the position, [d]. */
  readonly gradient: Tensor;
};

/** What adaptation can set, the same for all chains. */
export interface KernelParameters {
  /** Length of a step in units of the metric, a scalar. */
  readonly stepSize: TensorLike;
  /**
   * Diagonal of the inverse mass matrix: the variances of the coordinates as far as known, [d]; ones
   * by default.
   */
  readonly inverseMass?: TensorLike;
}

/** A family of steps with the parameters that adaptation finds. */
export interface Kernel<State extends ChainState = ChainState> {
  /** Its name. */
  readonly name: string;
  /** Mean acceptance probability that adaptation aims at. */
  readonly targetAcceptance: number;
  /** A first step size for a target of a dimension, in units of the metric. */
  firstStepSize(dimension: number): number;
  /** Gradients of the log density that one step takes. */
  readonly gradientsPerStep: number;
  /** Starts a chain at a position. */
  init(target: Target): (position: Tensor) => State;
  /** The step for given parameters. */
  step(target: Target, parameters: KernelParameters): Step<State>;
}

/** Log density at a position. */
export function logDensityAt(target: Target, position: Tensor): Tensor {
  return applyProgram(target.value, [position])[0];
}

/** Log density and gradient at a position. */
export function gradientAt(
  target: Target,
  position: Tensor,
): { readonly logDensity: Tensor; readonly gradient: Tensor } {
  const [logDensity, gradient] = applyProgram(target.valueAndGradient, [position]);
  return { logDensity, gradient };
}

/** ε M^(−½): how far one unit of the standardised coordinates is, [d] or a scalar. */
export function stepScale({ stepSize, inverseMass = 1 }: KernelParameters): Tensor {
  return tensor(stepSize).mul(tensor(inverseMass).sqrt());
}
