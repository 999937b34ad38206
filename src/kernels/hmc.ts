/**
 * Hamiltonian Monte Carlo.
 *
 * @module
 */
import { where } from "../tensor/operations.ts";
import { normal, split, uniform } from "../tensor/random.ts";
import { tensor } from "../tensor/tensor.ts";
import { repeatLoop } from "../tensor/trace.ts";
import { accept } from "./accept.ts";
import { gradientAt, type GradientState, type Kernel, stepScale } from "./kernel.ts";

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

/** An energy error beyond this is a divergence: the trajectory left what the step size can follow. */
export const DIVERGENCE = 1000;

/**
 * Hamiltonian Monte Carlo with velocity Verlet and kinetic energy ½pᵀM⁻¹p. A trajectory of L
 * leapfrog steps takes exactly L gradients: that at its start is kept in the state.
 *
 * The half kicks of neighbouring steps are merged, and log p is computed at the end alone.
 *
 * Source: Duane et al. 1987; Neal 2011; acceptance 0.65 from Beskos et al. 2013.
 *
 * @param options Number of leapfrog steps.
 * @returns The kernel.
 * @throws {RangeError} If the number of leapfrog steps is not a positive integer, or the jitter is not in
 * [0, 1).
 */
export function hmc(options: HmcOptions = {}): Kernel<GradientState> {
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
    step: (target, parameters) => (state, key) => {
      const [forMomentum, forAcceptance, forJitter] = split(key, 3);
      // In units where the mass is 1: x = M^(−½) z, and the momentum of z is standard normal.
      const full = stepScale(parameters);
      const scale = jitter === 0 ? full : full.mul(uniform(forJitter).mul(-jitter).add(1));
      const start = normal(forMomentum, state.position.shape);
      const kicked = start.add(scale.mul(state.gradient).mul(0.5));
      const inner = repeatLoop(
        leapfrogSteps - 1,
        ({ position, momentum }) => {
          const moved = position.add(scale.mul(momentum));
          const { gradient } = gradientAt(target, moved);
          return { position: moved, momentum: momentum.add(scale.mul(gradient)) };
        },
        { position: state.position, momentum: kicked },
      );
      const position = inner.position.add(scale.mul(inner.momentum));
      const { logDensity, gradient } = gradientAt(target, position);
      const end = inner.momentum.add(scale.mul(gradient).mul(0.5));
      const energyChange = end.square().sub(start.square()).sum().mul(0.5)
        .sub(logDensity.sub(state.logDensity));
      const logRatio = where(energyChange.less(DIVERGENCE), energyChange.neg(), -Infinity);
      const { acceptance: _, ...current } = state;
      const { state: next, acceptance } = accept(
        forAcceptance,
        logRatio,
        current,
        { position, logDensity, gradient },
      );
      return { ...next, acceptance };
    },
  };
}
