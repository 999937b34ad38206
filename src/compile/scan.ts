/**
 * The code rule of the scan: one loop, whatever the number of turns.
 *
 * Small carries stay in locals, large ones have a place in memory that each turn rewrites. What is
 * stacked is written to its place once.
 *
 * @module
 */
import type { PrimitiveParameters, Program, ValueType } from "../tensor/program.ts";
import { scanParts } from "../tensor/scan_parts.ts";
import { sizeOf } from "../tensor/shape.ts";
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

/** The number of turns, an index. */
function turnsOf({ nest }: Target, count: Value | undefined, length: number | undefined): number {
  if (length !== undefined) return nest.index(length);
  const word = (count as Value).element([]);
  const { operation, immediate, uniform } = nest.at(word);
  if (!uniform) {
    throw new TypeError(
      "Cannot compile a loop whose number of turns differs between chains: it must be a constant " +
        "or a parameter that all chains share",
    );
  }
  return operation === "constantWord"
    ? nest.index(immediate)
    : nest.emit("wordToIndex", "index", [word]);
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
 * @throws {TypeError} If the number of turns differs between chains.
 */
export function scan(
  target: Target,
  operands: readonly Value[],
  { parameters, types, lower }: ScanRule,
): readonly Value[] {
  const { nest, memory } = target;
  const { body, length, reverse } = parameters;
  const { count, captures, carries, xs } = scanParts(parameters, operands);
  const turns = turnsOf(target, count, length);
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
    const next = lower(target, body, [index, ...captures, ...assemble(carried), ...parts]);
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
