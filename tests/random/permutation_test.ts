import assert from "node:assert/strict";
import { permutation, seedWords, splitWords } from "../../src/random/words.ts";

Deno.test("permutation() holds every index once", () => {
  for (const n of [0, 1, 2, 17, 1000]) {
    const order = permutation([3, n], n);
    assert.deepEqual([...order].sort((a, b) => a - b), Array.from({ length: n }, (_, i) => i));
  }
});

Deno.test("permutation() gives all orders equally often; false alarm once in 10⁶", () => {
  const counts = new Map<string, number>();
  const draws = 24_000;
  for (const key of splitWords([0, 1], draws)) {
    const order = permutation(key, 4).join();
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  const expected = draws / 24;
  const chiSquare = [...counts.values()]
    .reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  assert.equal(counts.size, 24);
  // The 1 − 10⁻⁶ quantile of χ² with 23 degrees of freedom.
  assert.ok(chiSquare < 69.2, String(chiSquare));
});

Deno.test("seedWords() refuses what is no 64-bit integer", () => {
  for (const seed of [0.5, NaN, Infinity, 2 ** 53]) {
    assert.throws(() => seedWords(seed), {
      name: "RangeError",
      message: /Cannot make a key: the seed must be an integer/,
    });
  }
  for (const seed of [2n ** 64n, -(2n ** 63n) - 1n]) {
    assert.throws(() => seedWords(seed), { name: "RangeError", message: /must fit 64 bits/ });
  }
});
