/**
 * One transition of Hamiltonian Monte Carlo, however long its trajectory is.
 *
 * @module
 */
import type { Target } from "../target/target.ts";
import { where } from "../tensor/operations.ts";
import { type Key, normal } from "../tensor/random.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { accept } from "./accept.ts";
import { type GradientState, logDensityChange } from "./kernel.ts";
import { leapfrog, type LeapfrogOptions } from "./leapfrog.ts";

/**
 * A gain of energy beyond this is a divergence: the trajectory left what the step size can follow. A
 * loss is none: chains that start far out lose as much on their way in.
 */
export const DIVERGENCE = 1000;

/**
 * Goes to the end of a trajectory or stays, by how much energy it gained; an end that diverged is rejected.
 *
 * @param key For the choice.
 * @param energyChange The gain, a scalar; NaN is a divergence.
 * @param from Where the trajectory started.
 * @param to Its end.
 * @returns The next state.
 */
export function acceptEnergy(
  key: Key,
  energyChange: Tensor,
  from: Omit<GradientState, "acceptance">,
  to: Omit<GradientState, "acceptance">,
): GradientState {
  const logRatio = where(energyChange.less(DIVERGENCE), energyChange.neg(), -Infinity);
  const bare = ({ position, logDensity, gradient }: typeof from) => ({
    position,
    logDensity,
    gradient,
  });
  const { state, acceptance } = accept(key, logRatio, bare(from), bare(to));
  return { ...state, acceptance };
}

/** What a transition gives. */
export interface Transition {
  /** The state after it. */
  readonly state: GradientState;
  /** Energy at the start of the trajectory, −log p plus the kinetic energy, a scalar. */
  readonly energy: Tensor;
  /** Energy at its end less that at its start, a scalar; NaN or +∞ where the density is broken. */
  readonly energyChange: Tensor;
  /** The end of the trajectory, taken or not, [d]. */
  readonly proposal: Tensor;
  /** The momentum there in units where the mass is 1, [d]. */
  readonly momentum: Tensor;
}

/**
 * Draws a momentum, follows the dynamics and accepts or rejects where they lead.
 *
 * @param target What is sampled.
 * @param options Metric and number of steps.
 * @param state Where the chain is.
 * @param keys For the momentum, and for the acceptance.
 * @returns The transition.
 */
export function hamiltonianTransition(
  target: Target,
  options: LeapfrogOptions,
  state: GradientState,
  { forMomentum, forAcceptance }: { readonly forMomentum: Key; readonly forAcceptance: Key },
): Transition {
  const { position, logDensity, gradient } = state;
  const momentum = normal(forMomentum, position.shape);
  const end = leapfrog(target, options)({ position, momentum, gradient });
  const kinetic = momentum.square().sum().mul(0.5);
  const energyChange = end.momentum.square().sub(momentum.square()).sum().mul(0.5)
    .sub(logDensityChange(logDensity, end.logDensity));
  return {
    state: acceptEnergy(forAcceptance, energyChange, state, end),
    energy: kinetic.sub(logDensity),
    energyChange,
    proposal: end.position,
    momentum: end.momentum,
  };
}
