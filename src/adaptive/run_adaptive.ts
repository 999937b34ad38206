/**
 * The adaptive run: the combinator of all parts of the method.
 *
 * @module
 */
import { FellBack } from "../device/fallback.ts";
import { crewOf } from "../flows/crew.ts";
import type { ChainState } from "../kernels/kernel.ts";
import { wrapped } from "../target/circle.ts";
import { foldIn, type Key } from "../tensor/random.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Tree } from "../tensor/tree.ts";
import { systemClock } from "./clock.ts";
import { lookAtConvergence } from "./convergence.ts";
import { judgedPrecision, stageOf } from "./device_changes.ts";
import { drawCount } from "./draw_blocks.ts";
import type { Plan } from "./plan.ts";
import { emptyReplay } from "./replay.ts";
import { numbersLookedAt } from "./remaining_work.ts";
import { type Convergence, EMPTY_MEAN, type RunState } from "./run_state.ts";
import { type Runtime, runtimeOf } from "./runtime.ts";
import { atProduction, shortProduction } from "./short_production.ts";

/** When a run began, if before its first cycle. */
export interface RunTimes {
  /** Milliseconds of the plan's clock: `stop.maxSeconds` counts from there; from the call by default. */
  readonly started?: number;
}

/** A run that can be folded to its end or looked at cycle by cycle. */
export interface AdaptiveRun {
  /**
   * Prepares a run to its end.
   *
   * @param plan The parts of the run.
   * @returns From a state and a key to the state in which the run ends.
   */
  <State extends ChainState & Tree>(
    plan: Plan<State>,
  ): (state: RunState<State>, key: Key) => Promise<RunState<State>>;
  /**
   * Prepares a run as an iterator of the states after each cycle. Any of them can be kept, and the run
   * goes on from it with the same key as if it had never stopped.
   *
   * @param plan The parts of the run.
   * @returns From a state and a key to the states after each cycle, the last one included.
   */
  cycles<State extends ChainState & Tree>(
    plan: Plan<State>,
  ): (
    state: RunState<State>,
    key: Key,
    times?: RunTimes,
  ) => AsyncGenerator<RunState<State>, void, void>;
  /**
   * Starts the chains of a run.
   *
   * @param plan The parts of the run.
   * @returns From positions, chains × d, to the first state.
   */
  start<State extends ChainState & Tree>(
    plan: Plan<State>,
  ): (position: Tensor) => Promise<RunState<State>>;
}

async function* fold<State extends ChainState & Tree>(
  given: Runtime<State>,
  first: RunState<State>,
  key: Key,
  times: RunTimes = {},
): AsyncGenerator<RunState<State>, void, void> {
  const { stop, signal, device, clock = systemClock } = given.plan;
  const since = times.started ?? clock.now();
  let state = first.interrupted ?? first;
  let stage = stageOf(given, state, since);
  while (state.phase !== "done") {
    const { runtime, run, watch } = stage;
    signal?.throwIfAborted();
    const forCycle = foldIn(key, state.cycle);
    // The flow's workers too: training calls follow each other within a cycle.
    const holds = [device.hold(), crewOf(device.workers ?? 1).hold()];
    const before = state;
    let outOfTime = false;
    try {
      const next = await run.cycle(state, forCycle);
      outOfTime = next === undefined;
      if (next !== undefined) state = await judge(runtime, next, run.seconds(next));
      else if (state.phase === "production") {
        // As long as none was measured, a look is foreseen to take longer than it mostly does.
        if (state.draws.length > 0 && runtime.meter.expect("look", 1) === 0) {
          state = { ...state, convergence: await lookedAt(runtime, state) };
          if (run.fits(state)) continue;
        }
        const last = await shortProduction(runtime, state, forCycle, run) ?? state;
        state = await ended(runtime, last);
      }
    } catch (error) {
      if (!(error instanceof FellBack)) throw error;
    } finally {
      for (const hold of holds) hold.release();
    }
    const again = await watch.again(before);
    if (again !== undefined) {
      state = again;
      continue;
    }
    ({ stage, state } = await judgedPrecision(stage, before, state, since));
    // A cycle that was cut off leaves no state.
    if (!outOfTime || state.phase === "done") yield state;
    if (state.phase === "done" || state.draws.length > 0) continue;
    if (outOfTime || stop.timeIsUp(run.seconds(state))) {
      // Before production: what draws there can be are better than none.
      state = { ...atProduction(state), interrupted: state.interrupted ?? state };
    }
  }
}

