/**
 * The cycles of a run in which chains settle and the local kernel adapts.
 *
 * @module
 */
import type { ChainState } from "../kernels/kernel.ts";
import { joinDraws } from "../kernels/join_draws.ts";
import { aroundMean } from "../target/circle.ts";
import { type Key, split } from "../tensor/random.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { leaves, type Tree } from "../tensor/tree.ts";
import type { AdaptationTarget } from "./adaptation.ts";
import { burntIn } from "./burn_in.ts";
import { advance, judgedFlow, total } from "./cycles.ts";
import { climbs, hasDrifted, windowScale } from "./drift.ts";
import { localEfficiency } from "./local_efficiency.ts";
import type { ObservedWindow } from "./observed.ts";
import type { Plan } from "./plan.ts";
import { addToReplay } from "./replay.ts";
import { addToMean, type RunState } from "./run_state.ts";
import type { Runtime } from "./runtime.ts";
import { scoutsOf, settle } from "./settling.ts";
import { restartedChains } from "./start_warnings.ts";
import { gatherStrays, lostScouts } from "./stray.ts";

/** Most windows that are added to the schedule's while the chains still drift. */
const EXTRA_WINDOWS = 3;

/** What adaptation aims at. */
function goalOf<State extends ChainState & Tree>({ local, target }: Plan<State>): AdaptationTarget {
  return {
    acceptance: local.targetAcceptance,
    firstStepSize: local.firstStepSize(target.dimension),
  };
}

/** A leaf of all chains as one draw of each, chains × 1 × its shape; none if there is no such leaf. */
function drawOf(chains: Tree, name: string): Tensor | undefined {
  const found = leaves(chains).find((leaf) => leaf.name === name)?.value;
  return found?.reshape([found.shape[0], 1, ...found.shape.slice(1)]);
}

/** One window of warm-up: of settling, or of the local kernel. */
export async function warmupCycle<State extends ChainState & Tree>(
  runtime: Runtime<State>,
  state: RunState<State>,
  key: Key,
): Promise<RunState<State>> {
  return state.settled === undefined
    ? await settleCycle(runtime, state, key)
    : await tuneCycle(runtime, state, state.settled, key);
}

/**
 * A window of settling. The first metric is that of where the chains start. Chains that are put beside others
 * here are not told of: they have only begun to go where the density is.
 */
async function settleCycle<State extends ChainState & Tree>(
  runtime: Runtime<State>,
  state: RunState<State>,
  key: Key,
): Promise<RunState<State>> {
  const { plan } = runtime;
  const { schedule: { settleWindows }, adaptation: rule, target: { periodic } } = plan;
  const goal = goalOf(plan);
  const [forSteps, forStrays] = split(key);
  const first = state.cycleInPhase === 0;
  const scouts = plan.schedule.hottest < 1 ? scoutsOf(state.chains.logDensity.size) : [];
  const { chains } = state;
  const start = startWindow(chains, periodic);
  const adaptation = first && start !== undefined
    ? rule.afterWindow(state.adaptation, start, goal)
    : state.adaptation;
  const { position, visited, gradient } = await settle(runtime, chains, adaptation, {
    steps: settleWindows[state.cycleInPhase],
    hottest: plan.schedule.hottest,
    scouts: first ? scouts : [],
    key: forSteps,
  });
  const window = { position: aroundMean(visited, periodic), gradient };
  const scale = windowScale(window.position);
  const drifting = state.window === undefined ||
    hasDrifted(state.window, scale, { chains: visited.shape[0], periodic });
  const done = state.cycleInPhase + 1;
  const next = gathered(await runtime.start(position), scouts, forStrays);
  const underWay = drifting || climbs(next);
  return advance({
    ...state,
    chains: next,
    adaptation: rule.afterWindow(adaptation, window, goal),
    window: scale,
    settled: underWay && done < settleWindows.length ? undefined : done,
  }, "warmup");
}

