/**
 * What a kernel is: a way to start, and a step that leaves a distribution invariant. Kernels are
 * written for one chain in the array language; `vectorize` runs them for many.
 *
 * @module
 */
import { expectGradient, type Target } from "../target/target.ts";
import { where } from "../tensor/operations.ts";
import type { Key } from "../tensor/random.ts";
import { type Tensor, tensor, type TensorLike } from "../tensor/tensor.ts";
import { applyProgram } from "../tensor/trace.ts";
import { typeText } from "./form.ts";

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
  /** Length of a step in units of the metric, a positive scalar. */
  readonly stepSize: TensorLike;
  /**
   * Diagonal of the inverse mass matrix: the variances of the coordinates as far as known, [d] or a
   * scalar for all; 1 by default.
   */
  readonly inverseMass?: TensorLike;
  /**
   * L with LLᵀ the whole inverse mass matrix, [d, d], which takes the place of its diagonal: for
   * coordinates that are strongly correlated. A step costs 2d² multiplications more then.
   */
  readonly inverseMassRoot?: TensorLike;
  /**
   * Mean length of a trajectory in units of the metric, a positive scalar, for kernels whose number of
   * steps is adapted; π/2 by default, with which the next position of a standard normal is independent.
   */
  readonly trajectoryLength?: TensorLike;
  /**
   * Mean of the ensemble, [d], around which a kernel measures how far its trajectories lead, for the
   * adaptation of their length; without it nothing is measured.
   */
  readonly center?: TensorLike;
  /** Positions of other chains, which do not move in the step, [n, d]: for kernels with `partners`. */
  readonly partners?: TensorLike;
}

/** Rungs between a target and something wider, for a kernel whose chains have replicas at each of them. */
export interface Ladder {
  /** The inverse temperatures to begin with, from 1 down to 0. */
  readonly inverseTemperatures: readonly number[];
  /** The scale to begin with of a reference that is fitted to the chains, around 0. */
  readonly reference: number;
  /** What is at the hot end of a target: a prior that need not be normalised, or something that is. */
  relativeTo(target: Target): "prior" | "reference";
}

/** A family of steps with the parameters that adaptation finds. */
export interface Kernel<State extends ChainState = ChainState> {
  /** Its name. */
  readonly name: string;
  /** Mean acceptance probability that adaptation aims at. */
  readonly targetAcceptance: number;
  /** A first step size for a target of a dimension, in units of the metric. */
  firstStepSize(dimension: number): number;
  /** Gradients of the log density that one step takes; NaN where it varies, and the state counts them. */
  readonly gradientsPerStep: number;
  /**
   * Names of the leaves of the state that belong to the chain and not to where it is, such as a counter of
   * steps: a global move leaves them as they are. None by default. A name stands for all below it, too.
   */
  readonly kept?: readonly string[];
  /** Names of the leaves of the state that its adaptation looks at after each step, beside the acceptance. */
  readonly observed?: readonly string[];
  /**
   * Whether its step is given positions of other chains, as the parameter `partners`. Half of the chains move
   * then while the others stay, and after that the other half: where chains that move at once look at each
   * other, no distribution stays as it is. False by default.
   */
  readonly partners?: boolean;
  /** For tempering: rungs that adaptation moves, each with a step size and a metric of its own. */
  readonly ladder?: Ladder;
  /** Starts a chain at a position. */
  init(target: Target): (position: Tensor) => State;
  /**
   * The step for given parameters.
   *
   * @throws {TypeError} If a parameter has the wrong shape, or the kernel needs a gradient and the target
   * has none.
   * @throws {RangeError} If a parameter is not positive and finite.
   */
  step(target: Target, parameters: KernelParameters): Step<State>;
}

/** The position, if it is one of the target. */
export function expectPosition({ dimension }: Target, position: Tensor): Tensor {
  const { dtype, shape } = position;
  if (dtype === "f64" && shape.length === 1 && shape[0] === dimension) return position;
  throw new TypeError(
    `Cannot evaluate the log density at a position ${typeText(position)}: the target has ` +
      `${dimension} coordinates, f64[${dimension}]`,
  );
}

/** What the programs of a target are applied to at a position. */
function inputsOf(target: Target, position: Tensor): Tensor[] {
  return [expectPosition(target, position), ...target.given ?? []];
}

/** Log density at a position. */
export function logDensityAt(target: Target, position: Tensor): Tensor {
  return applyProgram(target.value, inputsOf(target, position))[0];
}

/** Log density and gradient at a position. */
export function gradientAt(
  target: Target,
  position: Tensor,
): { readonly logDensity: Tensor; readonly gradient: Tensor } {
  const [logDensity, gradient] = applyProgram(
    expectGradient(target),
    inputsOf(target, position),
  );
  return { logDensity, gradient };
}

/** A chain at a position that has not moved yet, for a kernel that needs no gradient. */
export function startWithDensity(target: Target): (position: Tensor) => ChainState {
  return (position) => ({
    position,
    logDensity: logDensityAt(target, position),
    acceptance: tensor(1),
  });
}

/** A chain at a position that has not moved yet, for a kernel that keeps the gradient. */
export function startWithGradient(target: Target): (position: Tensor) => GradientState {
  return (position) => ({ position, ...gradientAt(target, position), acceptance: tensor(1) });
}

/**
 * log p(x') − log p(x) for a move from x to x'; −∞, a rejection, where log p(x') is NaN or +∞, which
 * no density is: a chain would never leave such a point. From where log p is −∞, any point is better.
 *
 * @param from log p(x), a scalar.
 * @param to log p(x'), a scalar.
 * @returns The change, a scalar.
 */
export function logDensityChange(from: Tensor, to: Tensor): Tensor {
  return where(to.less(Infinity), to.sub(from), -Infinity);
}
