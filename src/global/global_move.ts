/**
 * What all global moves share: proposals that do not depend on where the chains are, drawn and evaluated
 * many at once, and then a cheap choice among them chain by chain.
 *
 * @module
 */
import { checkRun } from "../device/checks.ts";
import type { EnsembleResult } from "../kernels/ensemble.ts";
import { joinDraws } from "../kernels/join_draws.ts";
import type { ChainState } from "../kernels/kernel.ts";
import { expectOptions } from "../tensor/expect_options.ts";
import { foldIn, type Key, split, uniform } from "../tensor/random.ts";
import { allocate, sizeOf } from "../tensor/shape.ts";
import { fromArray, type Tensor } from "../tensor/tensor.ts";
import { leaves, mapLeaves, type Tree } from "../tensor/tree.ts";
import type { Proposal, Proposed } from "./proposal.ts";

/** What a global move is made of. */
export interface GlobalMoveOptions<State extends ChainState> {
  /** What is proposed from. */
  readonly proposal: Proposal;
  /** Starts chains at positions n × d: the local kernel's `init` for many chains. */
  readonly start: (position: Tensor) => Promise<State>;
  /** The kernel's `kept`: what stays with a chain when it moves; nothing by default. */
  readonly kept?: readonly string[] | undefined;
}

