//! A coupling layer: maps move one part of the coordinates, with parameters that depend on the others
//! (Dinh, Sohl-Dickstein & Bengio 2017, §3.2; Durkan et al. 2019).

use crate::conditioner::{Activations, Conditioner, Slopes};
use crate::dense::WIDTH;
use crate::elementary::cos_sin;
use crate::transform::{Direction, Kind, Transforms};
use crate::vector::Vector;

/// A coordinate that a layer moves.
struct Moved {
    coordinate: usize,
    kind: Kind,
    /// Number of its first parameter among the conditioner's outputs.
    first: usize,
}

/// A coordinate that a layer is given.
struct Given {
    coordinate: usize,
    /// Whether the conditioner sees its cosine and sine.
    periodic: bool,
}

/// One layer.
pub struct Coupling {
    given: Vec<Given>,
    moved: Vec<Moved>,
    conditioner: Conditioner,
}

/// What the coordinates of a flow are, and how they are moved.
pub struct Coordinates<'a> {
    pub periodic: &'a [bool],
    /// How coordinates that are not periodic are moved.
    pub kind: Kind,
    pub bins: usize,
}

/// What a block leaves behind for the way back.
pub struct Trace<V> {
    activations: Activations<V>,
    moved: Vec<V>,
}

fn part(block: &[impl Copy], i: usize) -> core::ops::Range<usize> {
    debug_assert!((i + 1) * WIDTH <= block.len());
    i * WIDTH..(i + 1) * WIDTH
}

impl Coupling {
    /// A layer whose weights start at `at` and that moves the coordinates where the mask is not 0.
    pub fn new(at: usize, mask: &[u8], hidden: &[usize], coordinates: &Coordinates) -> Coupling {
        let Coordinates { periodic, kind, bins } = *coordinates;
        let (mut given, mut moved, mut outputs) = (Vec::new(), Vec::new(), 0);
        for (coordinate, (&mask, &periodic)) in mask.iter().zip(periodic).enumerate() {
            if mask == 0 {
                given.push(Given { coordinate, periodic });
            } else {
                let kind = if periodic { Kind::Circle } else { kind };
                moved.push(Moved { coordinate, kind, first: outputs });
                outputs += kind.parameters(bins);
            }
        }
        let inputs = given.iter().map(|given| 1 + given.periodic as usize).sum();
        let conditioner = Conditioner::new(at, inputs, hidden, outputs);
        Coupling { given, moved, conditioner }
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
        transforms: &mut Transforms<V>,
        trace: &mut Trace<V>,
        x: &mut [V],
        log: &mut [V; WIDTH],
    ) {
        let mut inputs = trace.activations.input.chunks_exact_mut(WIDTH);
        let mut next = || inputs.next().expect("an input for each given number");
        for &Given { coordinate, periodic } in &self.given {
            let from = &x[part(x, coordinate)];
            if periodic {
                let (cos, sin) = (next(), next());
                for v in 0..WIDTH {
                    (cos[v], sin[v]) = cos_sin(from[v]);
                }
            } else {
                next().copy_from_slice(from);
            }
        }
        self.conditioner.forward(weights, &mut trace.activations);
        for (k, &Moved { coordinate, kind, first }) in self.moved.iter().enumerate() {
            let here = part(x, coordinate);
            let moved = &mut x[here];
            trace.moved[k * WIDTH..(k + 1) * WIDTH].copy_from_slice(moved);
            transforms.pass(kind, direction, &mut trace.activations.output, first, moved, log);
        }
    }

    /// Backward through the way forward: `by_x` holds the slopes of the loss in the layer's output and
    /// then those in its input; those in the weights are added to `by_weights`, if they are wanted.
    #[allow(clippy::too_many_arguments)]
    pub fn backward<V: Vector>(
        &self,
        weights: &[V::Scalar],
        transforms: &mut Transforms<V>,
        trace: &mut Trace<V>,
        slopes: &mut Slopes<V>,
        by_x: &mut [V],
        by_log: &[V; WIDTH],
        by_weights: Option<&mut [V]>,
    ) {
        for (k, &Moved { coordinate, kind, first }) in self.moved.iter().enumerate() {
            let here = part(by_x, coordinate);
            let x = &trace.moved[k * WIDTH..(k + 1) * WIDTH];
            let raw = &mut trace.activations.output;
            let by_raw = &mut slopes.by_output;
            transforms.backward(kind, raw, first, x, &mut by_x[here], by_log, by_raw);
        }
        self.conditioner.backward(weights, &trace.activations, slopes, by_weights);
        // What the conditioner was given felt its maps too.
        let mut inputs = trace.activations.input.chunks_exact(WIDTH);
        let mut bys = slopes.by_input.chunks_exact(WIDTH);
        let mut next = || inputs.next().zip(bys.next()).expect("an input for each given number");
        for &Given { coordinate, periodic } in &self.given {
            let here = part(by_x, coordinate);
            let sums = &mut by_x[here];
            let (first, by) = next();
            if periodic {
                let (sin, by_sin) = next();
                for v in 0..WIDTH {
                    let each = first[v].mul(by_sin[v]).sub(sin[v].mul(by[v]));
                    sums[v] = sums[v].add(each);
                }
            } else {
                for v in 0..WIDTH {
                    sums[v] = sums[v].add(by[v]);
                }
            }
        }
    }
}
