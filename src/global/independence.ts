/**
 * Independence Metropolis–Hastings: a global move whose proposals do not depend on where the chain is.
 *
 * @module
 */
import type { ChainState } from "../kernels/kernel.ts";
import { checkRun } from "../device/checks.ts";
import type { EnsembleResult } from "../kernels/ensemble.ts";
import { expectOptions } from "../tensor/expect_options.ts";
import { exp } from "../tensor/functions/scalar_math.ts";
import { type Key, split, uniform } from "../tensor/random.ts";
import { fromArray, type Tensor } from "../tensor/tensor.ts";
import { leaves, mapLeaves, type Tree } from "../tensor/tree.ts";
import { allocate, sizeOf } from "../tensor/shape.ts";
import type { Proposal } from "./proposal.ts";

/** Options of {@linkcode independence}. */
export interface IndependenceOptions<State extends ChainState> {
  /** What is proposed from. */
  readonly proposal: Proposal;
  /** Starts chains at positions n × d: the local kernel's `init` for many chains. */
  readonly start: (position: Tensor) => Promise<State>;
}

/** What a run of global steps gives. */
export interface GlobalResult<State> extends EnsembleResult<State> {
  /** log p − log q of every proposal, chains × steps: what evidence and flow quality come from. */
  readonly logWeights: Tensor;
  /** Mean acceptance probability over chains and steps. */
  readonly acceptance: number;
}

/** A global step of an ensemble, several in one call: `steps` is a positive integer, 1 by default. */
export interface GlobalStep<State> {
  (state: State, key: Key, options?: { readonly steps?: number }): Promise<State>;
  /** The same with the draws (position and logDensity, each chains × steps × …) and the weights. */
  collect(
    state: State,
    key: Key,
    options?: { readonly steps?: number },
  ): Promise<GlobalResult<State>>;
}

/**
 * Independence Metropolis–Hastings with proposals from q, accepted with probability min(1, w'/w),
 * w = p/q. All proposals of a call are drawn and evaluated at once, with log q from the pass that
 * draws them; the accept–reject loop then is cheap.
 *
 * A proposal where log p or log q is not finite is rejected. A chain where log p is −∞ or NaN takes the
 * first that is not; one where q is 0 stays, as its weight is infinite.
 *
 * Source: Tierney 1994; with a flow as q, Gabrié, Rotskoff & Vanden-Eijnden, PNAS 2022, eq. 4.
 *
 * @param options The proposal distribution, and how to start chains at given positions.
 * @returns The ensemble step.
 */
export function independence<State extends ChainState & Tree>(
  { proposal, start }: IndependenceOptions<State>,
): GlobalStep<State> {
  const collect = async (
    state: State,
    key: Key,
    options: { readonly steps?: number } = {},
  ): Promise<GlobalResult<State>> => {
    expectOptions(options, ["steps"], "move globally");
    const { steps = 1 } = options;
    checkRun({ steps });
    const [chains] = state.position.shape;
    const [forProposals, forAcceptance] = split(key);
    const proposed = await proposal.sample(forProposals, chains * steps);
    const started = await start(proposed.position);
    const here = await proposal.logDensity(state.position);
    const weights = started.logDensity.sub(proposed.logDensity);
    const choice = chooseByWeight(
      Float64Array.from(here.data, (q, chain) => weightAt(state.logDensity.data[chain], q)),
      weights.data,
      uniform(forAcceptance, [chains * steps]).data,
      steps,
    );
    const draws = Object.fromEntries(
      ["position", "logDensity"].map((name) => [
        name,
        pick(leafOf(state, name), leafOf(started, name), choice.taken, steps),
      ]),
    );
    const last = choice.taken.filter((_, i) => i % steps === steps - 1);
    const next = mapLeaves(state, (leaf, name) => {
      const kept = pick(leaf, leafOf(started, name), last, 1);
      return kept.reshape([chains, ...leaf.shape.slice(1)]);
    });
    const acceptance = fromArray({ dtype: "f64", shape: [chains], data: choice.lastProbability });
    return {
      state: { ...next, acceptance },
      draws,
      logWeights: weights.reshape([chains, steps]),
      acceptance: choice.meanProbability,
    };
  };
  const advance = async (
    state: State,
    key: Key,
    options: { readonly steps?: number } = {},
  ): Promise<State> => (await collect(state, key, options)).state;
  return Object.assign(advance, { collect });
}

interface Choice {
  /** For each chain and step, the number of the proposal that the chain is at, −1 for its start. */
  readonly taken: Int32Array;
  readonly lastProbability: Float64Array;
  readonly meanProbability: number;
}

/**
 * ln w where a chain starts: outside of the support or where its density is broken it gives way to any
 * proposal, and where q is 0, or so small that it cannot be told, to none.
 */
function weightAt(logDensity: number, logProposal: number): number {
  if (!(logDensity > -Infinity)) return -Infinity;
  const weight = logDensity - logProposal;
  return Number.isNaN(weight) ? Infinity : weight;
}

/** The accept–reject loop, for each chain in turn. */
function chooseByWeight(
  start: ArrayLike<number>,
  weights: ArrayLike<number>,
  uniforms: ArrayLike<number>,
  steps: number,
): Choice {
  const taken = new Int32Array(weights.length);
  const lastProbability = new Float64Array(start.length);
  let total = 0;
  for (let chain = 0; chain < start.length; chain++) {
    let weight = start[chain];
    let at = -1;
    for (let i = chain * steps; i < (chain + 1) * steps; i++) {
      const ratio = weights[i] - weight;
      const probability = !Number.isFinite(weights[i]) ? 0 : ratio >= 0 ? 1 : exp(ratio);
      if (uniforms[i] < probability) {
        weight = weights[i];
        at = i;
      }
      taken[i] = at;
      total += probability;
      lastProbability[chain] = probability;
    }
  }
  return { taken, lastProbability, meanProbability: total / weights.length };
}

function leafOf(state: Tree, name: string): Tensor {
  const found = leaves(state).find((leaf) => leaf.name === name);
  if (found === undefined) throw new TypeError(`Cannot move this state: it has no ${name}`);
  return found.value;
}

/** chains × steps × shape: where each chain is after each step. */
function pick(own: Tensor, proposed: Tensor, taken: Int32Array, steps: number): Tensor {
  const shape = own.shape.slice(1);
  const size = sizeOf(shape);
  const data = allocate(own.dtype, taken.length * size);
  taken.forEach((from, i) => {
    const source = from < 0 ? own.data : proposed.data;
    const at = (from < 0 ? Math.floor(i / steps) : from) * size;
    for (let e = 0; e < size; e++) data[i * size + e] = source[at + e];
  });
  return fromArray({ dtype: own.dtype, shape: [taken.length / steps, steps, ...shape], data });
}
