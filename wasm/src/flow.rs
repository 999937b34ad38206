//! A flow of coupling layers, with rotations before some of them, in white coordinates.

use crate::base::Base;
use crate::conditioner::Slopes;
use crate::coupling::{Coordinates, Coupling, Trace};
use crate::dense::{Dense, WIDTH};
use crate::transform::{Direction, Kind, Transforms};
use crate::vector::Vector;

/// What a flow is made of.
pub struct Shape {
    pub dimension: usize,
    pub bins: usize,
    pub range: f64,
    pub hidden: Vec<usize>,
    /// How coordinates that are not periodic are moved.
    pub kind: Kind,
    pub periodic: Vec<bool>,
    /// Which layers have a rotation before them.
    pub rotated: Vec<bool>,
    /// For each layer a row of `dimension`, 1 where it moves a coordinate.
    pub masks: Vec<u8>,
    pub base: Base,
}

/// The layers of a flow. Weights and rotations are the caller's.
pub struct Flow {
    pub dimension: usize,
    pub periodic: Vec<bool>,
    pub base: Base,
    bins: usize,
    range: f64,
    layers: Vec<Layer>,
}

/// A rotation, if any, and a coupling.
struct Layer {
    rotation: Option<Dense>,
    coupling: Coupling,
}

/// The numbers of a flow in one precision.
#[derive(Clone, Copy)]
pub struct Numbers<'a, Scalar> {
    pub weights: &'a [Scalar],
    /// For each rotation the orthogonal matrix R of x ↦ Rᵀx, then d zeros.
    pub rotations: &'a [Scalar],
}

/// Room to send blocks through a flow.
pub struct Room<V> {
    transforms: Transforms<V>,
    x: Vec<V>,
    turned: Vec<V>,
    log: [V; WIDTH],
    traces: Vec<Trace<V>>,
}

/// Room to send slopes back.
pub struct TrainingRoom<V> {
    room: Room<V>,
    by_x: Vec<V>,
    slopes: Vec<Slopes<V>>,
    /// Slopes of the loss in the weights: one vector each, whose lanes are to be summed.
    pub by_weights: Vec<V>,
}

impl Flow {
    pub fn new(shape: Shape) -> Flow {
        let Shape { dimension, bins, range, hidden, kind, periodic, rotated, masks, base } = shape;
        let coordinates = Coordinates { periodic: &periodic, kind, bins };
        let (mut at, mut turn) = (0, 0);
        let mut layers = Vec::new();
        for (mask, rotated) in masks.chunks(dimension).zip(rotated) {
            let rotation =
                rotated.then_some(Dense { at: turn, inputs: dimension, outputs: dimension });
            turn = rotation.map_or(turn, |rotation| rotation.end());
            let coupling = Coupling::new(at, mask, &hidden, &coordinates);
            at = coupling.end();
            layers.push(Layer { rotation, coupling });
        }
        Flow { dimension, periodic, base, bins, range, layers }
    }

