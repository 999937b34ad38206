//! Exponential, logarithm and what is made of them, from arithmetic and bit operations alone: no
//! library's functions, whose last bits differ between machines.

use crate::vector::{Vector, F32, F64};
use core::arch::wasm32::*;

/// (eʳ − 1 − r)/r² on |r| ≤ ½ ln 2, lowest power first: minimax fits weighted by r², found with the
/// Remez exchange at 60 digits; largest errors 3.4e-18 and 2.3e-9.
const EXP_TAIL_F64: [f64; 10] = [
    0.5000000000000012,
    0.166666666666667,
    0.04166666666651542,
    0.008333333333307217,
    0.0013888888947016294,
    0.00019841269917354886,
    2.4801489941986953e-05,
    2.755721632951509e-06,
    2.763128037806136e-07,
    2.511785118876895e-08,
];
const EXP_TAIL_F32: [f64; 5] = [
    0.5000000095188966,
    0.16666518839706373,
    0.041666205789465866,
    0.008368889351415967,
    0.0013950491951149882,
];
/// R of ln(1+f) = f − f²/2 + s(f²/2 + R), s = f/(2+f), in powers of s² (fdlibm's e_log.c and e_logf.c).
const LOG_TAIL_F64: [f64; 7] = [
    6.666666666666735130e-01,
    3.999999999940941908e-01,
    2.857142874366239149e-01,
    2.222219843214978396e-01,
    1.818357216161805012e-01,
    1.531383769920937332e-01,
    1.479819860511658591e-01,
];
const LOG_TAIL_F32: [f64; 4] = [0.66666662693, 0.40000972152, 0.28498786688, 0.24279078841];
/// ln 2 in two parts, the first so short that its product with an exponent is exact.
const LN2_HIGH_F64: f64 = 6.93147180369123816490e-01;
const LN2_LOW_F64: f64 = 1.90821492927058770002e-10;
const LN2_HIGH_F32: f64 = 0.693359375;
const LN2_LOW_F32: f64 = -2.12194440e-4;

/// (sin x)/x in powers of x² (Taylor), for |x| ≤ π/2: the next term is below 1e-20.
const SIN: [f64; 12] = [
    1.0,
    -1.0 / 6.0,
    1.0 / 120.0,
    -1.0 / 5040.0,
    1.0 / 362880.0,
    -1.0 / 39916800.0,
    1.0 / 6227020800.0,
    -1.0 / 1307674368000.0,
    1.0 / 355687428096000.0,
    -1.0 / 121645100408832000.0,
    1.0 / 51090942171709440000.0,
    -1.0 / 25852016738884976640000.0,
];

#[inline(always)]
fn polynomial<V: Vector>(x: V, coefficients: &[f64]) -> V {
    let mut sum = V::constant(coefficients[coefficients.len() - 1]);
    for &c in coefficients.iter().rev().skip(1) {
        sum = sum.mul(x).add(V::constant(c));
    }
    sum
}

#[inline(always)]
fn log_of_parts<V: Vector>(f: V, e: V, tail: &[f64], ln2: (f64, f64)) -> V {
    let s = f.div(f.add(V::constant(2.0)));
    let w = s.square();
    let r = w.mul(polynomial(w, tail));
    let half = f.square().mul(V::constant(0.5));
    let low = s.mul(half.add(r)).add(e.mul(V::constant(ln2.1)));
    e.mul(V::constant(ln2.0)).sub(half.sub(low).sub(f))
}

/// eˣ, x limited to [−708, 709].
#[inline(always)]
pub fn exp_f64(x: F64) -> F64 {
    // 1.5·2⁵² rounds to whole numbers and leaves them in the low bits.
    const SHIFT: f64 = 6755399441055744.0;
    let x = x.smaller(F64::constant(709.0)).larger(F64::constant(-708.0));
    let shifted = x.mul(F64::constant(core::f64::consts::LOG2_E)).add(F64::constant(SHIFT));
    let n = shifted.sub(F64::constant(SHIFT));
    let r = x.sub(n.mul(F64::constant(LN2_HIGH_F64))).sub(n.mul(F64::constant(LN2_LOW_F64)));
    let p = r.add(r.square().mul(polynomial(r, &EXP_TAIL_F64))).add(F64::constant(1.0));
    F64(i64x2_add(p.0, i64x2_shl(shifted.0, 52)))
}

