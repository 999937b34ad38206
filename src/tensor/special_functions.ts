/**
 * Special functions of tensors, element by element. The functions of every day are methods of
 * {@linkcode Tensor}; these are functions.
 *
 * @module
 */
import { binary, type Tensor, type TensorLike, unary } from "./tensor.ts";

/**
 * The sign of each element: −1, 1, or the element itself where that is ±0 or NaN. Its gradient is 0.
 *
 * @param x The values.
 * @returns The signs.
 */
export function sign(x: TensorLike): Tensor {
  return unary("sign", x);
}

/**
 * The remainder a − b⌊a/b⌋, which has the sign of `b` as Python's `%` has; `mod(x, 2 * Math.PI)` is an angle
 * from 0 up to, not with, 2π.
 *
 * Rounded correctly for |a/b| < 2¹⁰⁰ and operands from 10⁻²⁹⁰ to 10²⁹⁰ in size, but that 0 stands for what
 * would round to b; NaN for larger quotients, for b = 0 and for an infinite `a`. An infinite `b` leaves an
 * `a` of its sign and gives `b` for one of the other. The gradient is (1, −⌊a/b⌋), also where it jumps.
 *
 * @param a What is divided.
 * @param b The divisor.
 * @returns The remainder, in the common shape.
 */
export function mod(a: TensorLike, b: TensorLike): Tensor {
  return binary("mod", a, b);
}

/**
 * tan x, x in radians; error under 4 ulp for |x| up to 10⁶.
 *
 * @param x The angles.
 * @returns The tangents.
 */
export function tan(x: TensorLike): Tensor {
  return unary("tan", x);
}

/**
 * The angle in (−π/2, π/2) whose tangent is x; error under 2 ulp.
 *
 * @param x The tangents.
 * @returns The angles, in radians.
 */
export function atan(x: TensorLike): Tensor {
  return unary("atan", x);
}

/**
 * The angle of the point (x, y), from −π to π, as IEEE 754 has it at zeros and infinities; error under
 * 3 ulp. The gradient at the origin is NaN: there is none.
 *
 * @param y The second coordinate.
 * @param x The first coordinate.
 * @returns The angle in radians, in the common shape.
 */
export function atan2(y: TensorLike, x: TensorLike): Tensor {
  return binary("atan2", y, x);
}

/**
 * ln(eᵃ + eᵇ) without overflow, element by element: the log density of a mixture of two. It takes one
 * exponential; −∞ is allowed.
 *
 * @param a The one exponent.
 * @param b The other; shapes are broadcast.
 * @returns The logarithm, in the common shape. Its gradient is NaN where both are −∞.
 */
export function logAddExp(a: TensorLike, b: TensorLike): Tensor {
  return binary("logAddExp", a, b);
}

/**
 * The error function, 2/√π ∫₀ˣ e^{−t²} dt; error under 3 ulp.
 *
 * @param x The values.
 * @returns erf x, in [−1, 1].
 */
export function erf(x: TensorLike): Tensor {
  return unary("erf", x);
}

/**
 * The complementary error function, 1 − erf x, accurate in the right tail down to 10⁻³⁰⁸;
 * error under 5 ulp.
 *
 * @param x The values.
 * @returns erfc x, in [0, 2].
 */
export function erfc(x: TensorLike): Tensor {
  return unary("erfc", x);
}

/**
 * The scaled complementary error function, e^{x²} erfc x, which decays only as 1/(x√π); ∞ below
 * −26.7; error under 5 ulp.
 *
 * @param x The values.
 * @returns erfcx x.
 */
export function erfcx(x: TensorLike): Tensor {
  return unary("erfcx", x);
}

/**
 * The logarithm of the standard normal distribution function, log Φ(x): what a censored or a probit
 * likelihood adds up; error under 6 ulp. It has no underflow on the left, where it is about −x²/2, nor does its gradient
 * φ(x)/Φ(x), about −x. Second derivatives lose digits on the left as x² · 10⁻¹⁶.
 *
 * @param x The values.
 * @returns log Φ(x).
 *
 * @example Far to the left
 * ```ts
 * import assert from "node:assert/strict";
 * import { grad, logNormalCdf } from "@tributary/tributary";
 *
 * assert.equal(logNormalCdf(-1e10).item(), -5e19);
 * assert(Math.abs(grad(logNormalCdf)(-1e10).item() / 1e10 - 1) < 1e-15);
 * ```
 */
export function logNormalCdf(x: TensorLike): Tensor {
  return unary("logNormalCdf", x);
}

/**
 * The logarithm of the gamma function, ln Γ(x) for x > 0; ∞ at 0, NaN below; error under
 * 6 ulp, also near the zeros at 1 and 2. Its gradient is {@linkcode digamma}.
 *
 * @param x The values, not negative.
 * @returns ln Γ(x).
 */
export function lgamma(x: TensorLike): Tensor {
  return unary("lgamma", x);
}

/**
 * The digamma function ψ(x) = d/dx ln Γ(x) for x > 0; −∞ at 0, NaN below; error
 * under 5 ulp, also near its zero. Its gradient is {@linkcode trigamma}.
 *
 * @param x The values, not negative.
 * @returns ψ(x).
 */
export function digamma(x: TensorLike): Tensor {
  return unary("digamma", x);
}

/**
 * The trigamma function ψ₁(x) = d²/dx² ln Γ(x) for x > 0; ∞ at 0, NaN below; error under 4 ulp. It is the
 * gradient of {@linkcode digamma}; to differentiate it is a `TypeError`.
 *
 * @param x The values, not negative.
 * @returns ψ₁(x).
 */
export function trigamma(x: TensorLike): Tensor {
  return unary("trigamma", x);
}
