//! Adam with decoupled weight decay and clipping of the global norm: Kingma & Ba 2015; Loshchilov &
//! Hutter 2019.

use crate::vector::{Vector, F32};
use core::arch::wasm32::*;

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// How an update is made.
pub struct Update {
    pub rate: f64,
    /// Slopes of a larger global norm are shortened to it.
    pub clip: f64,
    pub weight_decay: f64,
    /// Which update this is, from 1.
    pub number: f64,
}

/// Running means of the slopes and of their squares.
pub struct Moments {
    pub first: Vec<F32>,
    pub second: Vec<F32>,
}

/// xⁿ by squaring: the same whether n is reached at once or in slices.
fn power(x: f64, n: f64) -> f64 {
    let (mut result, mut square, mut rest) = (1.0, x, n as u64);
    while rest > 0 {
        if rest & 1 == 1 {
            result *= square;
        }
        square *= square;
        rest >>= 1;
    }
    result
}

/// Sum of squares, in double precision.
#[inline(never)]
fn sum_of_squares(slopes: &[F32]) -> f64 {
    let mut sums = [f64x2_splat(0.0); 2];
    for slope in slopes {
        let square = |half: v128| f64x2_mul(half, half);
        let high = i32x4_shuffle::<2, 3, 2, 3>(slope.0, slope.0);
        sums[0] = f64x2_add(sums[0], square(f64x2_promote_low_f32x4(slope.0)));
        sums[1] = f64x2_add(sums[1], square(f64x2_promote_low_f32x4(high)));
    }
    let sum = f64x2_add(sums[0], sums[1]);
    f64x2_extract_lane::<0>(sum) + f64x2_extract_lane::<1>(sum)
}

impl Moments {
    pub fn new(vectors: usize) -> Moments {
        let zeros = || vec![F32::constant(0.0); vectors];
        Moments { first: zeros(), second: zeros() }
    }

    /// Updates weights. Where the slopes are not finite nothing changes.
    #[inline(never)]
    pub fn update(&mut self, weights: &mut [F32], slopes: &[F32], update: &Update) -> bool {
        let norm = sum_of_squares(slopes).sqrt();
        if !norm.is_finite() {
            return false;
        }
        let Update { rate, clip, weight_decay, number } = *update;
        let scale = F32::constant(if norm > clip { clip / norm } else { 1.0 });
        let (keep1, add1) = (F32::constant(BETA1), F32::constant(1.0 - BETA1));
        let (keep2, add2) = (F32::constant(BETA2), F32::constant(1.0 - BETA2));
        let rate1 = F32::constant(rate / (1.0 - power(BETA1, number)));
        let share2 = F32::constant(1.0 / (1.0 - power(BETA2, number)));
        let epsilon = F32::constant(EPSILON);
        let shrink = F32::constant(1.0 - rate * weight_decay);
        let moments = self.first.iter_mut().zip(self.second.iter_mut());
        for ((weight, slope), (first, second)) in weights.iter_mut().zip(slopes).zip(moments) {
            let slope = slope.mul(scale);
            *first = keep1.mul(*first).add(add1.mul(slope));
            *second = keep2.mul(*second).add(add2.mul(slope.square()));
            let root = second.mul(share2).sqrt().add(epsilon);
            *weight = weight.mul(shrink).sub(rate1.mul(*first).div(root));
        }
        true
    }
}
