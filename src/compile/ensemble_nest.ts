/**
 * Programs of one chain as loop nests that run them for a group of chains: a step repeated many times, or a
 * function applied once. Printers make code of them.
 *
 * @module
 */
import { inputTypes, outputTypes, type Program, type ValueType } from "../tensor/program.ts";
import { sizeOf } from "../tensor/shape.ts";
import { type Block, blockOf, Memory } from "./layout.ts";
import { lower } from "./lower.ts";
import type { Machine } from "./machine.ts";
import type { Nest } from "./nest.ts";
import { NestBuilder } from "./nest_builder.ts";
import { threefry } from "./threefry.ts";
import { apart, inMemory, shared, small, type Target, type Value, write } from "./value.ts";

/** A value that all chains share, in memory. */
export interface SharedSlot extends ValueType {
  /** Where it lies. */
  readonly address: number;
}

/** The arguments of a step's nest, in this order. */
export const STEP_ARGUMENTS = [
  "block",
  "firstStep",
  "kept",
  "thin",
  "draws",
  "drawStride",
] as const;

/** The arguments of a function's nest, in this order. */
export const MAP_ARGUMENTS = ["inputs", "outputs"] as const;

/** A step as a nest: it runs `kept` times `thin` steps, and writes a draw after each `thin`. */
export interface StepNest {
  /** The nest, with the {@linkcode STEP_ARGUMENTS}. */
  readonly nest: Nest;
  /** Where its memory holds what. */
  readonly memory: Memory;
  /** Where to put what all chains share. */
  readonly shared: readonly SharedSlot[];
  /** The block of a group: the numbers of its chains (u32), then the leaves of the state. */
  readonly block: Block;
  /** What is written for each kept draw. */
  readonly draws: Block;
  /** Where the two words of the run's key go. */
  readonly key: number;
}

/** A function as a nest. */
export interface MapNest {
  /** The nest, with the {@linkcode MAP_ARGUMENTS}. */
  readonly nest: Nest;
  /** Where its memory holds what. */
  readonly memory: Memory;
  /** Where to put what all chains share. */
  readonly shared: readonly SharedSlot[];
  /** The block of a group's inputs. */
  readonly inputs: Block;
  /** The block of a group's outputs. */
  readonly outputs: Block;
}

const KEY: ValueType = { dtype: "u32", shape: [2] };
const SCALAR_WORD: ValueType = { dtype: "u32", shape: [] };

function placeShared(target: Target, types: readonly ValueType[]): {
  readonly slots: SharedSlot[];
  readonly values: Value[];
} {
  const slots = types.map((type) => ({
    ...type,
    address: target.memory.reserveShared(
      sizeOf(type.shape) * (type.dtype === "f64" ? target.nest.format.bytes : 4),
    ),
  }));
  return { slots, values: slots.map((slot) => shared(target, slot, slot.address)) };
}

function readBlock(target: Target, block: Block, base: number): Value[] {
  return block.slots.map((slot) => inMemory(target, slot, base, slot.offset));
}

/**
 * Writes a step `(state…, shared…, key) → state…` as a nest.
 *
 * Chain c in step s of a run with key k draws its random numbers from the key
 * foldIn(foldIn(k, c), s), so that they depend neither on the other chains nor on how the run is cut
 * into calls.
 *
 * @param program The step; all its inputs but the first `leaves` and the last are shared.
 * @param leaves How many leaves the state has.
 * @param record Which leaves are written for each kept draw.
 * @param machine What it is for.
 * @returns The nest.
 */
export function stepNest(
  program: Program,
  leaves: number,
  record: readonly number[],
  machine: Machine,
): StepNest {
  const types = inputTypes(program);
  const stateTypes = types.slice(0, leaves);
  const memory = new Memory(machine);
  const nest = new NestBuilder(machine);
  const target: Target = { nest, memory };
  const [blockBase, firstStep, kept, thin, drawsBase, drawStride] = STEP_ARGUMENTS.map((_, n) =>
    nest.emit("argument", "index", [], n)
  );

  const block = blockOf([SCALAR_WORD, ...stateTypes], machine);
  const draws = blockOf(record.map((leaf) => stateTypes[leaf]), machine);
  const { slots, values: sharedValues } = placeShared(target, [...types.slice(leaves, -1), KEY]);
  const runKey = sharedValues.at(-1) as Value;
  const parameters = sharedValues.slice(0, -1);
  const [chain, ...state] = readBlock(target, block, blockBase);
  const zero = nest.word(0);
  const [chainKey] = threefry(nest, runKey.elements as number[], [[zero, chain.element([])]]);

  // Small leaves are carried as values; large ones live in the block and are rewritten there.
  const carried = state.flatMap(({ elements }) => elements ?? []);
  const assemble = (scalars: readonly number[]): Value[] => {
    let next = 0;
    return state.map((value, i) => {
      const slot = block.slots[i + 1];
      if (value.elements === undefined) return inMemory(target, slot, blockBase, slot.offset);
      next += value.elements.length;
      return small(target, slot, scalars.slice(next - value.elements.length, next));
    });
  };
  const writeLarge = (values: readonly Value[]): void =>
    values.forEach((value, i) => {
      if (value.elements === undefined) write(target, value, blockBase, block.slots[i + 1].offset);
    });
  const step = (number: number, scalars: readonly number[]): number[] => {
    const word = nest.emit("indexToWord", "u32", [number]);
    const [words] = threefry(nest, chainKey, [[zero, word]]);
    const inputs = [...assemble(scalars), ...parameters, small(target, KEY, words)];
    const next = lower(target, program, inputs);
    writeLarge(next.map((value) => value.elements === undefined ? apart(target, value) : value));
    return next.flatMap(({ elements }) => elements ?? []);
  };
  const last = nest.loop(kept, carried, (draw, atDraw) => {
    const start = nest.addIndex(firstStep, nest.multiplyIndex(draw, thin));
    const after = nest.loop(thin, atDraw, (turn, now) => step(nest.addIndex(start, turn), now));
    const place = nest.addIndex(drawsBase, nest.multiplyIndex(draw, drawStride));
    const values = assemble(after);
    record.forEach((leaf, i) => write(target, values[leaf], place, draws.slots[i].offset));
    return after;
  });
  assemble(last).forEach((value, i) => {
    if (value.elements !== undefined) {
      write(target, value, blockBase, block.slots[i + 1].offset);
    }
  });
  return {
    nest: nest.finish(),
    memory,
    shared: slots.slice(0, -1),
    key: (slots.at(-1) as SharedSlot).address,
    block,
    draws,
  };
}

/**
 * Writes a function `(own…, shared…) → results…` as a nest.
 *
 * @param program The function.
 * @param own How many of its inputs each chain has for itself; the others are shared.
 * @param machine What it is for.
 * @returns The nest.
 */
export function mapNest(program: Program, own: number, machine: Machine): MapNest {
  const types = inputTypes(program);
  const memory = new Memory(machine);
  const nest = new NestBuilder(machine);
  const target: Target = { nest, memory };
  const [from, to] = MAP_ARGUMENTS.map((_, n) => nest.emit("argument", "index", [], n));
  const inputs = blockOf(types.slice(0, own), machine);
  const outputs = blockOf(outputTypes(program), machine);
  const { slots, values } = placeShared(target, types.slice(own));
  lower(target, program, [...readBlock(target, inputs, from), ...values])
    .forEach((value, i) => write(target, value, to, outputs.slots[i].offset));
  return { nest: nest.finish(), memory, shared: slots, inputs, outputs };
}
