/**
 * Hamiltonian Monte Carlo whose trajectories have a length that adapts.
 *
 * @module
 */
import { expectGradient } from "../target/target.ts";
import { expectOptions } from "../tensor/expect_options.ts";
import { split, uniform } from "../tensor/random.ts";
import { words } from "../tensor/tensor.ts";
import { hamiltonianTransition } from "./hamiltonian.ts";
import type { Kernel } from "./kernel.ts";
import { metricOf } from "./metric.ts";
import {
  lengthSlope,
  OF_CHAIN,
  startTrajectories,
  trajectoryOf,
  type TrajectoryState,
} from "./trajectory.ts";

/** Options of {@linkcode jitteredHmc}. */
export interface JitteredHmcOptions {
  /**
   * How far the lengths of trajectories vary around their mean T, the same for all chains: in
   * [(1 − jitter) T, (1 + jitter) T]; 1 by default.
   */
  readonly jitter?: number;
  /**
   * Each trajectory of each chain uses a step size uniform in [(1 − stepJitter) ε, ε]; 0 by default.
   */
  readonly stepJitter?: number;
}

/**
 * Hamiltonian Monte Carlo with velocity Verlet, whose trajectories take ⌈(1 + jitter (2h − 1)) T/ε⌉
 * steps, where h runs through a van der Corput sequence that all chains share: they stay in lock-step, and
 * no length is in step with a period of the target. T is the parameter `trajectoryLength`.
 *
 * Source: Hoffman, Radul & Sountsov, AISTATS 2021; acceptance from Beskos et al. 2013.
 *
 * @param options How far lengths and step sizes vary.
 * @returns The kernel.
 * @throws {RangeError} If a jitter is out of range.
 * @throws {TypeError} If there is an unknown option.
 */
export function jitteredHmc(options: JitteredHmcOptions = {}): Kernel<TrajectoryState> {
  expectOptions(options, ["jitter", "stepJitter"], "make jittered HMC");
  const { jitter = 1, stepJitter = 0 } = options;
  if (!(jitter >= 0 && jitter <= 1)) {
    throw new RangeError(`Cannot make jittered HMC with jitter ${jitter}: expected 0 to 1`);
  }
  if (!(stepJitter >= 0 && stepJitter < 1)) {
    throw new RangeError(
      `Cannot make jittered HMC with stepJitter ${stepJitter}: expected a number in [0, 1)`,
    );
  }
  return {
    name: "jittered HMC",
    targetAcceptance: 0.7,
    gradientsPerStep: NaN,
    observed: ["lengthSlope"],
    kept: OF_CHAIN,
    firstStepSize: (dimension) => 1 / Math.sqrt(Math.sqrt(dimension)),
    init: startTrajectories,
    step: (target, parameters) => {
      expectGradient(target);
      const full = metricOf(target, parameters);
      const slope = lengthSlope(full, parameters);
      return (state, key) => {
        const [forMomentum, forAcceptance, forJitter] = split(key, 3);
        const { trajectories } = state;
        const { steps, share, length } = trajectoryOf(parameters, trajectories, jitter);
        const metric = stepJitter === 0
          ? full
          : full.times(uniform(forJitter).mul(-stepJitter).add(1));
        const { state: next, energy, energyChange, proposal, momentum } = hamiltonianTransition(
          target,
          { metric, steps },
          state,
          { forMomentum, forAcceptance },
        );
        return {
          ...next,
          trajectories: trajectories.add(words([1]).at(0)),
          gradients: state.gradients.add(steps),
          energy,
          energyChange,
          lengthSlope: slope(state.position, proposal, momentum).mul(share.mul(length)),
        };
      };
    },
  };
}
