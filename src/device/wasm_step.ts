/**
 * A compiled step: run in this thread in short slices, or shared among workers. Chains do not know of
 * each other, so that the result is the same to the bit.
 *
 * @module
 */
import { type CompiledStep, compileStep } from "../compile/ensemble.ts";
import { groupOf } from "../compile/layout.ts";
import type { ArrayData, Program, ValueType } from "../tensor/program.ts";
import { inputTypes } from "../tensor/program.ts";
import type { Key } from "../tensor/random.ts";
import { allocate, sizeOf } from "../tensor/shape.ts";
import { fromArray, type Tensor, words } from "../tensor/tensor.ts";
import {
  type Bytes,
  copyOf,
  copyShared,
  ensureMemory,
  groupsOf,
  readBlocks,
  readSlot,
  writeBlocks,
  writeShared,
} from "./blocks.ts";
import { chainsOf, checkRun, checkStep } from "./checks.ts";
import type { RunOptions, StepResult, StepRunner } from "./device.ts";
import { type Instance, instantiate } from "./instance.ts";
import { pausesOf } from "./pause.ts";
import { isWorth, type Share, sharesOf } from "./share.ts";
import { type SlicePlan, slices } from "./slices.ts";
import { NoWorkers, type WorkerPool } from "./worker_pool.ts";
import type { Answer } from "./worker_script.ts";
import type { WasmHow } from "./share.ts";

/** Long enough that a slice's overhead does not show, short enough for progress and abort. */
const SLICE_MILLISECONDS = 4;
/** Draws of a slice are read out of memory before it holds more than this. */
const DRAW_BYTES = 4 << 20;
/** A first step is tried again and again until it shows on the clock, which in browsers is coarse. */
const TRIAL_MILLISECONDS = 0.3;
const MOST_TRIED = 1024;
/** After so much work in this thread, workers are started to be there for what follows. */
const START_AFTER_MILLISECONDS = 100;

/** One run: what it needs to know of itself. */
interface Job {
  readonly chains: number;
  readonly steps: number;
  readonly thin: number;
  readonly firstStep: number;
  readonly signal: AbortSignal | undefined;
  /** The draws of each recorded leaf, chains × kept × shape. */
  readonly out: readonly ArrayData[];
}

/** A step of one chain, compiled for many. */
export class WasmStep implements StepRunner {
  readonly #compiled: CompiledStep;
  readonly #types: readonly ValueType[];
  readonly #pool: WorkerPool | undefined;
  #instance: Promise<Instance> | undefined;
  /** What the blocks in memory hold, so that it need not be written again. */
  #resident: readonly Tensor[] = [];
  /** The number of the first chain there. */
  #firstChain = 0;
  #busy: Promise<unknown> = Promise.resolve();
  /** How many steps of one group fit a slice, as far as known. */
  #perSlice = 1;
  /** What a step of one group takes, as far as known. */
  #groupMilliseconds: number | undefined;
  #spentHere = 0;

  /**
   * @param program The step.
   * @param leaves How many of its inputs are the state.
   * @param record Which leaves make a draw.
   * @param how What floats are, and workers to share the chains among.
   */
  constructor(
    program: Program,
    leaves: number,
    record: readonly number[],
    { precision, pool }: WasmHow = {},
  ) {
    checkStep(program, leaves);
    this.#types = inputTypes(program).slice(0, -1);
    this.#compiled = compileStep(program, leaves, record, precision);
    // Functions of the host are in this thread alone.
    this.#pool = this.#compiled.callees.length === 0 ? pool : undefined;
  }

  run(
    state: readonly Tensor[],
    shared: readonly Tensor[],
    key: Key,
    options: RunOptions,
  ): Promise<StepResult> {
    // One at a time: the memory is shared by all runs of this runner.
    const result = this.#busy.then(() => this.#run(state, shared, key, options));
    this.#busy = result.catch(() => {});
    return result;
  }

