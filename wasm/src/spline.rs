//! Monotone rational-quadratic splines: Durkan, Bekasov, Murray & Papamakarios, "Neural spline flows",
//! NeurIPS 2019, eqs. 4–8. Outside of (−range, range) they are the identity.

use crate::dense::WIDTH;
use crate::elementary::softplus;
use crate::vector::Vector;
use core::arch::wasm32::{i32x4_splat, v128, v128_or};

/// Most bins of a spline.
pub const MOST_BINS: usize = 64;
/// Smallest width and height of a bin, as a share of the range, and smallest slope (Durkan et al.).
const LEAST: f64 = 1e-3;
/// softplus(SLOPE_SHIFT) + LEAST = 1: raw slopes of 0 give the identity.
const SLOPE_SHIFT: f64 = 0.539742417236952;

/// Bins and range of the splines, with room for the knots of one vector of rows.
pub struct Spline<V> {
    bins: usize,
    range: f64,
    /// Whether the ends are one point, whose slope is free: Rezende et al., "Normalizing flows on tori
    /// and spheres", ICML 2020, §2.1.
    circular: bool,
    x: [V; MOST_BINS + 1],
    y: [V; MOST_BINS + 1],
    /// Raw slopes at the knots; at both ends 0, for a slope of 1, unless circular.
    slope: [V; MOST_BINS + 1],
}

/// Raw parameters of one spline for one vector of rows, within a block: widths, heights, inner slopes.
#[derive(Clone, Copy)]
pub struct Raw<V>(*mut V);

impl<V: Vector> Raw<V> {
    #[inline(always)]
    unsafe fn at(self, p: usize) -> *mut V {
        self.0.add(p * WIDTH)
    }
}

/// Number of raw parameters of a spline: widths, heights, and slopes at the inner knots; of a circular
/// one then the slope at the ends.
pub const fn parameters(bins: usize, circular: bool) -> usize {
    if circular {
        3 * bins
    } else {
        3 * bins - 1
    }
}

/// A point on the way through a spline.
#[derive(Clone, Copy)]
pub struct Passed<V> {
    pub value: V,
    /// ln of the slope of the map from x to y, in both directions.
    pub log_slope: V,
}

/// The bin that each row's point is in.
#[derive(Clone, Copy)]
struct Bin<V> {
    index: v128,
    x: V,
    y: V,
    width: V,
    height: V,
    left: V,
    right: V,
    /// d slope / d raw at both ends.
    left_rate: V,
    right_rate: V,
}

/// Softmax of `bins` raw numbers, in place.
#[inline(always)]
unsafe fn softmax<V: Vector>(raw: Raw<V>, bins: usize) {
    let mut largest = *raw.at(0);
    for k in 1..bins {
        largest = largest.larger(*raw.at(k));
    }
    let mut sum = V::constant(0.0);
    for k in 0..bins {
        let e = (*raw.at(k)).sub(largest).exp();
        *raw.at(k) = e;
        sum = sum.add(e);
    }
    let scale = V::constant(1.0).div(sum);
    for k in 0..bins {
        *raw.at(k) = (*raw.at(k)).mul(scale);
    }
}

impl<V: Vector> Spline<V> {
    pub fn new(bins: usize, range: f64, circular: bool) -> Self {
        assert!((1..=MOST_BINS).contains(&bins));
        let zeros = [V::constant(0.0); MOST_BINS + 1];
        Spline { bins, range, circular, x: zeros, y: zeros, slope: zeros }
    }

    /// The parameters, one after the other, for the `v`-th vector of a block.
    pub fn raw(&self, block: &mut [V], v: usize) -> Raw<V> {
        assert!(v < WIDTH && block.len() >= parameters(self.bins, self.circular) * WIDTH);
        // SAFETY: within the block, as was just asserted.
        Raw(unsafe { block.as_mut_ptr().add(v) })
    }

    /// What a share of 1 adds to the floor of a bin.
    fn room(&self) -> f64 {
        2.0 * self.range * (1.0 - LEAST * self.bins as f64)
    }

    /// Sets the knots from raw parameters, whose widths and heights are shares already.
    #[inline(always)]
    unsafe fn set(&mut self, raw: Raw<V>) {
        let bins = self.bins;
        let room = V::constant(self.room());
        let floor = V::constant(2.0 * self.range * LEAST);
        let (mut x, mut y) = (V::constant(-self.range), V::constant(-self.range));
        self.x[0] = x;
        self.y[0] = y;
        for k in 1..bins {
            x = x.add((*raw.at(k - 1)).mul(room).add(floor));
            y = y.add((*raw.at(bins + k - 1)).mul(room).add(floor));
            self.x[k] = x;
            self.y[k] = y;
            self.slope[k] = *raw.at(2 * bins + k - 1);
        }
        // The last knots are where the identity begins, exactly.
        self.x[bins] = V::constant(self.range);
        self.y[bins] = V::constant(self.range);
        let end = if self.circular { *raw.at(3 * bins - 1) } else { V::constant(0.0) };
        self.slope[0] = end;
        self.slope[bins] = end;
    }

