/**
 * What the operands of a scan stand for.
 *
 * @module
 */
import type { PrimitiveParameters } from "./program.ts";

/** The operands of a scan by what they are. */
export interface ScanParts<Operand> {
  /** The number of turns, where that is not known. */
  readonly count: Operand | undefined;
  /** What stays the same in all turns. */
  readonly captures: readonly Operand[];
  /** What is carried from turn to turn. */
  readonly carries: readonly Operand[];
  /** What is read in parts, one a turn. */
  readonly xs: readonly Operand[];
}

/**
 * Tells the operands of a scan apart.
 *
 * @typeParam Operand Anything with one entry an operand: numbers, types, tensors …
 * @param parameters The scan's parameters.
 * @param operands One entry for each of its operands.
 * @returns The same entries by what they are.
 */
export function scanParts<Operand>(
  { captures, carries, length }: PrimitiveParameters["scan"],
  operands: readonly Operand[],
): ScanParts<Operand> {
  const [count, rest] = length === undefined
    ? [operands[0], operands.slice(1)]
    : [undefined, operands];
  return {
    count,
    captures: rest.slice(0, captures),
    carries: rest.slice(captures, captures + carries),
    xs: rest.slice(captures + carries),
  };
}
