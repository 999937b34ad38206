//! A flow of coupling layers over the standard normal distribution, in white coordinates.

use crate::conditioner::Slopes;
use crate::coupling::{Coupling, Direction, Trace};
use crate::dense::WIDTH;
use crate::spline::Spline;
use crate::vector::Vector;

/// ½ ln 2π.
pub const HALF_LOG_TWO_PI: f64 = 0.918_938_533_204_672_8;

/// What a flow is made of.
pub struct Shape {
    pub dimension: usize,
    pub bins: usize,
    pub range: f64,
    pub hidden: Vec<usize>,
    /// For each layer a row of `dimension`, 1 where it moves a coordinate.
    pub masks: Vec<u8>,
}

/// The layers of a flow. Weights are the caller's.
pub struct Flow {
    pub dimension: usize,
    bins: usize,
    range: f64,
    layers: Vec<Coupling>,
}

/// Room to send blocks through a flow.
pub struct Room<V> {
    spline: Spline<V>,
    x: Vec<V>,
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
    pub fn new(shape: &Shape) -> Flow {
        let mut at = 0;
        let layers = shape.masks.chunks(shape.dimension).map(|mask| {
            let layer = Coupling::new(at, mask, &shape.hidden, shape.bins);
            at = layer.end();
            layer
        });
        let layers = layers.collect();
        Flow { dimension: shape.dimension, bins: shape.bins, range: shape.range, layers }
    }

    /// Number of weights.
    pub fn count(&self) -> usize {
        self.layers.last().map_or(0, Coupling::end)
    }

    pub fn room<V: Vector>(&self) -> Room<V> {
        Room {
            spline: Spline::new(self.bins, self.range),
            x: vec![V::constant(0.0); self.dimension * WIDTH],
            log: [V::constant(0.0); WIDTH],
            traces: self.layers.iter().map(Coupling::trace).collect(),
        }
    }

    /// `padding` makes the number of slopes a multiple of the lanes.
    pub fn training_room<V: Vector>(&self) -> TrainingRoom<V> {
        let padded = self.count().div_ceil(V::LANES) * V::LANES;
        TrainingRoom {
            room: self.room(),
            by_x: vec![V::constant(0.0); self.dimension * WIDTH],
            slopes: self.layers.iter().map(Coupling::slopes).collect(),
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

    /// Maps rows in place. `log` becomes ln |det| of the way forward at each row.
    pub fn map<V: Vector>(
        &self,
        direction: Direction,
        weights: &[V::Scalar],
        room: &mut Room<V>,
        data: &mut [f64],
        log: &mut [f64],
    ) {
        let d = self.dimension;
        let block = WIDTH * V::LANES;
        let last = self.layers.len();
        for (rows, log) in data.chunks_mut(block * d).zip(log.chunks_mut(block)) {
            self.load(room, log.len(), |row, i| rows[row * d + i]);
            let Room { spline, x, log: block_log, traces } = room;
            for k in 0..last {
                let k = if direction == Direction::Forward { k } else { last - 1 - k };
                self.layers[k].pass(direction, weights, spline, &mut traces[k], x, block_log);
            }
            for (row, log) in log.iter_mut().enumerate() {
                let (v, lane) = (row / V::LANES, row % V::LANES);
                *log = room.log[v].lane(lane);
                for i in 0..d {
                    rows[row * d + i] = room.x[i * WIDTH + v].lane(lane);
                }
            }
        }
    }

    /// Mean of −ln q over white rows, where `number(row, i)` is a coordinate. Leaves the slopes in the
    /// weights in the room.
    pub fn loss<V: Vector>(
        &self,
        weights: &[V::Scalar],
        room: &mut TrainingRoom<V>,
        rows: usize,
        number: impl Fn(usize, usize) -> f64,
    ) -> f64 {
        let TrainingRoom { room, by_x, slopes, by_weights } = room;
        by_weights.fill(V::constant(0.0));
        let block = WIDTH * V::LANES;
        let share = 1.0 / rows as f64;
        let half = V::constant(0.5);
        let mut loss = 0.0;
        for first in (0..rows).step_by(block) {
            let here = (rows - first).min(block);
            self.load(room, here, |row, i| number(first + row, i));
            let Room { spline, x, log, traces } = &mut *room;
            for (layer, trace) in self.layers.iter().zip(traces.iter_mut()) {
                layer.pass(Direction::Forward, weights, spline, trace, x, log);
            }
            let mut by_log = [V::constant(0.0); WIDTH];
            for v in 0..WIDTH {
                // Rows that only fill the last block up count for nothing.
                let weight =
                    V::from_lanes(|lane| if v * V::LANES + lane < here { share } else { 0.0 });
                by_log[v] = weight.neg();
                let mut minus_log = log[v].neg();
                for i in 0..self.dimension {
                    let z = x[i * WIDTH + v];
                    minus_log = minus_log.add(z.square().mul(half));
                    by_x[i * WIDTH + v] = z.mul(weight);
                }
                loss += minus_log.mul(weight).total();
            }
            for ((layer, trace), slopes) in self.layers.iter().zip(traces).zip(slopes.iter_mut()).rev() {
                layer.backward(weights, spline, trace, slopes, by_x, &by_log, by_weights);
            }
        }
        loss + HALF_LOG_TWO_PI * self.dimension as f64
    }
}