    #[inline(always)]
    fn find(&self, at: V, by_x: bool) -> Bin<V> {
        let knots = if by_x { &self.x } else { &self.y };
        let mut index = i32x4_splat(0);
        for k in 1..self.bins {
            index = V::tally(index, knots[k].less_equal(at));
        }
        // SAFETY: the index is at most bins − 1, and there are bins + 1 knots.
        unsafe {
            let pick = |table: &[V; MOST_BINS + 1], next: usize| V::pick(table.as_ptr().add(next), index);
            let shift = V::constant(SLOPE_SHIFT);
            let least = V::constant(LEAST);
            let (left, left_rate) = softplus(pick(&self.slope, 0).add(shift));
            let (right, right_rate) = softplus(pick(&self.slope, 1).add(shift));
            let (x, y) = (pick(&self.x, 0), pick(&self.y, 0));
            Bin {
                index,
                x,
                y,
                width: pick(&self.x, 1).sub(x),
                height: pick(&self.y, 1).sub(y),
                left: left.add(least),
                right: right.add(least),
                left_rate,
                right_rate,
            }
        }
    }

    #[inline(always)]
    fn inside(&self, at: V) -> v128 {
        at.abs().less(V::constant(self.range))
    }

    /// ln dy/dx at θ = (x − x_k)/width, where `below` is the denominator of the map (eq. 5).
    #[inline(always)]
    fn log_slope(bin: &Bin<V>, s: V, theta: V, t: V, below: V) -> V {
        let rest = V::constant(1.0).sub(theta);
        let st = s.mul(t);
        let q = bin.right.mul(theta.square()).add(st.add(st)).add(bin.left.mul(rest.square()));
        s.square().mul(q).div(below.square()).log()
    }

    /// y(x) (eq. 4). Leaves shares in place of raw widths and heights.
    #[inline(always)]
    pub fn forward(&mut self, raw: Raw<V>, x: V) -> Passed<V> {
        // SAFETY: `raw` points at a spline's parameters.
        unsafe {
            softmax(raw, self.bins);
            softmax(Raw(raw.at(self.bins)), self.bins);
            self.set(raw);
        }
        let inside = self.inside(x);
        let safe = x.masked(inside);
        let bin = self.find(safe, true);
        let over_width = V::constant(1.0).div(bin.width);
        let s = bin.height.mul(over_width);
        let theta = safe.sub(bin.x).mul(over_width);
        let t = theta.mul(V::constant(1.0).sub(theta));
        let below = s.add(bin.left.add(bin.right).sub(s.add(s)).mul(t));
        let above = bin.height.mul(s.mul(theta.square()).add(bin.left.mul(t)));
        let log_slope = Self::log_slope(&bin, s, theta, t, below);
        Passed {
            value: V::select(inside, bin.y.add(above.div(below)), x),
            log_slope: log_slope.masked(inside),
        }
    }

    /// x(y) (eqs. 6–8), with ln dy/dx there. Of the root's two forms each row takes the one that does not
    /// cancel.
    #[inline(always)]
    pub fn inverse(&mut self, raw: Raw<V>, y: V) -> Passed<V> {
        // SAFETY: `raw` points at a spline's parameters.
        unsafe {
            softmax(raw, self.bins);
            softmax(Raw(raw.at(self.bins)), self.bins);
            self.set(raw);
        }
        let inside = self.inside(y);
        let safe = y.masked(inside);
        let bin = self.find(safe, false);
        let s = bin.height.div(bin.width);
        let rise = safe.sub(bin.y);
        let bend = bin.left.add(bin.right).sub(s.add(s));
        let a = bin.height.mul(s.sub(bin.left)).add(rise.mul(bend));
        let b = bin.height.mul(bin.left).sub(rise.mul(bend));
        let c = s.mul(rise).neg();
        let zero = V::constant(0.0);
        let root = b.square().sub(V::constant(4.0).mul(a).mul(c)).larger(zero).sqrt();
        let falls = b.less(zero);
        let above = V::select(falls, root.sub(b), c.add(c));
        let theta = above.div(V::select(falls, a.add(a), b.add(root).neg()));
        let t = theta.mul(V::constant(1.0).sub(theta));
        let below = s.add(bend.mul(t));
        let log_slope = Self::log_slope(&bin, s, theta, t, below);
        Passed {
            value: V::select(inside, bin.x.add(theta.mul(bin.width)), y),
            log_slope: log_slope.masked(inside),
        }
    }

