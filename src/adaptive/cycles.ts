/**
 * The cycles of a run, one function for each phase: from a state and a key to the next state.
 *
 * @module
 */
import { proposalQuality } from "../diagnostics/proposal_quality.ts";
import type { FlowState } from "../flows/flow.ts";
import type { ChainState } from "../kernels/kernel.ts";
import { type Key, split } from "../tensor/random.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Tree } from "../tensor/tree.ts";
import { valueText } from "../tensor/value_text.ts";
import { thinned, weightsOfProposals } from "./evidence_weights.ts";
import { inDouble } from "./in_double.ts";
import type { Mixture } from "./mixing.ts";
import { checkSchedule, orThrow } from "./options.ts";
import type { Plan } from "./plan.ts";
import {
  addToMean,
  type BestFlow,
  type DrawBlock,
  EMPTY_MEAN,
  type Phase,
  type RunState,
} from "./run_state.ts";
import type { Runtime } from "./runtime.ts";
import { addTrajectories, trajectoryLeaves } from "./trajectory_record.ts";

/** A cycle: from a state and the cycle's key to the next state. */
export type Cycle<State extends ChainState & Tree> = (
  runtime: Runtime<State>,
  state: RunState<State>,
  key: Key,
) => Promise<RunState<State>>;

/** Goes to the next cycle, of the same phase or the first one of another. */
export function advance<State extends ChainState>(
  state: RunState<State>,
  phase: Phase,
): RunState<State> {
  return phase === state.phase
    ? { ...state, cycle: state.cycle + 1, cycleInPhase: state.cycleInPhase + 1 }
    : {
      ...state,
      phase,
      cycle: state.cycle + 1,
      cycleInPhase: 0,
      acceptance: { local: EMPTY_MEAN, global: EMPTY_MEAN },
    };
}

/** Sum and number of the elements. */
export function total({ data, size }: Tensor): [sum: number, count: number] {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += data[i];
  return [sum, size];
}

/** Proposals by which a flow is judged before production: of n one at least carries a share of 1/n. */
export const JUDGED = 1000;

/** A flow with how good it is for this target. */
export async function judgedFlow<State extends ChainState & Tree>(
  { plan: { signal }, proposal, logDensity }: Runtime<State>,
  flow: FlowState,
  key: Key,
): Promise<BestFlow> {
  const compared = { logDensity, proposal: proposal(flow), signal };
  return { flow, quality: proposalQuality(await weightsOfProposals(compared, JUDGED, key)) };
}

/** What the rule of a plan says, if a cycle of that keeps draws: else production would never end. */
export function mixtureOf(
  { mixing, schedule }: Pick<Plan<never>, "mixing" | "schedule">,
  { best, progress }: Pick<RunState, "best" | "progress">,
): Mixture {
  const { localEfficiency: efficiency = 0, localCost: cost = Infinity } = progress;
  const given: unknown = mixing(schedule, best?.quality, { efficiency, cost });
  if (typeof given !== "object" || given === null) {
    throw new TypeError(
      `Cannot mix moves by a rule that gives ${
        valueText(given)
      }: return { localSteps, thin, globalSteps }`,
    );
  }
  return orThrow(checkSchedule(schedule, given));
}

/** A cycle of production: local and global steps with everything frozen, or a part of one. */
export async function productionCycle<State extends ChainState & Tree>(
  runtime: Runtime<State>,
  state: RunState<State>,
  key: Key,
  { localSteps, thin, globalSteps }: Mixture = mixtureOf(runtime.plan, state),
): Promise<RunState<State>> {
  const [forLocal, forGlobal] = split(key);
  const { chains, adaptation } = state;
  // Energies tell something of consecutive trajectories alone.
  const every = trajectoryLeaves(chains).length > 0;
  const local = await runtime.local(chains, adaptation, true, forLocal, localSteps, {
    thin: every ? 1 : thin,
  });
  const [sum, count] = total(local.draws["acceptance"]);
  const kept = blockOf(local.draws);
  const next: RunState<State> = {
    ...state,
    chains: local.state,
    draws: [...state.draws, every ? thinnedBlock(kept, thin) : kept],
    trajectories: addTrajectories(state.trajectories, chains.position, local.draws),
    ...withLikelihoods(state, local.draws["logLikelihoods"]),
    acceptance: { ...state.acceptance, local: addToMean(state.acceptance.local, sum, count) },
  };
  if (state.flow === undefined || globalSteps === 0) {
    return advance(await inDouble(runtime, state, next), "production");
  }
  const global = await runtime.global(state.flow).collect(local.state, forGlobal, {
    steps: globalSteps,
  });
  const proposals = global.logWeights.size;
  const accepted = addToMean(next.acceptance.global, global.acceptance * proposals, proposals);
  const moved = {
    ...next,
    chains: global.state,
    draws: [...next.draws, blockOf(global.draws)],
    logWeights: [...next.logWeights, global.logWeights],
    acceptance: { ...next.acceptance, global: accepted },
  };
  return advance(await inDouble(runtime, state, moved), "production");
}

/** What tempering adds to a state: nothing for other kernels. */
function withLikelihoods<State extends ChainState>(
  { logLikelihoods = [] }: RunState<State>,
  added: Tensor | undefined,
): Pick<RunState<State>, "logLikelihoods"> {
  return added === undefined ? {} : { logLikelihoods: [...logLikelihoods, added] };
}

function blockOf(draws: Readonly<Record<string, Tensor>>): DrawBlock {
  return { position: draws["position"], logDensity: draws["logDensity"] };
}

/** Every `thin`-th draw of a block. */
function thinnedBlock({ position, logDensity }: DrawBlock, thin: number): DrawBlock {
  return { position: thinned(position, thin), logDensity: thinned(logDensity, thin) };
}
