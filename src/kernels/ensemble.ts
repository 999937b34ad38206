/**
 * From steps of one chain to steps of an ensemble: the step is traced for the form of its state,
 * compiled for a device and run for all chains.
 *
 * @module
 */
import type { Device, MapRunner, RunOptions, StepRunner } from "../device/device.ts";
import { type Key, key as makeKey } from "../tensor/random.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { exampleOf, traceTree } from "../tensor/trace.ts";
import { leaves, mapLeaves, type Tree, withLeaves } from "../tensor/tree.ts";

/** The state of one chain of an ensemble state, as an example of its form. */
function oneChain<T extends Tree>(ensemble: T): T {
  return mapLeaves(
    ensemble,
    ({ dtype, shape }) => exampleOf({ dtype, shape: shape.slice(1) }),
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

/**
 * Compiles a step with parameters that all chains share, for a device. It is traced and compiled at
 * its first run.
 *
 * @param step The step of one chain.
 * @param device Where it runs.
 * @param record Names of the leaves of the state that make a draw.
 * @returns Runs the step on an ensemble, whose leaves have the chain as first axis.
 */
export function ensembleRun<State extends Tree, Shared extends Tree>(
  step: (state: State, shared: Shared, key: Key) => State,
  device: Device,
  record: readonly string[],
): EnsembleRun<State, Shared> {
  let runner: StepRunner | undefined;
  const prepare = (state: State, shared: Shared): StepRunner => {
    const form = oneChain(state);
    const { program } = traceTree(step, form, shared, makeKey(0));
    const names = leaves(form).map(({ name }) => name);
    const recorded = record.map((name) => {
      const leaf = names.indexOf(name);
      if (leaf < 0) {
        throw new RangeError(
          `Cannot record ${name}: the state holds ${names.join(", ")}`,
        );
      }
      return leaf;
    });
    return device.step(program, names.length, recorded);
  };
  return async (state, shared, key, options) => {
    runner ??= prepare(state, shared);
    const result = await runner.run(values(state), values(shared), key, options);
    return {
      state: withLeaves(state, result.state),
      draws: Object.fromEntries(result.draws.map((draw, i) => [record[i], draw])),
    };
  };
}

/** Options of {@linkcode mapChains}. */
export interface MapChainsOptions {
  /** Where it runs. */
  readonly device: Device;
}

/**
 * Applies a function of one chain to all chains, as `jax.vmap` does over the first axis.
 *
 * @param f The function, in the array language.
 * @param options Where it runs.
 * @returns The function on trees whose leaves have the chain as first axis; traced and compiled at its
 * first call.
 */
export function mapChains<Argument extends Tree, Result extends Tree>(
  f: (argument: Argument) => Result,
  { device }: MapChainsOptions,
): (argument: Argument) => Promise<Result> {
  let prepared: { readonly runner: MapRunner; readonly form: Result } | undefined;
  return async (argument) => {
    if (prepared === undefined) {
      const { program, form } = traceTree(f, oneChain(argument));
      prepared = { runner: device.map(program, program.inputs.length), form };
    }
    return withLeaves(prepared.form, await prepared.runner.run(values(argument), []));
  };
}
