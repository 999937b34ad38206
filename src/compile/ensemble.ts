/**
 * Compiles programs of one chain into WebAssembly modules that run them for groups of chains: a step
 * repeated many times in one call, or a function applied once.
 *
 * @module
 */
import type { Precision } from "../tensor/functions/precision.ts";
import type { Program } from "../tensor/program.ts";
import {
  MAP_ARGUMENTS,
  mapNest,
  type SharedSlot,
  STEP_ARGUMENTS,
  stepNest,
} from "./ensemble_nest.ts";
import type { Block, Memory } from "./layout.ts";
import { wasmMachine } from "./machine.ts";
import type { Callee, Nest } from "./nest.ts";
import { encodeModule } from "./wasm/encoder.ts";
import { printFunction } from "./wasm/printer.ts";

export type { SharedSlot };

/** A module, and where its memory holds what. */
export interface CompiledModule {
  /** The module. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where to put what all chains share. */
  readonly shared: readonly SharedSlot[];
  /** From here on memory is free for blocks. */
  readonly free: number;
  /** The functions of the host that it imports, in this order. */
  readonly callees: readonly Callee[];
  /** What floats are. */
  readonly precision: Precision;
}

/** A step, compiled as `run(block, firstStep, kept, thin, draws, drawStride)`. */
export interface CompiledStep extends CompiledModule {
  /** The block of a group: the numbers of its chains (u32), then the leaves of the state. */
  readonly block: Block;
  /** What is written for each kept draw. */
  readonly draws: Block;
  /** Where the two words of the run's key go. */
  readonly key: number;
}

/** A function, compiled as `run(inputs, outputs)`. */
export interface CompiledMap extends CompiledModule {
  /** The block of a group's inputs. */
  readonly inputs: Block;
  /** The block of a group's outputs. */
  readonly outputs: Block;
}

/** The module of a nest, and from where on its memory is free: literals come with the code. */
function moduleOf(
  nest: Nest,
  memory: Memory,
  argumentCount: number,
): Pick<CompiledModule, "bytes" | "callees" | "free"> {
  const main = printFunction("run", nest, memory, argumentCount);
  const { callees } = nest;
  const bytes = encodeModule([main], memory.segments, memory.end, callees.length);
  return { bytes, callees, free: memory.end };
}

/**
 * Compiles a step `(state…, shared…, key) → state…`.
 *
 * @param program The step; all its inputs but the first `leaves` and the last are shared.
 * @param leaves How many leaves the state has.
 * @param record Which leaves are written for each kept draw.
 * @param precision What floats are; f64 by default.
 * @returns The module.
 */
export function compileStep(
  program: Program,
  leaves: number,
  record: readonly number[],
  precision: Precision = "f64",
): CompiledStep {
  const { nest, memory, ...layout } = stepNest(program, leaves, record, wasmMachine(precision));
  return { ...layout, ...moduleOf(nest, memory, STEP_ARGUMENTS.length), precision };
}

/**
 * Compiles a function `(own…, shared…) → results…`.
 *
 * @param program The function.
 * @param own How many of its inputs each chain has for itself; the others are shared.
 * @param precision What floats are; f64 by default.
 * @returns The module.
 */
export function compileMap(
  program: Program,
  own: number,
  precision: Precision = "f64",
): CompiledMap {
  const { nest, memory, ...layout } = mapNest(program, own, wasmMachine(precision));
  return { ...layout, ...moduleOf(nest, memory, MAP_ARGUMENTS.length), precision };
}
