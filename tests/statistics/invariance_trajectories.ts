/** Kernels whose trajectories adapt, and kernels with a whole metric; and such with one fault each. */
import {
  type GradientState,
  hmc,
  jitteredHmc,
  type Kernel,
  mala,
  mams,
  normal,
  repeatLoop,
  rwm,
  split,
  type Step,
  type Target,
  tensor,
  type TrajectoryState,
  where,
} from "../../mod.ts";
import { accept } from "../../src/kernels/accept.ts";
import { direction, turned } from "../../src/kernels/isokinetic.ts";
import { gradientAt } from "../../src/kernels/kernel.ts";
import { leapfrog } from "../../src/kernels/leapfrog.ts";
import { metricOf } from "../../src/kernels/metric.ts";
import type { InvarianceCase } from "./invariance.ts";
import { localMove } from "./invariance_moves.ts";
import type { Mutant } from "./invariance_mutants.ts";
import {
  banana,
  correlated,
  type ExactTarget,
  skewed,
  skewedPair,
  twoBells,
} from "./invariance_targets.ts";

/** Roots of metrics by dimension: neither triangular nor that of the target. */
const ROOTS: readonly (number[][] | undefined)[] = [
  undefined,
  [[1.4]],
  [[0.8, 0.5], [-0.4, 1.3]],
  [[0.7, 0.2, 0], [0.5, 0.9, -0.3], [0, 0.4, 1.6]],
];

function trajectoryCase(
  name: string,
  kernel: Kernel<TrajectoryState>,
  exact: ExactTarget,
  { stepSize, trajectoryLength, whole = false }: {
    readonly stepSize: number;
    readonly trajectoryLength: number;
    readonly whole?: boolean;
  },
): InvarianceCase {
  return {
    name: `${name}${whole ? " with a whole metric" : ""} on ${exact.name}`,
    exact,
    move: localMove(kernel, (target) => {
      const root = whole ? ROOTS[target.dimension] : undefined;
      return kernel.step(target, {
        stepSize,
        trajectoryLength,
        ...root && { inverseMassRoot: root },
      });
    }, 5),
  };
}

const LONG = { stepSize: 0.5, trajectoryLength: 1.5 };
const jittered = jitteredHmc({ stepJitter: 0.7 });

/** Sound kernels at step sizes at which some proposals are rejected. */
export const SOUND_TRAJECTORIES: readonly InvarianceCase[] = [
  trajectoryCase("jittered HMC", jitteredHmc(), correlated, { ...LONG, stepSize: 0.7 }),
  trajectoryCase("jittered HMC", jitteredHmc({ jitter: 0.5 }), twoBells, LONG),
  trajectoryCase("jittered HMC", jittered, skewed, LONG),
  trajectoryCase("jittered HMC with step jitter", jittered, banana, LONG),
  trajectoryCase("jittered HMC", jitteredHmc(), skewedPair, { ...LONG, whole: true }),
  trajectoryCase("jittered HMC with step jitter", jittered, correlated, { ...LONG, whole: true }),
  trajectoryCase("MAMS", mams(), correlated, { stepSize: 0.9, trajectoryLength: 2 }),
  trajectoryCase("MAMS", mams({ jitter: 0.5 }), twoBells, { stepSize: 0.8, trajectoryLength: 2 }),
  trajectoryCase("MAMS", mams(), banana, { stepSize: 0.5, trajectoryLength: 1 }),
  trajectoryCase("MAMS", mams(), skewedPair, { stepSize: 0.8, trajectoryLength: 1.5, whole: true }),
  ...[rwm(), mala(), hmc({ leapfrogSteps: 3 })].map((kernel): InvarianceCase => ({
    name: `${kernel.name} with a whole metric on ${correlated.name}`,
    exact: correlated,
    move: localMove(
      kernel as Kernel<GradientState>,
      (target) =>
        (kernel as Kernel<GradientState>).step(target, {
          stepSize: 0.7,
          inverseMassRoot: ROOTS[3] as number[][],
        }),
      12,
    ),
  })),
];

type MamsFault =
  | "none"
  | "no kinetic energy"
  | "the sign of the kinetic energy"
  | "directions that prefer one";

