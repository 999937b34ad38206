/**
 * How long sums are added up in single precision, where the errors of adding term after term would grow
 * with their number: in blocks, and these with what rounding took from each addition.
 *
 * The error is then that of the sums within blocks, plus a rounding of the whole.
 *
 * Source: two-sum of Knuth, "The art of computer programming" 2, 1969; its use for sums Ogita, Rump & Oishi,
 * "Accurate sum and dot product", 2005.
 *
 * @module
 */
import type { Arithmetic } from "../functions/arithmetic.ts";
import type { Shape } from "../program.ts";

/** Up to this many terms are added one after the other: sums of no more have no blocks. */
export const BLOCK = 64;

/**
 * How many terms a block of a line has. Where a length from half of {@linkcode BLOCK} on divides the line,
 * it is taken, so that there is no shorter rest, for which code would have to be written twice; multiples
 * of 4 first, since compiled code likes to take some rows at a time.
 *
 * @param line How many terms the line has.
 * @returns The length of all its blocks but the last.
 */
export function blockLength(line: number): number {
  for (const step of [4, 1]) {
    for (let length = BLOCK; length >= BLOCK / 2; length -= step) {
      if (line % length === 0) return length;
    }
  }
  return BLOCK;
}

/**
 * The axis along which the terms of a sum come in blocks: the last reduced one that is longer than 1. A line
 * of it is cut into blocks of {@linkcode blockLength} and a shorter rest.
 */
export function blockedAxis(shape: Shape, axes: readonly number[]): number {
  return axes.findLast((axis) => shape[axis] > 1) ?? axes[0];
}

/** A sum of blocks so far: rounded, and what rounding took from it. */
export interface BlockedSum<F> {
  /** The rounded sum. */
  readonly high: F;
  /** The rest. */
  readonly low: F;
}

/** The sum of no blocks. */
export function noBlocks<F, M>(on: Arithmetic<F, M>): BlockedSum<F> {
  return { high: on.constant(0), low: on.constant(0) };
}

/** Adds a block's sum. */
export function addBlock<F, M>(
  on: Arithmetic<F, M>,
  { high, low }: BlockedSum<F>,
  block: F,
): BlockedSum<F> {
  const sum = on.rounded(on.add(high, block));
  const part = on.rounded(on.sub(sum, high));
  const lost = on.add(on.sub(high, on.sub(sum, part)), on.sub(block, part));
  return { high: sum, low: on.add(low, lost) };
}

/** The sum of all blocks. An infinite one has no rest. */
export function closeBlocks<F, M>(on: Arithmetic<F, M>, { high, low }: BlockedSum<F>): F {
  return on.select(on.equal(low, low), on.add(high, low), high);
}
