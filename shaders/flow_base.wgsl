// What a flow maps points to: lines follow the standard normal distribution or a multivariate
// Student-t around 0, circles are uniform. Include `threefry.wgsl`, `elementary.wgsl`, `normal.wgsl`
// and `angle.wgsl` with it, and these numbers of a flow:
//
//   const DIMENSION: u32;  // coordinates
//   const CIRCLES: u32;    // how many of them are periodic
//   const DEGREES: u32;    // degrees of freedom of the Student-t distribution; 0 for the normal one
//
// and, from `flow_plan.wgsl`, `is_periodic` and the coordinates `x`. It is `src/flows/base.ts` and
// `wasm/src/base.rs` in f32: the same normal numbers make the same points.

/// Standard normal numbers that a point is made of, besides one for each coordinate.
const SECONDS = DIMENSION + DEGREES;

/// Minus the log density but for the constant, and what a line is multiplied by for its slope.
struct Energy {
  value: f32,
  slope: f32,
}

/// From the sum of squares of the lines.
fn energy_of(squares: f32) -> Energy {
  if (DEGREES == 0u) { return Energy(0.5 * squares, 1.0); }
  let degrees = f32(max(DEGREES, 1u));
  let over = 1.0 + squares / degrees;
  let power = 0.5 * f32(DEGREES + DIMENSION - CIRCLES);
  return Energy(power * natural_log(over), 2.0 * power / (degrees * over));
}

/// The energy of `x`.
fn base_energy() -> Energy {
  var squares = 0.0;
  for (var i = 0u; i < DIMENSION; i++) {
    if (!is_periodic(i)) { squares += x[i] * x[i]; }
  }
  return energy_of(squares);
}

/// Draws `x`, the point of the base that has this key.
fn draw_base(key: vec2<u32>) {
  var stretch = 1.0;
  if (DEGREES > 0u) {
    var squares = 0.0;
    for (var k = 0u; k < DEGREES; k++) {
      let z = normal(key, DIMENSION + k);
      squares += z * z;
    }
    stretch = sqrt(f32(DEGREES) / squares);
  }
  var second = SECONDS;
  for (var i = 0u; i < DIMENSION; i++) {
    let z = normal(key, i);
    if (is_periodic(i)) {
      x[i] = angle_of(normal(key, second), z);
      second++;
    } else {
      x[i] = stretch * z;
    }
  }
}
