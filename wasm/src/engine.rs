//! A flow of one shape with the memory that it works in.

use crate::adam::{Moments, Update};
use crate::coupling::Direction;
use crate::flow::{Flow, Room, Shape, TrainingRoom, HALF_LOG_TWO_PI};
use crate::vector::{Vector, F32, F64};
use crate::whitening::Whitening;

/// An engine.
pub struct Engine {
    pub flow: Flow,
    pub whitening: Whitening,
    /// The weights in single precision, filled up with zeros to whole vectors.
    pub weights: Vec<F32>,
    pub moments: Moments,
    pub slopes: Vec<F32>,
    /// Rows × d, in and out.
    pub data: Vec<f64>,
    /// One number for each row.
    pub log: Vec<f64>,
    /// Which rows of `data` a batch is made of.
    pub order: Vec<u32>,
    /// Slopes in double precision.
    pub exact_slopes: Vec<f64>,
    wide: Vec<f64>,
    room: Option<Room<F64>>,
    training: Option<TrainingRoom<F32>>,
}

/// The numbers of vectors.
fn scalars(vectors: &[F32]) -> &[f32] {
    // SAFETY: an F32 is four single-precision numbers.
    unsafe { core::slice::from_raw_parts(vectors.as_ptr() as *const f32, vectors.len() * F32::LANES) }
}

impl Engine {
    pub fn new(shape: &Shape) -> Engine {
        let flow = Flow::new(shape);
        let vectors = flow.count().div_ceil(F32::LANES);
        Engine {
            whitening: Whitening::new(shape.dimension),
            weights: vec![F32::constant(0.0); vectors],
            moments: Moments::new(vectors),
            slopes: vec![F32::constant(0.0); vectors],
            data: Vec::new(),
            log: Vec::new(),
            order: Vec::new(),
            exact_slopes: Vec::new(),
            wide: Vec::new(),
            room: None,
            training: None,
            flow,
        }
    }

    /// Makes room for rows of data.
    pub fn reserve(&mut self, rows: usize) {
        self.data.resize(rows * self.flow.dimension, 0.0);
        self.log.resize(rows, 0.0);
    }

    fn widen(&mut self) {
        self.wide.clear();
        self.wide.extend(scalars(&self.weights).iter().map(|&w| w as f64));
    }

    /// Maps points to the base or back, in place and in double precision; `log` becomes ln |det| of the
    /// way forward, and with `density` the log density at the points.
    pub fn map(&mut self, direction: Direction, density: bool) {
        if direction == Direction::Forward {
            self.whitening.whiten(&mut self.data);
        }
        let constant = self.whitening.log_determinant();
        let mut base = Vec::new();
        if density && direction == Direction::Inverse {
            base = self.base_log_density();
        }
        self.widen();
        let room = self.room.get_or_insert_with(|| self.flow.room());
        self.flow.map::<F64>(direction, &self.wide, room, &mut self.data, &mut self.log);
        if density && direction == Direction::Forward {
            base = self.base_log_density();
        }
        for log in self.log.iter_mut() {
            *log += constant;
        }
        for (log, base) in self.log.iter_mut().zip(base) {
            *log += base;
        }
        if direction == Direction::Inverse {
            self.whitening.color(&mut self.data);
        }
    }

    /// ln N(z; 0, I) of the rows.
    fn base_log_density(&self) -> Vec<f64> {
        let d = self.flow.dimension;
        let density = |row: &[f64]| {
            let squares = row.iter().fold(0.0, |sum, z| sum + z * z);
            -0.5 * squares - d as f64 * HALF_LOG_TWO_PI
        };
        self.data.chunks_exact(d).map(density).collect()
    }

    /// Mean of −ln q over the white rows of a batch, `count` entries of `order` from `first`; leaves the
    /// slopes.
    pub fn loss(&mut self, first: usize, count: usize) -> f64 {
        let room = self.training.get_or_insert_with(|| self.flow.training_room());
        let rows = &self.order[first..first + count];
        let (d, data) = (self.flow.dimension, &self.data);
        let loss = self.flow.loss::<F32>(scalars(&self.weights), room, count, |row, i| {
            data[rows[row] as usize * d + i]
        });
        for (k, slope) in self.slopes.iter_mut().enumerate() {
            // SAFETY: the room is filled up to whole vectors of weights.
            *slope = unsafe { F32::totals(room.by_weights.as_ptr().add(k * F32::LANES)) };
        }
        loss
    }

    /// One update by the slopes that the last loss left.
    pub fn update(&mut self, update: &Update) -> bool {
        self.moments.update(&mut self.weights, &self.slopes, update)
    }

    /// The loss over all white rows in double precision; leaves its slopes.
    pub fn exact_loss(&mut self) -> f64 {
        self.widen();
        let mut room = self.flow.training_room::<F64>();
        let (d, data) = (self.flow.dimension, &self.data);
        let rows = data.len() / d;
        let loss = self.flow.loss::<F64>(&self.wide, &mut room, rows, |row, i| data[row * d + i]);
        self.exact_slopes = room.by_weights[..self.flow.count()].iter().map(|s| s.total()).collect();
        loss
    }
}
