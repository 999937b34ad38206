/**
 * What a run does when the device of its chains fails, or has too short floats: it goes on with the next one
 * from the last state.
 *
 * @module
 */
import type { Device } from "../device/device.ts";
import { canFallBack } from "../device/fallback.ts";
import type { ChainState } from "../kernels/kernel.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { leaves, mapLeaves, type Tree } from "../tensor/tree.ts";
import type { RunState } from "./run_state.ts";
import type { Runtime } from "./runtime.ts";
import { tooShort } from "./single_precision.ts";

/** How often the device of the chains changed. */
function changesOf({ plan: { chainDevice } }: Runtime<never>): number {
  return chainDevice !== undefined && canFallBack(chainDevice) ? chainDevice.fallbacks.length : 0;
}

/** Gives a device up for one in double precision, if there is one. */
function toDouble(device: Device | undefined, reason: string): boolean {
  return device !== undefined && device.precision === "f32" && canFallBack(device) &&
    device.fallBack({ kind: "precision", reason }, ({ precision }) => precision === "f64");
}

/**
 * Finds starts, in double precision where single precision has none.
 *
 * @param device Where chains start.
 * @param find Finds them there; it throws a `RangeError` if there are none.
 * @returns What it finds.
 * @throws {RangeError} If there are none in double precision either, or it cannot be had.
 */
export async function startsOn<Found>(
  device: Device | undefined,
  find: () => Promise<Found>,
): Promise<Found> {
  try {
    return await find();
  } catch (error) {
    const reason = "log density or gradient is not finite at the starts in single precision";
    if (!(error instanceof RangeError && toDouble(device, reason))) throw error;
    return await find();
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

/** Looks after the device of a run. */
export interface DeviceWatch<State extends ChainState & Tree> {
  /** Before the first cycle: a run that had given up single precision goes on without it. */
  resume(first: RunState<State>): void;
  /**
   * After a cycle: none if the device changed in its midst, so that it is to be done again from the state that
   * this gives; whatever the cycle came to, as nothing in it may mix two precisions.
   */
  again(before: RunState<State>): Promise<RunState<State> | undefined>;
  /** After a cycle of warm-up: the state, for a device of double precision if single is not enough. */
  fit(before: RunState<State>, after: RunState<State>): Promise<RunState<State>>;
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
  const { plan: { chainDevice, target: { names } } } = runtime;
  const changes = (): number => changesOf(runtime as unknown as Runtime<never>);
  let known = changes();
  return {
    resume: ({ tooShort: reason }) => {
      if (reason !== undefined && runtime.single() && toDouble(chainDevice, reason)) {
        known = changes();
      }
    },
    again: async (before) => {
      if (changes() === known) return undefined;
      known = changes();
      return await renewed(runtime, before);
    },
    fit: async (before, after) => {
      // Before the chains have settled, their log densities say nothing of those of draws.
      if (before.phase !== "warmup" || after.settled === undefined || !runtime.single()) {
        return after;
      }
      const { chains: { position, logDensity: single }, window: scale } = after;
      const double = await runtime.logDensity(position);
      const reason = tooShort({ single, double, scale, names });
      if (reason === undefined || !toDouble(chainDevice, reason)) return after;
      known = changes();
      return { ...await renewed(runtime, after), tooShort: reason };
    },
  };
}
