/**
 * The cycles of a run under the clock: `stop.maxSeconds` cuts off what is under way. How many cycles there
 * are is all that depends on it.
 *
 * @module
 */
import type { ChainState } from "../kernels/kernel.ts";
import type { Key } from "../tensor/random.ts";
import type { Tree } from "../tensor/tree.ts";
import { systemClock } from "./clock.ts";
import { productionCycle } from "./cycles.ts";
import { type Deadline, deadlineAt } from "./deadline.ts";
import { endMilliseconds } from "./remaining_work.ts";
import type { Phase, RunState } from "./run_state.ts";
import type { Runtime } from "./runtime.ts";
import { atProduction, type Attempts, millisecondsWith, ONE_STEP } from "./short_production.ts";
import { trainCycle } from "./train_cycle.ts";
import { warmupCycle } from "./warmup_cycle.ts";

/** A run that knows the time. */
export interface TimedRun<State extends ChainState & Tree> extends Attempts<State> {
  /** Seconds that the run has taken and that its end would take from a state. */
  seconds(state: RunState<State>): number;
  /**
   * The state after the next cycle, a function of state and key; none if the time is up before its end, so
   * that nothing is left of it. The time of cycles before production is up when there is some left for that.
   */
  cycle(state: RunState<State>, key: Key): Promise<RunState<State> | undefined>;
  /** Whether there is time for the next cycle, as far as known. */
  fits(state: RunState<State>): boolean;
}

/** So much of `maxSeconds`, and so many milliseconds, are left for what cannot be foreseen. */
const SLACK = 0.01;
const SLACK_MILLISECONDS = 5;
/** Before production so much of `maxSeconds` is left for it … */
const SHARE_OF_PRODUCTION = 0.1;
/** … or what one cycle takes, up to so much, unless it is for a single step. */
const MOST_OF_PRODUCTION = 0.25;

/** What is left for production when a cycle before it is cut off, in milliseconds. */
function productionMilliseconds<State extends ChainState & Tree>(
  runtime: Runtime<State>,
  state: RunState<State>,
  most: number,
): number {
  const after = atProduction(state);
  return Math.max(
    SHARE_OF_PRODUCTION * most,
    Math.min(MOST_OF_PRODUCTION * most, millisecondsWith(runtime, after)),
    Math.min(most, millisecondsWith(runtime, after, ONE_STEP)),
  );
}

function phaseCycle<State extends ChainState & Tree>(
  phase: Phase,
  ...[runtime, state, key]: Parameters<typeof warmupCycle<State>>
): Promise<RunState<State>> {
  switch (phase) {
    case "warmup":
      return warmupCycle(runtime, state, key);
    case "train":
      return trainCycle(runtime, state, key);
    default:
      return productionCycle(runtime, state, key);
  }
}

/**
 * Starts the time of a run.
 *
 * @param runtime The compiled plan.
 * @param started When the run began, in milliseconds of the plan's clock; now by default.
 * @returns The run.
 */
export function timedRun<State extends ChainState & Tree>(
  runtime: Runtime<State>,
  started?: number,
): TimedRun<State> {
  const { plan: { stop: { maxSeconds = Infinity }, clock = systemClock }, meter } = runtime;
  const since = started ?? clock.now();
  const most = 1000 * maxSeconds;
  const slack = most < Infinity ? SLACK * most + SLACK_MILLISECONDS : 0;
  const end = since + most - slack;
  const left = (): number => end - clock.now();
  // One for all that comes before production, one for that.
  const stages = new Map<boolean, { readonly deadline: Deadline; readonly cut: Runtime<State> }>();
  const stageOf = (
    producing: boolean,
  ): { readonly deadline: Deadline; readonly cut: Runtime<State> } => {
    const known = stages.get(producing);
    if (known !== undefined) return known;
    const deadline = deadlineAt(end, clock);
    const made = { deadline, cut: end < Infinity ? runtime.until(deadline.signal) : runtime };
    stages.set(producing, made);
    return made;
  };
  const attempt: Attempts<State>["attempt"] = async (state, work) => {
    const producing = state.phase === "production";
    const { deadline, cut } = stageOf(producing);
    const watch = deadline.watch(() =>
      producing ? endMilliseconds(runtime, state) : productionMilliseconds(runtime, state, most)
    );
    const others = meter.onMeasured;
    meter.onMeasured = watch.look;
    try {
      return await work(cut);
    } catch (error) {
      if (deadline.isCut(error)) return undefined;
      throw error;
    } finally {
      watch.end();
      meter.onMeasured = others;
    }
  };
  // A cycle that does not fit is not begun.
  const fits = (state: RunState<State>): boolean =>
    state.phase !== "production" || millisecondsWith(runtime, state) <= left();
  return {
    fits,
    seconds: (state) => (clock.now() - since + slack + endMilliseconds(runtime, state)) / 1000,
    left,
    attempt,
    cycle: async (state, key) =>
      fits(state)
        ? await attempt(state, (cut) => phaseCycle(state.phase, cut, state, key))
        : undefined,
  };
}
