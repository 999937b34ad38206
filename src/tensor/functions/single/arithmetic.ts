/**
 * {@linkcode Arithmetic} in single precision, on plain numbers: the reference of compiled f32 code.
 *
 * Each operation is that of doubles, rounded once more. For +, −, ·, / and √ of floats that is the
 * correctly rounded result, since a double has more than twice a float's digits and two (Figueroa, "When is
 * double rounding innocuous?", 1995).
 *
 * @module
 */
import { type Arithmetic, numberArithmetic } from "../arithmetic.ts";

/** The bits of the float nearest to √½; adding them moves [√½, √2) to exponent 0. */
export const SQRT_HALF_BITS = 0x3f3504f3;

const float = new Float32Array(1);
const word = new Int32Array(float.buffer);

/** {@linkcode Arithmetic} on numbers that are floats of 32 bits; `powerOfTwo` takes −126 ≤ k ≤ 127. */
export const singleArithmetic: Arithmetic<number, boolean> = {
  ...numberArithmetic,
  constant: Math.fround,
  add: (a, b) => Math.fround(a + b),
  sub: (a, b) => Math.fround(a - b),
  mul: (a, b) => Math.fround(a * b),
  div: (a, b) => Math.fround(a / b),
  sqrt: (a) => Math.fround(Math.sqrt(a)),
  scale: (x, k) => {
    float[0] = x;
    word[0] += k << 23;
    return float[0];
  },
  powerOfTwo: (k) => {
    word[0] = (k + 127) << 23;
    return float[0];
  },
  exponent: (x) => {
    float[0] = x;
    return (word[0] - SQRT_HALF_BITS) >> 23;
  },
  significand: (x) => {
    float[0] = x;
    word[0] = ((word[0] - SQRT_HALF_BITS) & 0x7fffff) + SQRT_HALF_BITS;
    return float[0];
  },
};
