/**
 * The cycle of a run in which the flow learns.
 *
 * @module
 */
import { type ProposalQuality, proposalQuality } from "../diagnostics/proposal_quality.ts";
import type { Flow } from "../flows/flow.ts";
import type { GlobalResult } from "../global/global_move.ts";
import type { ChainState } from "../kernels/kernel.ts";
import { aroundMean } from "../target/circle.ts";
import { type Key, split } from "../tensor/random.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Tree } from "../tensor/tree.ts";
import { burntIn } from "./burn_in.ts";
import { advance, JUDGED, judgedFlow, total } from "./cycles.ts";
import { localEfficiency } from "./local_efficiency.ts";
import { localCost } from "./move_costs.ts";
import { type FlowTraining, startTraining, trainingStep } from "./flow_training.ts";
import type { Schedule } from "./plan.ts";
import { addToReplay, type Replay } from "./replay.ts";
import { addToMean, type RunState } from "./run_state.ts";
import type { Runtime } from "./runtime.ts";

/** A cycle of training: local steps, updates of the flow from the replay buffer, global steps. */
export async function trainCycle<State extends ChainState & Tree>(
  runtime: Runtime<State>,
  state: RunState<State>,
  key: Key,
): Promise<RunState<State>> {
  const { plan } = runtime;
  const { schedule, flow } = plan;
  if (flow === undefined) throw new TypeError("Cannot train: the plan has no flow");
  const [forLocal, forFlow, forTraining, forGlobal, forQuality, forBurnIn] = split(key, 6);
  const local = await runtime.local(
    state.chains,
    state.adaptation,
    true,
    forLocal,
    schedule.trainLocalSteps,
    { thin: schedule.trainThin },
  );
  const keep = (replay: Replay, draws: Readonly<Record<string, Tensor>>): Replay =>
    addToReplay(replay, { position: draws["position"], gradient: draws["gradient"] }, {
      cycle: state.cycle,
      capacity: schedule.replayCapacity,
    });
  const replay = keep(state.replay, local.draws);
  const before = trainingOf(state, replay);
  // The first cycle shows what the whitening alone is worth.
  const training = before === undefined
    ? await startTraining(flow, freshFlow(runtime, flow, forFlow), replay, state.cycle)
    : await trainingStep(flow, plan.train)(before, forTraining, { signal: plan.signal });
  const global = await runtime.global(training.best).collect(local.state, forGlobal, {
    steps: schedule.trainGlobalSteps,
  });
  const progress = {
    loss: training.loss,
    validation: training.validation,
    stale: training.stale,
    acceptance: [...state.progress.acceptance, global.acceptance],
    effectiveSampleFraction: qualityOf(global).effectiveSampleFraction,
    localEfficiency: localEfficiency(
      aroundMean(local.draws["position"], plan.target.periodic),
      schedule.trainThin,
    ),
    localCost: localCost(plan.target, {
      kernel: plan.local,
      before: state.chains,
      after: local.state,
      steps: schedule.trainLocalSteps,
    }, training.best),
  };
  const verdict = plan.trained(progress);
  // A flow that is to be trained further has learned more than the whitening already.
  const last = state.lastTraining || verdict === "now" && training.flow.updates === 0;
  const [sum, count] = total(local.draws["acceptance"]);
  const proposals = global.logWeights.size;
  // Few chains make few proposals, which say little of what production is to do.
  const best = last && proposals < JUDGED
    ? await judgedFlow(runtime, training.best, forQuality)
    : { flow: training.best, quality: qualityOf(global) };
  const next: RunState<State> = {
    ...state,
    chains: global.state,
    flow: last ? training.best : training.flow,
    best,
    replay: withProposals(keep(replay, global.draws), global, state.cycle, schedule),
    progress,
    lastTraining: state.cycleInPhase + 2 >= schedule.trainCycles || verdict === true,
    acceptance: {
      local: addToMean(state.acceptance.local, sum, count),
      global: addToMean(state.acceptance.global, global.acceptance * proposals, proposals),
    },
  };
  if (!last) return advance(next, "train");
  const chains = await burntIn(runtime, next, forBurnIn);
  return advance({ ...next, chains }, "production");
}

function qualityOf({ logWeights }: GlobalResult<unknown>): ProposalQuality {
  return proposalQuality(logWeights.data as Float64Array);
}

/** The buffer with the proposals of global moves, if it has a share for them. */
function withProposals(
  replay: Replay,
  { proposals, logWeights }: GlobalResult<unknown>,
  cycle: number,
  { replayCapacity }: Schedule,
): Replay {
  if (replay.importance === 0) return replay;
  const draws = { position: proposals, logWeight: logWeights };
  return addToReplay(replay, draws, { cycle, capacity: replayCapacity });
}

function freshFlow<State extends ChainState & Tree>(
  { plan: { target } }: Runtime<State>,
  flow: Flow,
  key: Key,
): FlowTraining["flow"] {
  return flow.init(target.dimension, [key.data[0], key.data[1]], target.periodic);
}

/** The training so far; none before the first cycle. */
function trainingOf<State extends ChainState>(
  { flow, best, cycle, lastTraining, progress }: RunState<State>,
  replay: Replay,
): FlowTraining | undefined {
  if (flow === undefined || best === undefined) return undefined;
  const { loss, validation, stale } = progress;
  return { flow, best: best.flow, replay, cycle, last: lastTraining, stale, loss, validation };
}
