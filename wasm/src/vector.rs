//! Vectors of rows: four in single precision or two in double. All numerical code is written once
//! against [`Vector`].
//!
//! Only operations that IEEE 754 fixes to the bit are used, and no relaxed ones, so that a call gives
//! the same bits on every machine.

use core::arch::wasm32::*;

/// One number for each of some rows.
pub trait Vector: Copy + 'static {
    /// The number of one row.
    type Scalar: Copy + 'static;
    /// Rows in a vector.
    const LANES: usize;
    fn splat(value: Self::Scalar) -> Self;
    /// A constant, rounded to the precision.
    fn constant(value: f64) -> Self;
    /// The number `of(i)` for row i.
    fn from_lanes(of: impl Fn(usize) -> f64) -> Self;
    fn lane(self, i: usize) -> f64;
    fn add(self, b: Self) -> Self;
    fn sub(self, b: Self) -> Self;
    fn mul(self, b: Self) -> Self;
    fn div(self, b: Self) -> Self;
    fn sqrt(self) -> Self;
    /// The nearest whole number, the even one of two.
    fn nearest(self) -> Self;
    /// `b < self ? b : self`.
    fn smaller(self, b: Self) -> Self;
    /// `self < b ? b : self`.
    fn larger(self, b: Self) -> Self;
    fn less(self, b: Self) -> v128;
    fn less_equal(self, b: Self) -> v128;
    /// eˣ; arguments beyond the range of normal numbers are limited to it.
    fn exp(self) -> Self;
    /// For positive normal numbers.
    fn log(self) -> Self;

    /// A lane-wise count, raised by one where the mask holds.
    fn tally(count: v128, mask: v128) -> v128;
    /// Where k < count.
    fn under(k: usize, count: v128) -> v128;
    /// Where k = count.
    fn equal(k: usize, count: v128) -> v128;
    /// Row by row, the number of `table[count]`.
    ///
    /// # Safety
    /// All counts are below the table's length.
    unsafe fn pick(table: *const Self, count: v128) -> Self;

    /// The sums over the rows of LANES vectors, one after the other.
    ///
    /// # Safety
    /// There are LANES vectors at `vectors`.
    unsafe fn totals(vectors: *const Self) -> Self;

    fn bits(self) -> v128;
    fn of_bits(bits: v128) -> Self;

    #[inline(always)]
    fn select(mask: v128, a: Self, b: Self) -> Self {
        Self::of_bits(v128_bitselect(a.bits(), b.bits(), mask))
    }
    /// Zero where the mask does not hold.
    #[inline(always)]
    fn masked(self, mask: v128) -> Self {
        Self::of_bits(v128_and(self.bits(), mask))
    }
    #[inline(always)]
    fn neg(self) -> Self {
        Self::of_bits(v128_xor(self.bits(), Self::constant(-0.0).bits()))
    }
    #[inline(always)]
    fn abs(self) -> Self {
        Self::of_bits(v128_andnot(self.bits(), Self::constant(-0.0).bits()))
    }
    #[inline(always)]
    fn square(self) -> Self {
        self.mul(self)
    }
    /// Sum over the rows, in their order.
    #[inline(always)]
    fn total(self) -> f64 {
        (0..Self::LANES).fold(0.0, |sum, i| sum + self.lane(i))
    }
}

/// Four rows in single precision.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct F32(pub v128);

/// Two rows in double precision.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct F64(pub v128);

macro_rules! arithmetic {
    ($scalar:ty, $splat:ident, $add:ident, $sub:ident, $mul:ident, $div:ident, $sqrt:ident, $nearest:ident,
     $pmin:ident, $pmax:ident, $lt:ident, $le:ident,
     $int_sub:ident, $int_gt:ident, $int_eq:ident, $int_splat:ident, $int:ty) => {
        type Scalar = $scalar;
        #[inline(always)]
        fn splat(value: $scalar) -> Self {
            Self($splat(value))
        }
        #[inline(always)]
        fn constant(value: f64) -> Self {
            Self($splat(value as $scalar))
        }
        #[inline(always)]
        fn add(self, b: Self) -> Self {
            Self($add(self.0, b.0))
        }
        #[inline(always)]
        fn sub(self, b: Self) -> Self {
            Self($sub(self.0, b.0))
        }
        #[inline(always)]
        fn mul(self, b: Self) -> Self {
            Self($mul(self.0, b.0))
        }
        #[inline(always)]
        fn div(self, b: Self) -> Self {
            Self($div(self.0, b.0))
        }
        #[inline(always)]
        fn sqrt(self) -> Self {
            Self($sqrt(self.0))
        }
        #[inline(always)]
        fn nearest(self) -> Self {
            Self($nearest(self.0))
        }
        #[inline(always)]
        fn smaller(self, b: Self) -> Self {
            Self($pmin(self.0, b.0))
        }
        #[inline(always)]
        fn larger(self, b: Self) -> Self {
            Self($pmax(self.0, b.0))
        }
        #[inline(always)]
        fn less(self, b: Self) -> v128 {
            $lt(self.0, b.0)
        }
        #[inline(always)]
        fn less_equal(self, b: Self) -> v128 {
            $le(self.0, b.0)
        }
        #[inline(always)]
        fn tally(count: v128, mask: v128) -> v128 {
            $int_sub(count, mask)
        }
        #[inline(always)]
        fn under(k: usize, count: v128) -> v128 {
            $int_gt(count, $int_splat(k as $int))
        }
        #[inline(always)]
        fn equal(k: usize, count: v128) -> v128 {
            $int_eq(count, $int_splat(k as $int))
        }
        #[inline(always)]
        fn bits(self) -> v128 {
            self.0
        }
        #[inline(always)]
        fn of_bits(bits: v128) -> Self {
            Self(bits)
        }
    };
}

