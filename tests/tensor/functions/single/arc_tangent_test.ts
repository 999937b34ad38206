import assert from "node:assert/strict";
import { atan2 } from "../../../../src/tensor/functions/single/arc_tangent.ts";
import { singleArithmetic as on } from "../../../../src/tensor/functions/single/arithmetic.ts";
import { specialFloats, spreadSingleFloats } from "../../../compile/floats.ts";
import { ulpDistance } from "./ulp.ts";

Deno.test("f32 atan2() agrees with the platform's, to the bit where IEEE 754 says what it is", () => {
  const values = [...specialFloats().map(Math.fround), -0];
  const numbers = spreadSingleFloats(8000);
  const compare = (y: number, x: number): void => {
    const [actual, expected] = [atan2(on, y, x), Math.fround(Math.atan2(y, x))];
    const text = `atan2(${y}, ${x}) = ${actual}, not ${expected}`;
    assert.ok(ulpDistance(actual, expected) <= 3, text);
    const edge = [y, x].some((z) => z === 0 || Math.abs(z) === Infinity);
    if (edge) assert.ok(Object.is(actual, expected), text);
  };
  for (const y of values) values.forEach((x) => compare(y, x));
  for (let i = 1; i < numbers.length; i++) compare(numbers[i], numbers[i - 1]);
});