/** What a run of global steps gives. */
export interface GlobalResult<State> extends EnsembleResult<State> {
  /**
   * log p − log q of every proposal, chains × (steps · proposals a step): what evidence and flow quality
   * come from.
   */
  readonly logWeights: Tensor;
  /** All proposals, chains × (steps · proposals a step) × d. */
  readonly proposals: Tensor;
  /** Mean probability of moving over chains and steps. */
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

/** Where a chain goes in one step. */
export interface Choice {
  /** The number of the proposal among those of the step, −1 to stay. */
  readonly taken: number;
  /** The probability that it moves. */
  readonly probability: number;
}

/** How a chain chooses among the proposals of a step. */
export interface ChoiceRule {
  /** Proposals of each chain in a step. */
  readonly proposals: number;
  /**
   * Chooses.
   *
   * @param current ln w of where the chain is: −∞ gives way to any proposal, +∞ to none.
   * @param logWeights ln w of the proposals; those that are not finite cannot be taken.
   * @param chance A uniform number in [0, 1).
   */
  choose(current: number, logWeights: Float64Array, chance: number): Choice;
}

/** Points that are proposed at once, at most: longer calls go through several such blocks of steps. */
const MOST_POINTS = 50_000;

/**
 * Makes a global move.
 *
 * Proposals of up to 50,000 points are drawn, started and evaluated at once, with log q from the pass
 * that draws them, so that memory does not grow with the number of steps.
 *
 * @param options The proposal distribution, and how to start chains at given positions.
 * @param rule How a chain chooses among the proposals of a step.
 * @returns The ensemble step.
 */
export function globalMove<State extends ChainState & Tree>(
  options: GlobalMoveOptions<State>,
  rule: ChoiceRule,
): GlobalStep<State> {
  const collect = async (
    state: State,
    key: Key,
    how: { readonly steps?: number } = {},
  ): Promise<GlobalResult<State>> => {
    expectOptions(how, ["steps"], "move globally");
    const { steps = 1 } = how;
    checkRun({ steps });
    const [chains] = state.position.shape;
    const most = Math.max(1, Math.floor(MOST_POINTS / (chains * rule.proposals)));
    const parts: GlobalResult<State>[] = [];
    let here = state;
    for (let done = 0; done < steps; done += most) {
      const part = Math.min(most, steps - done);
      // The first block splits its key in two, which are the branches 0 and 1.
      const forBlock = done === 0 ? key : foldIn(key, done + 1);
      const result = await moveBlock(options, rule, here, forBlock, part);
      here = result.state;
      parts.push(result);
    }
    return parts.length === 1 ? parts[0] : joined(parts, steps);
  };
  const advance = async (
    state: State,
    key: Key,
    how: { readonly steps?: number } = {},
  ): Promise<State> => (await collect(state, key, how)).state;
  return Object.assign(advance, { collect });
}

async function moveBlock<State extends ChainState & Tree>(
  { proposal, start, kept = [] }: GlobalMoveOptions<State>,
  rule: ChoiceRule,
  state: State,
  key: Key,
  steps: number,
): Promise<GlobalResult<State>> {
  const [chains] = state.position.shape;
  const points = chains * steps * rule.proposals;
  const [forProposals, forChoice] = split(key);
  const proposed = await proposal.sample(forProposals, points);
  const started = await start(proposed.position);
  const here = await proposal.logDensity(state.position);
  const weights = started.logDensity.sub(
    await logDensityWhere(proposal, proposed, started.position),
  );
  const walk = walkAll(
    rule,
    Float64Array.from(here.data, (q, chain) => weightAt(state.logDensity.data[chain], q)),
    weights.data as Float64Array,
    uniform(forChoice, [chains * steps]).data,
    steps,
  );
  const draws = Object.fromEntries(
    ["position", "logDensity"].map((name) => [
      name,
      pick(leafOf(state, name), leafOf(started, name), walk.at, steps),
    ]),
  );
  const last = walk.at.filter((_, i) => i % steps === steps - 1);
  const stays = (name: string): boolean =>
    kept.some((each) => name === each || name.startsWith(`${each}.`));
  const next = mapLeaves(state, (leaf, name) => {
    if (stays(name)) return leaf;
    const moved = pick(leaf, leafOf(started, name), last, 1);
    return moved.reshape([chains, ...leaf.shape.slice(1)]);
  });
  const acceptance = fromArray({ dtype: "f64", shape: [chains], data: walk.lastProbability });
  return {
    state: { ...next, acceptance },
    draws,
    logWeights: weights.reshape([chains, steps * rule.proposals]),
    proposals: started.position.reshape([
      chains,
      steps * rule.proposals,
      ...started.position.shape.slice(1),
    ]),
    acceptance: walk.meanProbability,
  };
}

/**
 * log q where chains would start: a device in single precision rounds positions, and a chain that is there
 * later has the weight of that place.
 */
async function logDensityWhere(
  proposal: Proposal,
  { position, logDensity }: Proposed,
  started: Tensor,
): Promise<Tensor> {
  const { data } = position;
  const same = started.data.every((x: number, i: number) => Object.is(x, data[i]));
  return same ? logDensity : await proposal.logDensity(started);
}

/** The results of blocks of steps as one. */
function joined<State>(
  parts: readonly GlobalResult<State>[],
  steps: number,
): GlobalResult<State> {
  const along = (of: (part: GlobalResult<State>) => Tensor): Tensor => joinDraws(parts.map(of));
  const names = Object.keys(parts[0].draws);
  const sum = parts.reduce(
    (total, { acceptance, draws }) => total + acceptance * draws["position"].shape[1],
    0,
  );
  return {
    state: parts[parts.length - 1].state,
    draws: Object.fromEntries(names.map((name) => [name, along((part) => part.draws[name])])),
    logWeights: along((part) => part.logWeights),
    proposals: along((part) => part.proposals),
    acceptance: sum / steps,
  };
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

interface Walk {
  /** For each chain and step, the number of the proposal that the chain is at, −1 for its start. */
  readonly at: Int32Array;
  readonly lastProbability: Float64Array;
  readonly meanProbability: number;
}

/** All steps of each chain in turn. */
function walkAll(
  { proposals, choose }: ChoiceRule,
  start: Float64Array,
  weights: Float64Array,
  uniforms: ArrayLike<number>,
  steps: number,
): Walk {
  const at = new Int32Array(start.length * steps);
  const lastProbability = new Float64Array(start.length);
  let total = 0;
  for (let chain = 0; chain < start.length; chain++) {
    let weight = start[chain];
    let here = -1;
    for (let i = chain * steps; i < (chain + 1) * steps; i++) {
      const first = i * proposals;
      const { taken, probability } = choose(
        weight,
        weights.subarray(first, first + proposals),
        uniforms[i],
      );
      if (taken >= 0) {
        here = first + taken;
        weight = weights[here];
      }
      at[i] = here;
      total += probability;
      lastProbability[chain] = probability;
    }
  }
  return { at, lastProbability, meanProbability: total / at.length };
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
