/**
 * What kernels share whose trajectories have a length that adapts: the state, and how many steps each
 * trajectory takes.
 *
 * @module
 */
import type { Target } from "../target/target.ts";
import { where } from "../tensor/operations.ts";
import { bitReversed } from "../tensor/random.ts";
import { type Tensor, tensor, words } from "../tensor/tensor.ts";
import { type GradientState, type KernelParameters, startWithGradient } from "./kernel.ts";
import { type Metric, positiveParameter, stepSizeOf } from "./metric.ts";

/** The state of a chain that moves along trajectories of varying length. */
export type TrajectoryState = GradientState & {
  /** Trajectories so far, a u32 scalar: the same for all chains. */
  readonly trajectories: Tensor;
  /** Gradients that all trajectories took so far, a u32 scalar. */
  readonly gradients: Tensor;
  /** Energy at the start of the last trajectory, a scalar. */
  readonly energy: Tensor;
  /**
   * Energy at the end of the last trajectory less that at its start, a scalar: above 1,000 or NaN where it
   * diverged.
   */
  readonly energyChange: Tensor;
  /**
   * How the criterion of the trajectory's length changes with ln of that length, at the last trajectory, a
   * scalar.
   */
  readonly lengthSlope: Tensor;
};

/** The leaves that belong to the chain and not to where it is. */
export const OF_CHAIN: readonly (keyof TrajectoryState)[] = [
  "trajectories",
  "gradients",
  "energy",
  "energyChange",
  "lengthSlope",
];

/** Most steps of a trajectory. */
const MOST_STEPS = 1000;
/** With this mean length a position of a standard normal says nothing of the next. */
const DEFAULT_LENGTH = 1.5707963267948966;

/** A chain at a position that has not moved yet. */
export function startTrajectories(target: Target): (position: Tensor) => TrajectoryState {
  return (position) => {
    const start = startWithGradient(target)(position);
    return {
      ...start,
      trajectories: words([0]).at(0),
      gradients: words([0]).at(0),
      energy: start.logDensity.neg(),
      energyChange: tensor(0),
      lengthSlope: tensor(0),
    };
  };
}

/** How long a trajectory is. */
export interface TrajectoryLength {
  /** Steps, at least 1 and at most 1,000, a u32 scalar. */
  readonly steps: Tensor;
  /** Its length as a part of the mean length, a scalar. */
  readonly share: Tensor;
  /** The mean length, a scalar. */
  readonly length: Tensor;
}

/**
 * The steps of a trajectory whose length is (1 + jitter (2h − 1)) T, with h from the van der Corput
 * sequence in base 2: all chains take as many steps, and lengths are spread more evenly than random ones.
 *
 * Source: Hoffman, Radul & Sountsov, "An adaptive-MCMC scheme for setting trajectory lengths in
 * Hamiltonian Monte Carlo", AISTATS 2021, §3.1.
 *
 * @param parameters Step size ε and mean length T.
 * @param trajectories How many trajectories there were before, a u32 scalar.
 * @param jitter How far lengths vary, in [0, 1].
 * @returns ⌈length / ε⌉ steps.
 */
export function trajectoryOf(
  parameters: KernelParameters,
  trajectories: Tensor,
  jitter: number,
): TrajectoryLength {
  const { trajectoryLength = DEFAULT_LENGTH } = parameters;
  const length = positiveParameter("trajectoryLength", trajectoryLength, [[]]);
  const h = bitReversed(trajectories.add(words([1]).at(0))).as("f64").mul(2 ** -32);
  const share = h.mul(2).sub(1).mul(jitter).add(1);
  const wanted = share.mul(length).div(stepSizeOf(parameters));
  // floor(x) + 1 is ⌈x⌉ but for whole numbers, which a product of these hardly ever is.
  const steps = where(wanted.less(MOST_STEPS), wanted.floor().add(1), MOST_STEPS).as("u32");
  return { steps, share, length };
}

/**
 * How the ChEES criterion ¼(‖x' − m‖² − ‖x − m‖²)² changes with the length of a trajectory, where x is in
 * units of the diagonal metric and m the mean of the ensemble.
 *
 * Source: Hoffman, Radul & Sountsov, AISTATS 2021, eq. 10.
 *
 * @param metric The metric.
 * @param parameters What the metric is made of, and the center; without that the result is 0.
 * @returns From the start, the end and the momentum there to the slope, a scalar.
 */
export function lengthSlope(
  metric: Metric,
  parameters: KernelParameters,
): (start: Tensor, end: Tensor, momentum: Tensor) => Tensor {
  const { center, inverseMass = 1 } = parameters;
  if (center === undefined) return () => tensor(0);
  const unit = tensor(inverseMass).sqrt();
  const stepSize = stepSizeOf(parameters);
  return (start, end, momentum) => {
    const [from, to] = [start, end].map((x) => x.sub(center).div(unit));
    const velocity = metric.move(momentum).div(unit).div(stepSize);
    return to.square().sum().sub(from.square().sum()).mul(to.dot(velocity));
  };
}