    /// Number of weights.
    pub fn count(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.coupling.end())
    }

    /// How many numbers all rotations have.
    pub fn rotations(&self) -> usize {
        self.layers.iter().filter_map(|layer| layer.rotation).map(|r| r.end()).max().unwrap_or(0)
    }

    pub fn room<V: Vector>(&self) -> Room<V> {
        let block = || vec![V::constant(0.0); self.dimension * WIDTH];
        Room {
            transforms: Transforms::new(self.bins, self.range),
            x: block(),
            turned: block(),
            log: [V::constant(0.0); WIDTH],
            traces: self.layers.iter().map(|layer| layer.coupling.trace()).collect(),
        }
    }

    pub fn training_room<V: Vector>(&self) -> TrainingRoom<V> {
        // A whole number of vectors, when the lanes have been summed.
        let padded = self.count().div_ceil(V::LANES) * V::LANES;
        TrainingRoom {
            room: self.room(),
            by_x: vec![V::constant(0.0); self.dimension * WIDTH],
            slopes: self.layers.iter().map(|layer| layer.coupling.slopes()).collect(),
            by_weights: vec![V::constant(0.0); padded],
        }
    }

    /// Fills a block by rows; beyond the last row that row is repeated.
    #[inline(always)]
    fn load<V: Vector>(&self, room: &mut Room<V>, rows: usize, number: impl Fn(usize, usize) -> f64) {
        for i in 0..self.dimension {
            for v in 0..WIDTH {
                let row = |lane: usize| (v * V::LANES + lane).min(rows - 1);
                room.x[i * WIDTH + v] = V::from_lanes(|lane| number(row(lane), i));
            }
        }
        room.log = [V::constant(0.0); WIDTH];
    }

    fn forward<V: Vector>(&self, numbers: Numbers<V::Scalar>, room: &mut Room<V>) {
        let Room { transforms, x, turned, log, traces } = room;
        for (Layer { rotation, coupling }, trace) in self.layers.iter().zip(traces) {
            if let Some(rotation) = rotation {
                rotation.forward(numbers.rotations, x, turned);
                core::mem::swap(x, turned);
            }
            coupling.pass(Direction::Forward, numbers.weights, transforms, trace, x, log);
        }
    }

    fn inverse<V: Vector>(&self, numbers: Numbers<V::Scalar>, room: &mut Room<V>) {
        let Room { transforms, x, turned, log, traces } = room;
        for (Layer { rotation, coupling }, trace) in self.layers.iter().zip(traces).rev() {
            coupling.pass(Direction::Inverse, numbers.weights, transforms, trace, x, log);
            if let Some(rotation) = rotation {
                // Orthogonal: what sends slopes back also sends points back.
                rotation.backward(numbers.rotations, x, turned);
                core::mem::swap(x, turned);
            }
        }
    }

    /// From slopes in the base, in `by_x`, to those in the white coordinates, for a block that went
    /// forward.
    fn backward<V: Vector>(
        &self,
        numbers: Numbers<V::Scalar>,
        room: &mut TrainingRoom<V>,
        by_log: &[V; WIDTH],
        with_weights: bool,
    ) {
        let TrainingRoom { room, by_x, slopes, by_weights } = room;
        let layers = self.layers.iter().zip(room.traces.iter_mut()).zip(slopes.iter_mut());
        for ((Layer { rotation, coupling }, trace), slopes) in layers.rev() {
            let by_weights = if with_weights { Some(&mut by_weights[..]) } else { None };
            let transforms = &mut room.transforms;
            let weights = numbers.weights;
            coupling.backward(weights, transforms, trace, slopes, by_x, by_log, by_weights);
            if let Some(rotation) = rotation {
                rotation.backward(numbers.rotations, by_x, &mut room.turned);
                core::mem::swap(by_x, &mut room.turned);
            }
        }
    }

    /// Maps rows in place, and adds ln |det| of the way forward at each row to `log`.
    pub fn map<V: Vector>(
        &self,
        direction: Direction,
        numbers: Numbers<V::Scalar>,
        room: &mut Room<V>,
        data: &mut [f64],
        log: &mut [f64],
    ) {
        let d = self.dimension;
        let block = WIDTH * V::LANES;
        for (rows, log) in data.chunks_mut(block * d).zip(log.chunks_mut(block)) {
            self.load(room, log.len(), |row, i| rows[row * d + i]);
            match direction {
                Direction::Forward => self.forward(numbers, room),
                Direction::Inverse => self.inverse(numbers, room),
            }
            for (row, log) in log.iter_mut().enumerate() {
                let (v, lane) = (row / V::LANES, row % V::LANES);
                *log += room.log[v].lane(lane);
                for i in 0..d {
                    rows[row * d + i] = room.x[i * WIDTH + v].lane(lane);
                }
            }
        }
    }

    /// Minus the log densities of a block in the base, and in `by_x` their slopes times `weight`.
    #[inline(always)]
    fn energies<V: Vector>(&self, room: &mut TrainingRoom<V>, weight: &[V; WIDTH]) -> [V; WIDTH] {
        let TrainingRoom { room: Room { x, .. }, by_x, .. } = room;
        core::array::from_fn(|v| {
            let mut squares = V::constant(0.0);
            for (i, &periodic) in self.periodic.iter().enumerate() {
                if !periodic {
                    squares = squares.add(x[i * WIDTH + v].square());
                }
            }
            let (energy, slope) = self.base.energy(squares);
            let slope = slope.mul(weight[v]);
            for (i, &periodic) in self.periodic.iter().enumerate() {
                let at = i * WIDTH + v;
                by_x[at] = if periodic { V::constant(0.0) } else { x[at].mul(slope) };
            }
            energy
        })
    }

    /// Sum of −ln q over white rows, each times its weight, where `number(row, i)` is a coordinate.
    /// Leaves the slopes in the flow's weights in the room.
    pub fn loss<V: Vector>(
        &self,
        numbers: Numbers<V::Scalar>,
        room: &mut TrainingRoom<V>,
        rows: usize,
        number: impl Fn(usize, usize) -> f64,
        weight: impl Fn(usize) -> f64,
    ) -> f64 {
        room.by_weights.fill(V::constant(0.0));
        let block = WIDTH * V::LANES;
        let mut loss = 0.0;
        for first in (0..rows).step_by(block) {
            let here = (rows - first).min(block);
            self.load(&mut room.room, here, |row, i| number(first + row, i));
            self.forward(numbers, &mut room.room);
            // Rows that only fill the last block up count for nothing.
            let of = |row: usize| if row < here { weight(first + row) } else { 0.0 };
            let weights: [V; WIDTH] =
                core::array::from_fn(|v| V::from_lanes(|lane| of(v * V::LANES + lane)));
            let energies = self.energies(room, &weights);
            for v in 0..WIDTH {
                loss += energies[v].sub(room.room.log[v]).mul(weights[v]).total();
            }
            self.backward(numbers, room, &weights.map(V::neg), true);
        }
        loss - self.base.constant * (0..rows).map(weight).sum::<f64>()
    }

    /// Replaces white rows by the slopes of ln q in them, and adds ln q to `log`.
    pub fn scores<V: Vector>(
        &self,
        numbers: Numbers<V::Scalar>,
        room: &mut TrainingRoom<V>,
        data: &mut [f64],
        log: &mut [f64],
    ) {
        let d = self.dimension;
        let block = WIDTH * V::LANES;
        for (rows, log) in data.chunks_mut(block * d).zip(log.chunks_mut(block)) {
            self.load(&mut room.room, log.len(), |row, i| rows[row * d + i]);
            self.forward(numbers, &mut room.room);
            let energies = self.energies(room, &[V::constant(-1.0); WIDTH]);
            self.backward(numbers, room, &[V::constant(1.0); WIDTH], false);
            for (row, log) in log.iter_mut().enumerate() {
                let (v, lane) = (row / V::LANES, row % V::LANES);
                *log += self.base.constant + room.room.log[v].sub(energies[v]).lane(lane);
                for i in 0..d {
                    rows[row * d + i] = room.by_x[i * WIDTH + v].lane(lane);
                }
            }
        }
    }
}
