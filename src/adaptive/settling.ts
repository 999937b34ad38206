/**
 * Settling: chains move from where they start to where the density is, by dynamics that are never
 * rejected and off by a small error, before the exact kernel takes over.
 *
 * @module
 */
import type { ChainState } from "../kernels/kernel.ts";
import { joinDraws } from "../kernels/join_draws.ts";
import { exp, log } from "../tensor/functions/scalar_math.ts";
import { type Key, split } from "../tensor/random.ts";
import { fromArray, type Tensor, tensor } from "../tensor/tensor.ts";
import type { Tree } from "../tensor/tree.ts";
import type { AdaptationState } from "./adaptation.ts";
import { spreadOf } from "./ensemble_scale.ts";
import type { Runtime } from "./runtime.ts";

/** What a window of settling gives. */
export interface Settled {
  /** Where all chains are, chains × d. */
  readonly position: Tensor;
  /** Positions of the second half, of all but scouts, chains × draws × d. */
  readonly visited: Tensor;
  /** Gradients there, chains × draws × d. */
  readonly gradient: Tensor;
}

/** Options of {@linkcode settle}. */
export interface SettleOptions {
  /** How many steps. */
  readonly steps: number;
  /** The power of the density that the first step of scouts follows. */
  readonly hottest: number;
  /** The chains that are scouts; their places are not among those visited. */
  readonly scouts: readonly number[];
  /** The random key. */
  readonly key: Key;
}

/** A first step size in units of the metric; it adapts from step to step. */
const FIRST_STEP = 0.25;
/** And the largest, about what is stable on a standard normal. */
const LARGEST_STEP = 2;
/**
 * Or this part of the ensemble's extent, if that is more: far out gradients are so large that a unit of their
 * metric is next to nothing.
 */
const LARGEST_PART = 0.5;
/** The direction of motion is forgotten over so many standard deviations of the ensemble. */
const LENGTH = 1.9;
/** So much of the error in equipartition is the wanted error of the energy, to the power 3/8. */
const WANTED = 0.1;
/** A step size changes by no more than this factor at once. */
const CHANGE = 3;

/**
 * One window of settling by microcanonical Langevin dynamics. After each step the step size follows the
 * error of the energy: large steps while the ensemble is far from equipartition, E[−(x − m) g] = 1 for
 * each coordinate, small ones where it is near.
 *
 * Source: Robnik, Cohn-Gordon & Seljak, "Late-stage adaptive parallel sampler", 2026 (arXiv 2601.16696), §3.
 *
 * @param runtime The compiled plan.
 * @param chains Where the chains are.
 * @param adaptation Metric.
 * @param options How many steps, and the key.
 * @returns Where the chains went.
 */
export async function settle<State extends ChainState & Tree>(
  runtime: Runtime<State>,
  chains: State,
  adaptation: AdaptationState,
  { steps, hottest, scouts, key }: SettleOptions,
): Promise<Settled> {
  const [forStart, forSteps] = split(key);
  const { extent } = adaptation.metric;
  const [count] = chains.position.shape;
  const scout = new Float64Array(count);
  for (const chain of scouts) scout[chain] = 1;
  const cold = (draws: Tensor): Tensor => without(draws, scout);
  let moving = await runtime.startSettling(chains.position, tensor(scout), forStart);
  let stepSize = FIRST_STEP;
  const positions: Tensor[] = [];
  const gradients: Tensor[] = [];
  for (let i = 0; i < steps; i++) {
    // Scouts are hot for the first half, and get colder by the same factor in each step.
    const parameters = {
      stepSize,
      trajectoryLength: LENGTH * extent,
      inverseTemperature: power(hottest, Math.max(0, 1 - 2 * i / steps)),
    };
    const result = await runtime.settle(moving, adaptation, parameters, forSteps, i);
    moving = result.state;
    stepSize = nextStepSize(stepSize, {
      position: cold(moving.position),
      gradient: cold(moving.gradient),
      energyChange: cold(moving.energyChange),
    }, extent);
    if (2 * i < steps) continue;
    positions.push(cold(result.draws["position"]));
    gradients.push(cold(result.draws["gradient"]));
  }
  return {
    position: moving.position,
    visited: joinDraws(positions),
    gradient: joinDraws(gradients),
  };
}

/** Every so many chains one is a scout. */
const EVERY = 5;

/** The numbers of the chains that are scouts. */
export function scoutsOf(chains: number): number[] {
  return Array.from({ length: Math.floor(chains / EVERY) }, (_, i) => EVERY * i + EVERY - 1);
}

/** The draws of chains that are no scouts. */
function without({ dtype, data, shape }: Tensor, scout: Float64Array): Tensor {
  const [chains, ...rest] = shape;
  const width = data.length / chains;
  const kept = Array.from(scout, (_, chain) => chain).filter((chain) => scout[chain] === 0);
  const out = new Float64Array(kept.length * width);
  kept.forEach((chain, i) => {
    for (let e = 0; e < width; e++) out[i * width + e] = data[chain * width + e];
  });
  return fromArray({ dtype, shape: [kept.length, ...rest], data: out });
}

/** With fewer chains whose energy is finite the step size halves; single ones turn back by themselves. */
const LEAST_FINITE = 0.9;

/** What the step size follows: each leaf has the chain as first axis. */
interface Moving {
  readonly position: Tensor;
  readonly gradient: Tensor;
  readonly energyChange: Tensor;
}

/**
 * The next step size: the error of the energy goes with its sixth power.
 *
 * @param stepSize The one before.
 * @param moving Where the chains are after a step.
 * @param extent The largest standard deviation of the ensemble in units of the metric.
 * @returns The next one.
 */
export function nextStepSize(stepSize: number, moving: Moving, extent = 1): number {
  const { energyChange: { data: errors } } = moving;
  const finite = Array.from(errors).filter(Number.isFinite);
  if (finite.length < LEAST_FINITE * errors.length) return stepSize / 2;
  const dimension = moving.position.shape[1];
  // By quantiles: a few chains on a cliff must not hold back all others.
  const spread = spreadOf(finite);
  const error = spread * spread / dimension;
  const wanted = WANTED * power(equipartitionError(moving), 3 / 8);
  const change = error > 0 ? power(wanted / error, 1 / 6) : CHANGE;
  return Math.min(
    Math.max(LARGEST_STEP, LARGEST_PART * extent),
    stepSize * Math.max(1 / CHANGE, Math.min(CHANGE, change)),
  );
}

function power(x: number, exponent: number): number {
  return exp(exponent * log(x));
}

/** Mean over coordinates of (1 − E[−(x − m) g])², which is 0 for draws of the target. */
function equipartitionError({ position, gradient }: Moving): number {
  const [chains, dimension] = position.shape;
  let total = 0;
  for (let i = 0; i < dimension; i++) {
    let [mean, product, slope] = [0, 0, 0];
    for (let at = i; at < position.size; at += dimension) {
      mean += position.data[at] / chains;
      slope += gradient.data[at] / chains;
      product += position.data[at] * gradient.data[at] / chains;
    }
    const off = 1 + product - mean * slope;
    total += off * off / dimension;
  }
  return Math.min(Math.max(total, 1 / chains), Number.MAX_VALUE);
}
