/**
 * Random numbers with explicit keys: the same key always gives the same numbers, and no state is
 * kept anywhere. Keys work in steps that are traced as well as on plain numbers.
 *
 * @module
 */
import { seedWords } from "../random/words.ts";
import { arange } from "./operations.ts";
import { sameShape, shapeText, sizeOf } from "./shape.ts";
import { apply, binary, Tensor, words } from "./tensor.ts";
import { userFrame } from "./user_frame.ts";
import { valueText } from "./value_text.ts";

/** A random key: two 32-bit words. Use each key once, and split it to get more. */
export type Key = Tensor & {
  /** Tells keys from other tensors where types are checked; no value has it. */
  readonly isKey: true;
};

/**
 * The key of a seed: the words of `jax.random.PRNGKey(seed)`.
 *
 * @param seed An integer; a `number` up to 2^53 in size, a `bigint` up to 64 bits.
 * @returns The key.
 * @throws {RangeError} If the seed is not such an integer.
 * @throws {TypeError} If it is no number.
 */
export function key(seed: number | bigint): Key {
  return words(seedWords(seed)) as Key;
}

/** The two Threefry words of each counter, n × 2. */
function pairs(of: Key, counters: Tensor): Tensor {
  const isKey = of instanceof Tensor && of.dtype === "u32" && sameShape(of.shape, [2]);
  if (!isKey) {
    throw new TypeError(
      `Cannot draw random numbers from ${valueText(of)}: make a key with key(seed)${userFrame()}`,
    );
  }
  return apply("threefry", {}, [of, counters])[0];
}

/** How many numbers a shape asks for. */
function countOf(shape: readonly number[]): number {
  const valid = Array.isArray(shape) &&
    shape.every((length) => Number.isInteger(length) && length >= 0);
  if (valid) return sizeOf(shape);
  throw new RangeError(
    `Cannot draw random numbers of shape ${Array.isArray(shape) ? shapeText(shape) : shape}: ` +
      `expected an array of whole numbers${userFrame()}`,
  );
}

function counters(n: number): Tensor {
  return words(arange(n).data);
}

/**
 * Splits a key into independent keys, as `jax.random.split` does.
 *
 * @param of The key.
 * @param n How many; 2 by default.
 * @returns The keys; the `i`-th does not depend on `n`.
 * @throws {RangeError} If `n` is not a positive integer.
 */
export function split(of: Key, n = 2): Key[] {
  if (!Number.isInteger(n) || n < 1) {
    throw new RangeError(`Cannot split a key into ${n}: expected a positive integer`);
  }
  const all = pairs(of, counters(n));
  return Array.from({ length: n }, (_, i) => all.at(i) as Key);
}

/**
 * The key of a numbered branch under a key, as `jax.random.fold_in` gives it.
 *
 * @param of The key.
 * @param n An unsigned 32-bit integer, or a u32 scalar.
 * @returns The new key.
 * @throws {RangeError} If `n` is a number and not such an integer.
 */
export function foldIn(of: Key, n: number | Tensor): Key {
  if (n instanceof Tensor) return pairs(of, n.reshape([1])).at(0) as Key;
  if (!Number.isInteger(n) || n < 0 || n >= 2 ** 32) {
    throw new RangeError(`Cannot fold ${n} into a key: expected an integer from 0 to 2^32 − 1`);
  }
  return pairs(of, words([n])).at(0) as Key;
}

/**
 * Uniform 32-bit words, the same as `jax.random.bits` with `jax_threefry_partitionable=True`.
 *
 * @param of The key.
 * @param shape Shape of the result; a scalar by default.
 * @returns A u32 tensor.
 */
export function bits(of: Key, shape: readonly number[] = []): Tensor {
  const both = pairs(of, counters(countOf(shape)));
  const [first, second] = [0, 1].map((word) => both.slice(word, word + 1, { axis: 1 }));
  return binary("bitXor", first, second).reshape(shape);
}

/**
 * Uniform numbers in [0, 1), multiples of 2⁻⁵²: the same as `jax.random.uniform` in 64 bits.
 *
 * @param of The key.
 * @param shape Shape of the result; a scalar by default.
 * @returns An f64 tensor.
 */
export function uniform(of: Key, shape: readonly number[] = []): Tensor {
  const both = pairs(of, counters(countOf(shape)));
  const high = both.slice(0, 1, { axis: 1 }).as("f64");
  const low = binary("shiftRight", both.slice(1, 2, { axis: 1 }), words([12])).as("f64");
  // The 32 high bits and the 20 next ones; both terms and their sum are exact.
  return high.mul(2 ** -32).add(low.mul(2 ** -52)).reshape(shape);
}

/**
 * Standard normal numbers, by the transform of Box and Muller (1958): two for each 64 random bits.
 * Their size is at most sqrt(2 ln 2³³) ≈ 6.76; the missing tails have probability 1.4e-11.
 *
 * @param of The key.
 * @param shape Shape of the result; a scalar by default.
 * @returns An f64 tensor; the `i`-th number does not depend on how many are asked for.
 */
export function normal(of: Key, shape: readonly number[] = []): Tensor {
  const size = countOf(shape);
  const [drawn] = apply("boxMuller", {}, [pairs(of, counters(Math.ceil(size / 2)))]);
  return drawn.reshape([-1]).slice(0, size).reshape(shape);
}

/**
 * The bits of a word in reverse order: divided by 2³², the van der Corput sequence in base 2.
 *
 * @param word A u32 scalar.
 * @returns A u32 scalar.
 */
export function bitReversed(word: Tensor): Tensor {
  const swaps: readonly [distance: number, mask: number][] = [
    [1, 0x55555555],
    [2, 0x33333333],
    [4, 0x0f0f0f0f],
    [8, 0x00ff00ff],
    [16, 0x0000ffff],
  ];
  return swaps.reduce((turned, [distance, mask]) => {
    const [by, low] = [distance, mask].map((each) => words([each]).at(0));
    const right = binary("bitAnd", binary("shiftRight", turned, by), low);
    const left = binary("shiftLeft", binary("bitAnd", turned, low), by);
    return binary("bitOr", right, left);
  }, word);
}
