import assert from "node:assert/strict";
import { singleArithmetic as on } from "../../../../src/tensor/functions/single/arithmetic.ts";
import { mod } from "../../../../src/tensor/functions/single/remainder.ts";
import { spreadSingleFloats } from "../../../compile/floats.ts";

/** The remainder as Python has it, rounded, but for 0 where that rounds to the divisor. */
function floored(a: number, b: number): number {
  const rest = a % b;
  if (rest === 0) return Math.sign(b) * 0;
  // Exact in doubles: both are multiples of one power of two, and within 2²⁵ of each other or rounded.
  const turned = Math.fround((rest < 0) === (b < 0) ? rest : rest + b);
  return turned === b ? Math.sign(b) * 0 : turned;
}

Deno.test("f32 mod() is Python's remainder for quotients up to 2⁴²", () => {
  const numbers = spreadSingleFloats(40_000)
    .filter((x) => Math.abs(x) > 1e-25 && Math.abs(x) < 1e30);
  let compared = 0;
  const compare = (a: number, b: number): void => {
    const [actual, expected] = [mod(on, a, b), floored(a, b)];
    if (!(Math.abs(Math.fround(a / b)) < 2 ** 42)) assert.equal(actual, NaN);
    else {
      compared++;
      assert.ok(Object.is(actual, expected), `${a} mod ${b}: ${actual}, not ${expected}`);
    }
  };
  for (let i = 1; i < numbers.length; i++) compare(numbers[i], numbers[i - 1]);
  for (let i = -300; i < 300; i++) {
    compare(i, 7);
    compare(i / 4, -0.75);
    compare(Math.fround(i * 1e5), Math.fround(2 * Math.PI));
  }
  assert.ok(compared > 15_000, `${compared} compared`);
});

Deno.test("f32 mod() has the sign of its divisor, and NaN where there is no remainder", () => {
  const pairs = [[5, 3], [-5, 3], [5, -3], [6, 3], [-6, 3], [5, Infinity], [-5, Infinity]];
  assert.deepEqual(pairs.map(([a, b]) => mod(on, a, b)), [2, 1, -1, 0, 0, 5, Infinity]);
  for (const [a, b] of [[1, 0], [0, 0], [Infinity, 2], [NaN, 1], [1, NaN], [1e20, 1]]) {
    assert.equal(mod(on, a, b), NaN, `${a} mod ${b}`);
  }
});