    /// Backward through [`Spline::forward`]: from the slopes of the loss in y and in ln dy/dx to that in
    /// x, which is given back, and those in the raw parameters, which are written. `raw` is as the
    /// forward pass left it.
    #[inline(always)]
    pub fn backward(&mut self, raw: Raw<V>, x: V, by_value: V, by_log_slope: V, by_raw: Raw<V>) -> V {
        // SAFETY: `raw` points at a spline's parameters.
        unsafe { self.set(raw) };
        let bins = self.bins;
        let one = V::constant(1.0);
        let inside = self.inside(x);
        let safe = x.masked(inside);
        let bin = self.find(safe, true);
        let over_width = one.div(bin.width);
        let theta = safe.sub(bin.x).mul(over_width);
        let rest = one.sub(theta);
        let s = bin.height.mul(over_width);
        let t = theta.mul(rest);
        let twice_t = t.add(t);
        let (theta_2, rest_2) = (theta.square(), rest.square());
        let bend = bin.left.add(bin.right).sub(s.add(s));
        let below = s.add(bend.mul(t));
        let over_below = one.div(below);
        let inner = s.mul(theta_2).add(bin.left.mul(t));
        let q = bin.right.mul(theta_2).add(s.mul(twice_t)).add(bin.left.mul(rest_2));

        // y = y_k + height·inner/below; ln slope = 2 ln s + ln q − 2 ln below.
        let by_q = by_log_slope.div(q);
        let twice_by_log = by_log_slope.add(by_log_slope);
        let by_inner = by_value.mul(bin.height).mul(over_below);
        let by_below = by_inner.mul(inner).add(twice_by_log).mul(over_below).neg();
        let by_s = twice_by_log
            .div(s)
            .add(by_q.mul(twice_t))
            .add(by_below.mul(one.sub(twice_t)))
            .add(by_inner.mul(theta_2));
        let by_left = by_q.mul(rest_2).add(by_below.add(by_inner).mul(t));
        let by_right = by_q.mul(theta_2).add(by_below.mul(t));
        let by_t = by_q.mul(s.add(s)).add(by_below.mul(bend)).add(by_inner.mul(bin.left));
        let by_q_theta = bin.right.mul(theta).sub(bin.left.mul(rest));
        let by_theta = by_q
            .mul(by_q_theta.add(by_q_theta))
            .add(by_inner.mul(s).mul(theta.add(theta)))
            .add(by_t.mul(rest.sub(theta)));
        let by_x = by_theta.mul(over_width);
        // Where the identity is, the parameters are not felt.
        let by_height = by_value.mul(inner).mul(over_below).add(by_s.mul(over_width)).masked(inside);
        let by_width = by_s.mul(s).add(by_theta.mul(theta)).mul(over_width).neg().masked(inside);
        let by_left = by_left.mul(bin.left_rate).masked(inside);
        let by_right = by_right.mul(bin.right_rate).masked(inside);
        // SAFETY: both point at a spline's parameters.
        unsafe {
            let widths = (by_x.neg().masked(inside), by_width);
            let heights = (by_value.masked(inside), by_height);
            self.shares_backward(raw, bin.index, widths, by_raw);
            self.shares_backward(Raw(raw.at(bins)), bin.index, heights, Raw(by_raw.at(bins)));
            for k in 1..bins {
                // Knot k is the left end of bin k and the right end of bin k − 1.
                let left = by_left.masked(V::equal(k, bin.index));
                let right = by_right.masked(V::equal(k - 1, bin.index));
                let both = V::of_bits(v128_or(left.bits(), right.bits()));
                *by_raw.at(2 * bins + k - 1) = both;
            }
            if self.circular {
                let left = by_left.masked(V::equal(0, bin.index));
                let right = by_right.masked(V::equal(bins - 1, bin.index));
                let both = V::of_bits(v128_or(left.bits(), right.bits()));
                *by_raw.at(3 * bins - 1) = both;
            }
        }
        V::select(inside, by_x, by_value)
    }

    /// From slopes in the left knot and in the extent of each row's bin to those in the raw extents: all
    /// bins before it shift the knot.
    #[inline(always)]
    unsafe fn shares_backward(&self, shares: Raw<V>, index: v128, by: (V, V), by_raw: Raw<V>) {
        let room = V::constant(self.room());
        let (by_knot, by_extent) = (by.0.mul(room), by.1.mul(room));
        let mut mean = V::constant(0.0);
        for k in 0..self.bins {
            let before = by_knot.masked(V::under(k, index));
            let here = by_extent.masked(V::equal(k, index));
            let each = V::of_bits(v128_or(before.bits(), here.bits())).mul(*shares.at(k));
            *by_raw.at(k) = each;
            mean = mean.add(each);
        }
        for k in 0..self.bins {
            *by_raw.at(k) = (*by_raw.at(k)).sub(mean.mul(*shares.at(k)));
        }
    }
}
