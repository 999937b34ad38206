import assert from "node:assert/strict";
import golden from "../golden/jax_random.json" with { type: "json" };
import shader from "../../shaders/threefry.wgsl" with { type: "text" };
import { threefry2x32 } from "../../src/random/threefry.ts";
import { randomWords } from "../../src/random/words.ts";
import { requirement } from "../requirement.ts";
import { computeWords, hasAdapter } from "./compute.ts";

const onAdapter = requirement("webgpu", await hasAdapter());

/** How many words `bits` gives for each key. */
const COUNT = 1000;

/** `random_bits` at 0 … COUNT − 1, for each key of the golden cases. */
async function bits(code: string): Promise<Uint32Array[]> {
  const key = `vec2<u32>(input[i / ${COUNT}u * 2u], input[i / ${COUNT}u * 2u + 1u])`;
  const words = await computeWords([code], {
    value: `random_bits(${key}, i % ${COUNT}u)`,
    input: Uint32Array.from(golden.cases.flatMap(({ key }) => key)),
    count: COUNT * golden.cases.length,
  });
  return golden.cases.map((_, i) => words.slice(COUNT * i, COUNT * (i + 1)));
}

Deno.test({
  name: "threefry() gives the words of threefry2x32() for any key and counter",
  ...onAdapter,
  fn: async () => {
    // Blocks of a key and a counter: the extremes, then uniformly random ones.
    const ones = Array(4).fill(2 ** 32 - 1);
    const input = Uint32Array.of(0, 0, 0, 0, ...ones, ...randomWords([0, 1], 4000));
    const expected = Array.from({ length: input.length / 4 }, (_, block) => {
      const [k0, k1, x0, x1] = input.subarray(4 * block);
      return threefry2x32(k0, k1, x0, x1);
    }).flat();
    const [key, counter] = [0, 2].map((from) =>
      `vec2<u32>(input[i / 2u * 4u + ${from}u], input[i / 2u * 4u + ${from + 1}u])`
    );
    const value = `threefry(${key}, ${counter})[i % 2u]`;
    const actual = await computeWords([shader], { value, input, count: input.length / 2 });
    assert.deepEqual([...actual], expected);
  },
});

Deno.test({
  name: "random_bits() gives the 32-bit words of jax.random.bits",
  ...onAdapter,
  fn: async () => {
    const actual = await bits(shader);
    golden.cases.forEach(({ seed, key, bits32, bits32Long }, i) => {
      for (const expected of bits32) {
        assert.deepEqual([...actual[i].slice(0, expected.length)], expected, `seed ${seed}`);
      }
      const { length, tail } = bits32Long;
      assert.deepEqual([...actual[i].slice(length - 4, length)], tail, `seed ${seed}`);
      assert.deepEqual(actual[i], randomWords([key[0], key[1]], COUNT), `seed ${seed}`);
    });
  },
});

Deno.test({
  name: "fold_in() gives the keys of jax.random.fold_in and jax.random.split",
  ...onAdapter,
  fn: async () => {
    const folds = golden.cases.flatMap(({ key, foldIn, split }) => [
      ...foldIn.map((fold) => ({ from: key, n: fold.data, to: fold.key })),
      ...split.flatMap((keys) => keys.map((to, n) => ({ from: key, n, to }))),
    ]);
    const [k0, k1, n] = [0, 1, 2].map((word) => `input[i / 2u * 3u + ${word}u]`);
    const actual = await computeWords([shader], {
      value: `fold_in(vec2<u32>(${k0}, ${k1}), ${n})[i % 2u]`,
      input: Uint32Array.from(folds.flatMap(({ from, n }) => [...from, n])),
      count: 2 * folds.length,
    });
    assert.deepEqual([...actual], folds.flatMap(({ to }) => to));
  },
});

Deno.test({
  name: "a wrong rotation distance is caught",
  ...onAdapter,
  fn: async () => {
    const mutant = shader.replace("29u", "28u");
    assert.notEqual(mutant, shader);
    const actual = await bits(mutant);
    golden.cases.forEach(({ bits32Long: { head } }, i) => {
      assert.notDeepEqual([...actual[i].slice(0, head.length)], head);
    });
  },
});
