//! How a coupling layer moves one coordinate: by a spline, by an affine map, or around a circle.

use crate::affine;
use crate::dense::WIDTH;
use crate::elementary::wrap;
use crate::spline::{parameters, Spline};
use crate::vector::Vector;

/// Which way through a flow.
#[derive(Clone, Copy, PartialEq)]
pub enum Direction {
    /// From points to the base.
    Forward,
    /// From the base to points.
    Inverse,
}

/// The kind of map.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Spline,
    Affine,
    /// A turn and then a spline on [−π, π], whose ends are one point: Rezende et al. 2020, §2.1.
    Circle,
}

impl Kind {
    /// Number of raw parameters of a map.
    pub fn parameters(self, bins: usize) -> usize {
        match self {
            Kind::Spline => parameters(bins, false),
            Kind::Affine => affine::PARAMETERS,
            Kind::Circle => parameters(bins, true) + 1,
        }
    }
}

/// The maps, with room to work in.
pub struct Transforms<V> {
    bins: usize,
    spline: Spline<V>,
    circle: Spline<V>,
}

impl<V: Vector> Transforms<V> {
    pub fn new(bins: usize, range: f64) -> Transforms<V> {
        Transforms {
            bins,
            spline: Spline::new(bins, range, false),
            circle: Spline::new(bins, core::f64::consts::PI, true),
        }
    }

    /// Moves a coordinate of a block, by the parameters from `first` on, and adds ln dy/dx of the way
    /// forward to `log`, whichever way is gone.
    pub fn pass(
        &mut self,
        kind: Kind,
        direction: Direction,
        raw: &mut [V],
        first: usize,
        x: &mut [V],
        log: &mut [V; WIDTH],
    ) {
        let raw = &mut raw[first * WIDTH..(first + kind.parameters(self.bins)) * WIDTH];
        match kind {
            Kind::Spline => spline_pass(&mut self.spline, direction, raw, x, log),
            Kind::Affine => affine_pass(direction, raw, x, log),
            Kind::Circle => {
                let turn = turn_of(raw);
                if direction == Direction::Forward {
                    turned(x, &turn);
                }
                spline_pass(&mut self.circle, direction, raw, x, log);
                if direction == Direction::Inverse {
                    turned(x, &turn.map(V::neg));
                }
            }
        }
    }

    /// Backward through the way forward from `x`: `by` holds slopes of the loss in the moved coordinate
    /// and then those in `x`; those in the parameters are written to `by_raw`.
    #[allow(clippy::too_many_arguments)]
    pub fn backward(
        &mut self,
        kind: Kind,
        raw: &mut [V],
        first: usize,
        x: &[V],
        by: &mut [V],
        by_log: &[V; WIDTH],
        by_raw: &mut [V],
    ) {
        let range = first * WIDTH..(first + kind.parameters(self.bins)) * WIDTH;
        let (raw, by_raw) = (&mut raw[range.clone()], &mut by_raw[range]);
        match kind {
            Kind::Spline => spline_backward(&mut self.spline, raw, x, by, by_log, by_raw),
            Kind::Affine => affine_backward(raw, x, by, by_log, by_raw),
            Kind::Circle => {
                let mut from: [V; WIDTH] = core::array::from_fn(|v| x[v]);
                turned(&mut from, &turn_of(raw));
                spline_backward(&mut self.circle, raw, &from, by, by_log, by_raw);
                // The turn is added to x.
                let last = by_raw.len() - WIDTH;
                by_raw[last..].copy_from_slice(by);
            }
        }
    }
}

/// The turns of a block, the last of a circle's parameters.
fn turn_of<V: Vector>(raw: &[V]) -> [V; WIDTH] {
    core::array::from_fn(|v| raw[raw.len() - WIDTH + v])
}

fn turned<V: Vector>(x: &mut [V], turn: &[V; WIDTH]) {
    for (x, &turn) in x.iter_mut().zip(turn) {
        *x = wrap(x.add(turn));
    }
}

// Functions of their own, so that WebAssembly engines optimise them after a few calls.

fn spline_pass<V: Vector>(
    spline: &mut Spline<V>,
    direction: Direction,
    raw: &mut [V],
    x: &mut [V],
    log: &mut [V; WIDTH],
) {
    match direction {
        Direction::Forward => spline_forward(spline, raw, x, log),
        Direction::Inverse => spline_inverse(spline, raw, x, log),
    }
}

#[inline(never)]
fn spline_forward<V: Vector>(
    spline: &mut Spline<V>,
    raw: &mut [V],
    x: &mut [V],
    log: &mut [V; WIDTH],
) {
    for v in 0..WIDTH {
        let passed = spline.forward(spline.raw(raw, v), x[v]);
        x[v] = passed.value;
        log[v] = log[v].add(passed.log_slope);
    }
}

#[inline(never)]
fn spline_inverse<V: Vector>(
    spline: &mut Spline<V>,
    raw: &mut [V],
    y: &mut [V],
    log: &mut [V; WIDTH],
) {
    for v in 0..WIDTH {
        let passed = spline.inverse(spline.raw(raw, v), y[v]);
        y[v] = passed.value;
        log[v] = log[v].add(passed.log_slope);
    }
}

#[inline(never)]
fn spline_backward<V: Vector>(
    spline: &mut Spline<V>,
    raw: &mut [V],
    x: &[V],
    by: &mut [V],
    by_log: &[V; WIDTH],
    by_raw: &mut [V],
) {
    for v in 0..WIDTH {
        let (raw, by_raw) = (spline.raw(raw, v), spline.raw(by_raw, v));
        by[v] = spline.backward(raw, x[v], by[v], by_log[v], by_raw);
    }
}

#[inline(never)]
fn affine_pass<V: Vector>(
    direction: Direction,
    raw: &mut [V],
    x: &mut [V],
    log: &mut [V; WIDTH],
) {
    for v in 0..WIDTH {
        let passed = affine::pass(direction, [raw[v], raw[WIDTH + v]], x[v]);
        x[v] = passed.value;
        log[v] = log[v].add(passed.log_slope);
    }
}

#[inline(never)]
fn affine_backward<V: Vector>(
    raw: &[V],
    x: &[V],
    by: &mut [V],
    by_log: &[V; WIDTH],
    by_raw: &mut [V],
) {
    for v in 0..WIDTH {
        let parameters = [raw[v], raw[WIDTH + v]];
        let (by_x, by_parameters) = affine::backward(parameters, x[v], by[v], by_log[v]);
        by[v] = by_x;
        [by_raw[v], by_raw[WIDTH + v]] = by_parameters;
    }
}
