/**
 * Production where the time is up or nearly so.
 *
 * @module
 */
import type { ChainState } from "../kernels/kernel.ts";
import type { Key } from "../tensor/random.ts";
import type { Tree } from "../tensor/tree.ts";
import { advance, mixtureOf, productionCycle } from "./cycles.ts";
import { inDouble } from "./in_double.ts";
import type { Mixture } from "./mixing.ts";
import { cycleMilliseconds, endMilliseconds } from "./remaining_work.ts";
import { type DrawBlock, EMPTY_MEAN, type RunState } from "./run_state.ts";
import type { Runtime } from "./runtime.ts";

/** A state in which the next cycle is one of production, whatever it was before. */
export function atProduction<State extends ChainState>(state: RunState<State>): RunState<State> {
  if (state.phase === "production") return state;
  // Of the flows in training the best one serves, which is the one that was judged.
  const flow = state.best?.flow ?? state.flow;
  const acceptance = { local: EMPTY_MEAN, global: EMPTY_MEAN };
  return { ...state, phase: "production", cycleInPhase: 0, flow, acceptance };
}

/** Milliseconds of a cycle of production and of the end of the run after it. */
export function millisecondsWith<State extends ChainState & Tree>(
  runtime: Runtime<State>,
  state: RunState<State>,
  mixture: Mixture = mixtureOf(runtime.plan, state),
): number {
  const { milliseconds, added } = cycleMilliseconds(runtime, state, mixture);
  return milliseconds + endMilliseconds(runtime, state, added);
}

/** Work in the time that is left. */
export interface Attempts<State extends ChainState & Tree> {
  /** Milliseconds that are left, but for what cannot be foreseen. */
  left(): number;
  /** Does some work from a state; none is left of it if the time is up before its end. */
  attempt(
    state: RunState<State>,
    work: (runtime: Runtime<State>) => Promise<RunState<State>>,
  ): Promise<RunState<State> | undefined>;
}

/**
 * As much of a cycle of production as there is time for: all of it, or its first local steps; where not one
 * of them fits and there are no draws yet, one draw of each chain is where it is. With its number of steps it
 * is a function of state and key, as whole cycles are; the state before it is kept for a run that goes on
 * from here.
 *
 * @param runtime The compiled plan, with what was measured.
 * @param state The state before, in production.
 * @param key The key of the cycle.
 * @param time The time that is left.
 * @returns The state after; none if there is no time and there are draws already.
 */
export async function shortProduction<State extends ChainState & Tree>(
  runtime: Runtime<State>,
  state: RunState<State>,
  key: Key,
  time: Attempts<State>,
): Promise<RunState<State> | undefined> {
  const interrupted = state.interrupted ?? state;
  const made = async (mixture: Mixture): Promise<RunState<State> | undefined> => {
    const next = await time.attempt(state, (cut) => productionCycle(cut, state, key, mixture));
    return next && { ...next, interrupted };
  };
  const whole = mixtureOf(runtime.plan, state);
  const none = state.draws.length === 0;
  if (millisecondsWith(runtime, state, whole) <= time.left()) return await made(whole);
  const { localSteps, thin } = whole;
  const free = time.left() - endMilliseconds(runtime, state, { draws: localSteps, proposals: 0 });
  const each = cycleMilliseconds(runtime, state, ONE_STEP).milliseconds;
  const steps = each > 0 ? Math.min(localSteps, Math.floor(SHARE_OF_TIME * free / each)) : 0;
  if (!none) {
    const part = { localSteps: steps - steps % thin, thin, globalSteps: 0 };
    return steps < thin ? undefined : await made(part);
  }
  // Any draws are better than none, so that each step is kept. One that was never done before is tried.
  const least = steps > 0 || each === 0
    ? await made({ ...ONE_STEP, localSteps: Math.max(1, steps) })
    : undefined;
  if (least !== undefined) return least;
  const draws = [whereTheyAre(state)];
  return await inDouble(runtime, state, { ...advance(state, "production"), draws, interrupted });
}

/** Steps are planned for so much of the time that is left: what is cut off is lost. */
const SHARE_OF_TIME = 0.8;

/** The least that production can hold. */
export const ONE_STEP: Mixture = { localSteps: 1, thin: 1, globalSteps: 0 };

/** The positions of all chains, as one draw of each. */
function whereTheyAre<State extends ChainState>({ chains }: RunState<State>): DrawBlock {
  const { position, logDensity } = chains;
  const [count, dimension] = position.shape;
  return {
    position: position.reshape([count, 1, dimension]),
    logDensity: logDensity.reshape([count, 1]),
  };
}
