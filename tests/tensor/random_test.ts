import assert from "node:assert/strict";
import golden from "../golden/jax_random.json" with { type: "json" };
import type { Device } from "../../src/device/device.ts";
import { interpreterDevice } from "../../src/device/interpreter.ts";
import { wasmDevice } from "../../src/device/wasm.ts";
import { bits, foldIn, type Key, key, normal, split, uniform } from "../../src/tensor/random.ts";
import { type Tensor, words } from "../../src/tensor/tensor.ts";
import { trace } from "../../src/tensor/trace.ts";
import { assertSameBits } from "./bits.ts";

/** Where the array language runs: at once, or compiled. */
type Way = (f: (of: Key, n: Tensor) => Tensor, of: Key, n?: number) => Promise<Tensor>;

const KEY = { dtype: "u32" as const, shape: [2] };
const WORD = { dtype: "u32" as const, shape: [] };

function compiled(device: Device): Way {
  return async (f, of, n = 0) => {
    const program = trace((of, n) => [f(of as Key, n)], [KEY, WORD]);
    const own = [of.reshape([1, 2]), words([n])];
    const [result] = await device.map(program, 2).run(own, []);
    return result.at(0);
  };
}

const ways: { readonly [name: string]: Way } = {
  "at once": (f, of, n = 0) => Promise.resolve(f(of, words([n], []))),
  "in WebAssembly": compiled(wasmDevice),
  "in the interpreter": compiled(interpreterDevice),
};

