/**
 * Calls from compiled programs to functions of the host.
 *
 * A program cannot stop in its midst to let the event loop have its turn, and one step may call slow
 * functions many times. So when a pause is due, the next call throws through the program; after the pause
 * the program runs again from its start, with the results that the functions gave before.
 *
 * @module
 */
import { groupOf } from "../compile/layout.ts";
import type { Precision } from "../tensor/functions/precision.ts";
import type { Callee } from "../compile/nest.ts";
import { IMPORTS } from "../compile/wasm/encoder.ts";
import { callHost } from "../tensor/host_call.ts";
import type { Pauses } from "./pause.ts";

/** Thrown through a program that is to run again after a pause. */
const INTERRUPTION: unique symbol = Symbol("interruption");

/** How a program with calls is run. */
export interface HostRun {
  /** How many chains the group has; the places of missing ones get the last one's results. */
  readonly chains: number;
  /** Pauses of the run. */
  readonly pauses: Pauses;
  /** Ends the run before the next call. */
  readonly signal: AbortSignal | undefined;
  /** Undoes what a part of the program has written, before it runs again. */
  readonly undo?: () => void;
}

/** Takes the calls of one module. */
export class HostCalls {
  /** What the module imports. */
  readonly imports: WebAssembly.Imports;
  readonly #precision: Precision;
  /** Chains in a group. */
  readonly #group: number;
  #memory: WebAssembly.Memory | undefined;
  #run: HostRun | undefined;
  /** Results of the calls of this run, in order. */
  #results = new Float64Array(1024);
  /** How many numbers of them there are, and how many were used since the program began. */
  #known = 0;
  #used = 0;
  /** Whether a function was called since the program began: each attempt gets further. */
  #advanced = false;

  /**
   * @param callees The functions that the module imports.
   * @param precision What its floats are.
   */
  constructor(callees: readonly Callee[], precision: Precision) {
    this.#precision = precision;
    this.#group = groupOf(precision);
    const functions = callees.map((callee, i) => [
      String(i),
      (from: number, to: number) => this.#call(callee, from, to),
    ]);
    this.imports = { [IMPORTS]: Object.fromEntries(functions) };
  }

  /** Sets the memory in which positions and results are. */
  attach(memory: WebAssembly.Memory): void {
    this.#memory = memory;
  }

  /**
   * Runs a program of one group to its end.
   *
   * @param program The program; it always computes the same.
   * @param run For which chains, and how it may be interrupted.
   * @throws What a function throws, or the reason of the signal.
   */
  async run(program: () => void, run: HostRun): Promise<void> {
    this.#run = run;
    this.#known = 0;
    while (!this.#attempt(program)) {
      run.undo?.();
      await run.pauses.take();
    }
  }

  /** Whether the program came to its end. */
  #attempt(program: () => void): boolean {
    this.#used = 0;
    this.#advanced = false;
    try {
      program();
      return true;
    } catch (error) {
      if (error === INTERRUPTION) return false;
      throw error;
    }
  }

  #call(callee: Callee, from: number, to: number): void {
    const { memory, run } = { memory: this.#memory, run: this.#run };
    if (memory === undefined || run === undefined) throw new Error("Cannot call outside of a run");
    const floats = this.#precision === "f64"
      ? new Float64Array(memory.buffer)
      : new Float32Array(memory.buffer);
    const [first, out] = [from, to].map((address) => address / floats.BYTES_PER_ELEMENT);
    const size = callee.output === "value" ? 1 : callee.length;
    for (let lane = 0; lane < this.#group; lane++) {
      if (lane < run.chains) {
        if (this.#used === this.#known) this.#ask(callee, floats, first + lane, size, run);
        this.#used += size;
      }
      const start = this.#used - size;
      for (let e = 0; e < size; e++) {
        floats[out + e * this.#group + lane] = this.#results[start + e];
      }
    }
  }

  /** Calls a function and keeps what it gives. */
  #ask(
    callee: Callee,
    floats: Float64Array | Float32Array,
    from: number,
    size: number,
    { pauses, signal }: HostRun,
  ): void {
    if (signal?.aborted) throw signal.reason;
    if (this.#advanced && pauses.due()) throw INTERRUPTION;
    if (this.#known + size > this.#results.length) {
      const wider = new Float64Array(2 * (this.#known + size));
      wider.set(this.#results);
      this.#results = wider;
    }
    const x = new Float64Array(callee.length);
    for (let e = 0; e < x.length; e++) x[e] = floats[from + e * this.#group];
    callHost(callee, x, this.#results, this.#known);
    this.#known += size;
    this.#advanced = true;
  }
}
