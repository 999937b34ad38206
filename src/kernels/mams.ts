/**
 * The Metropolis-adjusted microcanonical sampler.
 *
 * @module
 */
import { expectGradient, type Target } from "../target/target.ts";
import { expectOptions } from "../tensor/expect_options.ts";
import { type Key, split } from "../tensor/random.ts";
import { type Tensor, tensor, words } from "../tensor/tensor.ts";
import { repeatLoop } from "../tensor/trace.ts";
import { acceptEnergy } from "./hamiltonian.ts";
import { direction, turned } from "./isokinetic.ts";
import { gradientAt, type Kernel, logDensityChange } from "./kernel.ts";
import { type Metric, metricOf } from "./metric.ts";
import { OF_CHAIN, startTrajectories, trajectoryOf, type TrajectoryState } from "./trajectory.ts";

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

/** The metric for the parts of a step: kicks at its ends, in its middle and of two steps, and half a move. */
interface Parts {
  readonly kicks: readonly [Metric, Metric, Metric];
  readonly drift: Metric;
}

/** In units in which a step moves the position by ε√d. */
function partsOf(metric: Metric, dimension: number): Parts {
  const unit = Math.sqrt(dimension);
  const part = (share: number): Metric => metric.times(tensor(share * unit));
  return {
    kicks: [part(MINIMAL_NORM), part(1 - 2 * MINIMAL_NORM), part(2 * MINIMAL_NORM)],
    drift: part(0.5),
  };
}

/** Follows the dynamics for some steps of two gradients each. */
function fly(
  target: Target,
  { kicks: [outer, inner, merged], drift: half, steps }: Parts & { readonly steps: Tensor },
  start: Omit<Flight, "kinetic">,
): Flight & { readonly logDensity: Tensor } {
  const kick = (flight: Flight, part: Metric): Flight => {
    const { velocity, kinetic } = turned(flight.velocity, part.force(flight.gradient));
    return { ...flight, velocity, kinetic: flight.kinetic.add(kinetic) };
  };
  const drift = (flight: Flight): Flight => {
    const position = flight.position.add(half.move(flight.velocity));
    const { gradient } = gradientAt(target, position);
    return { ...flight, position, gradient };
  };
  // The kicks of neighbouring steps are merged: all but the last end with two of them.
  const first = kick({ ...start, kinetic: tensor(0) }, outer);
  const most = repeatLoop(
    steps.sub(words([1]).at(0)),
    (flight) => kick(drift(kick(drift(flight), inner)), merged),
    first as { [Name in keyof Flight]: Tensor },
  );
  const before = kick(drift(most), inner);
  const position = before.position.add(half.move(before.velocity));
  const { logDensity, gradient } = gradientAt(target, position);
  return { ...kick({ ...before, position, gradient }, outer), logDensity };
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
    kept: OF_CHAIN,
    firstStepSize: (dimension) => 1 / Math.sqrt(Math.sqrt(dimension)),
    init: (target) => {
      expectTwo(target);
      return startTrajectories(target);
    },
    step: (target, parameters) => {
      expectGradient(target);
      expectTwo(target);
      const parts = partsOf(metricOf(target, parameters), target.dimension);
      return (state, key: Key) => {
        const [forVelocity, forAcceptance] = split(key);
        const { position, logDensity, gradient, trajectories } = state;
        const { steps } = trajectoryOf(parameters, trajectories, jitter);
        const velocity = direction(forVelocity, position.shape);
        const end = fly(target, { ...parts, steps }, { position, velocity, gradient });
        const energyChange = end.kinetic.sub(logDensityChange(logDensity, end.logDensity));
        return {
          ...acceptEnergy(forAcceptance, energyChange, state, end),
          trajectories: trajectories.add(words([1]).at(0)),
          gradients: state.gradients.add(steps.mul(words([2]).at(0))),
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