impl Vector for F64 {
    const LANES: usize = 2;
    arithmetic!(
        f64, f64x2_splat, f64x2_add, f64x2_sub, f64x2_mul, f64x2_div, f64x2_sqrt, f64x2_nearest,
        f64x2_pmin, f64x2_pmax, f64x2_lt, f64x2_le, i64x2_sub, i64x2_gt, i64x2_eq, i64x2_splat, i64
    );
    #[inline(always)]
    fn from_lanes(of: impl Fn(usize) -> f64) -> Self {
        Self(f64x2(of(0), of(1)))
    }
    #[inline(always)]
    fn lane(self, i: usize) -> f64 {
        if i == 0 { f64x2_extract_lane::<0>(self.0) } else { f64x2_extract_lane::<1>(self.0) }
    }
    #[inline(always)]
    unsafe fn pick(table: *const Self, count: v128) -> Self {
        let at = |row: usize, k: i64| *(table as *const f64).add(2 * k as usize + row);
        Self(f64x2(
            at(0, i64x2_extract_lane::<0>(count)),
            at(1, i64x2_extract_lane::<1>(count)),
        ))
    }
    #[inline(always)]
    unsafe fn totals(vectors: *const Self) -> Self {
        let (a, b) = ((*vectors).0, (*vectors.add(1)).0);
        Self(f64x2_add(i64x2_shuffle::<0, 2>(a, b), i64x2_shuffle::<1, 3>(a, b)))
    }
    #[inline(always)]
    fn exp(self) -> Self {
        crate::elementary::exp_f64(self)
    }
    #[inline(always)]
    fn log(self) -> Self {
        crate::elementary::log_f64(self)
    }
}

impl Vector for F32 {
    const LANES: usize = 4;
    arithmetic!(
        f32, f32x4_splat, f32x4_add, f32x4_sub, f32x4_mul, f32x4_div, f32x4_sqrt, f32x4_nearest,
        f32x4_pmin, f32x4_pmax, f32x4_lt, f32x4_le, i32x4_sub, i32x4_gt, i32x4_eq, i32x4_splat, i32
    );
    #[inline(always)]
    fn from_lanes(of: impl Fn(usize) -> f64) -> Self {
        Self(f32x4(of(0) as f32, of(1) as f32, of(2) as f32, of(3) as f32))
    }
    #[inline(always)]
    fn lane(self, i: usize) -> f64 {
        (match i {
            0 => f32x4_extract_lane::<0>(self.0),
            1 => f32x4_extract_lane::<1>(self.0),
            2 => f32x4_extract_lane::<2>(self.0),
            _ => f32x4_extract_lane::<3>(self.0),
        }) as f64
    }
    #[inline(always)]
    unsafe fn pick(table: *const Self, count: v128) -> Self {
        let at = |row: usize, k: i32| *(table as *const f32).add(4 * k as usize + row);
        Self(f32x4(
            at(0, i32x4_extract_lane::<0>(count)),
            at(1, i32x4_extract_lane::<1>(count)),
            at(2, i32x4_extract_lane::<2>(count)),
            at(3, i32x4_extract_lane::<3>(count)),
        ))
    }
    #[inline(always)]
    unsafe fn totals(vectors: *const Self) -> Self {
        let halves = |a: v128, b: v128| {
            f32x4_add(i32x4_shuffle::<0, 4, 1, 5>(a, b), i32x4_shuffle::<2, 6, 3, 7>(a, b))
        };
        let first = halves((*vectors).0, (*vectors.add(1)).0);
        let second = halves((*vectors.add(2)).0, (*vectors.add(3)).0);
        Self(f32x4_add(
            i32x4_shuffle::<0, 1, 4, 5>(first, second),
            i32x4_shuffle::<2, 3, 6, 7>(first, second),
        ))
    }
    #[inline(always)]
    fn exp(self) -> Self {
        crate::elementary::exp_f32(self)
    }
    #[inline(always)]
    fn log(self) -> Self {
        crate::elementary::log_f32(self)
    }
}
