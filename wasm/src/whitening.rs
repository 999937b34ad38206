//! The affine map between points x and white coordinates z: x = mean + L z, L lower triangular. Periodic
//! coordinates, to which L does nothing, stay in [−π, π].

use crate::elementary::wrap;
use crate::vector::{Vector, F64};

/// Mean and factor of the covariance.
pub struct Whitening {
    periodic: Vec<bool>,
    /// [d].
    pub mean: Vec<f64>,
    /// L, d × d.
    pub factor: Vec<f64>,
    /// 1/Lᵢᵢ.
    over: Vec<f64>,
}

fn wrapped(x: f64, periodic: bool) -> f64 {
    if periodic {
        wrap(F64::constant(x)).lane(0)
    } else {
        x
    }
}

impl Whitening {
    pub fn new(periodic: &[bool]) -> Whitening {
        let d = periodic.len();
        Whitening {
            periodic: periodic.to_vec(),
            mean: vec![0.0; d],
            factor: vec![0.0; d * d],
            over: vec![0.0; d],
        }
    }

    fn invert_diagonal(&mut self) {
        for (i, over) in self.over.iter_mut().enumerate() {
            *over = 1.0 / self.factor[i * (self.mean.len() + 1)];
        }
    }

    /// From points to white coordinates, in place.
    pub fn whiten(&mut self, rows: &mut [f64]) {
        self.invert_diagonal();
        let d = self.mean.len();
        for row in rows.chunks_exact_mut(d) {
            for i in 0..d {
                let mut sum = row[i] - self.mean[i];
                for (l, z) in self.factor[i * d..i * d + i].iter().zip(&*row) {
                    sum -= l * z;
                }
                row[i] = wrapped(sum * self.over[i], self.periodic[i]);
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
                row[i] = wrapped(sum, self.periodic[i]);
            }
        }
    }

    /// From slopes in white coordinates to those in points, in place: L⁻ᵀ g.
    pub fn pull_back(&mut self, rows: &mut [f64]) {
        self.invert_diagonal();
        let d = self.mean.len();
        for row in rows.chunks_exact_mut(d) {
            for i in (0..d).rev() {
                let mut sum = row[i];
                for j in i + 1..d {
                    sum -= self.factor[j * d + i] * row[j];
                }
                row[i] = sum * self.over[i];
            }
        }
    }

    /// ln |det| of the map from points to white coordinates: −Σ ln Lᵢᵢ.
    pub fn log_determinant(&self) -> f64 {
        let diagonal = self.factor.iter().step_by(self.mean.len() + 1);
        diagonal.fold(0.0, |sum, &l| sum - F64::constant(l).log().lane(0))
    }
}
