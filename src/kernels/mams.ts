/**
 * The Metropolis-adjusted microcanonical sampler.
 *
 * @module
 */
import type { Target } from "../target/target.ts";
import { expectGradient } from "../target/target.ts";
import { expectOptions } from "../tensor/expect_options.ts";
import { where } from "../tensor/operations.ts";
import { type Key, split } from "../tensor/random.ts";
import { type Tensor, tensor, words } from "../tensor/tensor.ts";
import { repeatLoop } from "../tensor/trace.ts";
import { accept } from "./accept.ts";
import { DIVERGENCE } from "./hamiltonian.ts";
import { direction, turned } from "./isokinetic.ts";
import { gradientAt, type Kernel, logDensityChange } from "./kernel.ts";
import { type Metric, metricOf } from "./metric.ts";
import { startTrajectories, trajectoryOf, type TrajectoryState } from "./trajectory.ts";

/** Options of {@linkcode mams}. */
export interface MamsOptions {
  /**
   * How far the lengths of trajectories vary around their mean T, the same for all chains: in
   * [(1 − jitter) T, (1 + jitter) T]; 1 by default.
   */
  readonly jitter?: number;
}

/** The minimal-norm integrator of McLachlan 1995: its error is least among those of five stages. */
const MINIMAL_NORM = 0.1931833275037836;

interface Flight {
  readonly position: Tensor;
  readonly velocity: Tensor;
  readonly gradient: Tensor;
  readonly kinetic: Tensor;
}

/** Follows the dynamics for some steps of two gradients each. */
function fly(
  target: Target,
  { metric, steps, unit }: {
    readonly metric: Metric;
    readonly steps: Tensor;
    readonly unit: number;
  },
  start: Omit<Flight, "kinetic">,
): Flight & { readonly logDensity: Tensor } {
  const kick = (flight: Flight, part: number): Flight => {
    const { velocity, kinetic } = turned(
      flight.velocity,
      metric.force(flight.gradient).mul(part * unit),
    );
    return { ...flight, velocity, kinetic: flight.kinetic.add(kinetic) };
  };
  const drift = (flight: Flight): Flight => {
    const position = flight.position.add(metric.move(flight.velocity).mul(unit / 2));
    const { gradient } = gradientAt(target, position);
    return { ...flight, position, gradient };
  };
  // The kicks of neighbouring steps are merged: all but the last end with two of them.
  const first = kick({ ...start, kinetic: tensor(0) }, MINIMAL_NORM);
  const most = repeatLoop(
    steps.sub(words([1]).at(0)),
    (flight) => kick(drift(kick(drift(flight), 1 - 2 * MINIMAL_NORM)), 2 * MINIMAL_NORM),
    first as { [Name in keyof Flight]: Tensor },
  );
  const before = kick(drift(most), 1 - 2 * MINIMAL_NORM);
  const position = before.position.add(metric.move(before.velocity).mul(unit / 2));
  const { logDensity, gradient } = gradientAt(target, position);
  return { ...kick({ ...before, position, gradient }, MINIMAL_NORM), logDensity };
}

/**
 * The Metropolis-adjusted microcanonical sampler: trajectories of a velocity whose length never changes,
 * so that regions of low density are crossed as fast as others, each with a fresh direction and accepted
 * with min(1, e^(Δ log p − Δ kinetic energy)). It needs two coordinates at least.
 *
 * Lengths and step sizes are in the units of HMC: a step moves the position by ε√d in units of the
 * metric. A trajectory takes ⌈(1 + jitter (2h − 1)) T/ε⌉ steps of two gradients, with h from a van der
 * Corput sequence that all chains share.
 *
 * Source: Robnik, Cohn-Gordon & Seljak, "Metropolis adjusted microcanonical Hamiltonian Monte Carlo", 2025
 * (arXiv 2503.01707); integrator of McLachlan, SIAM J. Sci. Comput. 16, 1995.
 *
 * @param options How far lengths vary.
 * @returns The kernel.
 * @throws {RangeError} If the jitter is not in [0, 1]; when it starts, if the target has one coordinate.
 * @throws {TypeError} If there is an unknown option.
 */
export function mams(options: MamsOptions = {}): Kernel<TrajectoryState> {
  expectOptions(options, ["jitter"], "make MAMS");
  const { jitter = 1 } = options;
  if (!(jitter >= 0 && jitter <= 1)) {
    throw new RangeError(`Cannot make MAMS with jitter ${jitter}: expected 0 to 1`);
  }
  return {
    name: "MAMS",
    targetAcceptance: 0.9,
    gradientsPerStep: NaN,
    kept: ["trajectories", "steps", "energy", "energyChange", "lengthSlope"],
    firstStepSize: (dimension) => 1 / Math.sqrt(Math.sqrt(dimension)),
    init: (target) => {
      expectTwo(target);
      return startTrajectories(target);
    },
    step: (target, parameters) => {
      expectGradient(target);
      expectTwo(target);
      const metric = metricOf(target, parameters);
      const unit = Math.sqrt(target.dimension);
      return (state, key: Key) => {
        const [forVelocity, forAcceptance] = split(key);
        const { position, logDensity, gradient, trajectories } = state;
        const { steps } = trajectoryOf(parameters, trajectories, jitter);
        const velocity = direction(forVelocity, position.shape);
        const end = fly(target, { metric, steps, unit }, { position, velocity, gradient });
        const energyChange = end.kinetic.sub(logDensityChange(logDensity, end.logDensity));
        const { state: next, acceptance } = accept(
          forAcceptance,
          where(energyChange.less(DIVERGENCE), energyChange.neg(), -Infinity),
          { position, logDensity, gradient },
          { position: end.position, logDensity: end.logDensity, gradient: end.gradient },
        );
        return {
          ...next,
          acceptance,
          trajectories: trajectories.add(words([1]).at(0)),
          steps: steps.mul(words([2]).at(0)),
          energy: logDensity.neg(),
          energyChange,
          lengthSlope: tensor(0),
        };
      };
    },
  };
}

function expectTwo({ dimension }: Target): void {
  if (dimension >= 2) return;
  throw new RangeError(
    "Cannot run MAMS on one coordinate: a velocity of unit length has one direction then; use " +
      "jitteredHmc()",
  );
}