/** The chains without strays and lost scouts. */
function gathered<State extends ChainState & Tree>(
  chains: State,
  scouts: readonly number[],
  key: Key,
): State {
  const [forScouts, forStrays] = split(key);
  const found = gatherStrays(chains, forScouts, lostScouts(chains.logDensity, scouts));
  return gatherStrays(found, forStrays);
}

/** Where chains start as a window; none if they have no gradient. */
function startWindow(
  chains: ChainState & Tree,
  periodic: readonly boolean[],
): ObservedWindow | undefined {
  const gradient = drawOf(chains, "gradient");
  const position = drawOf(chains, "position");
  return gradient && position && { position: aroundMean(position, periodic), gradient };
}

/**
 * One window of the local kernel: after each step its step size adapts, after all of them the metric.
 * While the ensemble drifts, windows are added to those of the schedule.
 */
async function tuneCycle<State extends ChainState & Tree>(
  runtime: Runtime<State>,
  state: RunState<State>,
  settled: number,
  key: Key,
): Promise<RunState<State>> {
  const { plan } = runtime;
  const { schedule, adaptation: rule, target } = plan;
  const goal = goalOf(plan);
  const windows = schedule.warmupWindows;
  const number = state.cycleInPhase - settled;
  // Windows after those of the schedule are each twice as long as the one before.
  const extra = Math.max(0, number - windows.length + 1);
  const steps = windows[Math.min(number, windows.length - 1)] << extra;
  const [forLocal, forStrays, forQuality, forBurnIn] = split(key, 4);
  let { adaptation } = state;
  // The first window takes chains from wherever they start; later ones leave none behind.
  let chains = state.cycleInPhase === 0 ? state.chains : gatherStrays(state.chains, forStrays);
  let { local: accepted } = state.acceptance;
  const positions: Tensor[] = [];
  const gradients: Tensor[] = [];
  for (let i = 0; i < steps; i++) {
    const options = { thin: 1, firstStep: i };
    const result = await runtime.local(chains, adaptation, false, forLocal, 1, options);
    chains = result.state;
    const [sum, count] = total(chains.acceptance);
    const step = { acceptance: sum / count, draws: result.draws };
    adaptation = rule.afterStep(adaptation, step, goal);
    accepted = addToMean(accepted, sum, count);
    // The first half still moves away from where the chains started.
    if (2 * i < steps) continue;
    positions.push(result.draws["position"]);
    const gradient = drawOf(chains, "gradient");
    if (gradient !== undefined) gradients.push(gradient);
  }
  const visited = joinDraws(positions);
  const window = aroundMean(visited, target.periodic);
  const scale = windowScale(window);
  const drifting = extra < EXTRA_WINDOWS &&
    hasDrifted(state.window, scale, { chains: window.shape[0], periodic: target.periodic });
  const last = number >= windows.length - 1 && !drifting;
  // The last window tunes the step size for the metric of the one before, and ends with it.
  const gradient = gradients.length > 0 ? joinDraws(gradients) : undefined;
  if (!last) adaptation = rule.afterWindow(adaptation, { position: window, gradient }, goal);
  // The flow learns where the chains are in the end, not how they got there.
  const learned = plan.train.usesGradient === true ? gradient : undefined;
  const replay = last
    ? addToReplay(state.replay, { position: visited, gradient: learned }, {
      cycle: state.cycle,
      capacity: schedule.replayCapacity,
    })
    : state.replay;
  const restarted = restartedChains(state);
  const efficiency = last ? localEfficiency(window, 1) : undefined;
  const progress = { ...state.progress, localEfficiency: efficiency };
  const next = { ...state, chains, adaptation, replay, window: scale, restarted, progress };
  const acceptance = { ...state.acceptance, local: accepted };
  if (!last) return advance({ ...next, acceptance }, "warmup");
  // A flow that was trained before is used as it is.
  const untrained = plan.flow !== undefined && state.flow === undefined;
  if (untrained) return advance(next, "train");
  const best = state.flow && await judgedFlow(runtime, state.flow, forQuality);
  const ready = await burntIn(runtime, next, forBurnIn);
  return advance({ ...next, chains: ready, best }, "production");
}
