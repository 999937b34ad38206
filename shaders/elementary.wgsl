// exp, log, sin and cos in f32. WGSL asks little of its built-in ones: its log may be off by 2^-21
// near 1, its sin and cos by 2^-11, and they differ between devices.
//
// Source: range reductions after Cody & Waite, "Software manual for the elementary functions", 1980;
// polynomials of our own, minimax fits by the Remez exchange at 50 digits, rounded to f32. Every
// product of n and a part of a constant is exact but the last one's, so that the reductions come out
// the same whether or not a device fuses a·b + c, which WGSL leaves to it.
// Accuracy: exp 1.3 ulp, log 0.9, sin and cos 2.5 for |x| ≤ 10^4: the largest errors found over every
// f32 argument with fused and with separate operations, and over one in 61 on lavapipe. For |x| up to
// 10^6 sin and cos are off by no more than 2^-24 |x|. NaN, infinities and the edges of the domains are
// decided on the bits, since WGSL lets a device assume that there are none. Subnormal numbers count
// as 0, to which some devices flush them.

const INFINITY_BITS = 0x7f800000u;
const NAN_BITS = 0x7fc00000u;
const SIGN_BIT = 0x80000000u;
const SMALLEST_NORMAL_BITS = 0x00800000u;
const SQRT_HALF_BITS = 0x3f3504f3u;

/// ln 2 in two parts; the first has 10 bits.
const LN2_HIGH = 0.693359375;
const LN2_LOW = -2.12194440e-4;
const LOG2_E = 1.44269504;

/// π/2 in four parts; the first three have 11 bits, which leaves 13 for n.
const HALF_PI_1 = 1.5703125;
const HALF_PI_2 = 4.83751296997e-4;
const HALF_PI_3 = 7.54953362e-8;
const HALF_PI_4 = 2.56334407e-12;
const TWO_OVER_PI = 0.63661977;

/// Between these, e^x is a normal number.
const EXP_LOWEST = -87.33654;
const EXP_HIGHEST = 88.72283;

/// e^x.
fn exponential(x: f32) -> f32 {
  // x = n·ln 2 + r with |r| ≤ ½ ln 2.
  let clamped = clamp(x, EXP_LOWEST, EXP_HIGHEST);
  let n = round(clamped * LOG2_E);
  let r = (clamped - n * LN2_HIGH) - n * LN2_LOW;
  // (e^r − 1 − r) / r²; relative error of e^r 2^-28.0.
  let tail = 0.49999994 +
    r * (0.16666521 + r * (0.04166839 + r * (0.008368717 + r * 0.0013814599)));
  let scaled = 1.0 + (r + r * r * tail);
  // The factor 2^n, as an addition to the exponent's bits.
  var bits = bitcast<u32>(scaled) + (bitcast<u32>(i32(n)) << 23u);
  if (x < EXP_LOWEST) { bits = 0u; }
  if (x > EXP_HIGHEST) { bits = INFINITY_BITS; }
  if ((bitcast<u32>(x) & ~SIGN_BIT) > INFINITY_BITS) { bits = NAN_BITS; }
  return bitcast<f32>(bits);
}

/// ln((1 + f)·2^e) for √½ ≤ 1 + f ≤ √2 and an integer e.
fn log_of_parts(f: f32, e: f32) -> f32 {
  // (ln(1 + f) − f + f²/2) / f³; relative error of ln(1 + f) 2^-27.2.
  let tail = 0.3333333 + f * (-0.2500082 + f * (0.20001227 + f * (-0.16623357 +
    f * (0.14201756 + f * (-0.13160187 + f * (0.12761591 + f * -0.07634506))))));
  let square = f * f;
  let low = f * square * tail + e * LN2_LOW;
  return e * LN2_HIGH + (f + (low - 0.5 * square));
}

/// ln x; −∞ at 0, NaN below.
fn natural_log(x: f32) -> f32 {
  let argument = bitcast<u32>(x);
  let e = bitcast<i32>(argument - SQRT_HALF_BITS) >> 23u;
  let significand = bitcast<f32>(argument - (bitcast<u32>(e) << 23u));
  var bits = bitcast<u32>(log_of_parts(significand - 1.0, f32(e)));
  if (argument >= INFINITY_BITS) { bits = argument; }
  if (argument > SIGN_BIT) { bits = NAN_BITS; }
  if ((argument & ~SIGN_BIT) < SMALLEST_NORMAL_BITS) { bits = SIGN_BIT | INFINITY_BITS; }
  return bitcast<f32>(bits);
}

/// The angle `index`·π/2 + `rest`, |rest| ≤ π/4; the index counts modulo 4.
struct QuadrantAngle {
  index: u32,
  rest: f32,
}

fn quadrant_angle(x: f32) -> QuadrantAngle {
  let n = round(x * TWO_OVER_PI);
  let rest = ((x - n * HALF_PI_1) - n * HALF_PI_2) - n * HALF_PI_3;
  return QuadrantAngle(bitcast<u32>(i32(n)), rest - n * HALF_PI_4);
}

fn sine_of_angle(angle: QuadrantAngle) -> f32 {
  let r = angle.rest;
  let square = r * r;
  // (sin r − r) / r³ and (cos r − 1 + r²/2) / r⁴; relative errors of the results 2^-27.9, 2^-32.5.
  let sine_tail = -0.16666655 + square * (0.008332189 + square * -0.00019518279);
  let cosine_tail = 0.041666646 + square * (-0.0013887315 + square * 2.4433008e-5);
  let sine = r + r * square * sine_tail;
  let cosine = (1.0 - 0.5 * square) + square * square * cosine_tail;
  let size = select(sine, cosine, (angle.index & 1u) != 0u);
  return select(size, -size, (angle.index & 2u) != 0u);
}

fn cosine_of_angle(angle: QuadrantAngle) -> f32 {
  return sine_of_angle(QuadrantAngle(angle.index + 1u, angle.rest));
}

/// `value`, or NaN where `x` is not finite.
fn where_finite(x: f32, value: f32) -> f32 {
  let finite = (bitcast<u32>(x) & ~SIGN_BIT) < INFINITY_BITS;
  return bitcast<f32>(select(NAN_BITS, bitcast<u32>(value), finite));
}

/// sin x, x in radians.
fn sine(x: f32) -> f32 {
  return where_finite(x, sine_of_angle(quadrant_angle(x)));
}

/// cos x, x in radians.
fn cosine(x: f32) -> f32 {
  return where_finite(x, cosine_of_angle(quadrant_angle(x)));
}