  async #run(
    state: readonly Tensor[],
    shared: readonly Tensor[],
    key: Key,
    options: RunOptions,
  ): Promise<StepResult> {
    checkRun(options);
    const { steps, thin = steps + 1, firstStep = 0, firstChain = 0, signal } = options;
    const { block, draws: layout, free } = this.#compiled;
    const chains = chainsOf(this.#types, state, shared);
    signal?.throwIfAborted();
    this.#instance ??= instantiate(this.#compiled);
    const instance = await this.#instance;
    const { memory } = instance;
    const kept = Math.floor(steps / thin);
    const out = layout.slots.map(({ dtype, shape }) =>
      allocate(dtype, chains * kept * sizeOf(shape))
    );
    const job = { chains, steps, thin, firstStep, signal, out };
    ensureMemory(memory, this.#planOf(job, groupsOf(chains, this.#compiled.block)).memoryBytes);
    this.#write(memory, { chains, firstChain }, state, shared, key);
    if (!await this.#inWorkers(instance, job)) await this.#here(instance, job);
    const [, ...next] = readBlocks(memory, free, block, chains);
    this.#resident = next;
    return {
      state: next,
      draws: layout.slots.map(({ dtype, shape }, k) =>
        fromArray({ dtype, shape: [chains, kept, ...shape], data: out[k] })
      ),
    };
  }

  #planOf(
    { steps, thin, firstStep }: Job,
    groups: number,
  ): SlicePlan & { readonly memoryBytes: number } {
    const { block, draws: layout, free } = this.#compiled;
    const stride = groups * layout.bytes;
    const mostKept = Math.max(1, Math.floor(DRAW_BYTES / Math.max(stride, 1)));
    const draws = free + groups * block.bytes;
    return {
      blocks: free,
      blockBytes: block.bytes,
      groups,
      draws,
      drawBytes: layout.bytes,
      mostKept,
      firstStep,
      steps,
      thin,
      milliseconds: SLICE_MILLISECONDS,
      perSlice: this.#perSlice,
      memoryBytes: draws + mostKept * stride,
    };
  }

  /** Takes draws of the chains of some groups out of memory. */
  #read(
    memory: Bytes,
    base: number,
    { first, end }: Share,
    draws: { readonly from: number; readonly count: number },
    { chains, steps, thin, out }: Job,
  ): void {
    const { draws: layout } = this.#compiled;
    const stride = (end - first) * layout.bytes;
    const kept = Math.floor(steps / thin);
    const firstChain = first * groupOf(this.#compiled.precision);
    const count = Math.min(end * groupOf(this.#compiled.precision), chains) - firstChain;
    for (let d = 0; d < draws.count; d++) {
      layout.slots.forEach((slot, k) => {
        const size = sizeOf(slot.shape);
        const to = (firstChain * kept + draws.from + d) * size;
        readSlot(memory, base + d * stride, layout, slot, count, out[k], kept * size, to);
      });
    }
  }

  /** Runs all steps in this thread. */
  async #here({ memory, run, host }: Instance, job: Job): Promise<void> {
    const { chains, steps, thin, signal } = job;
    const groups = groupsOf(chains, this.#compiled.block);
    const plan = this.#planOf(job, groups);
    const pauses = pausesOf(signal);
    const calls = slices(plan);
    let spent = 0;
    let milliseconds = 0;
    for (let next = calls.next(0); !next.done; next = calls.next(milliseconds)) {
      const slice = next.value;
      if (!("call" in slice)) {
        const { at, draws: count, perSlice } = slice;
        const from = at / thin - count;
        if (count > 0) {
          this.#read(memory, plan.draws, { first: 0, end: groups }, { from, count }, job);
        }
        this.#perSlice = perSlice;
        continue;
      }
      const start = performance.now();
      if (host === undefined) run(...slice.call);
      else {
        const own = new Uint8Array(memory.buffer, slice.call[0], plan.blockBytes);
        const before = own.slice();
        await host.run(() => run(...slice.call), {
          chains: chains - slice.group * groupOf(this.#compiled.precision),
          pauses,
          signal,
          undo: () => own.set(before),
        });
      }
      milliseconds = performance.now() - start;
      spent += milliseconds;
      if (pauses.due()) await pauses.take();
    }
    this.#groupMilliseconds = spent / (groups * steps);
    this.#spentHere += spent;
    if (this.#spentHere > START_AFTER_MILLISECONDS) this.#pool?.startIfHeld();
  }

  /** What all steps would take in this thread, tried on the first group if nothing is known. */
  #expect({ memory, run }: Instance, { chains, steps, firstStep }: Job): number {
    if (this.#groupMilliseconds === undefined) {
      const { block, free } = this.#compiled;
      const first = new Uint8Array(memory.buffer, free, block.bytes);
      const before = first.slice();
      const draws = free + groupsOf(chains, this.#compiled.block) * block.bytes;
      // No step, but the function is compiled at its first call.
      run(free, firstStep, 0, 1, draws, 0);
      let tried = 1;
      let spent = 0;
      for (; spent < TRIAL_MILLISECONDS && tried < MOST_TRIED; tried *= 2) {
        const start = performance.now();
        run(free, firstStep, 1, tried, draws, 0);
        spent = performance.now() - start;
      }
      this.#groupMilliseconds = spent / (tried / 2);
      first.set(before);
    }
    return this.#groupMilliseconds * groupsOf(chains, this.#compiled.block) * steps;
  }

  /** Runs all steps in workers, if that is worth it and there are any. */
  async #inWorkers(instance: Instance, job: Job): Promise<boolean> {
    const pool = this.#pool;
    if (pool === undefined) return false;
    const expected = this.#expect(instance, job);
    if (!isWorth(pool, expected)) return false;
    const shares = sharesOf(groupsOf(job.chains, this.#compiled.block), pool.size, expected);
    if (shares.length < 2) return false;
    const end = new AbortController();
    const signal = job.signal === undefined
      ? end.signal
      : AbortSignal.any([job.signal, end.signal]);
    try {
      const answers = await Promise.all(
        shares.map((share) => this.#share(pool, instance, job, share, signal)),
      );
      // Only now that all are there: else this thread starts from where the run started.
      answers.forEach((answer, i) => this.#take(instance, job, shares[i], answer));
      const all = answers.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
      this.#groupMilliseconds = all / (groupsOf(job.chains, this.#compiled.block) * job.steps);
      return true;
    } catch (error) {
      // The other shares are of no use any more.
      end.abort(error);
      if (error instanceof NoWorkers) return false;
      throw error;
    }
  }

  #share(
    pool: WorkerPool,
    { module, memory }: Instance,
    job: Job,
    { first, end }: Share,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { block, free, key } = this.#compiled;
    const { memoryBytes, ...plan } = this.#planOf(job, end - first);
    const from = free + first * block.bytes;
    const placed = [
      ...copyShared(memory, this.#compiled),
      { address: key, bytes: copyOf(memory, key, 8) },
      { address: free, bytes: copyOf(memory, from, plan.groups * block.bytes) },
    ];
    const callMilliseconds = this.#groupMilliseconds ?? 0;
    return pool.run(module, { placed, memoryBytes, plan }, { signal, callMilliseconds });
  }

  /** Puts what a worker gave back in its place. */
  #take({ memory }: Instance, job: Job, share: Share, { blocks, draws }: Answer): void {
    const { block, free } = this.#compiled;
    new Uint8Array(memory.buffer).set(blocks, free + share.first * block.bytes);
    const count = Math.floor(job.steps / job.thin);
    this.#read(draws, 0, share, { from: 0, count }, job);
  }

  #write(
    memory: WebAssembly.Memory,
    { chains, firstChain }: { readonly chains: number; readonly firstChain: number },
    state: readonly Tensor[],
    shared: readonly Tensor[],
    key: Key,
  ): void {
    writeShared(memory, this.#compiled, shared);
    new Uint32Array(memory.buffer, this.#compiled.key, 2).set(key.data);
    const there = firstChain === this.#firstChain &&
      state.every((leaf, i) => leaf === this.#resident[i]);
    if (!there) {
      const numbers = words(Uint32Array.from({ length: chains }, (_, i) => firstChain + i));
      writeBlocks(memory, this.#compiled.free, this.#compiled.block, [numbers, ...state]);
    }
    this.#resident = [];
    this.#firstChain = firstChain;
  }
}
