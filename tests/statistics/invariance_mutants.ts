/**
 * Kernels written anew with one fault each, which the invariance test has to reject. Without a fault
 * they have to pass, so that nothing but the fault is what is rejected.
 */
import {
  accept,
  type ChainState,
  density,
  foldIn,
  type GradientState,
  hmc,
  type Key,
  key as makeKey,
  mala,
  normal,
  type Proposal,
  repeatLoop,
  rwm,
  split,
  type Step,
  type Target,
  type Tensor,
  tensor,
  where,
  zeros,
} from "../../mod.ts";
import { gradientAt, logDensityAt } from "../../src/kernels/kernel.ts";
import type { InvarianceCase } from "./invariance.ts";
import { gaussianProposal, globalMove, localMove } from "./invariance_moves.ts";
import {
  banana,
  correlated,
  type ExactTarget,
  skewed,
  skewedPair,
  twoBells,
} from "./invariance_targets.ts";

/** A faulty kernel, or with "none" a sound one. */
export interface Mutant<Fault extends string = string> extends InvarianceCase {
  readonly fault: Fault;
}

/** Takes a proposal or stays, and keeps the acceptance probability. */
function settle<State extends ChainState>(
  key: Key,
  logRatio: Tensor,
  { acceptance: _, ...current }: State,
  proposed: Omit<State, "acceptance">,
): State {
  const { state, acceptance } = accept(key, logRatio, current as never, proposed as never);
  return { ...state as object, acceptance } as State;
}

type RwmFault = "none" | "a density off by a factor e^(x/20)" | "a step that grows with |x|";

function rwmStep(target: Target, stepSize: number, fault: RwmFault): Step<ChainState> {
  const off = fault === "a density off by a factor e^(x/20)";
  const seen = off ? tilted(target) : target;
  return (state, key) => {
    const [forProposal, forAcceptance] = split(key);
    const scale = fault === "a step that grows with |x|"
      ? state.position.at(0).square().add(1).sqrt().mul(stepSize)
      : tensor(stepSize);
    const position = state.position.add(normal(forProposal, state.position.shape).mul(scale));
    const logDensity = logDensityAt(seen, position);
    const here = off ? logDensityAt(seen, state.position) : state.logDensity;
    return settle(forAcceptance, logDensity.sub(here), state, { position, logDensity });
  };
}

function tilted(target: Target): Target {
  return density(target.dimension, (x) => logDensityAt(target, x).add(x.at(0).mul(0.05)));
}

type MalaFault =
  | "none"
  | "no proposal correction"
  | "nine tenths of the proposal correction"
  | "a gradient that is not renewed"
  | "a gradient of the proposal that was rejected"
  | "a drift without the metric";

function malaStep(
  target: Target,
  stepSize: number,
  inverseMass: readonly number[],
  fault: MalaFault,
): Step<GradientState> {
  return (state, key) => {
    const [forProposal, forAcceptance] = split(key);
    const variance = tensor(inverseMass).mul(stepSize * stepSize);
    const drift = fault === "a drift without the metric"
      ? tensor(stepSize * stepSize / 2)
      : variance.mul(0.5);
    const noise = normal(forProposal, state.position.shape).mul(variance.sqrt());
    const position = state.position.add(drift.mul(state.gradient)).add(noise);
    const { logDensity, gradient } = gradientAt(target, position);
    const back = state.position.sub(position).sub(variance.mul(0.5).mul(gradient));
    const forth = fault === "a drift without the metric"
      ? position.sub(state.position).sub(variance.mul(0.5).mul(state.gradient))
      : noise;
    const correction = forth.square().sub(back.square()).div(variance).sum().mul(0.5);
    const share = fault === "no proposal correction"
      ? 0
      : fault === "nine tenths of the proposal correction"
      ? 0.9
      : 1;
    const next = settle(
      forAcceptance,
      logDensity.sub(state.logDensity).add(correction.mul(share)),
      state,
      {
        position,
        logDensity,
        gradient: fault === "a gradient that is not renewed" ? state.gradient : gradient,
      },
    );
    return fault === "a gradient of the proposal that was rejected" ? { ...next, gradient } : next;
  };
}

type HmcFault =
  | "none"
  | "the sign of the energy change"
  | "no rejection"
  | "no kinetic energy"
  | "momentum that is 5 % too small"
  | "the same momentum for all"
  | "momentum for another metric"
  | "a whole kick first";

function hmcStep(
  target: Target,
  stepSize: number,
  inverseMass: readonly number[],
  fault: HmcFault,
): Step<GradientState> {
  const energy = (momentum: Tensor): Tensor => momentum.square().mul(inverseMass).sum().mul(0.5);
  return (state, key) => {
    const [forMomentum, forAcceptance] = split(key);
    const shape = state.position.shape;
    const standard = normal(
      fault === "the same momentum for all" ? makeKey(5) : forMomentum,
      shape,
    );
    const spread = fault === "momentum for another metric"
      ? tensor(inverseMass).sqrt()
      : tensor(inverseMass).sqrt().reciprocal();
    const start = standard.mul(spread).mul(
      fault === "momentum that is 5 % too small" ? 0.95 : 1,
    );
    // Five steps as three parts each, so that it is not the kernel's own way of writing it.
    const end = repeatLoop(
      5,
      ({ position, momentum, gradient, first }) => {
        const share = fault === "a whole kick first" ? where(first.equal(1), 1, 0.5) : 0.5;
        const half = momentum.add(gradient.mul(stepSize).mul(share));
        const moved = position.add(half.mul(inverseMass).mul(stepSize));
        const there = gradientAt(target, moved);
        const kicked = half.add(there.gradient.mul(stepSize / 2));
        return { position: moved, momentum: kicked, gradient: there.gradient, first: zeros([]) };
      },
      {
        position: state.position,
        momentum: start,
        gradient: state.gradient,
        first: tensor(1),
      },
    );
    const { logDensity, gradient } = gradientAt(target, end.position);
    const potential = state.logDensity.sub(logDensity);
    const change = fault === "no kinetic energy"
      ? potential
      : potential.add(energy(end.momentum)).sub(energy(start));
    const logRatio = fault === "the sign of the energy change" ? change : change.neg();
    return settle(
      forAcceptance,
      fault === "no rejection" ? zeros([]) : logRatio,
      state,
      { position: end.position, logDensity, gradient },
    );
  };
}

