import assert from "node:assert/strict";
import { convergence } from "../../src/diagnostics/convergence.ts";
import type { Draws } from "../../src/diagnostics/draws.ts";
import { nestedRHat } from "../../src/diagnostics/nested_r_hat.ts";
import { startGroups } from "../../src/diagnostics/start_groups.ts";
import type { KeyWords } from "../../src/random/words.ts";
import golden from "../golden/nested_r_hat.json" with { type: "json" };
import { assertClose } from "./golden.ts";
import { autoregressive, independent, mapDraws, normals, replications } from "./series.ts";

function drawsOf({ data, shape }: (typeof golden)[number]): Draws {
  return { data: Float64Array.from(data), shape };
}

Deno.test("nestedRHat() agrees with ArviZ", () => {
  for (const one of golden) {
    const value = nestedRHat(drawsOf(one), one.superchains) as number;
    assertClose(value, one.nestedRHat, 1e-12, one.name);
  }
});

Deno.test("nestedRHat() takes superchains as numbers, as any numbers and as lists", () => {
  for (const one of golden) {
    const draws = drawsOf(one);
    const lists = [...new Set(one.superchains)].map((name) =>
      one.superchains.flatMap((each, chain) => each === name ? [chain] : [])
    );
    const expected = nestedRHat(draws, one.superchains);
    assert.equal(nestedRHat(draws, lists), expected);
    const others = Float64Array.from(one.superchains, (each) => 7.5 - each);
    assertClose(nestedRHat(draws, others) as number, expected as number, 1e-12);
  }
});

Deno.test("nestedRHat() gives a number for each scalar, NaN where there is none", () => {
  const draws = independent(replications(2, 1)[0], [4, 10, 3]);
  const all = nestedRHat(draws, [0, 0, 1, 1]);
  assert.ok(all instanceof Float64Array && all.length === 3);
  const data = draws.data.filter((_, i) => i % 3 === 1);
  assert.equal(all[1], nestedRHat({ data, shape: [4, 10] }, [0, 0, 1, 1]));
  const short = { data: data.slice(0, 12), shape: [4, 3] };
  assert.equal(nestedRHat(short, [0, 0, 1, 1]), NaN);
});

Deno.test("nestedRHat() refuses superchains that are none", () => {
  const draws = independent(replications(2, 1)[0], [4, 10]);
  const refused: [unknown, RegExp][] = [
    [[0, 1], /of 4 chains: `superchains` has 2 numbers; give one for each chain/],
    [[0, 0, 0, 0], /with 1 superchain: give at least 2/],
    [[[0, 1], [2, 4]], /superchain 1 holds chain 4; each chain from 0 to 3/],
    [[[0, 1], [1, 2, 3]], /superchain 1 holds chain 1/],
    [[[0, 1], [3]], /chain 2 has no superchain/],
    [[0, 1, NaN, 1], /chain 2 has no superchain/],
    [undefined, /has 0 numbers/],
  ];
  for (const [superchains, message] of refused) {
    assert.throws(() => nestedRHat(draws, superchains as number[]), {
      name: "RangeError",
      message,
    });
  }
});

Deno.test("chains are grouped by their first draw, both halves of a chain alike", () => {
  const starts = [5, -3, 9, 0, 0, 7, -8, 1, 2, 4, 3, 8, 6, -1, -2, -4, 10];
  const values = Float64Array.from(starts.flatMap((start) => [start, 100, -50, start % 3, 0, 1]));
  const { groups, count } = startGroups({ values, chains: 34, draws: 3 });
  assert.equal(count, 4);
  const groupOf = (start: number): number => groups[2 * starts.indexOf(start)];
  assert.deepEqual([-8, -4, -3, -2, -1].map(groupOf), [0, 0, 0, 0, 0]);
  assert.deepEqual([7, 8, 9, 10].map(groupOf), [3, 3, 3, 3]);
  starts.forEach((_, chain) => assert.equal(groups[2 * chain], groups[2 * chain + 1]));
});

/** In how many of so many replications nested R-hat by starts is below 1.01. */
function passes(
  make: (key: KeyWords) => Draws,
  count = 40,
): { readonly nested: number; readonly split: number } {
  const all = replications(11, count).map((key) => convergence(make(key))[0]);
  return {
    nested: all.filter(({ nestedRHat }) => nestedRHat < 1.01).length,
    split: all.filter(({ rHat }) => rHat < 1.01).length,
  };
}

