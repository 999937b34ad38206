/**
 * How long what is left of a run takes, from what was measured of it.
 *
 * @module
 */
import type { ChainState } from "../kernels/kernel.ts";
import { sizeOf } from "../tensor/shape.ts";
import type { Tree } from "../tensor/tree.ts";
import { drawCount } from "./draw_blocks.ts";
import type { Mixture } from "./mixing.ts";
import { freshProposals } from "./run_evidence.ts";
import type { RunState } from "./run_state.ts";
import type { Runtime } from "./runtime.ts";

/**
 * A look at convergence costs so many milliseconds for each number, until one was measured: sorting,
 * ranks and Fourier transforms took 0.4 µs, and what takes longer is the look's and not of other sorting.
 */
const LOOK_MILLISECONDS = 1e-3;
/** Naming draws and joining them takes so much of a look (measured: 0.2 to 0.3). */
const SHARE_OF_LOOK = 0.3;
/** And a weight as much as so many numbers of a look: it is sorted twice for each of two purposes (measured). */
const WEIGHT_IN_NUMBERS = 5;
/** And one of those that the bridge meets, in each of its iterations (measured). */
const BRIDGE_IN_NUMBERS = 15;
/** All of it may take so much longer than parts of it did, when memory is full and others use the machine. */
const MARGIN = 1.25;
/** Thinned draws for the bridge are at least 20 of each chain, and fewer than twice as many. */
const LEAST_OF_CHAIN = 40;

/** How many numbers a look at convergence sorts. */
export function numbersLookedAt<State extends ChainState & Tree>(
  { plan: { target } }: Pick<Runtime<State>, "plan">,
  draws: number,
): number {
  // Angles are looked at as cosine and sine.
  const scalars = target.parameters.reduce(
    (sum, { shape, periodic }) => sum + sizeOf(shape) * (periodic === undefined ? 1 : 2),
    0,
  );
  return scalars * draws;
}

/** Draws and proposals that a cycle would add to a state. */
export interface Added {
  /** Draws of each chain. */
  readonly draws: number;
  /** Proposals of all chains. */
  readonly proposals: number;
}

/**
 * What comes after production: the last look at convergence, the estimates of log Z, the result.
 *
 * @param runtime The compiled plan, with what was measured.
 * @param state The state from which the run would end.
 * @param added What a cycle would add before.
 * @returns Milliseconds.
 */
export function endMilliseconds<State extends ChainState & Tree>(
  runtime: Pick<Runtime<State>, "plan" | "meter">,
  { chains, draws: blocks, logWeights, convergence }: RunState<State>,
  added: Added = { draws: 0, proposals: 0 },
): number {
  const { meter } = runtime;
  const perChain = drawCount(blocks) + added.draws;
  const count = chains.logDensity.shape[0] * perChain;
  const numbers = numbersLookedAt(runtime, count);
  const one = meter.expect("look", 1) || LOOK_MILLISECONDS;
  const looks = SHARE_OF_LOOK + (convergence?.draws === perChain ? 0 : 1);
  const made = logWeights.reduce((sum, { size }) => sum + size, 0) + added.proposals;
  const fresh = freshProposals(made);
  const density = meter.expect("density", fresh) || meter.expect("start", fresh);
  const met = made === 0
    ? 0
    : Math.min(count, Math.max(fresh, LEAST_OF_CHAIN * chains.logDensity.shape[0]));
  const weights = WEIGHT_IN_NUMBERS * (made + fresh) + BRIDGE_IN_NUMBERS * (fresh + met);
  const sorting = one * numbers * looks + Math.min(one, LOOK_MILLISECONDS) * weights;
  const flow = meter.expect("proposal", fresh + met);
  return MARGIN * (sorting + density + flow);
}

/**
 * What a cycle of production takes.
 *
 * @param runtime The compiled plan, with what was measured.
 * @param state The state before it.
 * @param mixture What it holds.
 * @returns Milliseconds, and what it adds.
 */
export function cycleMilliseconds<State extends ChainState & Tree>(
  { meter, single }: Pick<Runtime<State>, "meter" | "single">,
  { chains, flow }: RunState<State>,
  { localSteps, thin, globalSteps }: Mixture,
): { readonly milliseconds: number; readonly added: Added } {
  const [count] = chains.logDensity.shape;
  const steps = flow === undefined ? 0 : globalSteps;
  const proposals = count * steps;
  const draws = Math.floor(localSteps / thin) + steps;
  return {
    milliseconds: meter.expect("local step", count * localSteps) +
      meter.expect("start", proposals) +
      meter.expect("proposal", proposals + (steps === 0 ? 0 : count)) +
      (single() ? meter.expect("density", count * draws) : 0),
    added: { draws, proposals },
  };
}