type GlobalFault = "none" | "log q forgotten" | "log q of another chain" | "log q not normalised";

function faulty(proposal: Proposal, fault: GlobalFault): Proposal {
  switch (fault) {
    case "none":
      return proposal;
    case "log q forgotten":
      return {
        sample: async (key, n) => ({ ...await proposal.sample(key, n), logDensity: zeros([n]) }),
        logDensity: (position) => Promise.resolve(zeros([position.shape[0]])),
      };
    case "log q of another chain":
      return {
        ...proposal,
        logDensity: async (position) => {
          const { data } = await proposal.logDensity(position);
          return tensor(Float64Array.from(data, (_, i) => data[(i + 1) % data.length]));
        },
      };
    case "log q not normalised":
      // Harmless if it were off everywhere alike; here it is off where it comes with a draw.
      return {
        ...proposal,
        sample: async (key, n) => {
          const { position, logDensity } = await proposal.sample(key, n);
          return { position, logDensity: logDensity.add(0.2) };
        },
      };
  }
}

type CompositionFault = "a key used twice" | "a choice that looks at the state";

/** What is wrong with a composition of sound kernels. */
function composition(target: Target, fault: CompositionFault): Step<ChainState> {
  const [near, far] = [0.5, 2.5].map((stepSize) => rwm().step(target, { stepSize }));
  if (fault === "a key used twice") return (state, key) => near(near(state, key), key);
  return (state, key) => {
    const [a, b] = [near, far].map((step, i) => step(state, foldIn(key, i)));
    const right = state.position.at(0).greater(0.5);
    return {
      position: where(right, a.position, b.position),
      logDensity: where(right, a.logDensity, b.logDensity),
      acceptance: where(right, a.acceptance, b.acceptance),
    };
  };
}

function mutant<Fault extends string>(
  kernel: string,
  exact: ExactTarget,
  fault: Fault,
  move: InvarianceCase["move"],
): Mutant<Fault> {
  const what = fault === "none" ? `${kernel} written anew` : `${kernel} with ${fault}`;
  return { name: `${what} on ${exact.name}`, exact, fault, move };
}

function rwmMutant(exact: ExactTarget, fault: RwmFault): Mutant {
  return mutant("rwm", exact, fault, localMove(rwm(), (t) => rwmStep(t, 1.2, fault), 20));
}

function malaMutant(exact: ExactTarget, fault: MalaFault): Mutant {
  const step = (target: Target): Step<GradientState> => malaStep(target, 0.7, [0.6, 1.7], fault);
  return mutant("mala", exact, fault, localMove(mala(), step, 20));
}

function hmcMutant(exact: ExactTarget, fault: HmcFault): Mutant {
  const step = (target: Target): Step<GradientState> => hmcStep(target, 0.5, [0.6, 1.7], fault);
  return mutant("hmc", exact, fault, localMove(hmc(), step, 10));
}

function globalMutant(fault: GlobalFault): Mutant {
  const proposal = faulty(gaussianProposal([0.5, -1.5, 1], [1.3, 1.2, 2.2]), fault);
  return mutant("independence", correlated, fault, globalMove(proposal, 4));
}

function compositionMutant(fault: CompositionFault): Mutant {
  return mutant("rwm", skewed, fault, localMove(rwm(), (t) => composition(t, fault), 10));
}

/** Kernels written anew without a fault. */
export const CONTROLS: readonly Mutant[] = [
  rwmMutant(twoBells, "none"),
  malaMutant(skewedPair, "none"),
  hmcMutant(banana, "none"),
  hmcMutant(twoBells, "none"),
  globalMutant("none"),
];

/** Kernels with one fault each. */
export const MUTANTS: readonly Mutant[] = [
  rwmMutant(twoBells, "a density off by a factor e^(x/20)"),
  rwmMutant(twoBells, "a step that grows with |x|"),
  malaMutant(skewedPair, "no proposal correction"),
  malaMutant(skewedPair, "nine tenths of the proposal correction"),
  malaMutant(skewedPair, "a gradient that is not renewed"),
  malaMutant(skewedPair, "a gradient of the proposal that was rejected"),
  malaMutant(skewedPair, "a drift without the metric"),
  hmcMutant(twoBells, "the sign of the energy change"),
  hmcMutant(twoBells, "no rejection"),
  hmcMutant(twoBells, "no kinetic energy"),
  hmcMutant(twoBells, "momentum that is 5 % too small"),
  hmcMutant(twoBells, "the same momentum for all"),
  hmcMutant(twoBells, "momentum for another metric"),
  hmcMutant(twoBells, "a whole kick first"),
  globalMutant("log q forgotten"),
  globalMutant("log q of another chain"),
  globalMutant("log q not normalised"),
  compositionMutant("a key used twice"),
  compositionMutant("a choice that looks at the state"),
];
