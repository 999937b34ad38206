/**
 * The public way from a step of one chain to a step of many.
 *
 * @module
 */
import { chooseDevice, type DeviceName } from "../device/choose.ts";
import type { Device, RunOptions } from "../device/device.ts";
import { type DeviceInUse, deviceInUse } from "../device/fallback.ts";
import type { Key } from "../tensor/random.ts";
import type { Tree } from "../tensor/tree.ts";
import type { Target } from "../target/target.ts";
import type { Precision } from "../tensor/functions/precision.ts";
import { type Tensor, tensor, type TensorLike } from "../tensor/tensor.ts";
import { type EnsembleResult, type EnsembleRun, ensembleRun, mapChains } from "./ensemble.ts";
import { typeText } from "./form.ts";
import type { ChainState, Kernel, Step } from "./kernel.ts";
import { expectOptions } from "../tensor/expect_options.ts";
import { valueText } from "../tensor/value_text.ts";

/** Options of {@linkcode vectorize}. */
export interface VectorizeOptions {
  /**
   * Where the step runs; `"wasm"` by default, and for `"auto"`. `"webgpu"` is a GPU, in single precision; what it
   * cannot do runs by `"wasm"`, in double precision unless `precision` says otherwise.
   */
  readonly device?: DeviceName;
  /**
   * How many workers share the chains at most; one for each core by default, and 1 is this thread
   * alone. The result has the same bits for any number. Workers start when there is enough to do, and
   * end soon after.
   */
  readonly workers?: number;
  /**
   * What floats are: `"f64"`, the default but on a GPU, or `"f32"`, four chains to a vector instead of two, for likelihoods
   * of many data. The state has seven digits then; start the chains with the same precision.
   */
  readonly precision?: Precision;
  /**
   * Names of the leaves of the state that {@linkcode EnsembleStep.collect} keeps; by default the
   * position, or all leaves of a state that has none.
   */
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
   * @throws {TypeError} If the state is not of the form of the first call, or the key is none.
   * @throws {RangeError} If there are no chains, or a number of steps is not a whole one.
   */
  (state: State, key: Key, options?: Partial<RunOptions>): Promise<State>;
  /** The same, and the recorded leaves of every `thin`-th state; of every one by default. */
  collect(state: State, key: Key, options?: Partial<RunOptions>): Promise<EnsembleResult<State>>;
  /** Where it runs: after a first call it is known whether a GPU was there, and if not, why. */
  device(): DeviceInUse;
}

function withDefaults(how: Partial<RunOptions>): RunOptions {
  expectOptions(how, ["steps", "thin", "firstStep", "firstChain", "signal"], "run a step");
  return { ...how, steps: how.steps ?? 1, thin: how.thin ?? 1 };
}

/**
 * Compiles a step of one chain into a step of an ensemble. Chain c in step s draws from
 * foldIn(foldIn(key, c), s), so that the numbers do not depend on how many chains there are. With
 * `firstStep` and `firstChain` a run may be cut into parts that give the bits of the whole.
 *
 * @param step A pure step in the array language, such as `hmc().step(target, { stepSize: 0.1 })` or a
 * composition of steps.
 * @param options Where it runs and what is kept.
 * @returns The ensemble step; it is traced and compiled at its first call, for the form of that state
 * and any number of chains.
 * @throws {TypeError} If the step is no function, or an option is unknown; at the first call, if the
 * step changes the form of the state.
 * @throws {RangeError} If there is no such device, precision or number of workers; at the first call, if a leaf to record is unknown.
 */
export function vectorize<State extends Tree>(
  step: Step<State>,
  options: VectorizeOptions = {},
): EnsembleStep<State> {
  if (typeof step !== "function") {
    throw new TypeError(
      `Cannot vectorize ${typeof step}: give a step, such as ` +
        "mala().step(target, { stepSize: 0.1 })",
    );
  }
  expectOptions(options, ["device", "precision", "workers", "record"], "vectorize");
  const device = chooseDevice(options.device, options);
  const run = ensembleRun(
    (state: State, _: Record<string, never>, key: Key) => step(state, key),
    device,
    options.record,
  );
  return ensembleStep(run, device);
}

/** What runs a compiled step that shares nothing, as users call it. */
export function ensembleStep<State extends Tree>(
  run: EnsembleRun<State, Record<string, never>>,
  device: Device,
): EnsembleStep<State> {
  const advance = async (
    state: State,
    key: Key,
    how: Partial<RunOptions> = {},
  ): Promise<State> => {
    const { thin: _, ...all } = withDefaults(how);
    return (await run(state, {}, key, all)).state;
  };
  const collect = async (
    state: State,
    key: Key,
    how: Partial<RunOptions> = {},
  ): Promise<EnsembleResult<State>> => await run(state, {}, key, withDefaults(how));
  return Object.assign(advance, { collect, device: () => deviceInUse(device) });
}

/**
 * Starts an ensemble of chains for a kernel.
 *
 * @param target What is sampled.
 * @param kernel The kernel whose state the chains get.
 * @param options Where it runs, and how precisely.
 * @returns From positions, chains × d, to the ensemble state: each leaf has the chain as first axis.
 * It throws a `TypeError` if the positions are not chains × d numbers, and a `RangeError` where the log density is NaN
 * or +∞: a chain would stay there for ever. From a density of 0 any move is accepted.
 * @throws {TypeError} If an option is unknown.
 * @throws {RangeError} If there is no such device, precision or number of workers.
 */
export function startChains<State extends ChainState & Tree>(
  target: Target,
  kernel: Kernel<State>,
  options: Pick<VectorizeOptions, "device" | "precision" | "workers"> = {},
): (position: TensorLike) => Promise<State> {
  expectOptions(options, ["device", "precision", "workers"], "start chains");
  const start = startOn(chooseDevice(options.device, options), target, kernel);
  return async (position) => {
    const state = await start(position);
    const { data } = state.logDensity;
    const stuck = data.findIndex((each: number) => !(each < Infinity));
    if (stuck < 0) return state;
    throw new RangeError(
      `Cannot start chain ${stuck}: the log density is ${data[stuck]} at ${
        valueText(state.position.at(stuck).toArray())
      }, where it would stay for ever; start elsewhere, or let the log density be -Infinity outside of the support`,
    );
  };
}

/** {@linkcode startChains} on a given device, until a signal stops it; a call may have one of its own. */
export function startOn<State extends ChainState & Tree>(
  device: Device,
  target: Target,
  kernel: Kernel<State>,
  signal?: AbortSignal,
): (position: TensorLike, own?: AbortSignal) => Promise<State> {
  const { dimension } = target;
  const start = mapChains(
    ({ position }: { readonly position: Tensor }) => kernel.init(target)(position),
    { device, signal },
  );
  return async (given, own = signal) => {
    const position = tensor(given);
    const { dtype, shape } = position;
    if (dtype === "f64" && shape.length === 2 && shape[1] === dimension) {
      return await start({ position }, { signal: own });
    }
    throw new TypeError(
      `Cannot start chains at positions ${typeText(position)}: the target has ${dimension} ` +
        `coordinates, so that they must be f64[chains, ${dimension}]`,
    );
  };
}