async function sha256(x: Tensor): Promise<string> {
  const bytes = new Uint8Array(x.data.buffer as ArrayBuffer, x.data.byteOffset, x.data.byteLength);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

function hex64(x: Tensor): string[] {
  const data = Float64Array.from(x.data);
  return Array.from(
    new BigUint64Array(data.buffer),
    (word) => word.toString(16).padStart(16, "0"),
  );
}

for (const [name, run] of Object.entries(ways)) {
  Deno.test(`key(), split(), foldIn() and bits() are those of jax.random, ${name}`, async () => {
    for (const c of golden.cases) {
      const of = key(BigInt(c.seed));
      assert.deepEqual([...of.data], c.key);
      for (const expected of c.split) {
        for (const [i, words] of expected.entries()) {
          const actual = await run((of) => split(of, expected.length)[i], of);
          assert.deepEqual([...actual.data], words, `seed ${c.seed}`);
        }
      }
      for (const { data, key: expected } of c.foldIn) {
        const constant = await run((of) => foldIn(of, data), of);
        const traced = await run((of, n) => foldIn(of, n), of, data);
        assert.deepEqual([...constant.data], expected, `seed ${c.seed}`);
        assert.deepEqual([...traced.data], expected, `seed ${c.seed}`);
      }
      for (const expected of c.bits32) {
        const actual = await run((of) => bits(of, [expected.length]), of);
        assert.deepEqual([...actual.data], expected, `seed ${c.seed}`);
      }
      const long = await run((of) => bits(of, [c.bits32Long.length]), of);
      assert.equal(await sha256(long), c.bits32Long.sha256, `seed ${c.seed}`);
    }
  });

  Deno.test(`uniform() has the bits of jax.random.uniform in 64 bits, ${name}`, async () => {
    for (const c of golden.cases) {
      const of = key(BigInt(c.seed));
      const few = await run((of) => uniform(of, [c.uniform64.length]), of);
      assert.deepEqual(hex64(few), c.uniform64, `seed ${c.seed}`);
      const long = await run((of) => uniform(of, [c.uniform64Long.length]), of);
      assert.equal(await sha256(long), c.uniform64Long.sha256, `seed ${c.seed}`);
    }
  });

  Deno.test(`draws do not depend on how many are asked for, or in which shape, ${name}`, async () => {
    const of = key(20);
    for (const draw of [bits, uniform, normal]) {
      const all = await run((of) => draw(of, [150]), of);
      for (const shape of [[], [1], [2], [3], [64], [65], [3, 7], [5, 1, 27]]) {
        const some = await run((of) => draw(of, shape), of);
        assert.deepEqual(some.shape, shape);
        assertSameBits(some.reshape([-1]), all.slice(0, some.size), draw.name);
      }
    }
    assert.deepEqual((await run((of) => normal(of, [0, 3]), of)).shape, [0, 3]);
  });
}

Deno.test("normal() has the same bits in all ways", async () => {
  const expected = normal(key(4), [501]);
  for (const [name, run] of Object.entries(ways)) {
    assertSameBits(await run((of) => normal(of, [501]), key(4)), expected, name);
  }
});

const DRAWS = 40_000;

/** Φ(x) = ½ + φ(x) Σ x^(2k+1) / (1·3·5…(2k+1)), good to 1e-14 for |x| < 7. */
function normalDistribution(x: number): number {
  let term = x;
  let sum = x;
  for (let k = 1; k < 200; k++) {
    term *= x * x / (2 * k + 1);
    sum += term;
  }
  return 0.5 + sum * Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
}

/** Kolmogorov and Smirnov's √n sup |Fₙ − F|. */
function distance(draws: Tensor, distribution: (x: number) => number): number {
  const sorted = Float64Array.from(draws.data).sort();
  let most = 0;
  sorted.forEach((x, i) => {
    const expected = distribution(x);
    most = Math.max(most, (i + 1) / sorted.length - expected, expected - i / sorted.length);
  });
  return most * Math.sqrt(sorted.length);
}

/** P(√n sup |Fₙ − F| > t) ≤ 2 exp(−2t²) (Massart 1990): one false alarm in 10⁷. */
const MOST_DISTANCE = Math.sqrt(Math.log(2e7) / 2);

/** A standard normal variate is farther from 0 once in 10⁷. */
const MOST_DEVIATIONS = 5.33;

Deno.test("normal() is standard normal; false alarm once in 10⁶", () => {
  const draws = normal(key(1), [DRAWS]);
  assert.ok(distance(draws, normalDistribution) < MOST_DISTANCE);
  // Powers of a standard normal have mean 0, 1, 0, 3 and variance 1, 2, 15, 96.
  for (const [power, mean, variance] of [[1, 0, 1], [2, 1, 2], [3, 0, 15], [4, 3, 96]]) {
    const deviation = (draws.pow(power).mean().item() - mean) * Math.sqrt(DRAWS / variance);
    assert.ok(Math.abs(deviation) < MOST_DEVIATIONS, `moment ${power}: ${deviation}`);
  }
});

Deno.test("the two normals of a pair are independent; false alarm once in 10⁶", () => {
  const pairs = normal(key(2), [DRAWS, 2]);
  const [a, b] = [0, 1].map((i) => pairs.slice(i, i + 1, { axis: 1 }));
  const products: [Tensor, number][] = [
    [a.mul(b), 1],
    [a.square().sub(1).mul(b), 2],
    [a.mul(b.square().sub(1)), 2],
    [a.square().sub(1).mul(b.square().sub(1)), 4],
  ];
  for (const [product, variance] of products) {
    const deviation = product.mean().item() * Math.sqrt(DRAWS / variance);
    assert.ok(Math.abs(deviation) < MOST_DEVIATIONS, String(deviation));
  }
});

Deno.test("neighbouring normals and those of neighbouring keys do not go together; false alarm once in 10⁶", () => {
  const draws = normal(key(3), [DRAWS + 2]);
  const here = draws.slice(0, DRAWS);
  for (const other of [draws.slice(1, DRAWS + 1), draws.slice(2), normal(key(4), [DRAWS])]) {
    const deviation = here.mul(other).mean().item() * Math.sqrt(DRAWS);
    assert.ok(Math.abs(deviation) < MOST_DEVIATIONS, String(deviation));
  }
});

Deno.test("uniform() is uniform on [0, 1); false alarm once in 10⁶", () => {
  const draws = uniform(key(5), [DRAWS]);
  assert.ok(draws.min().item() >= 0 && draws.max().item() < 1);
  assert.ok(distance(draws, (x) => x) < MOST_DISTANCE);
  // The low bits too: what is left of 2²⁶ u.
  const low = draws.mul(2 ** 26);
  assert.ok(distance(low.sub(low.floor()), (x) => x) < MOST_DISTANCE);
});

Deno.test("the distance notices normals that are off by 3 %", () => {
  assert.ok(
    distance(normal(key(1), [DRAWS]).mul(1.03).add(0.03), normalDistribution) > MOST_DISTANCE,
  );
});

Deno.test("keys that are split or folded differ from each other and from their origin", () => {
  const of = key(0);
  const keys = [of, ...split(of, 10), ...split(key(1), 10), foldIn(of, 100), foldIn(of, 101)];
  assert.equal(new Set(keys.map((k) => [...k.data].join())).size, keys.length);
});

Deno.test("random functions refuse what they cannot use", () => {
  const of = key(1);
  const refuses = (f: () => unknown, name: string, message: RegExp): void =>
    assert.throws(f, { name, message });
  refuses(() => key(0.5), "RangeError", /Cannot make a key: the seed must be an integer/);
  refuses(() => key(2n ** 64n), "RangeError", /must fit 64 bits/);
  const seeds = [[undefined, "undefined"], ["a", '"a"'], [null, "null"], [true, "true"]] as const;
  for (const [seed, shown] of seeds) {
    const message = new RegExp(
      `^Cannot make a key of ${shown}: give an integer, as in key\\(42\\)$`,
    );
    refuses(() => key(seed as unknown as number), "TypeError", message);
  }
  for (const [wrong, shown] of [[42, "42"], [undefined, "undefined"], ["a", '"a"']] as const) {
    const given = wrong as unknown as Key;
    const message = new RegExp(
      `^Cannot draw random numbers from ${shown}: make a key with key\\(seed\\) \\(at .*random_test`,
    );
    for (const draw of [bits, uniform, normal]) {
      refuses(() => draw(given, [2]), "TypeError", message);
    }
    refuses(() => split(given), "TypeError", message);
    refuses(() => foldIn(given, 1), "TypeError", message);
  }
  refuses(() => split(of, 0), "RangeError", /Cannot split a key into 0/);
  refuses(() => split(of, 1.5), "RangeError", /Cannot split a key into 1.5/);
  refuses(() => foldIn(of, -1), "RangeError", /Cannot fold -1 into a key/);
  refuses(() => foldIn(of, 2 ** 32), "RangeError", /Cannot fold 4294967296 into a key/);
  for (const draw of [bits, uniform, normal]) {
    refuses(() => draw(of, [-1]), "RangeError", /random numbers of shape \[-1\].*random_test/);
    refuses(() => draw(of, [1.5]), "RangeError", /random numbers of shape \[1.5\]/);
    refuses(
      () => draw(of, 3 as unknown as number[]),
      "RangeError",
      /of shape 3: expected an array/,
    );
    refuses(
      () => draw(words([1]) as Key, [2]),
      "TypeError",
      /from Tensor\(u32\[1\] \[1\]\): make a key/,
    );
  }
});
