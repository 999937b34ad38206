//! Affine moves y = x eˢ + t with bounded s: Dinh, Sohl-Dickstein & Bengio, "Density estimation using
//! Real NVP", ICLR 2017, eq. 7.

use crate::elementary::tanh;
use crate::spline::Passed;
use crate::transform::Direction;
use crate::vector::Vector;

/// Largest |s|: a layer scales by at most e².
const BOUND: f64 = 2.0;
/// Number of raw parameters: t, and a raw number of which s = BOUND tanh(raw/BOUND).
pub const PARAMETERS: usize = 2;

#[inline(always)]
fn log_scale<V: Vector>(raw: V) -> V {
    V::constant(BOUND).mul(tanh(raw.mul(V::constant(1.0 / BOUND))))
}

/// Moves a number forward or back.
#[inline(always)]
pub fn pass<V: Vector>(direction: Direction, [shift, raw]: [V; PARAMETERS], x: V) -> Passed<V> {
    let s = log_scale(raw);
    let value = match direction {
        Direction::Forward => x.mul(s.exp()).add(shift),
        Direction::Inverse => x.sub(shift).mul(s.neg().exp()),
    };
    Passed { value, log_slope: s }
}

/// From slopes of the loss in y and s to that in x and those in the parameters.
#[inline(always)]
pub fn backward<V: Vector>(
    [_, raw]: [V; PARAMETERS],
    x: V,
    by_value: V,
    by_log_slope: V,
) -> (V, [V; PARAMETERS]) {
    let s = log_scale(raw);
    let by_x = by_value.mul(s.exp());
    // d s / d raw = 1 − tanh².
    let share = s.mul(V::constant(1.0 / BOUND));
    let by_s = by_x.mul(x).add(by_log_slope);
    (by_x, [by_value, by_s.sub(by_s.mul(share.square()))])
}
