/**
 * Production where the time is up or nearly so.
 *
 * @module
 */
import type { ChainState } from "../kernels/kernel.ts";
import type { Key } from "../tensor/random.ts";
import type { Tree } from "../tensor/tree.ts";
import { advance, mixtureOf, productionCycle } from "./cycles.ts";
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
  mixture: Mixture = mixtureOf(runtime.plan, state.best),
): number {
  const { milliseconds, added } = cycleMilliseconds(runtime, state, mixture);
  return milliseconds + endMilliseconds(runtime, state, added);
}

/**
 * As much of a cycle of production as there is time for: all of it, or its first local steps; where not one
 * of them fits and there are no draws yet, one draw of each chain is where it is. With its number of steps it
 * is a function of state and key, as whole cycles are; the state before it is kept for a run that goes on
 * from here.
 *
 * @param runtime The compiled plan, with what was measured.
 * @param state The state before, of any phase.
 * @param key The key of the cycle.
 * @param left Milliseconds that are left.
 * @returns The state after; none if there is no time and there are draws already.
 */
export async function shortProduction<State extends ChainState & Tree>(
  runtime: Runtime<State>,
  state: RunState<State>,
  key: Key,
  left: number,
): Promise<RunState<State> | undefined> {
  const before = atProduction(state);
  const interrupted = state.interrupted ?? state;
  const whole = mixtureOf(runtime.plan, before.best);
  if (millisecondsWith(runtime, before, whole) <= left) {
    return { ...await productionCycle(runtime, before, key, whole), interrupted };
  }
  const once = { localSteps: 1, thin: 1, globalSteps: 0 };
  const each = cycleMilliseconds(runtime, before, once).milliseconds;
  const free = left - endMilliseconds(runtime, before, { draws: whole.localSteps, proposals: 0 });
  // What was never done before its first end takes longer than there was time.
  const steps = each > 0 ? Math.min(whole.localSteps, Math.floor(free / each)) : 0;
  const { thin } = whole;
  if (steps >= thin) {
    const part = { localSteps: steps - steps % thin, thin, globalSteps: 0 };
    return { ...await productionCycle(runtime, before, key, part), interrupted };
  }
  if (before.draws.length > 0) return undefined;
  // Any draws are better than none: the last step, or where the chains are.
  if (steps < 1) {
    return { ...advance(before, "production"), draws: [whereTheyAre(before)], interrupted };
  }
  const least = { ...once, localSteps: steps };
  return { ...await productionCycle(runtime, before, key, least), interrupted };
}

/** The positions of all chains, as one draw of each. */
function whereTheyAre<State extends ChainState>({ chains }: RunState<State>): DrawBlock {
  const { position, logDensity } = chains;
  const [count, dimension] = position.shape;
  return {
    position: position.reshape([count, 1, dimension]),
    logDensity: logDensity.reshape([count, 1]),
  };
}
