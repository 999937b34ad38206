/**
 * What a run does when the device of its chains fails, or has too short floats: it goes on with the next one
 * from the last state.
 *
 * @module
 */
import { canFallBack } from "../device/fallback.ts";
import type { ChainState } from "../kernels/kernel.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { leaves, mapLeaves, type Tree } from "../tensor/tree.ts";
import type { Plan } from "./plan.ts";
import type { RunState } from "./run_state.ts";
import { type Runtime, runtimeOf } from "./runtime.ts";
import { inSingle, tooShort } from "./single_precision.ts";
import { type TimedRun, timedRun } from "./timed_run.ts";

/** How often the device of the chains changed. */
function changesOf({ plan: { chainDevice } }: Runtime<never>): number {
  return chainDevice !== undefined && canFallBack(chainDevice) ? chainDevice.fallbacks.length : 0;
}

const doubles = new WeakMap<object, object>();

/**
 * The plan with its chains in double precision.
 *
 * @param plan The plan.
 * @returns The same one at each call; none if chains have that already, or the device of the plan has none in its
 * place.
 */
export function inDoublePlan<State extends ChainState & Tree, Values extends object>(
  plan: Plan<State, Values>,
): Plan<State, Values> | undefined {
  const { chainDevice } = plan;
  if (chainDevice?.precision !== "f32" || !canFallBack(chainDevice)) return undefined;
  const known = doubles.get(plan) as Plan<State, Values> | undefined;
  if (known !== undefined) return known;
  const device = chainDevice.instead(({ precision }) => precision === "f64");
  if (device === undefined) return undefined;
  const made = { ...plan, chainDevice: device };
  doubles.set(plan, made);
  return made;
}

/**
 * Begins a run, in double precision where it cannot in single precision.
 *
 * @param plan The plan.
 * @param begin Begins it; it throws a `RangeError` if there are no starts.
 * @returns The first state.
 * @throws {RangeError} If there are none in double precision either, or it cannot be had.
 */
export async function begun<State extends ChainState & Tree, Values extends object>(
  plan: Plan<State, Values>,
  begin: (plan: Plan<State, Values>) => Promise<RunState<State>>,
): Promise<RunState<State>> {
  try {
    return await begin(plan);
  } catch (error) {
    const double = error instanceof RangeError ? inDoublePlan(plan) : undefined;
    if (double === undefined) throw error;
    const tooShort = "log density or gradient is not finite at the starts in single precision";
    return { ...await begin(double), tooShort };
  }
}

/**
 * A state whose chains are where they were, with log densities and gradients of the device of now: a chain
 * must not be compared to a density that was rounded in another way. What belongs to a chain stays with it.
 *
 * @param runtime The compiled plan.
 * @param state The state.
 * @returns The state to go on from.
 */
async function renewed<State extends ChainState & Tree>(
  { plan: { local: { kept = [] } }, start }: Runtime<State>,
  state: RunState<State>,
): Promise<RunState<State>> {
  const started = await start(state.chains.position);
  const fresh = new Map(leaves(started).map(({ name, value }) => [name, value]));
  const stays = (name: string): boolean =>
    name === "acceptance" || kept.some((each) => name === each || name.startsWith(`${each}.`));
  const chains = mapLeaves(
    state.chains,
    (leaf, name) => stays(name) ? leaf : fresh.get(name) as Tensor,
  );
  return { ...state, chains };
}

/**
 * A state to go on from on the device of a plan: with log densities and gradients in its precision, should the chains
 * have moved in another.
 *
 * @param plan The plan.
 * @param state The state of an earlier run.
 * @returns The state, as it is where the precision is the same.
 */
export async function inPrecisionOf<State extends ChainState & Tree, Values extends object>(
  plan: Plan<State, Values>,
  state: RunState<State>,
): Promise<RunState<State>> {
  const used = state.tooShort === undefined ? plan : inDoublePlan(plan) ?? plan;
  const { device, chainDevice = device } = used;
  const same = (chainDevice.precision === "f32") === inSingle(state.chains.position);
  return same ? state : await renewed(runtimeOf(used), state);
}

/** Looks after the device of a run. */
export interface DeviceWatch<State extends ChainState & Tree> {
  /**
   * After a cycle: none if no device was lost in its midst; else it is to be done again from the state that this
   * gives, whatever it came to, as nothing in it may mix two precisions.
   */
  again(before: RunState<State>): Promise<RunState<State> | undefined>;
  /** After a cycle of warm-up: why single precision is not enough, if so. */
  tooShort(before: RunState<State>, after: RunState<State>): Promise<string | undefined>;
}

/**
 * Watches the device of a run's chains.
 *
 * @param runtime The compiled plan.
 * @returns The watch, from now on.
 */
export function deviceWatch<State extends ChainState & Tree>(
  runtime: Runtime<State>,
): DeviceWatch<State> {
  const changes = (): number => changesOf(runtime as unknown as Runtime<never>);
  let known = changes();
  return {
    again: async (before) => {
      if (changes() === known) return undefined;
      known = changes();
      return await renewed(runtime, before);
    },
    tooShort: async (before, after) => {
      // Before the chains have settled, and in a first window that takes them from wherever they start, their
      // log densities say nothing of those of draws.
      const underWay = after.settled === undefined ||
        before.cycleInPhase === 0 && after.phase === "warmup";
      if (before.phase !== "warmup" || underWay || !runtime.single()) return undefined;
      const { chains: { position, logDensity: single }, window: scale } = after;
      const double = await runtime.logDensity(position);
      return tooShort({ single, double, scale, names: runtime.plan.target.names });
    },
  };
}

/** How a run goes on: a compiled plan under the clock, with an eye on its device. */
export interface Stage<State extends ChainState & Tree> {
  /** The compiled plan. */
  readonly runtime: Runtime<State>;
  /** Its cycles under the clock. */
  readonly run: TimedRun<State>;
  /** What looks after its device. */
  readonly watch: DeviceWatch<State>;
}

/**
 * How a run goes on from a state: in double precision where that says so.
 *
 * @param given The compiled plan.
 * @param state The state.
 * @param since When the run began, in milliseconds of the plan's clock.
 * @returns The stage.
 */
export function stageOf<State extends ChainState & Tree>(
  given: Runtime<State>,
  { tooShort }: RunState<State>,
  since: number,
): Stage<State> {
  const double = tooShort === undefined ? undefined : inDoublePlan(given.plan);
  const runtime = double === undefined ? given : runtimeOf(double);
  return { runtime, run: timedRun(runtime, since), watch: deviceWatch(runtime) };
}

/**
 * After a cycle: how the run goes on, and from what state; in double precision from here on where single
 * precision proved too short.
 *
 * @param stage How it went so far.
 * @param before The state before the cycle.
 * @param after The state after it.
 * @param since When the run began.
 * @returns The same, or the next stage with its state.
 */
export async function judgedPrecision<State extends ChainState & Tree>(
  stage: Stage<State>,
  before: RunState<State>,
  after: RunState<State>,
  since: number,
): Promise<{ readonly stage: Stage<State>; readonly state: RunState<State> }> {
  const tooShort = await stage.watch.tooShort(before, after);
  if (tooShort === undefined || inDoublePlan(stage.runtime.plan) === undefined) {
    return { stage, state: after };
  }
  const next = stageOf(stage.runtime, { ...after, tooShort }, since);
  return { stage: next, state: { ...await renewed(next.runtime, after), tooShort } };
}
