/**
 * Where compiled programs run. A device turns a program of one chain into a runner for many.
 *
 * Arrays over chains are tensors whose first axis is the chain.
 *
 * @module
 */
import type { Precision } from "../tensor/functions/precision.ts";
import type { Program } from "../tensor/program.ts";
import type { Key } from "../tensor/random.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** How often a step is run, and what is kept. */
export interface RunOptions {
  /** How many steps, at least 1. */
  readonly steps: number;
  /** Every `thin`-th state is kept as a draw; none when left out. */
  readonly thin?: number;
  /** The number of the first step, from which its random numbers follow; 0 by default. */
  readonly firstStep?: number;
  /** The number of the first chain, from which its random numbers follow, too; 0 by default. */
  readonly firstChain?: number;
  /** Stops the run between slices of a few milliseconds. */
  readonly signal?: AbortSignal | undefined;
}

/** What a run of steps gives. */
export interface StepResult {
  /** The leaves of the last state, each chains × shape. */
  readonly state: readonly Tensor[];
  /** The recorded leaves of the kept states, each chains × draws × shape. */
  readonly draws: readonly Tensor[];
}

/** Runs a step many times on many chains. */
export interface StepRunner {
  /**
   * Runs the step. Chain c in step s draws from foldIn(foldIn(key, c), s), both counted from the first.
   *
   * @param state The leaves of the state, each chains × shape.
   * @param shared What all chains share.
   * @param key The run's key.
   * @param options How often, and what is kept.
   * @returns The last state and the draws.
   */
  run(
    state: readonly Tensor[],
    shared: readonly Tensor[],
    key: Key,
    options: RunOptions,
  ): Promise<StepResult>;
}

/** How a function is applied. */
export interface MapOptions {
  /** Stops it, between points, or where it calls functions of the host. */
  readonly signal?: AbortSignal | undefined;
}

/** Applies a function to many points. */
export interface MapRunner {
  /**
   * Applies the function.
   *
   * @param own Inputs that each point has for itself, each points × shape.
   * @param shared Inputs that all share.
   * @param options What may stop it.
   * @returns The results, each points × shape.
   */
  run(
    own: readonly Tensor[],
    shared: readonly Tensor[],
    options?: MapOptions,
  ): Promise<readonly Tensor[]>;
}

/** A place where programs run. */
export interface Device {
  /** Its name, as in the option `device`. */
  readonly name: "interpreter" | "wasm" | "webgpu";
  /**
   * What the floats of programs are. Tensors hold 64 bits all the same: those of an f32 device are rounded as
   * they come in, and what comes out are numbers that 32 bits hold.
   */
  readonly precision: Precision;
  /** How many workers share long work at most; 1, this thread alone, if it does not say. */
  readonly workers?: number;
  /**
   * Prepares a step `(state…, shared…, key) → state…`.
   *
   * @param program The step.
   * @param leaves How many of its inputs are the state.
   * @param record Which leaves of the state make a draw.
   * @returns The runner.
   */
  step(program: Program, leaves: number, record: readonly number[]): StepRunner;
  /**
   * Prepares a function `(own…, shared…) → results…`.
   *
   * @param program The function.
   * @param own How many of its inputs each point has for itself.
   * @returns The runner.
   */
  map(program: Program, own: number): MapRunner;
  /**
   * Keeps ready what the device would give up between runs.
   *
   * @returns Ends the hold.
   */
  hold(): Hold;
}

/** That a device is in use. */
export interface Hold {
  /** Ends it; a second time does nothing. */
  release(): void;
}