/** One step of velocity Verlet at unit speed, written anew. */
function mamsStep(target: Target, stepSize: number, fault: MamsFault): Step<GradientState> {
  const unit = stepSize * Math.sqrt(target.dimension);
  return (state, key) => {
    const [forVelocity, forAcceptance] = split(key);
    const uniform = direction(forVelocity, state.position.shape);
    const leaning = uniform.add([0.3, ...new Array(target.dimension - 1).fill(0)]);
    const velocity = fault === "directions that prefer one" ? leaning.div(leaning.norm()) : uniform;
    const first = turned(velocity, state.gradient.mul(unit / 2));
    const position = state.position.add(first.velocity.mul(unit));
    const { logDensity, gradient } = gradientAt(target, position);
    const last = turned(first.velocity, gradient.mul(unit / 2));
    const kinetic = first.kinetic.add(last.kinetic);
    const counted = fault === "no kinetic energy"
      ? tensor(0)
      : fault === "the sign of the kinetic energy"
      ? kinetic.neg()
      : kinetic;
    const { acceptance: _, ...current } = state;
    const { state: next, acceptance } = accept(
      forAcceptance,
      logDensity.sub(state.logDensity).sub(counted),
      current,
      { position, logDensity, gradient },
    );
    return { ...next, acceptance };
  };
}

type LengthFault = "none" | "a number of steps that looks at the state";

/** Hamiltonian Monte Carlo with a number of steps of its own for each chain, written anew. */
function lengthStep(target: Target, stepSize: number, fault: LengthFault): Step<GradientState> {
  const inverseMassRoot = ROOTS[target.dimension] as number[][];
  const metric = metricOf(target, { stepSize, inverseMassRoot });
  return (state, key) => {
    const [forMomentum, forAcceptance, forLength] = split(key, 3);
    const looks = fault === "a number of steps that looks at the state";
    const side = looks ? state.position.at(0) : normal(forLength);
    const steps = where(side.greater(0), 1, 4).as("u32");
    const momentum = normal(forMomentum, state.position.shape);
    const end = leapfrog(target, { metric, steps })({ ...state, momentum });
    const energyChange = end.momentum.square().sub(momentum.square()).sum().mul(0.5)
      .add(state.logDensity).sub(end.logDensity);
    const { position, logDensity, gradient } = end;
    const { acceptance: _, ...current } = state;
    const { state: next, acceptance } = accept(
      forAcceptance,
      energyChange.neg(),
      current,
      { position, logDensity, gradient },
    );
    return { ...next, acceptance };
  };
}

function nameOf(kernel: string, fault: string): string {
  return fault === "none" ? `${kernel} written anew` : `${kernel} with ${fault}`;
}

function mamsMutant(exact: ExactTarget, fault: MamsFault): Mutant<MamsFault> {
  const move = localMove(hmc(), (target) => mamsStep(target, 0.6, fault), 15);
  return { name: `${nameOf("MAMS", fault)} on ${exact.name}`, exact, fault, move };
}

function lengthMutant(exact: ExactTarget, fault: LengthFault): Mutant<LengthFault> {
  const move = localMove(hmc(), (target) => lengthStep(target, 0.5, fault), 8);
  return { name: `${nameOf("HMC", fault)} on ${exact.name}`, exact, fault, move };
}

/** Dynamics without an accept–reject step: what only serves in warm-up. */
const UNADJUSTED: Mutant = {
  name: `MAMS without rejection on ${banana.name}`,
  exact: banana,
  fault: "no rejection",
  move: localMove(hmc(), (target) => (state, key) => {
    const uniform = direction(key, state.position.shape);
    const end = repeatLoop(3, ({ position, velocity }) => {
      const { gradient } = gradientAt(target, position);
      const next = turned(velocity, gradient.mul(0.6)).velocity;
      return { position: position.add(next.mul(0.6)), velocity: next };
    }, { position: state.position, velocity: uniform });
    return { ...state, position: end.position, ...gradientAt(target, end.position) };
  }, 8),
};

/** The kernels written anew without a fault. */
export const CONTROLS_TRAJECTORIES: readonly Mutant[] = [
  mamsMutant(twoBells, "none"),
  mamsMutant(banana, "none"),
  lengthMutant(skewedPair, "none"),
];

/** Kernels with one fault each. */
export const MUTANTS_TRAJECTORIES: readonly Mutant[] = [
  mamsMutant(twoBells, "no kinetic energy"),
  mamsMutant(twoBells, "the sign of the kinetic energy"),
  mamsMutant(twoBells, "directions that prefer one"),
  lengthMutant(skewedPair, "a number of steps that looks at the state"),
  UNADJUSTED,
];
