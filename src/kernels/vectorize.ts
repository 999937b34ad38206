/**
 * The public way from a step of one chain to a step of many.
 *
 * @module
 */
import { chooseDevice, type DeviceName } from "../device/choose.ts";
import type { Device, RunOptions } from "../device/device.ts";
import type { Key } from "../tensor/random.ts";
import type { Tree } from "../tensor/tree.ts";
import type { Target } from "../target/target.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type EnsembleResult, ensembleRun, mapChains } from "./ensemble.ts";
import type { ChainState, Kernel, Step } from "./kernel.ts";

/** Options of {@linkcode vectorize}. */
export interface VectorizeOptions {
  /** Where the step runs; the fastest that is there by default. */
  readonly device?: DeviceName;
  /** Names of the leaves of the state that {@linkcode EnsembleStep.collect} keeps; position by default. */
  readonly record?: readonly string[];
}

/** A step of all chains: from an ensemble state and a key to the next. */
export interface EnsembleStep<State> {
  /**
   * Runs the step on all chains.
   *
   * @param state The ensemble state: each leaf has the chain as first axis.
   * @param key The key of this run.
   * @param options How many steps; one by default.
   * @returns The last state.
   */
  (state: State, key: Key, options?: Partial<RunOptions>): Promise<State>;
  /** The same, and the recorded leaves of every `thin`-th state; of every one by default. */
  collect(state: State, key: Key, options?: Partial<RunOptions>): Promise<EnsembleResult<State>>;
}

/**
 * Compiles a step of one chain into a step of an ensemble. Chain c in step s draws from
 * foldIn(foldIn(key, c), s), so that the numbers do not depend on how many chains there are.
 *
 * @param step A pure step in the array language, such as `hmc().step(target, { stepSize: 0.1 })` or a
 * composition of steps.
 * @param options Where it runs and what is kept.
 * @returns The ensemble step; it is traced and compiled at its first call.
 */
export function vectorize<State extends Tree>(
  step: Step<State>,
  options: VectorizeOptions = {},
): EnsembleStep<State> {
  const run = ensembleRun(
    (state: State, _: Record<string, never>, key: Key) => step(state, key),
    chooseDevice(options.device),
    options.record ?? ["position"],
  );
  const advance = async (state: State, key: Key, how: Partial<RunOptions> = {}): Promise<State> =>
    (await run(state, {}, key, { steps: 1, ...how })).state;
  const collect = (
    state: State,
    key: Key,
    how: Partial<RunOptions> = {},
  ): Promise<EnsembleResult<State>> => run(state, {}, key, { steps: 1, thin: 1, ...how });
  return Object.assign(advance, { collect });
}

/**
 * Starts an ensemble of chains for a kernel.
 *
 * @param target What is sampled.
 * @param kernel The kernel whose state the chains get.
 * @param options Where it runs.
 * @returns From positions, chains × d, to the ensemble state: each leaf has the chain as first axis.
 */
export function startChains<State extends ChainState & Tree>(
  target: Target,
  kernel: Kernel<State>,
  options: Pick<VectorizeOptions, "device"> = {},
): (position: Tensor) => Promise<State> {
  return startOn(chooseDevice(options.device), target, kernel);
}

/** {@linkcode startChains} on a given device. */
export function startOn<State extends ChainState & Tree>(
  device: Device,
  target: Target,
  kernel: Kernel<State>,
): (position: Tensor) => Promise<State> {
  const start = mapChains(
    ({ position }: { readonly position: Tensor }) => kernel.init(target)(position),
    { device },
  );
  return (position) => start({ position });
}
