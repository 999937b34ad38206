/**
 * The adaptive run: the combinator of all parts of the method.
 *
 * @module
 */
import { crewOf } from "../flows/crew.ts";
import type { ChainState } from "../kernels/kernel.ts";
import { wrapped } from "../target/circle.ts";
import { foldIn, type Key } from "../tensor/random.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Tree } from "../tensor/tree.ts";
import { lookAtConvergence } from "./convergence.ts";
import { type Cycle, productionCycle } from "./cycles.ts";
import { drawCount } from "./draw_blocks.ts";
import type { Plan } from "./plan.ts";
import { emptyReplay } from "./replay.ts";
import { EMPTY_MEAN, type RunState } from "./run_state.ts";
import { type Runtime, runtimeOf } from "./runtime.ts";
import { trainCycle } from "./train_cycle.ts";
import { warmupCycle } from "./warmup_cycle.ts";

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
  ): (state: RunState<State>, key: Key) => AsyncGenerator<RunState<State>, void, void>;
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

const PHASES = { warmup: warmupCycle, train: trainCycle, production: productionCycle } as const;

async function* fold<State extends ChainState & Tree>(
  runtime: Runtime<State>,
  first: RunState<State>,
  key: Key,
): AsyncGenerator<RunState<State>, void, void> {
  const { stop, signal, device } = runtime.plan;
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  let state = first.interrupted ?? first;
  while (state.phase !== "done") {
    signal?.throwIfAborted();
    const cycle: Cycle<State> = PHASES[state.phase];
    // The flow's workers too: training calls follow each other within a cycle.
    const holds = [device.hold(), crewOf(device.workers ?? 1).hold()];
    try {
      state = await cycle(runtime, state, foldIn(key, state.cycle));
      state = await judge(runtime, state, seconds());
    } finally {
      for (const hold of holds) hold.release();
    }
    yield state;
    if (state.phase !== "done" && state.draws.length === 0 && stop.timeIsUp(seconds())) {
      // Out of time before production: what draws there can be are better than none. Of the flows in
      // training the best one serves, which is the one that was judged.
      const flow = state.best?.flow ?? state.flow;
      const acceptance = { local: EMPTY_MEAN, global: EMPTY_MEAN };
      const production = { phase: "production", cycleInPhase: 0, flow, acceptance } as const;
      state = { ...state, ...production, interrupted: state };
    }
  }
}

/** Looks at convergence when it is time to, and ends the run when the stopping rule says so. */
async function judge<State extends ChainState & Tree>(
  { plan: { stop, target, device } }: Runtime<State>,
  state: RunState<State>,
  seconds: number,
): Promise<RunState<State>> {
  const draws = drawCount(state.draws);
  if (draws === 0) return state;
  const look = draws >= stop.nextLook(state.convergence);
  const convergence = look ? await lookAtConvergence(target, device, state.draws) : undefined;
  const ended = stop.decide({ draws, convergence, seconds });
  const looked = convergence ?? state.convergence;
  if (ended === undefined) return { ...state, convergence: looked };
  // The last look covers all draws.
  const last = convergence ?? await lookAtConvergence(target, device, state.draws);
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
      return (state: RunState<State>, key: Key) => fold(runtime, state, key);
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