/// ln x for positive normal x.
#[inline(always)]
pub fn log_f64(x: F64) -> F64 {
    const OFF: i64 = 0x3fe6a09e00000000;
    let moved = i64x2_sub(x.0, i64x2_splat(OFF));
    let e = u64x2_shr(i64x2_add(moved, i64x2_splat(1024 << 52)), 52);
    let e = f64x2_sub(
        v128_or(e, f64x2_splat(4503599627370496.0)),
        f64x2_splat(4503599627370496.0 + 1024.0),
    );
    let m = i64x2_add(v128_and(moved, i64x2_splat(0x000fffffffffffff)), i64x2_splat(OFF));
    let f = F64(m).sub(F64::constant(1.0));
    log_of_parts(f, F64(e), &LOG_TAIL_F64, (LN2_HIGH_F64, LN2_LOW_F64))
}

/// eˣ, x limited to [−87, 88].
#[inline(always)]
pub fn exp_f32(x: F32) -> F32 {
    // 1.5·2²³ rounds to whole numbers and leaves them in the low bits.
    const SHIFT: f64 = 12582912.0;
    let x = x.smaller(F32::constant(88.0)).larger(F32::constant(-87.0));
    let shifted = x.mul(F32::constant(core::f64::consts::LOG2_E)).add(F32::constant(SHIFT));
    let n = shifted.sub(F32::constant(SHIFT));
    let r = x.sub(n.mul(F32::constant(LN2_HIGH_F32))).sub(n.mul(F32::constant(LN2_LOW_F32)));
    let p = r.add(r.square().mul(polynomial(r, &EXP_TAIL_F32))).add(F32::constant(1.0));
    F32(i32x4_add(p.0, i32x4_shl(shifted.0, 23)))
}

/// ln x for positive normal x.
#[inline(always)]
pub fn log_f32(x: F32) -> F32 {
    const OFF: i32 = 0x3f3504f3;
    let moved = i32x4_sub(x.0, i32x4_splat(OFF));
    let e = f32x4_convert_i32x4(i32x4_shr(moved, 23));
    let m = i32x4_add(v128_and(moved, i32x4_splat(0x007fffff)), i32x4_splat(OFF));
    let f = F32(m).sub(F32::constant(1.0));
    log_of_parts(f, F32(e), &LOG_TAIL_F32, (LN2_HIGH_F32, LN2_LOW_F32))
}

/// tanh x = 1 − 2/(e²ˣ + 1).
#[inline(always)]
pub fn tanh<V: Vector>(x: V) -> V {
    let one = V::constant(1.0);
    one.sub(V::constant(2.0).div(x.add(x).exp().add(one)))
}

/// ln(1 + eˣ) = max(x, 0) + ln(1 + e^{−|x|}), and its slope 1/(1 + e⁻ˣ).
#[inline(always)]
pub fn softplus<V: Vector>(x: V) -> (V, V) {
    let one = V::constant(1.0);
    let e = x.abs().neg().exp();
    let whole = one.add(e);
    let value = x.larger(V::constant(0.0)).add(whole.log());
    let small = e.div(whole);
    (value, V::select(x.less(V::constant(0.0)), small, one.sub(small)))
}

/// The angle in [−π, π] that is x but for whole turns.
#[inline(always)]
pub fn wrap<V: Vector>(x: V) -> V {
    use core::f64::consts::TAU;
    x.sub(x.mul(V::constant(1.0 / TAU)).nearest().mul(V::constant(TAU)))
}

/// cos x and sin x for |x| ≤ π.
#[inline(always)]
pub fn cos_sin<V: Vector>(x: V) -> (V, V) {
    use core::f64::consts::{FRAC_PI_2, PI};
    let of = |a: V| a.mul(polynomial(a.square(), &SIN));
    let away = x.abs();
    let sin = of(away.smaller(V::constant(PI).sub(away)));
    let cos = of(V::constant(FRAC_PI_2).sub(away));
    (cos, V::select(x.less(V::constant(0.0)), sin.neg(), sin))
}
