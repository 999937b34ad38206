//! Base distributions: coordinates that are not periodic follow the standard normal distribution or a
//! multivariate Student-t around 0, periodic ones are uniform on the circle.

use crate::vector::{Vector, F64};

/// The base of a flow.
pub struct Base {
    /// Degrees of freedom of the Student-t distribution; 0 for the normal distribution.
    pub degrees: f64,
    /// ln of the normalisation: the log density at 0.
    pub constant: f64,
    /// Coordinates that are not periodic.
    pub lines: usize,
}

impl Base {
    /// From the sum of squares of the coordinates that are not periodic to minus the log density but for
    /// the constant, and to what a coordinate is multiplied by for its slope.
    #[inline(always)]
    pub fn energy<V: Vector>(&self, squares: V) -> (V, V) {
        if self.degrees == 0.0 {
            return (squares.mul(V::constant(0.5)), V::constant(1.0));
        }
        let degrees = V::constant(self.degrees);
        let over = V::constant(1.0).add(squares.div(degrees));
        let power = V::constant(0.5 * (self.degrees + self.lines as f64));
        let slope = power.add(power).div(degrees.mul(over));
        (power.mul(over.log()), slope)
    }

    /// The log density of a row.
    pub fn log_density(&self, row: &[f64], periodic: &[bool]) -> f64 {
        let mut squares = 0.0;
        for (z, &periodic) in row.iter().zip(periodic) {
            if !periodic {
                squares += z * z;
            }
        }
        self.constant - self.energy(F64::constant(squares)).0.lane(0)
    }
}
