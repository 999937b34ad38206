/**
 * Compiled programs in this thread: a WebAssembly instance for each, called in short slices, so that
 * the event loop and an abort signal get their turn.
 *
 * @module
 */
import { type CompiledStep, compileMap, compileStep } from "../compile/ensemble.ts";
import type { Precision } from "../tensor/precision.ts";
import { inputTypes, type Program, type ValueType } from "../tensor/program.ts";
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
import { chainsOf, checkRun, checkStep } from "./checks.ts";
import type { Device, MapRunner, RunOptions, StepResult, StepRunner } from "./device.ts";
import { pausesOf } from "./pause.ts";

/** Long enough that a slice's overhead does not show, short enough for progress and abort. */
const SLICE_MILLISECONDS = 4;
/** A slice is at most so much longer than the last, since a browser's clock may say 0 for a short one. */
const MOST_GROWTH = 8;
/** A slice's steps fit the 32 bits of an argument with room to spare. */
const MOST_STEPS = 1 << 24;
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

class InlineStep implements StepRunner {
  readonly #compiled: CompiledStep;
  readonly #types: readonly ValueType[];
  #instance: Promise<Instance> | undefined;
  /** What the blocks in memory hold, so that it need not be written again. */
  #resident: readonly Tensor[] = [];
  #busy: Promise<unknown> = Promise.resolve();
  /** How many steps of one group fit a slice, as far as known. */
  #perSlice = 1;

  constructor(
    program: Program,
    leaves: number,
    record: readonly number[],
    precision: Precision,
  ) {
    checkStep(program, leaves);
    this.#types = inputTypes(program).slice(0, -1);
    this.#compiled = compileStep(program, leaves, record, precision);
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
    const { steps, thin = steps + 1, firstStep = 0, signal } = options;
    const { block, draws: layout, free } = this.#compiled;
    const chains = chainsOf(this.#types, state, shared);
    this.#instance ??= instantiate(this.#compiled.bytes);
    const { memory, run } = await this.#instance;
    const pauses = pausesOf(signal);
    const groups = groupsOf(chains, block);
    const drawsBase = free + groups * block.bytes;
    const drawStride = groups * layout.bytes;
    const mostKept = Math.max(1, Math.floor(DRAW_BYTES / Math.max(drawStride, 1)));
    ensureMemory(memory, drawsBase + mostKept * drawStride);
    this.#write(memory, chains, state, shared, key);

    const kept = Math.floor(steps / thin);
    const out = layout.slots.map(({ dtype, shape }) =>
      allocate(dtype, chains * kept * sizeOf(shape))
    );
    const read = (from: number, draws: number): void => {
      for (let d = 0; d < draws; d++) {
        layout.slots.forEach((slot, k) => {
          const size = sizeOf(slot.shape);
          const base = drawsBase + d * drawStride;
          readSlot(memory, base, layout, slot, chains, out[k], kept * size, (from + d) * size);
        });
      }
    };
    for (let at = 0; at < steps;) {
      const perSlice = this.#perSlice;
      const missing = thin - at % thin;
      const whole = missing === thin && perSlice >= thin && at + thin <= steps;
      // Either some draws, each after `thin` steps, or a part of the steps to the next draw.
      const draws = whole
        ? Math.min(Math.floor(perSlice / thin), Math.floor((steps - at) / thin), mostKept)
        : 1;
      const apart = whole ? thin : Math.min(perSlice, missing, steps - at);
      let milliseconds = 0;
      for (let group = 0; group < groups; group++) {
        const start = performance.now();
        run(
          free + group * block.bytes,
          firstStep + at,
          draws,
          apart,
          drawsBase + group * layout.bytes,
          drawStride,
        );
        milliseconds += performance.now() - start;
        if (pauses.due()) await pauses.take();
      }
      const taken = draws * apart;
      const fitting = Math.floor(
        SLICE_MILLISECONDS * groups * taken / Math.max(milliseconds, 1e-3),
      );
      this.#perSlice = Math.max(1, Math.min(fitting, MOST_GROWTH * taken, MOST_STEPS));
      at += taken;
      if (at % thin === 0) read(at / thin - draws, draws);
    }
    const [, ...next] = readBlocks(memory, free, block, chains);
    this.#resident = next;
    return {
      state: next,
      draws: layout.slots.map(({ dtype, shape }, k) =>
        fromArray({ dtype, shape: [chains, kept, ...shape], data: out[k] })
      ),
    };
  }

  #write(
    memory: WebAssembly.Memory,
    chains: number,
    state: readonly Tensor[],
    shared: readonly Tensor[],
    key: Key,
  ): void {
    writeShared(memory, this.#compiled, shared);
    new Uint32Array(memory.buffer, this.#compiled.key, 2).set(key.data);
    if (!state.every((leaf, i) => leaf === this.#resident[i])) {
      const numbers = words(Uint32Array.from({ length: chains }, (_, i) => i));
      writeBlocks(memory, this.#compiled.free, this.#compiled.block, [numbers, ...state]);
    }
    this.#resident = [];
  }
}

function map(program: Program, own: number, precision: Precision): MapRunner {
  const compiled = compileMap(program, own, precision);
  const types = inputTypes(program);
  let instance: Promise<Instance> | undefined;
  return {
    async run(inputs: readonly Tensor[], shared: readonly Tensor[]): Promise<readonly Tensor[]> {
      const points = chainsOf(types, inputs, shared);
      instance ??= instantiate(compiled.bytes);
      const { memory, run } = await instance;
      const groups = groupsOf(points, compiled.inputs);
      const outputs = compiled.free + groups * compiled.inputs.bytes;
      ensureMemory(memory, outputs + groups * compiled.outputs.bytes);
      writeShared(memory, compiled, shared);
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

/** Runs compiled programs in this thread, with floats of a precision. */
function wasmDeviceOf(precision: Precision): Device {
  return {
    name: "wasm",
    precision,
    step: (program, leaves, record) => new InlineStep(program, leaves, record, precision),
    map: (program, own) => map(program, own, precision),
  };
}

/** Runs compiled programs in this thread. */
export const wasmDevice: Device = wasmDeviceOf("f64");

/** The same in single precision: four chains to a vector instead of two. */
export const wasmSingleDevice: Device = wasmDeviceOf("f32");
