import assert from "node:assert/strict";
import { energyBayesianFraction } from "../../src/diagnostics/energy.ts";
import golden from "../golden/energy.json" with { type: "json" };
import { assertClose } from "./golden.ts";
import { autoregressive, replications } from "./series.ts";

Deno.test("energyBayesianFraction() agrees with ArviZ", () => {
  for (const { name, data, shape, bfmi } of golden) {
    const all = energyBayesianFraction({ data: Float64Array.from(data), shape });
    assert.equal(all.length, bfmi.length);
    all.forEach((each, chain) => assertClose(each, bfmi[chain], 1e-11, name));
  }
});

Deno.test("energyBayesianFraction() of an autoregressive series is 2 − 2φ", () => {
  const draws = autoregressive(replications(51, 1)[0], [1, 40_000], 0.9);
  // Its error is about 0.2 / √(40,000 / 19) · 2 = 0.01: this fails by chance in fewer than 1 of 10⁵.
  assertClose(energyBayesianFraction(draws)[0], 0.2, 0.2);
});

Deno.test("energyBayesianFraction() is not defined for equal energies or one alone", () => {
  const of = (
    data: number[],
    shape: number[],
  ) => [...energyBayesianFraction({ data: Float64Array.from(data), shape })];
  assert.deepEqual(of([2, 2, 2, 2], [2, 2]), [NaN, NaN]);
  assert.deepEqual(of([2, 3], [2, 1]), [NaN, NaN]);
  assert.throws(() => of([1, 2], [1, 2, 1]), /^TypeError: .* the shape \[chains, draws\], got/);
  assert.throws(() => of([1, 2], [3]), /^TypeError: .* must have the shape/);
  assert.throws(() => of([], [0, 3]), /^RangeError: .*there are no draws/);
});
