import assert from "node:assert/strict";
import { chooseDevice, type DeviceName } from "../../src/device/choose.ts";
import { normalVectors } from "../../src/global/normals.ts";
import { foldIn, key, normal } from "../../src/tensor/random.ts";
import { assertSameBits } from "../tensor/bits.ts";

const devices: readonly DeviceName[] = ["interpreter", "wasm"];

for (const name of devices) {
  Deno.test(`row i of normalVectors() is normal(foldIn(key, i)), ${name}`, async () => {
    for (const d of [1, 2, 5]) {
      const draw = normalVectors(d, chooseDevice(name));
      const all = await draw(key(3), 37);
      assert.deepEqual(all.shape, [37, d]);
      for (const i of [0, 1, 20, 36]) {
        assertSameBits(all.at(i), normal(foldIn(key(3), i), [d]), `row ${i}`);
      }
    }
  });

  Deno.test(`normalVectors() gives each row the same bits however many there are, ${name}`, async () => {
    const draw = normalVectors(3, chooseDevice(name));
    const all = await draw(key(4), 50);
    for (const n of [1, 2, 3, 49]) {
      assertSameBits(await draw(key(4), n), all.slice(0, n), `${n} rows`);
    }
    assert.notDeepEqual((await draw(key(5), 50)).data, all.data);
  });
}

Deno.test("normalVectors() are standard normal and independent", async () => {
  const [n, d] = [40_000, 3];
  const { data } = await normalVectors(d, chooseDevice())(key(6), n);
  const mean = (of: (row: Float64Array) => number): number => {
    let sum = 0;
    for (let row = 0; row < n; row++) {
      sum += of((data as Float64Array).subarray(row * d, (row + 1) * d));
    }
    return sum / n;
  };
  // Means of functions of a row with their expectation and variance.
  const scores: number[] = [];
  const add = (of: (row: Float64Array) => number, expected: number, variance: number): number =>
    scores.push((mean(of) - expected) / Math.sqrt(variance / n));
  for (let i = 0; i < d; i++) {
    add((row) => row[i], 0, 1);
    add((row) => row[i] ** 2, 1, 2);
    add((row) => row[i] ** 3, 0, 15);
    add((row) => row[i] ** 4, 3, 105 - 9);
    for (let j = 0; j < i; j++) {
      add((row) => row[i] * row[j], 0, 1);
      add((row) => row[i] ** 2 * row[j] ** 2, 1, 8);
    }
  }
  // One of 18 passes 5 by chance with a probability of 1e-5.
  assert.equal(scores.length, 18);
  assert.ok(scores.every((z) => Math.abs(z) < 5), `${scores}`);
});
