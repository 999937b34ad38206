/**
 * Long sums in single precision: in blocks, as in the interpreter.
 *
 * @module
 */
import {
  addBlock,
  BLOCK,
  blockLength,
  closeBlocks,
  noBlocks,
} from "../tensor/interpreter/blocked_sum.ts";
import type { Target } from "./value.ts";

/** Whether a sum of so many terms is added up in blocks. */
export function inBlocks({ nest }: Target, terms: number): boolean {
  return nest.format.precision === "f32" && terms > BLOCK;
}

/** What a sum runs over. */
export interface Blocked {
  /** Lengths of the reduced axes. */
  readonly lengths: readonly number[];
  /** Along which of them blocks lie; those after it have length 1. */
  readonly along: number;
}

/**
 * Adds up several sums in the same loops.
 *
 * @param target Takes the instructions.
 * @param over What the sums run over.
 * @param terms From an index along the reduced axes to the term, for each sum.
 * @returns The sums.
 */
export function blockedSums(
  { nest }: Target,
  { lengths, along }: Blocked,
  terms: readonly ((reduced: readonly number[]) => number)[],
): number[] {
  const after = lengths.slice(along + 1).map(() => nest.index(0));
  /** Carried: the rounded sums, then their rests. */
  const add = (
    carried: readonly number[],
    count: number,
    at: (i: number) => readonly number[],
  ): number[] => {
    const blocks = nest.loop(
      nest.index(count),
      terms.map(() => nest.constant(-0)),
      (i, sums) => sums.map((sum, k) => nest.add(sum, terms[k](at(i)))),
    );
    const next = blocks.map((block, k) =>
      addBlock(nest, { high: carried[k], low: carried[terms.length + k] }, block)
    );
    return [...next.map(({ high }) => high), ...next.map(({ low }) => low)];
  };
  const line = (before: readonly number[], carried: readonly number[]): number[] => {
    const length = blockLength(lengths[along]);
    const whole = Math.floor(lengths[along] / length);
    const rest = lengths[along] % length;
    const place = (from: number) => (i: number): readonly number[] => [
      ...before,
      nest.addIndex(from, i),
      ...after,
    ];
    const blocks = whole === 0 ? carried : nest.loop(
      nest.index(whole),
      carried,
      (block, sums) => add(sums, length, place(nest.scaleIndex(block, length))),
    );
    return rest === 0 ? [...blocks] : add(blocks, rest, place(nest.index(whole * length)));
  };
  const visit = (before: readonly number[], carried: readonly number[]): number[] =>
    before.length === along ? line(before, carried) : nest.loop(
      nest.index(lengths[before.length]),
      carried,
      (i, sums) => visit([...before, i], sums),
    );
  const none = noBlocks(nest);
  const totals = visit([], [...terms.map(() => none.high), ...terms.map(() => none.low)]);
  return terms.map((_, k) => closeBlocks(nest, { high: totals[k], low: totals[terms.length + k] }));
}
