//! A coupling layer: splines move one part of the coordinates, with parameters that depend on the
//! others (Dinh, Sohl-Dickstein & Bengio 2017, §3.2; Durkan et al. 2019).

use crate::conditioner::{Activations, Conditioner, Slopes};
use crate::dense::WIDTH;
use crate::spline::{parameters, Raw, Spline};
use crate::vector::Vector;

/// Which way through a flow.
#[derive(Clone, Copy, PartialEq)]
pub enum Direction {
    /// From points to the base.
    Forward,
    /// From the base to points.
    Inverse,
}

/// One layer.
pub struct Coupling {
    given: Vec<usize>,
    moved: Vec<usize>,
    conditioner: Conditioner,
    bins: usize,
}

/// What a block leaves behind for the way back.
pub struct Trace<V> {
    activations: Activations<V>,
    moved: Vec<V>,
}

impl Coupling {
    /// A layer whose weights start at `at` and that moves the coordinates where the mask is not 0.
    pub fn new(at: usize, mask: &[u8], hidden: &[usize], bins: usize) -> Coupling {
        let where_moved = |moved: bool| -> Vec<usize> {
            (0..mask.len()).filter(|&i| (mask[i] != 0) == moved).collect()
        };
        let (given, moved) = (where_moved(false), where_moved(true));
        let outputs = moved.len() * parameters(bins);
        let conditioner = Conditioner::new(at, given.len(), hidden, outputs);
        Coupling { given, moved, conditioner, bins }
    }

    /// Where the next layer's weights start.
    pub fn end(&self) -> usize {
        self.conditioner.end()
    }

    /// Room for the trace of a block.
    pub fn trace<V: Vector>(&self) -> Trace<V> {
        let moved = vec![V::constant(0.0); self.moved.len() * WIDTH];
        Trace { activations: self.conditioner.activations(), moved }
    }

    /// Room for the slopes of a block.
    pub fn slopes<V: Vector>(&self) -> Slopes<V> {
        self.conditioner.slopes()
    }

    /// Moves a block `x` and adds ln dy/dx of the way forward to `log`, whichever way is gone.
    pub fn pass<V: Vector>(
        &self,
        direction: Direction,
        weights: &[V::Scalar],
        spline: &mut Spline<V>,
        trace: &mut Trace<V>,
        x: &mut [V],
        log: &mut [V; WIDTH],
    ) {
        let input = &mut trace.activations.input;
        for (to, &i) in input.chunks_exact_mut(WIDTH).zip(&self.given) {
            to.copy_from_slice(&x[i * WIDTH..(i + 1) * WIDTH]);
        }
        self.conditioner.forward(weights, &mut trace.activations);
        for (k, &i) in self.moved.iter().enumerate() {
            let moved = &mut x[i * WIDTH..(i + 1) * WIDTH];
            trace.moved[k * WIDTH..(k + 1) * WIDTH].copy_from_slice(moved);
            let raw = &mut trace.activations.output;
            match direction {
                Direction::Forward => splines_forward(spline, raw, k, self.bins, moved, log),
                Direction::Inverse => splines_inverse(spline, raw, k, self.bins, moved, log),
            }
        }
    }

    /// Backward through the way forward: `by_x` holds the slopes of the loss in the layer's output and
    /// then those in its input; those in the weights are added to `by_weights`.
    #[allow(clippy::too_many_arguments)]
    pub fn backward<V: Vector>(
        &self,
        weights: &[V::Scalar],
        spline: &mut Spline<V>,
        trace: &mut Trace<V>,
        slopes: &mut Slopes<V>,
        by_x: &mut [V],
        by_log: &[V; WIDTH],
        by_weights: &mut [V],
    ) {
        for (k, &i) in self.moved.iter().enumerate() {
            let by = &mut by_x[i * WIDTH..(i + 1) * WIDTH];
            let x = &trace.moved[k * WIDTH..(k + 1) * WIDTH];
            let raw = &mut trace.activations.output;
            splines_backward(spline, raw, k, self.bins, x, by, by_log, &mut slopes.by_output);
        }
        self.conditioner.backward(weights, &trace.activations, slopes, by_weights);
        // What the conditioner was given felt its splines too.
        for (by, &i) in slopes.by_input.chunks_exact(WIDTH).zip(&self.given) {
            for (sum, &each) in by_x[i * WIDTH..(i + 1) * WIDTH].iter_mut().zip(by) {
                *sum = sum.add(each);
            }
        }
    }
}

// Functions of their own, so that WebAssembly engines optimise them after a few calls.

#[inline(never)]
fn splines_forward<V: Vector>(
    spline: &mut Spline<V>,
    raw: &mut [V],
    k: usize,
    bins: usize,
    x: &mut [V],
    log: &mut [V; WIDTH],
) {
    for v in 0..WIDTH {
        let passed = spline.forward(Raw::of(raw, k, bins, v), x[v]);
        x[v] = passed.value;
        log[v] = log[v].add(passed.log_slope);
    }
}

#[inline(never)]
fn splines_inverse<V: Vector>(
    spline: &mut Spline<V>,
    raw: &mut [V],
    k: usize,
    bins: usize,
    y: &mut [V],
    log: &mut [V; WIDTH],
) {
    for v in 0..WIDTH {
        let passed = spline.inverse(Raw::of(raw, k, bins, v), y[v]);
        y[v] = passed.value;
        log[v] = log[v].add(passed.log_slope);
    }
}

#[inline(never)]
#[allow(clippy::too_many_arguments)]
fn splines_backward<V: Vector>(
    spline: &mut Spline<V>,
    raw: &mut [V],
    k: usize,
    bins: usize,
    x: &[V],
    by: &mut [V],
    by_log: &[V; WIDTH],
    by_raw: &mut [V],
) {
    for v in 0..WIDTH {
        let raw = Raw::of(raw, k, bins, v);
        by[v] = spline.backward(raw, x[v], by[v], by_log[v], Raw::of(by_raw, k, bins, v));
    }
}
