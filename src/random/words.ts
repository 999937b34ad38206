/**
 * Keys as pairs of words, and what is derived from them: the same bits as
 * `jax.random` with the Threefry implementation in its partitionable form
 * (`jax_threefry_partitionable=True`, JAX's default since 0.5). In that form
 * the output at index `i` depends on the key and `i` alone, never on how many
 * are asked for.
 *
 * @module
 */
import { threefry2x32, threefryInto, type WordPair } from "./threefry.ts";

/** The two unsigned 32-bit words of a key. */
export type KeyWords = WordPair;

/**
 * The key of a seed, as `jax.random.PRNGKey` makes it with 64-bit types on: the high and the
 * low 32 bits of the seed's two's complement.
 *
 * @param seed An integer; a `number` up to 2^53 in size, a `bigint` up to 64 bits.
 * @returns The key's words.
 * @throws {RangeError} If the seed is not an integer or does not fit 64 bits.
 * @throws {TypeError} If it is no number.
 */
export function seedWords(seed: number | bigint): KeyWords {
  if (typeof seed !== "number" && typeof seed !== "bigint") {
    const given = typeof seed === "string" ? JSON.stringify(seed) : String(seed);
    throw new TypeError(`Cannot make a key of ${given}: give an integer, as in key(42)`);
  }
  if (typeof seed === "number" && !Number.isSafeInteger(seed)) {
    throw new RangeError(
      `Cannot make a key: the seed must be an integer of at most 53 bits, got ${seed}`,
    );
  }
  const wide = BigInt(seed);
  if (wide < -(2n ** 63n) || wide >= 2n ** 64n) {
    throw new RangeError(`Cannot make a key: the seed must fit 64 bits, got ${seed}`);
  }
  const bits = BigInt.asUintN(64, wide);
  return [Number(bits >> 32n), Number(bits & 0xffffffffn)];
}

/**
 * Splits a key into `n` independent keys.
 *
 * @param key The key.
 * @param n How many, at least 1.
 * @returns `n` keys; the `i`-th does not depend on `n`.
 */
export function splitWords(key: KeyWords, n = 2): KeyWords[] {
  return Array.from({ length: n }, (_, i) => threefry2x32(key[0], key[1], 0, i));
}

/**
 * The key of the `data`-th branch under a key.
 *
 * @param key The key.
 * @param data An unsigned 32-bit integer, for example the number of a chain or round.
 * @returns A new key.
 */
export function foldInWords(key: KeyWords, data: number): KeyWords {
  return threefry2x32(key[0], key[1], 0, data >>> 0);
}

/**
 * Uniform 32-bit words: for each counter, the exclusive or of Threefry's two outputs.
 *
 * @param key The key.
 * @param n How many words.
 * @returns `n` words.
 */
export function randomWords(key: KeyWords, n: number): Uint32Array {
  const pair = new Uint32Array(2);
  const out = new Uint32Array(n);
  for (let i = 0; i < n; i++) {
    threefryInto(pair, 0, key[0], key[1], Math.floor(i / 2 ** 32), i);
    out[i] = pair[0] ^ pair[1];
  }
  return out;
}

/**
 * A uniformly random ordering of 0 … n − 1, by Fisher and Yates' shuffle. An index below `m` comes
 * from a 32-bit word `w` as ⌊w·m / 2^32⌋, whose bias is below n / 2^32.
 *
 * @param key The key.
 * @param n How many indices.
 * @returns The indices in random order.
 */
export function permutation(key: KeyWords, n: number): Uint32Array {
  const words = randomWords(key, n);
  const out = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor((words[i] / 2 ** 32) * (i + 1));
    const held = out[i];
    out[i] = out[j];
    out[j] = held;
  }
  return out;
}