/** Chains that start where a function says. */
function started(
  key: KeyWords,
  shape: [number, number],
  memory: number,
  start: (z: number) => number,
): Draws {
  const { data } = autoregressive(key, shape, memory);
  const [, draws] = shape;
  // A stationary series moved by what its start was moved by, which is forgotten alike.
  return mapDraws({ data, shape }, (x, i) => {
    const first = data[i - i % draws];
    return x + memory ** (i % draws) * (start(first) - first);
  });
}

Deno.test("nested R-hat by starts passes short chains of independent draws, which R-hat does not", () => {
  // At 20 draws of 100 chains it is above 1.01 in fewer than 1 of 200 (measured): 40 all pass but with
  // 0.2; two of 40 fail with less than 0.02.
  assert.ok(passes((key) => independent(key, [100, 20])).nested >= 38);
  assert.equal(passes((key) => independent(key, [100, 40])).nested, 40);
  // Of 20 effective draws each: 2,000 in all, where R-hat asks for 10,000.
  const slow = passes((key) => autoregressive(key, [100, 400], 19 / 21));
  assert.ok(slow.nested >= 38, `${slow.nested}`);
  assert.equal(slow.split, 0);
});

Deno.test("nested R-hat by starts is above 1.01 for chains that stay in their mode", () => {
  const apart = (share: number) => (key: KeyWords) =>
    mapDraws(independent(key, [100, 40]), (x, i) => Math.floor(i / 40) < 100 * share ? x + 4 : x);
  assert.equal(passes(apart(0.5)).nested, 0);
  assert.equal(passes(apart(0.05)).nested, 0);
});

Deno.test("nested R-hat by starts is above 1.01 for modes that differ in width alone", () => {
  const key = replications(12, 1)[0];
  const draws = mapDraws(
    independent(key, [100, 40]),
    (x, i) => Math.floor(i / 40) < 50 ? x : 4 * x,
  );
  assert.ok(convergence(draws)[0].nestedRHat > 1.05);
});

Deno.test("nested R-hat by starts is above 1.01 while chains remember their starts", () => {
  // Chains of one autocorrelation time, 50, and of two: from stationarity, wider, and all alike.
  const memory = 49 / 51;
  for (const draws of [50, 100]) {
    for (const start of [(z: number) => z, (z: number) => 3 * z, () => 3, () => 1]) {
      const { nested } = passes((key) => started(key, [100, draws], memory, start));
      assert.equal(nested, 0, `${draws} draws, ${start}`);
    }
  }
});

Deno.test("nested R-hat by starts is above 1.01 for chains that drift together", () => {
  const drift = (key: KeyWords) =>
    mapDraws(independent(key, [100, 40]), (x, i) => x + (i % 40) / 40);
  assert.equal(passes(drift).nested, 0);
  // Whatever the superchains, chains that share a drift do not differ: that is what the halves are for.
  const superchains = Array.from({ length: 100 }, (_, chain) => chain % 10);
  assert.ok(nestedRHat(drift(replications(11, 1)[0]), superchains) as number < 1.01);
});

Deno.test("the draw by which chains are sorted is left out of their means", () => {
  // Eight draws: their means with the first would differ by 1/8 of it between groups.
  const { nested } = passes((key) => independent(key, [400, 8]));
  assert.ok(nested >= 38, `${nested}`);
});

Deno.test("nested R-hat by starts needs 16 chains of 6 draws", () => {
  const key = replications(13, 1)[0];
  const of = (shape: number[]): number => convergence(independent(key, shape))[0].nestedRHat;
  assert.equal(of([15, 40]), NaN);
  assert.equal(of([16, 5]), NaN);
  assert.ok(of([16, 6]) > 1);
  const equal = { data: new Float64Array(16 * 8).fill(3), shape: [16, 8] };
  assert.equal(convergence(equal)[0].nestedRHat, NaN);
  const infinite = mapDraws({ data: normals(key, 160), shape: [16, 10] }, () => Infinity);
  assert.equal(convergence(infinite)[0].nestedRHat, NaN);
});
