import assert from "node:assert/strict";
import { singleArithmetic as on } from "../../../../src/tensor/functions/single/arithmetic.ts";
import { spreadSingleFloats } from "../../../compile/floats.ts";

Deno.test("singleArithmetic rounds sums, products and quotients to the nearest float, once", () => {
  const numbers = spreadSingleFloats(4000);
  // An array of floats rounds what is stored in it.
  const stored = new Float32Array(1);
  for (let i = 1; i < numbers.length; i++) {
    const [a, b] = [numbers[i], numbers[i - 1]];
    for (
      const [actual, exact] of [
        [on.add(a, b), a + b],
        [on.sub(a, b), a - b],
        [on.mul(a, b), a * b],
        [on.div(a, b), a / b],
        [on.sqrt(a), Math.sqrt(a)],
      ]
    ) {
      stored[0] = exact;
      assert.ok(Object.is(actual, stored[0]), `${a}, ${b}: ${actual}, not ${stored[0]}`);
    }
  }
  assert.equal(on.constant(0.1), new Float32Array([0.1])[0]);
  assert.equal(on.add(2 ** 24, 1), 2 ** 24);
});

Deno.test("singleArithmetic takes a positive float apart into a power of two and a rest in [√½, √2)", () => {
  const root = Math.fround(Math.SQRT1_2);
  for (const x of [...spreadSingleFloats(4000), 1, root, 2 * root, 0.5, 2 ** -126]) {
    if (!(x >= 2 ** -126 && x < Infinity)) continue;
    const [k, rest] = [on.exponent(x), on.significand(x)];
    assert.ok(rest >= root && rest < 2 * root, `${x}: ${rest}`);
    const half = Math.floor(k / 2);
    assert.equal(rest * on.powerOfTwo(half) * on.powerOfTwo(k - half), x);
  }
  for (const k of [-126, -1, 0, 1, 127]) assert.equal(on.powerOfTwo(k), 2 ** k);
});
