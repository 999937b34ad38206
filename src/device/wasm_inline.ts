/**
 * Compiled programs in this thread: a WebAssembly instance for each, called in short slices, so that
 * the event loop and an abort signal get their turn.
 *
 * @module
 */
import { type CompiledStep, compileMap, compileStep } from "../compile/ensemble.ts";
import type { Program } from "../tensor/program.ts";
import type { Key } from "../tensor/random.ts";
import { allocate, sizeOf } from "../tensor/shape.ts";
import { fromArray, type Tensor, words } from "../tensor/tensor.ts";
import {
  ensureMemory,
  groupsOf,
  readBlocks,
  readSlot,
  writeBlocks,
  writeShared,
} from "./blocks.ts";
import type { Device, MapRunner, RunOptions, StepResult, StepRunner } from "./device.ts";

/** Long enough that a slice's overhead does not show, short enough for progress and abort. */
const SLICE_MILLISECONDS = 4;
/** After so long without a pause, other tasks of the event loop get their turn. */
const PAUSE_MILLISECONDS = 30;
/** Draws of a slice are read out of memory before it holds more than this. */
const DRAW_BYTES = 4 << 20;

type Run = (...values: number[]) => void;

interface Instance {
  readonly memory: WebAssembly.Memory;
  readonly run: Run;
}

async function instantiate(bytes: Uint8Array<ArrayBuffer>): Promise<Instance> {
  // Asynchronous, since browsers forbid a synchronous compilation of this size on a main thread.
  const { instance } = await WebAssembly.instantiate(bytes);
  return {
    memory: instance.exports["memory"] as WebAssembly.Memory,
    run: instance.exports["run"] as Run,
  };
}

/** Lets other tasks of the event loop run. */
function pause(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    resolve();
  };
  port2.postMessage(undefined);
  return promise;
}

class InlineStep implements StepRunner {
  readonly #compiled: CompiledStep;
  readonly #record: readonly number[];
  #instance: Promise<Instance> | undefined;
  /** What the blocks in memory hold, so that it need not be written again. */
  #resident: readonly Tensor[] = [];
  #busy: Promise<unknown> = Promise.resolve();

  constructor(compiled: CompiledStep, record: readonly number[]) {
    this.#compiled = compiled;
    this.#record = record;
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
    { steps, thin, firstStep = 0, signal }: RunOptions,
  ): Promise<StepResult> {
    const { block, draws: layout, free, key: keyAddress } = this.#compiled;
    this.#instance ??= instantiate(this.#compiled.bytes);
    const { memory, run } = await this.#instance;
    const chains = state[0].shape[0];
    const groups = groupsOf(chains);
    const drawsBase = free + groups * block.bytes;
    const drawStride = groups * layout.bytes;
    const mostKept = Math.max(1, Math.floor(DRAW_BYTES / Math.max(drawStride, 1)));
    ensureMemory(memory, drawsBase + mostKept * drawStride);
    writeShared(memory, this.#compiled.shared, shared);
    new Uint32Array(memory.buffer, keyAddress, 2).set(key.data);
    if (!state.every((leaf, i) => leaf === this.#resident[i])) {
      const numbers = words(Uint32Array.from({ length: chains }, (_, i) => i));
      writeBlocks(memory, free, block, [numbers, ...state]);
    }
    this.#resident = [];

    const kept = thin === undefined ? 0 : Math.floor(steps / thin);
    const out = this.#record.map((_, k) =>
      allocate(layout.slots[k].dtype, chains * kept * sizeOf(layout.slots[k].shape))
    );
    let paused = performance.now();
    let perSlice = 1;
    const slice = async (from: number, draws: number, apart: number): Promise<void> => {
      const start = performance.now();
      for (let group = 0; group < groups; group++) {
        run(
          free + group * block.bytes,
          firstStep + from,
          draws,
          apart,
          drawsBase + group * layout.bytes,
          drawStride,
        );
        if (performance.now() - paused > PAUSE_MILLISECONDS) {
          await pause();
          paused = performance.now();
          signal?.throwIfAborted();
        }
      }
      const each = (performance.now() - start) / draws;
      perSlice = Math.max(1, Math.floor(SLICE_MILLISECONDS * groups / Math.max(each, 1e-3)));
    };
    for (let at = 0; at < kept;) {
      signal?.throwIfAborted();
      const draws = Math.min(kept - at, perSlice, mostKept);
      await slice(at * (thin ?? 1), draws, thin ?? 1);
      for (let d = 0; d < draws; d++) {
        layout.slots.forEach((slot, k) => {
          const size = sizeOf(slot.shape);
          const base = drawsBase + d * drawStride;
          readSlot(memory, base, layout, slot, chains, out[k], kept * size, (at + d) * size);
        });
      }
      at += draws;
    }
    const rest = steps - kept * (thin ?? 1);
    for (let at = 0; at < rest;) {
      signal?.throwIfAborted();
      // What is not kept runs as one draw of many steps, whose record nobody reads.
      const turns = Math.min(rest - at, perSlice);
      const start = performance.now();
      await slice(kept * (thin ?? 1) + at, 1, turns);
      const each = (performance.now() - start) / turns;
      perSlice = Math.max(1, Math.floor(SLICE_MILLISECONDS * groups / Math.max(each, 1e-3)));
      at += turns;
    }
    const [, ...next] = readBlocks(memory, free, block, chains);
    this.#resident = next;
    return {
      state: next,
      draws: this.#record.map((_, k) => {
        const { dtype, shape } = layout.slots[k];
        return fromArray({ dtype, shape: [chains, kept, ...shape], data: out[k] });
      }),
    };
  }
}

function map(program: Program, own: number): MapRunner {
  const compiled = compileMap(program, own);
  let instance: Promise<Instance> | undefined;
  return {
    async run(inputs: readonly Tensor[], shared: readonly Tensor[]): Promise<readonly Tensor[]> {
      instance ??= instantiate(compiled.bytes);
      const { memory, run } = await instance;
      const points = inputs[0].shape[0];
      const groups = groupsOf(points);
      const outputs = compiled.free + groups * compiled.inputs.bytes;
      ensureMemory(memory, outputs + groups * compiled.outputs.bytes);
      writeShared(memory, compiled.shared, shared);
      writeBlocks(memory, compiled.free, compiled.inputs, inputs);
      for (let group = 0; group < groups; group++) {
        run(
          compiled.free + group * compiled.inputs.bytes,
          outputs + group * compiled.outputs.bytes,
        );
      }
      return readBlocks(memory, outputs, compiled.outputs, points);
    },
  };
}

/** Runs compiled programs in this thread. */
export const wasmDevice: Device = {
  name: "wasm",
  step: (program, leaves, record) => new InlineStep(compileStep(program, leaves, record), record),
  map,
};
