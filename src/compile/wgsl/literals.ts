/**
 * Numbers as WGSL.
 *
 * @module
 */

const scratch = new Float32Array(1);
const scratchWord = new Uint32Array(scratch.buffer);

/** Least positive normal number of 32 bits. */
const LEAST_NORMAL = 2 ** -126;

/** A word as a literal. */
export function wordText(word: number): string {
  return `${word >>> 0}u`;
}

/**
 * A float as an expression. What WGSL has no literal for is put together from its bits and a word `nothing`
 * that is 0 where the code runs, and of which its compiler knows nothing: infinities and NaN, which it may
 * take for granted not to occur; 0, since it may take 0 · x for 0; −0; and subnormal numbers.
 *
 * @param value A float of 32 bits.
 * @returns Its text, and whether that is a literal.
 */
export function floatText(value: number): { readonly text: string; readonly literal: boolean } {
  const size = Math.abs(value);
  if (size >= LEAST_NORMAL && size < Infinity) {
    return { text: value < 0 ? `(${value}f)` : `${value}f`, literal: true };
  }
  scratch[0] = value;
  return {
    text: `bitcast<f32>(0x${scratchWord[0].toString(16).padStart(8, "0")}u | nothing)`,
    literal: false,
  };
}
