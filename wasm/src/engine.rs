//! A flow of one shape with the memory that it works in.

use crate::adam::{Moments, Update};
use crate::flow::{Flow, Numbers, Room, Shape, TrainingRoom};
use crate::transform::Direction;
use crate::vector::{Vector, F32, F64};
use crate::whitening::Whitening;

/// An engine.
pub struct Engine {
    pub flow: Flow,
    pub whitening: Whitening,
    /// The weights in single precision, filled up with zeros to whole vectors.
    pub weights: Vec<F32>,
    pub moments: Moments,
    /// Sum of the weights after some updates.
    pub sum: Vec<F32>,
    pub slopes: Vec<F32>,
    /// The slopes of each chunk of a batch.
    pub chunk_slopes: Vec<F32>,
    /// The rotations, in double precision.
    pub rotations: Vec<f64>,
    /// Rows × d, in and out.
    pub data: Vec<f64>,
    /// One number for each row.
    pub log: Vec<f64>,
    /// Which rows of `data` a batch is made of.
    pub order: Vec<u32>,
    /// How much each of them counts.
    pub row_weights: Vec<f32>,
    /// Slopes in double precision.
    pub exact_slopes: Vec<f64>,
    wide_weights: Vec<f64>,
    narrow_rotations: Vec<f32>,
    room: Option<Room<F64>>,
    single_room: Option<Room<F32>>,
    training: Option<TrainingRoom<F32>>,
    exact: Option<TrainingRoom<F64>>,
}

/// The numbers of vectors.
fn scalars(vectors: &[F32]) -> &[f32] {
    // SAFETY: an F32 is four single-precision numbers.
    unsafe { core::slice::from_raw_parts(vectors.as_ptr() as *const f32, vectors.len() * F32::LANES) }
}

impl Engine {
    pub fn new(shape: Shape) -> Engine {
        let flow = Flow::new(shape);
        let vectors = flow.count().div_ceil(F32::LANES);
        Engine {
            whitening: Whitening::new(&flow.periodic),
            weights: vec![F32::constant(0.0); vectors],
            moments: Moments::new(vectors),
            sum: vec![F32::constant(0.0); vectors],
            slopes: vec![F32::constant(0.0); vectors],
            chunk_slopes: Vec::new(),
            rotations: vec![0.0; flow.rotations()],
            data: Vec::new(),
            log: Vec::new(),
            order: Vec::new(),
            row_weights: Vec::new(),
            exact_slopes: vec![0.0; flow.count()],
            wide_weights: vec![0.0; vectors * F32::LANES],
            narrow_rotations: vec![0.0; flow.rotations()],
            room: None,
            single_room: None,
            training: None,
            exact: None,
            flow,
        }
    }

    /// Makes room for rows of data.
    pub fn reserve(&mut self, rows: usize) {
        self.data.resize(rows * self.flow.dimension, 0.0);
        self.log.resize(rows, 0.0);
    }

    /// Makes room for the order of a batch.
    pub fn reserve_order(&mut self, count: usize) {
        self.order.resize(count, 0);
        self.row_weights.resize(count, 1.0);
    }

    /// Takes weights and rotations over in the other precision.
    pub fn convert(&mut self) {
        for (wide, &weight) in self.wide_weights.iter_mut().zip(scalars(&self.weights)) {
            *wide = weight as f64;
        }
        for (narrow, &rotation) in self.narrow_rotations.iter_mut().zip(&self.rotations) {
            *narrow = rotation as f32;
        }
    }

    /// Maps points to the base or back, in place; `log` becomes ln |det| of the way forward, and with
    /// `density` the log density at the points.
    pub fn map(&mut self, direction: Direction, density: bool, single: bool) {
        self.convert();
        if direction == Direction::Forward {
            self.whitening.whiten(&mut self.data);
        }
        self.log.fill(self.whitening.log_determinant());
        if density && direction == Direction::Inverse {
            self.add_base_log_density();
        }
        let Engine { flow, data, log, .. } = self;
        if single {
            let weights = scalars(&self.weights);
            let numbers = Numbers { weights, rotations: &self.narrow_rotations };
            let room = self.single_room.get_or_insert_with(|| flow.room());
            flow.map::<F32>(direction, numbers, room, data, log);
        } else {
            let numbers = Numbers { weights: &self.wide_weights, rotations: &self.rotations };
            let room = self.room.get_or_insert_with(|| flow.room());
            flow.map::<F64>(direction, numbers, room, data, log);
        }
        if density && direction == Direction::Forward {
            self.add_base_log_density();
        }
        if direction == Direction::Inverse {
            self.whitening.color(&mut self.data);
        }
    }

