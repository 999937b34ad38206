import assert from "node:assert/strict";
import { defensive } from "../../src/global/defensive.ts";
import { studentT } from "../../src/global/student_t.ts";
import { wasmDevice } from "../../src/device/wasm.ts";
import { key, tensor } from "../../mod.ts";

const main = studentT(
  { mean: Float64Array.of(0, 0), cholesky: Float64Array.of(1, 0, 0, 1) },
  wasmDevice,
);
/** So far away that every point shows where it comes from. */
const wide = studentT(
  { mean: Float64Array.of(1e6, 0), cholesky: Float64Array.of(1, 0, 0, 1) },
  wasmDevice,
);

Deno.test("defensive() has the density of the mixture", async () => {
  const points = tensor([[0, 0], [1e6, 1], [5e5, 3]]);
  const mixed = (await defensive(main, wide, 0.25).logDensity(points)).data;
  const [a, b] = [(await main.logDensity(points)).data, (await wide.logDensity(points)).data];
  mixed.forEach((value, i) => {
    const expected = Math.log(0.75 * Math.exp(a[i]) + 0.25 * Math.exp(b[i]));
    assert.ok(Math.abs(value - expected) < 1e-12 * Math.abs(expected));
  });
});

Deno.test("defensive() draws from both by weight, with the density of the mixture", async () => {
  const n = 20_000;
  const mixture = defensive(main, wide, 0.25);
  const { position, logDensity } = await mixture.sample(key(0), n);
  const fromWide = Array.from({ length: n }, (_, i) => position.data[2 * i] > 5e5);
  const share = fromWide.filter(Boolean).length / n;
  // Five standard deviations: a false-alarm rate of 6e-7.
  assert.ok(Math.abs(share - 0.25) < 5 * Math.sqrt(0.25 * 0.75 / n), `${share}`);
  const again = (await mixture.logDensity(position)).data;
  logDensity.data.forEach((value, i) => assert.ok(Math.abs(value - again[i]) < 1e-12));
});

Deno.test("no weight against defensive() is above that against its wide part", async () => {
  const points = tensor(Array.from({ length: 50 }, (_, i) => [1e5 * i, i - 25]));
  const mixed = (await defensive(main, wide, 0.1).logDensity(points)).data;
  const bound = (await wide.logDensity(points)).data;
  mixed.forEach((value, i) => assert.ok(value >= bound[i] + Math.log(0.1) - 1e-12));
});

Deno.test("defensive() refuses a weight outside of (0, 1)", () => {
  for (const weight of [0, 1, -0.1, NaN]) {
    assert.throws(() => defensive(main, wide, weight), /weight of .*: it must be in \(0, 1\)/);
  }
});
