/**
 * Hamiltonian Monte Carlo.
 *
 * @module
 */
import { split, uniform } from "../tensor/random.ts";
import { expectGradient } from "../target/target.ts";
import { hamiltonianTransition } from "./hamiltonian.ts";
import { type GradientState, type Kernel, startWithGradient } from "./kernel.ts";
import { metricOf } from "./metric.ts";
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
    init: startWithGradient,
    step: (target, parameters) => {
      expectGradient(target);
      const full = metricOf(target, parameters);
      return (state, key) => {
        const [forMomentum, forAcceptance, forJitter] = split(key, 3);
        const metric = jitter === 0 ? full : full.times(uniform(forJitter).mul(-jitter).add(1));
        const options = { metric, steps: leapfrogSteps };
        return hamiltonianTransition(target, options, state, { forMomentum, forAcceptance }).state;
      };
    },
  };
}
