/**
 * From steps of one chain to steps of an ensemble: the step is traced for the form of its state,
 * compiled for a device and run for all chains.
 *
 * @module
 */
import type { Device, MapRunner, RunOptions, StepRunner } from "../device/device.ts";
import { type Key, key as makeKey } from "../tensor/random.ts";
import { sameShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { exampleOf, traceTree } from "../tensor/trace.ts";
import { leaves, mapLeaves, type Tree, withLeaves } from "../tensor/tree.ts";
import { expectForm, formText } from "./form.ts";

/**
 * The state of one chain of an ensemble state, as an example of its form.
 *
 * @throws {TypeError} If the leaves do not have one number of chains as their first axis.
 */
function oneChain<T extends Tree>(ensemble: T): T {
  const all = leaves(ensemble);
  const chains = all[0]?.value.shape[0];
  const wrong = all.find(({ value }) => value.shape.length === 0 || value.shape[0] !== chains);
  if (wrong !== undefined || chains === undefined) {
    throw new TypeError(
      `Cannot run on a state of ${
        formText(ensemble)
      }: each leaf must have the chain as its first ` +
        "axis",
    );
  }
  return mapLeaves(
    ensemble,
    ({ dtype, shape }) => exampleOf({ dtype, shape: shape.slice(1) }),
  );
}

function checkKey(key: unknown): void {
  const valid = key instanceof Tensor && key.dtype === "u32" && sameShape(key.shape, [2]);
  if (!valid) throw new TypeError(`Cannot run with the key ${key}: make one with key(seed)`);
  if (key.source.kind === "concrete") return;
  throw new TypeError(
    "Cannot run a step of an ensemble within a step of one chain: compose steps before they are " +
      "vectorized, or compose vectorized ones",
  );
}

function expectSameForm(compiled: string, chain: Tree): void {
  const given = formText(chain);
  if (given === compiled) return;
  throw new TypeError(
    `Cannot run on a state of ${given}: this was compiled for one of ${compiled}`,
  );
}

function values(tree: Tree): Tensor[] {
  return leaves(tree).map(({ value }) => value);
}

/** Draws of an ensemble: the recorded leaves by their names, each chains × draws × shape. */
export type EnsembleDraws = Readonly<Record<string, Tensor>>;

/** What running a step on an ensemble gives. */
export interface EnsembleResult<State> {
  /** The last state. */
  readonly state: State;
  /** The recorded leaves of the kept states. */
  readonly draws: EnsembleDraws;
}

/** Runs a step with shared parameters on an ensemble. */
export type EnsembleRun<State, Shared> = (
  state: State,
  shared: Shared,
  key: Key,
  options: RunOptions,
) => Promise<EnsembleResult<State>>;

/** A compiled step. */
interface Prepared {
  readonly runner: StepRunner;
  /** The form of state that it was compiled for. */
  readonly form: string;
  readonly recorded: readonly string[];
}

/**
 * Compiles a step with parameters that all chains share, for a device. It is traced and compiled at
 * its first run.
 *
 * @param step The step of one chain.
 * @param device Where it runs.
 * @param record Names of the leaves of the state that make a draw; by default the position, or all of
 * a state that has none.
 * @returns Runs the step on an ensemble, whose leaves have the chain as first axis; always of the form
 * of the first run, but of any number of chains.
 */
export function ensembleRun<State extends Tree, Shared extends Tree>(
  step: (state: State, shared: Shared, key: Key) => State,
  device: Device,
  record?: readonly string[],
): EnsembleRun<State, Shared> {
  let prepared: Prepared | undefined;
  const prepare = (form: State, shared: Shared): Prepared => {
    const { program } = traceTree(
      (state: State, parameters: Shared, key: Key) =>
        expectForm(state, step(state, parameters, key), "run this step"),
      form,
      shared,
      makeKey(0),
    );
    const names = leaves(form).map(({ name }) => name);
    const recorded = record ?? (names.includes("position") ? ["position"] : names);
    const missing = recorded.find((name) => !names.includes(name));
    if (missing !== undefined) {
      throw new RangeError(`Cannot record ${missing}: the state holds ${names.join(", ")}`);
    }
    const numbers = recorded.map((name) => names.indexOf(name));
    return {
      runner: device.step(program, names.length, numbers),
      form: formText(form),
      recorded,
    };
  };
  return async (state, shared, key, options) => {
    checkKey(key);
    const chain = oneChain(state);
    prepared ??= prepare(chain, shared);
    const { runner, form, recorded } = prepared;
    expectSameForm(form, chain);
    const result = await runner.run(values(state), values(shared), key, options);
    return {
      state: withLeaves(state, result.state),
      draws: Object.fromEntries(result.draws.map((draw, i) => [recorded[i], draw])),
    };
  };
}

/** Options of {@linkcode mapChains}. */
export interface MapChainsOptions {
  /** Where it runs. */
  readonly device: Device;
  /** Stops it. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Applies a function of one chain to all chains, as `jax.vmap` does over the first axis.
 *
 * @param f The function, in the array language.
 * @param options Where it runs.
 * @returns The function on trees whose leaves have the chain as first axis, and of a signal of that call
 * in place of the one above; traced and compiled at its first call.
 */
export function mapChains<Argument extends Tree, Result extends Tree>(
  f: (argument: Argument) => Result,
  { device, signal }: MapChainsOptions,
): (argument: Argument, own?: Pick<MapChainsOptions, "signal">) => Promise<Result> {
  let prepared:
    | { readonly runner: MapRunner; readonly from: string; readonly form: Result }
    | undefined;
  return async (argument, own = {}) => {
    const chain = oneChain(argument);
    if (prepared === undefined) {
      const { program, form } = traceTree(f, chain);
      prepared = {
        runner: device.map(program, program.inputs.length),
        from: formText(chain),
        form,
      };
    }
    expectSameForm(prepared.from, chain);
    return withLeaves(
      prepared.form,
      await prepared.runner.run(values(argument), [], { signal, ...own }),
    );
  };
}
