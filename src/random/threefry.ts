/**
 * Threefry-2x32 with 20 rounds: a keyed bijection of 64 bits whose outputs are
 * the only source of randomness in this library.
 *
 * Source: Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as
 * 1, 2, 3", SC 2011.
 *
 * @module
 */

/** Rotation distances of the eight distinct rounds (Salmon et al. 2011, table 2). */
export const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;

/** Parity word of the key schedule (Threefish's C240, its low 32 bits). */
export const PARITY = 0x1bd11bda;

/** Groups of four rounds; after each one the next key words are injected. */
export const ROUND_GROUPS = 5;

/** Two unsigned 32-bit words. */
export type WordPair = readonly [number, number];

/**
 * Encrypts the counter `(x0, x1)` under the key `(k0, k1)`.
 *
 * @param k0 First key word.
 * @param k1 Second key word.
 * @param x0 First counter word.
 * @param x1 Second counter word.
 * @returns Two unsigned 32-bit words.
 */
export function threefry2x32(k0: number, k1: number, x0: number, x1: number): WordPair {
  const out = new Uint32Array(2);
  threefryInto(out, 0, k0, k1, x0, x1);
  return [out[0], out[1]];
}

/**
 * Writes the two words of {@linkcode threefry2x32} to `out[at]` and `out[at + 1]`.
 *
 * @param out Where to write.
 * @param at Index of the first word.
 * @param k0 First key word.
 * @param k1 Second key word.
 * @param x0 First counter word.
 * @param x1 Second counter word.
 */
export function threefryInto(
  out: Uint32Array,
  at: number,
  k0: number,
  k1: number,
  x0: number,
  x1: number,
): void {
  const schedule = [k0 | 0, k1 | 0, k0 ^ k1 ^ PARITY];
  let a = (x0 + schedule[0]) | 0;
  let b = (x1 + schedule[1]) | 0;
  for (let group = 0; group < ROUND_GROUPS; group++) {
    for (let round = 0; round < 4; round++) {
      const distance = ROTATIONS[(group % 2) * 4 + round];
      a = (a + b) | 0;
      b = a ^ ((b << distance) | (b >>> (32 - distance)));
    }
    a = (a + schedule[(group + 1) % 3]) | 0;
    b = (b + schedule[(group + 2) % 3] + group + 1) | 0;
  }
  out[at] = a;
  out[at + 1] = b;
}
