/** Sound kernels, and compositions of them, on targets that can be drawn from exactly. */
import {
  hmc,
  independence,
  mala,
  mixture,
  repeat,
  rwm,
  sequence,
  type Target,
  vectorize,
} from "../../mod.ts";
import type { InvarianceCase } from "./invariance.ts";
import { ensembleMove, gaussianProposal, globalMove, localMove } from "./invariance_moves.ts";
import {
  banana,
  blackBanana,
  correlated,
  type ExactTarget,
  skewed,
  skewedPair,
  twoBells,
} from "./invariance_targets.ts";

/** Metrics that are not the unit one, by dimension. */
const METRICS = [[], [2], [0.5, 2], [0.5, 1, 3]];

function metric(target: Target): readonly number[] {
  return METRICS[target.dimension];
}

function rwmCase(exact: ExactTarget, stepSize: number): InvarianceCase {
  return {
    name: `rwm on ${exact.name}`,
    exact,
    move: localMove(
      rwm(),
      (target) => rwm().step(target, { stepSize, inverseMass: metric(target) }),
      20,
    ),
  };
}

function malaCase(exact: ExactTarget, stepSize: number): InvarianceCase {
  return {
    name: `mala on ${exact.name}`,
    exact,
    move: localMove(
      mala(),
      (target) => mala().step(target, { stepSize, inverseMass: metric(target) }),
      12,
    ),
  };
}

function hmcCase(
  exact: ExactTarget,
  stepSize: number,
  leapfrogSteps: number,
  jitter: number,
): InvarianceCase {
  const kernel = hmc({ leapfrogSteps, jitter });
  return {
    name: `hmc, L = ${leapfrogSteps}, jitter ${jitter}, on ${exact.name}`,
    exact,
    move: localMove(
      kernel,
      (target) => kernel.step(target, { stepSize, inverseMass: metric(target) }),
      6,
    ),
  };
}

/** Each kernel on each target, with step sizes at which some proposals are rejected. */
const KERNELS: readonly InvarianceCase[] = [
  rwmCase(correlated, 1),
  rwmCase(twoBells, 0.9),
  rwmCase(skewed, 1.5),
  rwmCase(skewedPair, 1),
  rwmCase(banana, 0.7),
  malaCase(correlated, 0.8),
  malaCase(twoBells, 0.7),
  malaCase(skewed, 0.9),
  malaCase(skewedPair, 0.7),
  malaCase(banana, 0.4),
  hmcCase(correlated, 0.6, 5, 0),
  hmcCase(twoBells, 0.5, 4, 0.3),
  hmcCase(skewed, 0.7, 1, 0),
  hmcCase(skewed, 0.7, 3, 0.9),
  hmcCase(skewedPair, 0.5, 4, 0),
  hmcCase(banana, 0.35, 5, 0.5),
  rwmCase(blackBanana, 0.7),
  malaCase(blackBanana, 0.4),
  hmcCase(blackBanana, 0.35, 5, 0.5),
];

const short = hmc({ leapfrogSteps: 2 });

/** Compositions of steps of one chain. */
const COMPOSITIONS: readonly InvarianceCase[] = [
  {
    name: "mixture of short and long rwm",
    exact: twoBells,
    move: localMove(
      rwm(),
      (target) =>
        mixture([
          [3, rwm().step(target, { stepSize: 0.4 })],
          [1, rwm().step(target, { stepSize: 2.5 })],
          [2, rwm().step(target, { stepSize: 1, inverseMass: [0.1, 1] })],
        ]),
      15,
    ),
  },
  {
    name: "repetition of a mixture of mala and a sequence of hmc and mala",
    exact: banana,
    move: localMove(
      mala(),
      (target) =>
        repeat(
          mixture([
            [1, mala().step(target, { stepSize: 0.5 })],
            [
              2,
              sequence(
                short.step(target, { stepSize: 0.3 }),
                mala().step(target, { stepSize: 0.2 }),
              ),
            ],
          ]),
          3,
        ),
      3,
    ),
  },
  {
    name: "sequence of two repetitions",
    exact: correlated,
    move: localMove(
      mala(),
      (target) =>
        sequence(
          repeat(mala().step(target, { stepSize: 0.7 }), 3),
          repeat(short.step(target, { stepSize: 0.5, inverseMass: [1, 1, 3] }), 2),
        ),
      3,
    ),
  },
];

/** Gaussians that are off in mean and scale. */
const OFF = {
  correlated: gaussianProposal([0.5, -1.5, 1], [1.3, 1.2, 2.2]),
  twoBells: gaussianProposal([0.4, 0.2], [1.8, 1.1]),
  skewed: gaussianProposal([1], [2]),
  banana: gaussianProposal([0.3, 0.5], [1.6, 2.5]),
};

/** Global moves, alone and composed with local ones. */
const GLOBAL: readonly InvarianceCase[] = [
  {
    name: "independence on correlated Gaussian",
    exact: correlated,
    move: globalMove(OFF.correlated, 4),
  },
  { name: "independence on mixture", exact: twoBells, move: globalMove(OFF.twoBells, 4) },
  { name: "independence on Gumbel", exact: skewed, move: globalMove(OFF.skewed, 1) },
  { name: "independence on banana", exact: banana, move: globalMove(OFF.banana, 4) },
  {
    name: "repetition of a sequence of mala and independence",
    exact: twoBells,
    move: ensembleMove(mala(), (target, start) => {
      const local = vectorize(mala().step(target, { stepSize: 0.6 }));
      return repeat(sequence(local, independence({ proposal: OFF.twoBells, start })), 3);
    }),
  },
  {
    name: "repetition of a mixture of hmc and independence",
    exact: banana,
    move: ensembleMove(short, (target, start) => {
      const local = vectorize(short.step(target, { stepSize: 0.4 }));
      return repeat(mixture([[2, local], [1, independence({ proposal: OFF.banana, start })]]), 6);
    }),
  },
];

/** No move at all: what is wrong here is wrong with the sampler or the distribution function. */
const STAYING: readonly InvarianceCase[] = [correlated, twoBells, skewed, skewedPair, banana]
  .map((exact) => ({
    name: `no step on ${exact.name}`,
    exact,
    move: () => (position) => Promise.resolve(position),
    stays: true,
  }));

/** All cases. */
export const CASES: readonly InvarianceCase[] = [
  ...STAYING,
  ...KERNELS,
  ...COMPOSITIONS,
  ...GLOBAL,
];

/** Some that take little time together and leave no kernel out. */
export const REPRESENTATIVE: readonly InvarianceCase[] = [
  KERNELS[1],
  KERNELS[8],
  KERNELS[15],
  COMPOSITIONS[1],
  GLOBAL[4],
];
