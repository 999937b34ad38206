/**
 * The arithmetic that every elementary function is written in, and its
 * reference implementation on plain numbers.
 *
 * `exp`, `log`, `sin` … are written once, against {@linkcode Arithmetic}. The
 * interpreter runs them on numbers, the code generator runs the same functions
 * on emitted instructions: that the two agree to the last bit is a matter of
 * construction. Only operations that IEEE 754 fixes to the bit belong here.
 *
 * @module
 */

/**
 * IEEE 754 arithmetic on values `F` with masks `M`.
 *
 * @typeParam F A floating-point value: a number, or an emitted vector of lanes.
 * @typeParam M A truth value of the same width.
 */
export interface Arithmetic<F, M> {
  /** A constant. */
  constant(value: number): F;
  /** `a + b`. */
  add(a: F, b: F): F;
  /** `a − b`. */
  sub(a: F, b: F): F;
  /** `a · b`. */
  mul(a: F, b: F): F;
  /** `a / b`. */
  div(a: F, b: F): F;
  /** `−a`. */
  neg(a: F): F;
  /** `|a|`. */
  abs(a: F): F;
  /** `√a`. */
  sqrt(a: F): F;
  /** The largest integer that is not above `a`. */
  floor(a: F): F;
  /** The nearest integer; of two, the even one. */
  nearest(a: F): F;
  /**
   * `a` itself, where what follows relies on its having been rounded: a GPU's compiler may otherwise keep more
   * digits of a product, or take a sum apart again.
   */
  rounded(a: F): F;
  /** `b < a ? b : a`, which keeps a NaN in `a`. */
  smaller(a: F, b: F): F;
  /** `a < b ? b : a`, which keeps a NaN in `a`. */
  larger(a: F, b: F): F;
  /** The size of `a` with the sign of `b`. */
  copySign(a: F, b: F): F;
  /** `a < b`. */
  lessThan(a: F, b: F): M;
  /** `a ≤ b`. */
  lessEqual(a: F, b: F): M;
  /** `a = b`. */
  equal(a: F, b: F): M;
  /** Both. */
  and(a: M, b: M): M;
  /** Either. */
  or(a: M, b: M): M;
  /** Not. */
  not(a: M): M;
  /** `mask ? a : b`, of which both are computed. */
  select(mask: M, a: F, b: F): F;
  /** x · 2^k for an integer k, if that and x are normal numbers; anything if not. */
  scale(x: F, k: F): F;
  /** 2^k for an integer −1022 ≤ k ≤ 1023. */
  powerOfTwo(k: F): F;
  /** The integer e for which x / 2^e lies in [√½, √2), for a positive normal x. */
  exponent(x: F): F;
  /** x / 2^e for the e of {@linkcode Arithmetic.exponent}. */
  significand(x: F): F;
}

/** The high word of the double nearest to √½; adding it moves [√½, √2) to exponent 0. */
export const SQRT_HALF_HIGH_WORD = 0x3fe6a09e;

const float = new Float64Array(1);
const words = new Int32Array(float.buffer);
const HIGH = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;
const ALL_INTEGERS_FROM = 2 ** 52;

/** {@linkcode Arithmetic} on plain numbers: the reference. */
export const numberArithmetic: Arithmetic<number, boolean> = {
  constant: (value) => value,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  neg: (a) => -a,
  abs: Math.abs,
  sqrt: Math.sqrt,
  floor: Math.floor,
  nearest: (a) => {
    const size = Math.abs(a);
    if (!(size < ALL_INTEGERS_FROM)) return a;
    const rounded = size + ALL_INTEGERS_FROM - ALL_INTEGERS_FROM;
    return a < 0 || Object.is(a, -0) ? -rounded : rounded;
  },
  smaller: (a, b) => b < a ? b : a,
  larger: (a, b) => a < b ? b : a,
  rounded: (a) => a,
  copySign: (a, b) => {
    const negative = b < 0 || Object.is(b, -0);
    return negative ? -Math.abs(a) : Math.abs(a);
  },
  lessThan: (a, b) => a < b,
  lessEqual: (a, b) => a <= b,
  equal: (a, b) => a === b,
  and: (a, b) => a && b,
  or: (a, b) => a || b,
  not: (a) => !a,
  select: (mask, a, b) => mask ? a : b,
  scale: (x, k) => {
    float[0] = x;
    words[HIGH] += k << 20;
    return float[0];
  },
  powerOfTwo: (k) => {
    words[HIGH] = (k + 1023) << 20;
    words[1 - HIGH] = 0;
    return float[0];
  },
  exponent: (x) => {
    float[0] = x;
    return (words[HIGH] - SQRT_HALF_HIGH_WORD) >> 20;
  },
  significand: (x) => {
    float[0] = x;
    words[HIGH] = ((words[HIGH] - SQRT_HALF_HIGH_WORD) & 0xfffff) + SQRT_HALF_HIGH_WORD;
    return float[0];
  },
};
