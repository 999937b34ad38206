/**
 * The cycles of a run, one function for each phase: from a state and a key to the next state.
 *
 * @module
 */
import { proposalQuality } from "../diagnostics/proposal_quality.ts";
import type { FlowState } from "../flows/flow.ts";
import type { ChainState } from "../kernels/kernel.ts";
import { aroundMean } from "../target/circle.ts";
import { type Key, split } from "../tensor/random.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Tree } from "../tensor/tree.ts";
import { valueText } from "../tensor/value_text.ts";
import { joinDraws } from "../kernels/join_draws.ts";
import { hasDrifted, windowScale } from "./drift.ts";
import { weightsOfProposals } from "./evidence_weights.ts";
import type { Mixture } from "./mixing.ts";
import { checkSchedule, orThrow } from "./options.ts";
import type { Plan } from "./plan.ts";
import { addToReplay } from "./replay.ts";
import {
  addToMean,
  type BestFlow,
  type DrawBlock,
  EMPTY_MEAN,
  type Phase,
  type RunState,
} from "./run_state.ts";
import type { Runtime } from "./runtime.ts";
import { gatherStrays } from "./stray.ts";

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

/** Most windows that are added to the schedule's while the chains still drift. */
const EXTRA_WINDOWS = 3;

/**
 * One window of warm-up: local steps, after each of which the step size adapts; after all of them the
 * metric. While the ensemble drifts, windows are added to those of the schedule.
 */
export async function warmupCycle<State extends ChainState & Tree>(
  runtime: Runtime<State>,
  state: RunState<State>,
  key: Key,
): Promise<RunState<State>> {
  const { plan } = runtime;
  const { schedule, adaptation: rule, local, target } = plan;
  const goal = {
    acceptance: local.targetAcceptance,
    firstStepSize: local.firstStepSize(target.dimension),
  };
  const windows = schedule.warmupWindows;
  // Windows after those of the schedule are each twice as long as the one before.
  const extra = Math.max(0, state.cycleInPhase - windows.length + 1);
  const steps = windows[Math.min(state.cycleInPhase, windows.length - 1)] << extra;
  const [forLocal, forStrays, forQuality] = split(key, 3);
  let { adaptation } = state;
  // The first window takes chains from wherever they start; later ones leave none behind.
  let chains = state.cycleInPhase === 0 ? state.chains : gatherStrays(state.chains, forStrays);
  let { local: accepted } = state.acceptance;
  const positions: Tensor[] = [];
  const gradients: Tensor[] = [];
  for (let i = 0; i < steps; i++) {
    const result = await runtime.local(chains, adaptation, false, forLocal, 1, {
      thin: 1,
      firstStep: i,
    });
    chains = result.state;
    const [sum, count] = total(chains.acceptance);
    adaptation = rule.afterStep(adaptation, { acceptance: sum / count, draws: result.draws }, goal);
    accepted = addToMean(accepted, sum, count);
    // The first half still moves away from where the chains started.
    if (2 * i < steps) continue;
    positions.push(result.draws["position"]);
    if ("gradient" in result.draws) gradients.push(result.draws["gradient"]);
  }
  const visited = joinDraws(positions);
  const window = aroundMean(visited, target.periodic);
  const scale = windowScale(window);
  const drifting = extra < EXTRA_WINDOWS &&
    hasDrifted(state.window, scale, { chains: window.shape[0], periodic: target.periodic });
  const last = state.cycleInPhase >= windows.length - 1 && !drifting;
  // The last window tunes the step size for the metric of the one before, and ends with it.
  const gradient = gradients.length > 0 ? joinDraws(gradients) : undefined;
  if (!last) adaptation = rule.afterWindow(adaptation, { position: window, gradient }, goal);
  // The flow learns where the chains are in the end, not how they got there.
  const replay = last
    ? addToReplay(state.replay, { position: visited, gradient }, {
      cycle: state.cycle,
      capacity: schedule.replayCapacity,
    })
    : state.replay;
  const next = { ...state, chains, adaptation, replay, window: scale };
  const acceptance = { ...state.acceptance, local: accepted };
  if (!last) return advance({ ...next, acceptance }, "warmup");
  // A flow that was trained before is used as it is.
  const untrained = plan.flow !== undefined && state.flow === undefined;
  if (untrained) return advance(next, "train");
  const best = state.flow && await judgedFlow(runtime, state.flow, forQuality);
  return advance({ ...next, best }, "production");
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
function mixtureOf(
  { mixing, schedule }: Pick<Plan<never>, "mixing" | "schedule">,
  best?: BestFlow,
): Mixture {
  const given: unknown = mixing(schedule, best?.quality);
  if (typeof given !== "object" || given === null) {
    throw new TypeError(
      `Cannot mix moves by a rule that gives ${
        valueText(given)
      }: return { localSteps, thin, globalSteps }`,
    );
  }
  return orThrow(checkSchedule(schedule, given));
}

/** A cycle of production: local and global steps with everything frozen. */
export async function productionCycle<State extends ChainState & Tree>(
  runtime: Runtime<State>,
  state: RunState<State>,
  key: Key,
): Promise<RunState<State>> {
  const { localSteps, thin, globalSteps } = mixtureOf(runtime.plan, state.best);
  const [forLocal, forGlobal] = split(key);
  const { chains, adaptation } = state;
  const local = await runtime.local(chains, adaptation, true, forLocal, localSteps, { thin });
  const [sum, count] = total(local.draws["acceptance"]);
  const next: RunState<State> = {
    ...state,
    chains: local.state,
    draws: [...state.draws, blockOf(local.draws)],
    ...withLikelihoods(state, local.draws["logLikelihoods"]),
    acceptance: { ...state.acceptance, local: addToMean(state.acceptance.local, sum, count) },
  };
  if (state.flow === undefined || globalSteps === 0) return advance(next, "production");
  const global = await runtime.global(state.flow).collect(local.state, forGlobal, {
    steps: globalSteps,
  });
  const proposals = global.logWeights.size;
  const accepted = addToMean(next.acceptance.global, global.acceptance * proposals, proposals);
  return advance({
    ...next,
    chains: global.state,
    draws: [...next.draws, blockOf(global.draws)],
    logWeights: [...next.logWeights, global.logWeights],
    acceptance: { ...next.acceptance, global: accepted },
  }, "production");
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
