/**
 * Microcanonical Langevin dynamics, without an accept–reject step: for warm-up alone.
 *
 * @module
 */
import { expectGradient, type Target } from "../target/target.ts";
import { expectArguments } from "../tensor/expect_options.ts";
import { where } from "../tensor/operations.ts";
import { foldIn, type Key, normal, split } from "../tensor/random.ts";
import { type Tensor, tensor, type TensorLike } from "../tensor/tensor.ts";
import { direction, turned } from "./isokinetic.ts";
import {
  gradientAt,
  type GradientState,
  type KernelParameters,
  startWithGradient,
} from "./kernel.ts";
import { metricOf, positiveParameter, stepSizeOf } from "./metric.ts";

/** The state of a chain of {@linkcode mclmc}. */
export type VelocityState = GradientState & {
  /** Direction of motion in standardised coordinates, of unit length, [d]. */
  readonly velocity: Tensor;
  /** Error of the energy in the last step, a scalar. */
  readonly energyChange: Tensor;
  /** 1 for a chain that follows a power of the density, 0 for one that follows the density itself. */
  readonly scout: Tensor;
};

/** Parameters of {@linkcode mclmc}; `trajectoryLength` is the length over which the direction is forgotten. */
export interface SettlingParameters extends KernelParameters {
  /** The power of the density that scouts follow, in (0, 1], a scalar; 1 by default. */
  readonly inverseTemperature?: TensorLike;
}

/** Starts chains and moves them. */
export interface UnadjustedKernel {
  /** Starts a chain at a position, in a random direction. */
  init(target: Target): (position: Tensor, key: Key, scout: Tensor) => VelocityState;
  /** The step. */
  step(
    target: Target,
    parameters: SettlingParameters,
  ): (state: VelocityState, key: Key) => VelocityState;
}

/**
 * Microcanonical Langevin Monte Carlo: a velocity of unit length that the gradient turns, by velocity
 * Verlet, and that noise turns a little before and after. A step takes one gradient and is always taken,
 * unless it leads to where the density is not finite: so it is off by an error of the step size, which
 * `energyChange` measures, and only serves to bring chains to where the density is.
 *
 * Source: Robnik, De Luca, Silverstein & Seljak, JMLR 2023; Robnik & Seljak, "Fluctuation without
 * dissipation: microcanonical Langevin Monte Carlo", 2024.
 *
 * @returns Start and step, on targets of two coordinates or more.
 * @throws {TypeError} If it is given arguments.
 */
export function mclmc(): UnadjustedKernel {
  expectArguments(arguments, 0, "make MCLMC", "it has no options");
  return {
    init: (target) => (position, key, scout) => ({
      ...startWithGradient(target)(position),
      velocity: direction(key, position.shape),
      energyChange: tensor(0),
      scout,
    }),
    step: (target, parameters) => {
      expectGradient(target);
      const metric = metricOf(target, parameters);
      const unit = Math.sqrt(target.dimension);
      const length = positiveParameter("trajectoryLength", parameters.trajectoryLength ?? 1, [[]]);
      // ν² d = e^(2h/L) − 1 for a half step, h = ε/2.
      const noise = stepSizeOf(parameters).div(length).expm1().div(target.dimension).sqrt();
      const hot = positiveParameter(
        "inverseTemperature",
        parameters.inverseTemperature ?? 1,
        [[]],
      );
      const refreshed = (velocity: Tensor, key: Key): Tensor => {
        const next = velocity.add(normal(key, velocity.shape).mul(noise));
        return next.div(next.norm());
      };
      return (state, key) => {
        const [first, second] = split(key);
        const power = where(state.scout.greater(0), hot, 1);
        const kick = (velocity: Tensor, gradient: Tensor) =>
          turned(velocity, metric.force(gradient).mul(0.5 * unit).mul(power));
        const start = kick(refreshed(state.velocity, first), state.gradient);
        const position = state.position.add(metric.move(start.velocity).mul(unit));
        const { logDensity, gradient } = gradientAt(target, position);
        const end = kick(start.velocity, gradient);
        const energyChange = start.kinetic.add(end.kinetic)
          .sub(logDensity.sub(state.logDensity).mul(power));
        const taken = energyChange.isFinite();
        const choose = (next: Tensor, old: Tensor): Tensor => where(taken, next, old);
        return {
          position: choose(position, state.position),
          logDensity: choose(logDensity, state.logDensity),
          gradient: choose(gradient, state.gradient),
          acceptance: where(taken, 1, 0),
          // A chain that cannot go on turns back.
          velocity: choose(
            refreshed(end.velocity, second),
            direction(foldIn(second, 1), position.shape),
          ),
          energyChange,
          scout: state.scout,
        };
      };
    },
  };
}
