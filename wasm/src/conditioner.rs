//! The conditioner: a multilayer perceptron that computes the splines of one half of the coordinates
//! from the other half.

use crate::dense::{Dense, WIDTH};
use crate::elementary::tanh;
use crate::vector::Vector;

/// A stack of affine maps with tanh between them. Without inputs it is a vector of constants.
pub struct Conditioner {
    maps: Vec<Dense>,
}

/// What a block leaves behind: the input of each map, and the output of the last.
pub struct Activations<V> {
    pub input: Vec<V>,
    hidden: Vec<Vec<V>>,
    pub output: Vec<V>,
}

/// Room for slopes on their way back.
pub struct Slopes<V> {
    pub by_output: Vec<V>,
    by_hidden: Vec<Vec<V>>,
    pub by_input: Vec<V>,
}

fn block<V: Vector>(features: usize) -> Vec<V> {
    vec![V::constant(0.0); features * WIDTH]
}

impl Conditioner {
    /// A conditioner whose weights start at `at`.
    pub fn new(at: usize, inputs: usize, hidden: &[usize], outputs: usize) -> Conditioner {
        let mut maps: Vec<Dense> = Vec::new();
        // Without anything to condition on, hidden layers would only be a detour to a constant.
        let hidden = if inputs == 0 { &[] } else { hidden };
        let (mut from, mut at) = (inputs, at);
        for &to in hidden.iter().chain(core::iter::once(&outputs)) {
            let map = Dense { at, inputs: from, outputs: to };
            at = map.end();
            from = to;
            maps.push(map);
        }
        Conditioner { maps }
    }

    fn last(&self) -> &Dense {
        &self.maps[self.maps.len() - 1]
    }

    /// Where the next conditioner's weights start.
    pub fn end(&self) -> usize {
        self.last().end()
    }

    /// Room for the activations of a block.
    pub fn activations<V: Vector>(&self) -> Activations<V> {
        Activations {
            input: block(self.maps[0].inputs),
            hidden: self.maps[1..].iter().map(|map| block(map.inputs)).collect(),
            output: block(self.last().outputs),
        }
    }

    /// Room for the slopes of a block.
    pub fn slopes<V: Vector>(&self) -> Slopes<V> {
        Slopes {
            by_output: block(self.last().outputs),
            by_hidden: self.maps[1..].iter().map(|map| block(map.inputs)).collect(),
            by_input: block(self.maps[0].inputs),
        }
    }

    /// From `input` to `output`.
    pub fn forward<V: Vector>(&self, weights: &[V::Scalar], activations: &mut Activations<V>) {
        let Activations { input, hidden, output } = activations;
        let mut from: &[V] = input;
        for (map, to) in self.maps.iter().zip(hidden.iter_mut()) {
            map.forward(weights, from, to);
            activate(to);
            from = to;
        }
        self.last().forward(weights, from, output);
    }

    /// From `by_output` to `by_input`, adding the slopes in the weights to `by_weights`, if wanted.
    pub fn backward<V: Vector>(
        &self,
        weights: &[V::Scalar],
        activations: &Activations<V>,
        slopes: &mut Slopes<V>,
        mut by_weights: Option<&mut [V]>,
    ) {
        let Slopes { by_output, by_hidden, by_input } = slopes;
        for (k, map) in self.maps.iter().enumerate().rev() {
            let (before, after) = by_hidden.split_at_mut(k);
            let by: &[V] = after.first().map_or(by_output, |by| by);
            let input = if k == 0 { &activations.input } else { &activations.hidden[k - 1] };
            if let Some(by_weights) = by_weights.as_deref_mut() {
                map.accumulate(input, by, by_weights);
            }
            if k == 0 {
                map.backward(weights, by, by_input);
            } else {
                let to = &mut before[k - 1];
                map.backward(weights, by, to);
                activate_backward(input, to);
            }
        }
    }
}

/// tanh of a block, in place.
#[inline(never)]
fn activate<V: Vector>(block: &mut [V]) {
    for x in block.iter_mut() {
        *x = tanh(*x);
    }
}

/// Slopes before tanh from those after it, in place: tanh′ = 1 − tanh².
#[inline(never)]
fn activate_backward<V: Vector>(after: &[V], by: &mut [V]) {
    for (d, &y) in by.iter_mut().zip(after) {
        *d = d.sub(d.mul(y.square()));
    }
}
