//! The affine map between points x and white coordinates z: x = mean + L z, L lower triangular.

use crate::vector::{Vector, F64};

/// Mean and factor of the covariance.
pub struct Whitening {
    /// [d].
    pub mean: Vec<f64>,
    /// L, d × d.
    pub factor: Vec<f64>,
}

impl Whitening {
    pub fn new(dimension: usize) -> Whitening {
        Whitening { mean: vec![0.0; dimension], factor: vec![0.0; dimension * dimension] }
    }

    fn diagonal(&self) -> impl Iterator<Item = f64> + '_ {
        self.factor.iter().step_by(self.mean.len() + 1).copied()
    }

    /// From points to white coordinates, in place.
    pub fn whiten(&self, rows: &mut [f64]) {
        let d = self.mean.len();
        let over: Vec<f64> = self.diagonal().map(|l| 1.0 / l).collect();
        for row in rows.chunks_exact_mut(d) {
            for i in 0..d {
                let mut sum = row[i] - self.mean[i];
                for (l, z) in self.factor[i * d..i * d + i].iter().zip(&*row) {
                    sum -= l * z;
                }
                row[i] = sum * over[i];
            }
        }
    }

    /// From white coordinates to points, in place.
    pub fn color(&self, rows: &mut [f64]) {
        let d = self.mean.len();
        for row in rows.chunks_exact_mut(d) {
            for i in (0..d).rev() {
                let mut sum = self.mean[i];
                for (l, z) in self.factor[i * d..=i * d + i].iter().zip(&*row) {
                    sum += l * z;
                }
                row[i] = sum;
            }
        }
    }

    /// ln |det| of the map from points to white coordinates: −Σ ln Lᵢᵢ.
    pub fn log_determinant(&self) -> f64 {
        self.diagonal().fold(0.0, |sum, l| sum - F64::constant(l).log().lane(0))
    }
}
