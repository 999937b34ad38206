//! Affine maps of a block of rows, and their backward passes. Numbers of a block stand feature by
//! feature, each as [`WIDTH`] vectors of rows.
//!
//! A tile of outputs and vectors is summed in registers over all inputs; sums run in the order of the
//! inputs, whatever the tile.

use crate::vector::Vector;

/// Vectors in a block: rows enough to pay for a pass over the weights, few enough for the L1 cache.
pub const WIDTH: usize = 16;
/// Outputs × vectors that are summed together: eight accumulators hide the latency of addition and
/// leave registers for the operands.
const TILE: usize = 4;
const PAIR: usize = 2;

/// One affine map: its weights, inputs × outputs, stand at `at`, its biases after them.
#[derive(Clone, Copy)]
pub struct Dense {
    pub at: usize,
    pub inputs: usize,
    pub outputs: usize,
}

impl Dense {
    fn biases(&self) -> usize {
        self.at + self.inputs * self.outputs
    }

    /// Where the next map's numbers start.
    pub fn end(&self) -> usize {
        self.biases() + self.outputs
    }

    /// out = Wᵀ input + b.
    #[inline(never)]
    pub fn forward<V: Vector>(&self, weights: &[V::Scalar], input: &[V], out: &mut [V]) {
        assert!(weights.len() >= self.end());
        assert!(input.len() >= self.inputs * WIDTH && out.len() >= self.outputs * WIDTH);
        let whole = self.outputs / TILE * TILE;
        // SAFETY: the slices hold what the tiles read and write, as was just asserted.
        unsafe {
            for o in (0..whole).step_by(TILE) {
                self.forward_tile::<V, TILE>(weights.as_ptr(), input.as_ptr(), out.as_mut_ptr(), o);
            }
            for o in whole..self.outputs {
                self.forward_tile::<V, 1>(weights.as_ptr(), input.as_ptr(), out.as_mut_ptr(), o);
            }
        }
    }

    #[inline(always)]
    unsafe fn forward_tile<V: Vector, const T: usize>(
        &self,
        weights: *const V::Scalar,
        input: *const V,
        out: *mut V,
        o: usize,
    ) {
        let biases = weights.add(self.biases() + o);
        let from = weights.add(self.at + o);
        for v in (0..WIDTH).step_by(PAIR) {
            let mut sums: [[V; PAIR]; T] = core::array::from_fn(|k| [V::splat(*biases.add(k)); PAIR]);
            let mut w = from;
            let mut a = input.add(v);
            for _ in 0..self.inputs {
                let pair = [*a, *a.add(1)];
                for k in 0..T {
                    let each = V::splat(*w.add(k));
                    for p in 0..PAIR {
                        sums[k][p] = sums[k][p].add(each.mul(pair[p]));
                    }
                }
                w = w.add(self.outputs);
                a = a.add(WIDTH);
            }
            for k in 0..T {
                for p in 0..PAIR {
                    *out.add((o + k) * WIDTH + v + p) = sums[k][p];
                }
            }
        }
    }

    /// by_input = W by_out.
    #[inline(never)]
    pub fn backward<V: Vector>(&self, weights: &[V::Scalar], by_out: &[V], by_input: &mut [V]) {
        assert!(weights.len() >= self.end());
        assert!(by_out.len() >= self.outputs * WIDTH && by_input.len() >= self.inputs * WIDTH);
        let whole = self.inputs / TILE * TILE;
        // SAFETY: the slices hold what the tiles read and write, as was just asserted.
        unsafe {
            let (weights, from, to) = (weights.as_ptr(), by_out.as_ptr(), by_input.as_mut_ptr());
            for i in (0..whole).step_by(TILE) {
                self.backward_tile::<V, TILE>(weights, from, to, i);
            }
            for i in whole..self.inputs {
                self.backward_tile::<V, 1>(weights, from, to, i);
            }
        }
    }

    #[inline(always)]
    unsafe fn backward_tile<V: Vector, const T: usize>(
        &self,
        weights: *const V::Scalar,
        by_out: *const V,
        by_input: *mut V,
        i: usize,
    ) {
        for v in (0..WIDTH).step_by(PAIR) {
            let mut sums = [[V::constant(0.0); PAIR]; T];
            let rows: [*const V::Scalar; T] =
                core::array::from_fn(|k| weights.add(self.at + (i + k) * self.outputs));
            let mut b = by_out.add(v);
            for o in 0..self.outputs {
                let pair = [*b, *b.add(1)];
                for k in 0..T {
                    let each = V::splat(*rows[k].add(o));
                    for p in 0..PAIR {
                        sums[k][p] = sums[k][p].add(each.mul(pair[p]));
                    }
                }
                b = b.add(WIDTH);
            }
            for k in 0..T {
                for p in 0..PAIR {
                    *by_input.add((i + k) * WIDTH + v + p) = sums[k][p];
                }
            }
        }
    }

    /// Adds a block's slopes in the weights and biases to `by_weights`: one vector each, a sum over the
    /// rows that share a lane.
    #[inline(never)]
    pub fn accumulate<V: Vector>(&self, input: &[V], by_out: &[V], by_weights: &mut [V]) {
        assert!(by_weights.len() >= self.end());
        assert!(input.len() >= self.inputs * WIDTH && by_out.len() >= self.outputs * WIDTH);
        let (even, whole) = (self.inputs / PAIR * PAIR, self.outputs / TILE * TILE);
        // SAFETY: the slices hold what the tiles read and write, as was just asserted.
        unsafe {
            let (a, b, to) = (input.as_ptr(), by_out.as_ptr(), by_weights.as_mut_ptr());
            for o in 0..self.outputs {
                let bias = to.add(self.biases() + o);
                *bias = (0..WIDTH).fold(*bias, |sum, v| sum.add(*b.add(o * WIDTH + v)));
            }
            for o in (0..whole).step_by(TILE) {
                for i in (0..even).step_by(PAIR) {
                    self.accumulate_tile::<V, PAIR, TILE>(a, b, to, i, o);
                }
                for i in even..self.inputs {
                    self.accumulate_tile::<V, 1, TILE>(a, b, to, i, o);
                }
            }
            for o in whole..self.outputs {
                for i in 0..self.inputs {
                    self.accumulate_tile::<V, 1, 1>(a, b, to, i, o);
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn accumulate_tile<V: Vector, const I: usize, const O: usize>(
        &self,
        input: *const V,
        by_out: *const V,
        by_weights: *mut V,
        i: usize,
        o: usize,
    ) {
        let at = by_weights.add(self.at + i * self.outputs + o);
        let mut sums: [[V; O]; I] =
            core::array::from_fn(|j| core::array::from_fn(|k| *at.add(j * self.outputs + k)));
        for v in 0..WIDTH {
            let a: [V; I] = core::array::from_fn(|j| *input.add((i + j) * WIDTH + v));
            for k in 0..O {
                let b = *by_out.add((o + k) * WIDTH + v);
                for j in 0..I {
                    sums[j][k] = sums[j][k].add(a[j].mul(b));
                }
            }
        }
        for j in 0..I {
            for k in 0..O {
                *at.add(j * self.outputs + k) = sums[j][k];
            }
        }
    }
}