/** The end of a run that is out of time. */
async function ended<State extends ChainState & Tree>(
  runtime: Runtime<State>,
  state: RunState<State>,
): Promise<RunState<State>> {
  const convergence = await lookedAt(runtime, state);
  return { ...state, phase: "done", convergence, ended: "budget" };
}

/** Convergence of all draws of a state; measured. */
async function lookedAt<State extends ChainState & Tree>(
  runtime: Runtime<State>,
  { draws, chains, convergence }: RunState<State>,
): Promise<Convergence> {
  const { plan: { target, device }, meter } = runtime;
  const count = drawCount(draws);
  if (convergence?.draws === count) return convergence;
  const numbers = numbersLookedAt(runtime, count * chains.logDensity.shape[0]);
  const look = (): Promise<Convergence> => lookAtConvergence(target, device, draws);
  return await meter.measure("look", numbers, look);
}

/** Looks at convergence when it is time to, and ends the run when the stopping rule says so. */
async function judge<State extends ChainState & Tree>(
  runtime: Runtime<State>,
  state: RunState<State>,
  seconds: number,
): Promise<RunState<State>> {
  const { stop } = runtime.plan;
  const draws = drawCount(state.draws);
  if (draws === 0) return state;
  const look = draws >= stop.nextLook(state.convergence);
  const convergence = look ? await lookedAt(runtime, state) : undefined;
  const ended = stop.decide({ draws, convergence, seconds });
  const looked = convergence ?? state.convergence;
  if (ended === undefined) return { ...state, convergence: looked };
  // The last look covers all draws.
  const last = convergence ?? await lookedAt(runtime, state);
  return { ...state, phase: "done", convergence: last, ended };
}

/**
 * The adaptive run of flow-enhanced MCMC: a warm-up that adapts the local kernel, training cycles in
 * which a flow learns from the chains and moves them globally, then production with everything frozen.
 *
 * It is a fold over cycles: each is a pure function of the state before it and the key, so that
 * progress, checkpoints and resuming are all a look at, a copy of or a start from such a state. Cycle
 * i draws its random numbers from foldIn(key, i).
 *
 * A plan whose schedule makes no sense is refused with a `TypeError` or `RangeError`.
 *
 * Source: Gabrié, Rotskoff & Vanden-Eijnden, PNAS 2022; Wong, Gabrié & Foreman-Mackey, JOSS 2023. That
 * nothing adapts in production makes its kernel exactly invariant (Andrieu & Thoms 2008).
 */
export const runAdaptive: AdaptiveRun = Object.assign(
  <State extends ChainState & Tree>(plan: Plan<State>) => {
    const runtime = runtimeOf(plan);
    return async (state: RunState<State>, key: Key): Promise<RunState<State>> => {
      let last = state;
      for await (const next of fold(runtime, state, key)) last = next;
      return last;
    };
  },
  {
    cycles: <State extends ChainState & Tree>(plan: Plan<State>) => {
      const runtime = runtimeOf(plan);
      return (state: RunState<State>, key: Key, times?: RunTimes) =>
        fold(runtime, state, key, times);
    },
    start: <State extends ChainState & Tree>(plan: Plan<State>) => {
      const runtime = runtimeOf(plan);
      return async (position: Tensor): Promise<RunState<State>> => {
        const { target, local, adaptation } = plan;
        return {
          phase: "warmup",
          cycle: 0,
          cycleInPhase: 0,
          chains: await runtime.start(wrapped(position, target.periodic)),
          adaptation: adaptation.start(target.dimension, {
            acceptance: local.targetAcceptance,
            firstStepSize: local.firstStepSize(target.dimension),
          }),
          settled: plan.schedule.settleWindows.length === 0 ? 0 : undefined,
          window: undefined,
          restarted: [],
          flow: plan.trainedFlow,
          replay: emptyReplay(target.dimension, {
            withGradient: plan.train.usesGradient,
            importance: plan.train.importance,
          }),
          progress: { loss: [], validation: [], stale: 0, acceptance: [] },
          best: undefined,
          lastTraining: plan.schedule.trainCycles === 1,
          draws: [],
          logWeights: [],
          acceptance: { local: EMPTY_MEAN, global: EMPTY_MEAN },
          convergence: undefined,
          ended: undefined,
        };
      };
    },
  },
);