    fn add_base_log_density(&mut self) {
        let Flow { dimension, base, periodic, .. } = &self.flow;
        for (log, row) in self.log.iter_mut().zip(self.data.chunks_exact(*dimension)) {
            *log += base.log_density(row, periodic);
        }
    }

    /// Replaces points by the slopes of the log density in them; `log` becomes the log density.
    pub fn scores(&mut self) {
        self.convert();
        self.whitening.whiten(&mut self.data);
        self.log.fill(self.whitening.log_determinant());
        let flow = &self.flow;
        let room = self.exact.get_or_insert_with(|| flow.training_room());
        let numbers = Numbers { weights: &self.wide_weights, rotations: &self.rotations };
        flow.scores::<F64>(numbers, room, &mut self.data, &mut self.log);
        self.whitening.pull_back(&mut self.data);
    }

    /// Makes room for the slopes of the chunks of a batch, in the form of the weights.
    pub fn reserve_chunks(&mut self, chunks: usize) {
        self.chunk_slopes.resize(chunks * self.weights.len(), F32::constant(0.0));
    }

    /// A chunk's part of the mean over a batch of `rows` rows of −ln q times the rows' weights: `count`
    /// entries of `order` from `first`. Leaves its part of the slopes.
    pub fn chunk_loss(&mut self, chunk: usize, first: usize, count: usize, rows: usize) -> f64 {
        let flow = &self.flow;
        let room = self.training.get_or_insert_with(|| flow.training_room());
        let order = &self.order[first..first + count];
        let row_weights = &self.row_weights[first..first + count];
        let (d, data) = (flow.dimension, &self.data);
        let numbers =
            Numbers { weights: scalars(&self.weights), rotations: &self.narrow_rotations };
        let share = 1.0 / rows as f64;
        let loss = flow.loss::<F32>(
            numbers,
            room,
            count,
            |row, i| data[order[row] as usize * d + i],
            |row| row_weights[row] as f64 * share,
        );
        let vectors = self.weights.len();
        let slopes = &mut self.chunk_slopes[chunk * vectors..(chunk + 1) * vectors];
        for (k, slope) in slopes.iter_mut().enumerate() {
            // SAFETY: the room is filled up to whole vectors of weights.
            *slope = unsafe { F32::totals(room.by_weights.as_ptr().add(k * F32::LANES)) };
        }
        loss
    }

    /// Adds the slopes of the first chunks, always in their order.
    pub fn gather(&mut self, chunks: usize) {
        let vectors = self.weights.len();
        self.slopes.copy_from_slice(&self.chunk_slopes[..vectors]);
        for chunk in self.chunk_slopes[vectors..chunks * vectors].chunks_exact(vectors) {
            for (slope, part) in self.slopes.iter_mut().zip(chunk) {
                *slope = slope.add(*part);
            }
        }
    }

    /// One update by the slopes that were gathered.
    pub fn update(&mut self, update: &Update) -> bool {
        self.moments.update(&mut self.weights, &self.slopes, update)
    }

    /// Adds the weights to the sum, or begins it with them.
    pub fn sum_weights(&mut self, begin: bool) {
        for (sum, &weight) in self.sum.iter_mut().zip(&self.weights) {
            *sum = if begin { weight } else { sum.add(weight) };
        }
    }

    /// The loss over all white rows in double precision; leaves its slopes.
    pub fn exact_loss(&mut self) -> f64 {
        self.convert();
        let flow = &self.flow;
        let room = self.exact.get_or_insert_with(|| flow.training_room());
        let (d, data) = (flow.dimension, &self.data);
        let rows = data.len() / d;
        let numbers = Numbers { weights: &self.wide_weights, rotations: &self.rotations };
        let share = 1.0 / rows as f64;
        let loss = flow.loss(numbers, room, rows, |row, i| data[row * d + i], |_| share);
        for (slope, by) in self.exact_slopes.iter_mut().zip(&room.by_weights) {
            *slope = by.total();
        }
        loss
    }
}
