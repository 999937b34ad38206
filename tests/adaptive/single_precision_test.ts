import assert from "node:assert/strict";
import { key, normal, tensor } from "../../mod.ts";
import {
  addRounding,
  MOST_ROUNDING,
  NO_ROUNDING,
  positionTooShort,
  resolutionOf,
  roundingOf,
  tooShort,
} from "../../src/adaptive/single_precision.ts";

const Z = Array.from(normal(key(1), [1000]).data);
const NAMES = ["a", "b"];

Deno.test("resolutionOf() is the most that rounding to 32 bits takes from numbers of a size", () => {
  for (const size of [1e-3, 1, 7.3, 1e4, 123456789]) {
    let largest = 0;
    for (const z of Z) {
      const x = size * (1 + 1e-3 * z);
      const error = Math.abs(Math.fround(x) - x);
      assert.ok(error <= resolutionOf(x), `${x}`);
      largest = Math.max(largest, error / resolutionOf(x));
    }
    // It is no more than twice too large, right above a power of two.
    assert.ok(largest > 0.49, `${size}: ${largest}`);
  }
});

Deno.test("addRounding() sums up differences, in any parts, and leaves out what is not finite", () => {
  const double = Float64Array.from(Z, (z) => 5 + z);
  const single = double.map((x, i) => x + 0.5 + 1e-3 * Z[(i + 7) % Z.length]);
  const whole = roundingOf(addRounding(NO_ROUNDING, single, double));
  const errors = single.map((x, i) => x - double[i]);
  const mean = errors.reduce((sum, e) => sum + e, 0) / errors.length;
  const variance = errors.reduce((sum, e) => sum + (e - mean) ** 2, 0) / errors.length;
  assert.equal(whole.draws, 1000);
  assert.equal(whole.largest, Math.max(...errors.map(Math.abs)));
  assert.ok(Math.abs(whole.rootMeanSquare - Math.hypot(mean, Math.sqrt(variance))) < 1e-9);
  // What is the same everywhere is no spread.
  assert.ok(Math.abs(whole.spread - Math.sqrt(variance)) < 1e-9 && whole.spread < 2e-3);
  const first = addRounding(NO_ROUNDING, single.subarray(0, 300), double.subarray(0, 300));
  const parts = roundingOf(addRounding(first, single.subarray(300), double.subarray(300)));
  assert.ok(Math.abs(parts.spread - whole.spread) < 1e-12 && parts.draws === 1000);
  const none = addRounding(NO_ROUNDING, [-Infinity, NaN, 1], [-Infinity, 0, 1]);
  assert.deepEqual(none, { count: 1, sum: 0, squares: 0, largest: 0 });
});

/** Whether log densities of a size, rounded to 32 bits, are too coarse. */
function ofSize(size: number): string | undefined {
  const double = Z.map((z) => size - z * z);
  const single = double.map(Math.fround);
  return tooShort({
    single: tensor(single),
    double: tensor(double),
    scale: undefined,
    names: NAMES,
  });
}

Deno.test("log densities are too large for single precision from |log p| 2⁻²⁴ = 0.01 on", () => {
  const edge = MOST_ROUNDING * 2 ** 24;
  for (const sign of [-1, 1]) {
    for (const size of [0, 1, 1e4, 0.98 * edge]) assert.equal(ofSize(sign * size), undefined);
    for (const size of [1.02 * edge, 1e6, 1e9]) {
      assert.match(
        String(ofSize(sign * size)),
        /^log densities of about .* are off by .* in single precision, and chains bear 0\.01$/,
      );
    }
  }
});

Deno.test("errors that differ from chain to chain count, those that all share and single ones do not", () => {
  const double = tensor(Z);
  const of = (error: (i: number) => number) =>
    tooShort({
      single: tensor(Z.map((z, i) => z + error(i))),
      double,
      scale: undefined,
      names: NAMES,
    });
  assert.equal(of(() => 0.3), undefined);
  assert.equal(of((i) => i === 5 ? 1000 : 0), undefined);
  assert.equal(of((i) => 0.005 * Z[(i + 9) % 1000]), undefined);
  assert.match(String(of((i) => 0.02 * Z[(i + 9) % 1000])), /are off by 0\.0(19|20|21) in single/);
  assert.match(String(of(() => Infinity)), /is not finite in single precision/);
  assert.match(String(of(() => NaN)), /is not finite in single precision/);
});

Deno.test("positions are too coarse where a coordinate is far from 0 beside its spread", () => {
  const scale = (median: number, sd: number) => ({
    median: Float64Array.of(1, median),
    variance: Float64Array.of(4, sd * sd),
  });
  assert.equal(positionTooShort(scale(0, 1e-9), NAMES), undefined);
  const edge = MOST_ROUNDING * 2 ** 24;
  assert.equal(positionTooShort(scale(-0.98 * edge, 1), NAMES), undefined);
  assert.equal(positionTooShort(scale(0.98e-3 * edge, 1e-3), NAMES), undefined);
  for (const [median, sd] of [[1.02 * edge, 1], [-1.02e-3 * edge, 1e-3], [1, 1e-6]]) {
    assert.match(
      String(positionTooShort(scale(median, sd), NAMES)),
      /^b, about .*, is known to 0\.\d+ of its standard deviation in single precision/,
    );
  }
});
