import assert from "node:assert/strict";
import { boxMuller } from "../../../src/tensor/functions/box_muller.ts";
import { formatOf, type Precision, PRECISIONS } from "../../../src/tensor/functions/precision.ts";
import { boxMuller as singleBoxMuller } from "../../../src/tensor/functions/single/box_muller.ts";
import golden from "../../golden/box_muller.json" with { type: "json" };
import { randomWords } from "../../../src/random/words.ts";

const LAST = 2 ** 32 - 1;
const cell = new DataView(new ArrayBuffer(8));

function fromHex(hex: string): number {
  cell.setBigUint64(0, BigInt(`0x${hex}`));
  return cell.getFloat64(0);
}

/** The transform in a precision, from words. */
function transform(precision: Precision): (first: number, second: number) => readonly number[] {
  const { arithmetic, fromWord, boxMuller } = formatOf(precision);
  return (first, second) => boxMuller(arithmetic, fromWord(first), fromWord(second));
}

/** What the documentation promises: errors in units of the radius. */
const PROMISED: { readonly [P in Precision]: number } = { f64: 2e-15, f32: 1e-6 };

for (const precision of PRECISIONS) {
  Deno.test(`${precision} boxMuller() errs by less than ${PROMISED[precision]} of the radius`, () => {
    const rows = golden[precision === "f64" ? "double" : "single"];
    assert.ok(rows.length > 500);
    const f = transform(precision);
    let most = 0;
    for (const [first, second, ...hex] of rows) {
      const [radius, ...expected] = hex.map((digits) => fromHex(digits as string));
      f(first as number, second as number).forEach((z, i) => {
        const error = Math.abs(z - expected[i]);
        const text = `${first}, ${second}: ${z}, not ${expected[i]}`;
        assert.ok(error <= PROMISED[precision] * radius, text);
        most = Math.max(most, radius === 0 ? 0 : error / radius);
      });
    }
    // The promise is not far from the truth.
    assert.ok(most > PROMISED[precision] / 20, `${most}`);
  });

  Deno.test(`${precision} boxMuller() gives numbers as far from 0 as the smallest words allow, and no farther`, () => {
    const f = transform(precision);
    const largest = Math.sqrt(2 * 33 * Math.LN2);
    const words = [0, 1, 2 ** 29, 2 ** 30, 2 ** 31 - 1, 2 ** 31, 3 * 2 ** 30, LAST - 128, LAST];
    let most = 0;
    for (const first of words) {
      for (const second of words) {
        for (const z of f(first, second)) {
          assert.ok(
            Math.abs(z) <= largest * (1 + PROMISED[precision]),
            `${first}, ${second}: ${z}`,
          );
          most = Math.max(most, Math.abs(z));
        }
      }
    }
    assert.ok(most > largest * (1 - PROMISED[precision]), `${most}`);
    // The largest word is 2³² − 1, or as a float of 32 bits 2³² − 2⁸.
    const least = Math.sqrt(2 * (precision === "f64" ? 2 ** -33 : 2 ** -24));
    assert.ok(Math.abs(Math.hypot(...f(LAST, 0)) / least - 1) < 1e-6);
  });

  Deno.test(`${precision} boxMuller() turns by a quarter when the second word does, and mirrors`, () => {
    const f = transform(precision);
    const random = randomWords([7, 8], 400);
    for (let i = 0; i < random.length; i += 2) {
      // Words that are floats of either precision, and whose turns are.
      const [first, second] = [random[i], (random[i + 1] & 0x3fffff00) >>> 0];
      const [x, y] = f(first, second);
      const radius = Math.hypot(x, y);
      const quarters = [[x, y], [-y, x], [-x, -y], [y, -x]];
      quarters.forEach((expected, k) => {
        f(first, second + k * 2 ** 30).forEach((z, j) => {
          const error = Math.abs(z - expected[j]);
          assert.ok(error <= 2 * PROMISED[precision] * radius, `${first}, ${second}, ${k}`);
        });
      });
      const [a, b] = f(first, LAST - second);
      if (precision === "f64") assert.deepEqual([a, b], [x, -y]);
      // A word and its complement are no floats of 32 bits both.
      else assert.ok(Math.hypot(a - x, b + y) <= 3 * PROMISED[precision] * radius);
    }
  });

  Deno.test(`${precision} boxMuller() has the moments of two independent normal numbers over a grid of words`, () => {
    const f = transform(precision);
    const n = 512;
    const step = 2 ** 32 / n;
    const sums = { x2: 0, y2: 0, x4: 0, x6: 0, x1: 0, y1: 0, xy: 0, x2y2: 0 };
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const [x, y] = f(i * step + step / 2, j * step + step / 2);
        sums.x1 += x;
        sums.y1 += y;
        sums.xy += x * y;
        sums.x2 += x * x;
        sums.y2 += y * y;
        sums.x4 += x ** 4;
        sums.x6 += x ** 6;
        sums.x2y2 += x * x * y * y;
      }
    }
    const mean = (name: keyof typeof sums): number => sums[name] / n ** 2;
    const exact = precision === "f64" ? 1e-12 : 1e-6;
    for (const name of ["x1", "y1", "xy"] as const) assert.ok(Math.abs(mean(name)) < exact, name);
    // The mean of −2 ln u over the grid, by the product of its points.
    let logs = 0;
    for (let i = 0; i < n; i++) logs += Math.log(((i + 0.5) * step + 0.5) / 2 ** 32);
    for (const name of ["x2", "y2"] as const) {
      assert.ok(Math.abs(mean(name) + logs / n) < 2 * exact, `${name}: ${mean(name)}`);
    }
    // A grid misses what lies beyond it, about (ln n)^k / n of the moment of order 2k.
    const within = (name: keyof typeof sums, expected: number, tolerance: number): void => {
      assert.ok(Math.abs(mean(name) / expected - 1) < tolerance, `${name}: ${mean(name)}`);
    };
    within("x4", 3, 0.03);
    within("x2y2", 1, 0.03);
    within("x6", 15, 0.1);
  });
}

Deno.test("the formats have the transform of their precision", () => {
  assert.equal(formatOf("f64").boxMuller, boxMuller);
  assert.equal(formatOf("f32").boxMuller, singleBoxMuller);
});
