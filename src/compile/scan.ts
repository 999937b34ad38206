/**
 * The code rule of the scan: one loop, whatever the number of turns.
 *
 * Small carries stay in locals, large ones have a place in memory that each turn rewrites. What is
 * stacked is written to its place once. Where the number of turns differs between chains, the loop turns
 * as often as any chain of a group asks for, and the others keep what they have.
 *
 * @module
 */
import type { PrimitiveParameters, Program, ValueType } from "../tensor/program.ts";
import { scanParts } from "../tensor/scan_parts.ts";
import { sizeOf } from "../tensor/shape.ts";
import { chosen } from "./elementwise.ts";
import { apart, inMemory, settle, small, type Target, type Value, write } from "./value.ts";

/** What a scan is, and how its body is lowered. */
export interface ScanRule {
  /** The scan's parameters. */
  readonly parameters: PrimitiveParameters["scan"];
  /** Types of its results. */
  readonly types: readonly ValueType[];
  /** Lowers a program into a target. */
  readonly lower: (target: Target, program: Program, inputs: readonly Value[]) => Value[];
}

/** How often a loop turns. */
interface Turns {
  /** As often as any chain of the group asks for, an index. */
  readonly most: number;
  /** The number of each chain, a word; none where all ask for the same. */
  readonly each: number | undefined;
}

function turnsOf({ nest }: Target, count: Value | undefined, length: number | undefined): Turns {
  if (length !== undefined) return { most: nest.index(length), each: undefined };
  const word = (count as Value).element([]);
  const { operation, immediate, uniform } = nest.at(word);
  if (operation === "constantWord") return { most: nest.index(immediate), each: undefined };
  return uniform
    ? { most: nest.emit("wordToIndex", "index", [word]), each: undefined }
    : { most: nest.emit("largestWord", "index", [word]), each: word };
}

/** The next carries where a chain still turns, the ones before where it has done all its turns. */
function whereTurning(
  target: Target,
  turning: number | undefined,
  next: readonly Value[],
  before: readonly Value[],
): readonly Value[] {
  if (turning === undefined) return next;
  return next.map((value, i) => {
    const rule = (index: readonly number[]): number =>
      chosen(target.nest, turning, value.element(index), before[i].element(index));
    return settle(target, value, rule);
  });
}

/** One part of an array along its first axis. */
function partOf(target: Target, { dtype, shape, element }: Value, at: number): Value {
  return settle(target, { dtype, shape: shape.slice(1) }, (index) => element([at, ...index]));
}

/**
 * Writes a scan as a loop.
 *
 * @param target Takes the instructions and the memory.
 * @param operands The scan's operands.
 * @param rule The scan.
 * @returns The last carries and the stacked arrays.
 */
export function scan(
  target: Target,
  operands: readonly Value[],
  { parameters, types, lower }: ScanRule,
): readonly Value[] {
  const { nest, memory } = target;
  const { body, length, reverse } = parameters;
  const { count, captures, carries, xs } = scanParts(parameters, operands);
  const { most: turns, each } = turnsOf(target, count, length);
  const room = (type: ValueType): number =>
    memory.reserve(sizeOf(type.shape) * memory.elementBytes(type.dtype));
  const inLocals = carries.map(({ elements }) => elements !== undefined);
  const homes = carries.map((value, i) => {
    if (inLocals[i]) return 0;
    const base = room(value);
    write(target, value, nest.index(0), base);
    return base;
  });
  const stacked = types.slice(carries.length).map((type) => ({ type, base: room(type) }));
  const flat = carries.flatMap(({ elements }) => elements ?? []);
  const assemble = (scalars: readonly number[]): Value[] => {
    let next = 0;
    return carries.map((value, i) => {
      if (!inLocals[i]) return inMemory(target, value, nest.index(0), homes[i]);
      const size = sizeOf(value.shape);
      next += size;
      return small(target, value, scalars.slice(next - size, next));
    });
  };
  const after = nest.loop(turns, flat, (counter, carried) => {
    const at = reverse
      ? nest.addIndex(nest.addIndex(turns, nest.index(-1)), nest.scaleIndex(counter, -1))
      : counter;
    const word = small(target, { dtype: "u32", shape: [] }, [
      nest.emit("indexToWord", "u32", [at]),
    ]);
    const index = length === undefined ? word : { ...word, limit: length };
    const parts = xs.map((value) => partOf(target, value, at));
    const before = assemble(carried);
    const lowered = lower(target, body, [index, ...captures, ...before, ...parts]);
    const turning = each === undefined
      ? undefined
      : nest.emit("lessWord", "mask", [word.element([]), each]);
    const next = [
      ...whereTurning(target, turning, lowered.slice(0, carries.length), before),
      ...lowered.slice(carries.length),
    ];
    // All are computed before the first is written back: each may read the others' old values.
    const settled = next.slice(0, carries.length)
      .map((value, i) => inLocals[i] ? value : apart(target, value));
    next.slice(carries.length).forEach((value, i) => {
      const stride = sizeOf(value.shape) * memory.elementBytes(value.dtype);
      write(target, value, nest.scaleIndex(at, stride), stacked[i].base);
    });
    settled.forEach((value, i) => {
      if (!inLocals[i]) write(target, value, nest.index(0), homes[i]);
    });
    return settled.flatMap((value, i) => inLocals[i] ? value.elements as number[] : []);
  });
  return [
    ...assemble(after),
    ...stacked.map(({ type, base }) => inMemory(target, type, nest.index(0), base)),
  ];
}
