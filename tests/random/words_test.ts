import assert from "node:assert/strict";
import golden from "../golden/jax_random.json" with { type: "json" };
import { threefry2x32 } from "../../src/random/threefry.ts";
import {
  foldInWords,
  type KeyWords,
  randomWords,
  seedWords,
  splitWords,
} from "../../src/random/words.ts";

/** `seedWords` takes either type; small seeds are tried as both. */
function seedsOf(text: string): (number | bigint)[] {
  const seed = Number(text);
  return Number.isSafeInteger(seed) ? [seed, BigInt(text)] : [BigInt(text)];
}

function keyOf(words: readonly number[]): KeyWords {
  return [words[0], words[1]];
}

async function sha256(data: ArrayBuffer): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", data);
  return new Uint8Array(digest).toHex();
}

function littleEndian32(words: Uint32Array): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(4 * words.length));
  words.forEach((word, i) => view.setUint32(4 * i, word, true));
  return view.buffer;
}

function littleEndian64(words: BigUint64Array): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(8 * words.length));
  words.forEach((word, i) => view.setBigUint64(8 * i, word, true));
  return view.buffer;
}

/** JAX's 64-bit words: both outputs of counter `i`, the first one high. */
function words64(key: KeyWords, n: number): BigUint64Array {
  return BigUint64Array.from({ length: n }, (_, i) => {
    const [high, low] = threefry2x32(key[0], key[1], 0, i);
    return (BigInt(high) << 32n) | BigInt(low);
  });
}

/** JAX's uniform in f64: 52 bits as the mantissa of a number in [1, 2), less 1. */
function uniform64(words: BigUint64Array): BigUint64Array {
  const oneToTwo = new Float64Array(
    words.map((word) => (word >> 12n) | 0x3ff0000000000000n).buffer,
  );
  return new BigUint64Array(oneToTwo.map((value) => value - 1).buffer);
}

function hex64(words: BigUint64Array): string[] {
  return Array.from(words, (word) => word.toString(16).padStart(16, "0"));
}

Deno.test("threefry2x32() gives Random123's known answers", () => {
  // kat_vectors of the Random123 distribution, threefry2x32 with 20 rounds.
  const counterKeyAnswer = [
    [0, 0, 0, 0, 0x6b200159, 0x99ba4efe],
    [
      0xffffffff,
      0xffffffff,
      0xffffffff,
      0xffffffff,
      0x1cb996fc,
      0xbb002be7,
    ],
    [
      0x243f6a88,
      0x85a308d3,
      0x13198a2e,
      0x03707344,
      0xc4923a9c,
      0x483df7a0,
    ],
  ];
  for (const [x0, x1, k0, k1, a, b] of counterKeyAnswer) {
    assert.deepEqual([...threefry2x32(k0, k1, x0, x1)], [a, b]);
  }
});

Deno.test("seedWords() gives the keys of jax.random", () => {
  for (const { seed, key } of golden.cases) {
    for (const value of seedsOf(seed)) {
      assert.deepEqual([...seedWords(value)], key, `seed ${seed}`);
    }
  }
});

Deno.test("splitWords() gives the keys of jax.random.split", () => {
  for (const { seed, key, split } of golden.cases) {
    for (const expected of split) {
      const actual = splitWords(keyOf(key), expected.length);
      assert.deepEqual(actual.map((k) => [...k]), expected, `seed ${seed}`);
    }
  }
});

Deno.test("foldInWords() gives the keys of jax.random.fold_in", () => {
  for (const { seed, key, foldIn } of golden.cases) {
    for (const { data, key: expected } of foldIn) {
      const actual = foldInWords(keyOf(key), data);
      assert.deepEqual([...actual], expected, `seed ${seed}, data ${data}`);
    }
  }
});

Deno.test("randomWords() gives the 32-bit words of jax.random.bits", async (t) => {
  for (const { seed, key, bits32, bits32Long } of golden.cases) {
    await t.step(`seed ${seed}`, async () => {
      for (const expected of bits32) {
        const actual = randomWords(keyOf(key), expected.length);
        assert.deepEqual([...actual], expected);
      }
      const long = randomWords(keyOf(key), bits32Long.length);
      assert.deepEqual([...long.slice(0, 4)], bits32Long.head);
      assert.deepEqual([...long.slice(-4)], bits32Long.tail);
      assert.equal(await sha256(littleEndian32(long)), bits32Long.sha256);
    });
  }
});

Deno.test("threefry2x32() gives the 64-bit words and uniforms of jax.random", async (t) => {
  for (const c of golden.cases) {
    await t.step(`seed ${c.seed}`, async () => {
      const key = keyOf(c.key);
      assert.deepEqual(hex64(words64(key, c.bits64.length)), c.bits64);
      const long = words64(key, c.bits64Long.length);
      assert.equal(await sha256(littleEndian64(long)), c.bits64Long.sha256);
      assert.deepEqual(
        hex64(uniform64(words64(key, c.uniform64.length))),
        c.uniform64,
      );
      assert.equal(
        await sha256(littleEndian64(uniform64(long))),
        c.uniform64Long.sha256,
      );
    });
  }
});
