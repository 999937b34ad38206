/**
 * Hamiltonian Monte Carlo.
 *
 * @module
 */
import { where } from "../tensor/operations.ts";
import { normal, split, uniform } from "../tensor/random.ts";
import { tensor } from "../tensor/tensor.ts";
import { expectGradient } from "../target/target.ts";
import { accept } from "./accept.ts";
import {
  gradientAt,
  type GradientState,
  type Kernel,
  logDensityChange,
  stepScale,
} from "./kernel.ts";
import { leapfrog } from "./leapfrog.ts";
import { expectOptions } from "../tensor/expect_options.ts";

/** Options of {@linkcode hmc}. */
export interface HmcOptions {
  /** Leapfrog steps of a trajectory, and gradients that it takes; 10 by default. */
  readonly leapfrogSteps?: number;
  /**
   * Each trajectory of each chain uses a step size uniform in [(1 − jitter) ε, ε]; 0 by default. Without
   * it a trajectory whose length is near a period of the target comes back to where it started.
   */
  readonly jitter?: number;
}

/**
 * A gain of energy beyond this is a divergence: the trajectory left what the step size can follow. A
 * loss is none: chains that start far out lose as much on their way in.
 */
export const DIVERGENCE = 1000;

/**
 * Hamiltonian Monte Carlo with velocity Verlet and kinetic energy ½pᵀM⁻¹p. A trajectory of L
 * leapfrog steps takes exactly L gradients: that at its start is kept in the state.
 *
 * Source: Duane et al. 1987; Neal 2011; acceptance 0.65 from Beskos et al. 2013.
 *
 * @param options Number of leapfrog steps, and jitter.
 * @returns The kernel.
 * @throws {RangeError} If the number of leapfrog steps is not a positive integer, or the jitter is not in
 * [0, 1).
 * @throws {TypeError} If there is an unknown option.
 */
export function hmc(options: HmcOptions = {}): Kernel<GradientState> {
  expectOptions(options, ["leapfrogSteps", "jitter"], "make HMC");
  const { leapfrogSteps = 10, jitter = 0 } = options;
  if (!Number.isInteger(leapfrogSteps) || leapfrogSteps < 1) {
    throw new RangeError(
      `Cannot make HMC with ${leapfrogSteps} leapfrog steps: \`leapfrogSteps\` must be a positive ` +
        "integer",
    );
  }
  if (!(jitter >= 0 && jitter < 1)) {
    throw new RangeError(`Cannot make HMC with jitter ${jitter}: expected a number in [0, 1)`);
  }
  return {
    name: "hmc",
    targetAcceptance: 0.65,
    gradientsPerStep: leapfrogSteps,
    // Stable on a standard normal with acceptance near 0.8 (Neal 2011, §5.4.2: ε ∝ d^(−1/4)).
    firstStepSize: (dimension) => 1 / Math.sqrt(Math.sqrt(dimension)),
    init: (target) => (position) => ({
      position,
      ...gradientAt(target, position),
      acceptance: tensor(1),
    }),
    step: (target, parameters) => {
      expectGradient(target);
      const full = stepScale(target, parameters);
      return (state, key) => {
        const [forMomentum, forAcceptance, forJitter] = split(key, 3);
        const scale = jitter === 0 ? full : full.mul(uniform(forJitter).mul(-jitter).add(1));
        const momentum = normal(forMomentum, state.position.shape);
        const end = leapfrog(target, { scale, steps: leapfrogSteps })({
          position: state.position,
          momentum,
          gradient: state.gradient,
        });
        const energyChange = end.momentum.square().sub(momentum.square()).sum().mul(0.5)
          .sub(logDensityChange(state.logDensity, end.logDensity));
        const logRatio = where(energyChange.less(DIVERGENCE), energyChange.neg(), -Infinity);
        const { acceptance: _, ...current } = state;
        const { state: next, acceptance } = accept(
          forAcceptance,
          logRatio,
          current,
          { position: end.position, logDensity: end.logDensity, gradient: end.gradient },
        );
        return { ...next, acceptance };
      };
    },
  };
}
