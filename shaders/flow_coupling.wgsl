// Coupling layers: maps move one part of the coordinates, with parameters that a conditioner computes
// from the others. Include `angle.wgsl`, `flow_plan.wgsl`, `flow_conditioner.wgsl`, `flow_spline.wgsl`
// and `flow_affine.wgsl` with it, and these numbers of a flow:
//
//   const LAYERS: u32;
//   const CIRCLES: u32;    // how many coordinates are periodic
//   const AFFINE: bool;    // whether the others are moved by affine maps instead of splines
//   const RANGE: f32;      // splines act on [−RANGE, RANGE]
//
// Source: Dinh, Sohl-Dickstein & Bengio 2017, §3.2; Durkan et al. 2019. The maps are those of
// `wasm/src/transform.rs`: a circle is turned, then moved by a spline on [−π, π].

/// A coordinate that a layer moves.
struct Moved {
  coordinate: u32,
  /// Whether it is periodic.
  circle: bool,
  /// The first column of its parameters among the outputs of the conditioner's last map.
  column: u32,
}

fn moved_of(layer: Layer, number: u32) -> Moved {
  let at = layer.moved_at + MOVED_WORDS * number;
  let coordinate = plan[at];
  // Where a flow has no circles, compilers leave their maps out.
  return Moved(coordinate, CIRCLES > 0u && is_periodic(coordinate), plan[at + 1u]);
}

/// Number of parameters of a map.
fn parameters_of(circle: bool) -> u32 {
  if (circle) { return 3u * BINS + 1u; }
  if (AFFINE) { return 2u; }
  return 3u * BINS - 1u;
}

/// Columns of four that hold them.
fn columns_of(circle: bool) -> u32 {
  return (parameters_of(circle) + 3u) / 4u;
}

/// The turn of a circle is its last parameter.
const TURN_AT = 3u * BINS;

fn load_parameters(map: AffineMap, moved: Moved) {
  for (var k = 0u; k < columns_of(moved.circle); k++) {
    let four = column(map, moved.column + k);
    for (var i = 0u; i < 4u; i++) { raw[4u * k + i] = four[i]; }
  }
}

/// Keeps the parameters as the way forward leaves them.
fn leave_parameters(map: AffineMap, moved: Moved) {
  for (var k = 0u; k < columns_of(moved.circle); k++) {
    let at = 4u * k;
    let four = vec4<f32>(raw[at], raw[at + 1u], raw[at + 2u], raw[at + 3u]);
    keep_parameters(map, moved.column + k, four);
  }
}

fn move_forward(circle: bool, at: f32) -> Passed {
  if (circle) { return spline_forward(wrap(at + raw[TURN_AT]), PI, true); }
  if (AFFINE) { return affine_forward(at); }
  return spline_forward(at, RANGE, false);
}

fn move_back(circle: bool, at: f32) -> Passed {
  if (circle) {
    let passed = spline_inverse(at, PI, true);
    return Passed(wrap(passed.value - raw[TURN_AT]), passed.log_slope);
  }
  if (AFFINE) { return affine_inverse(at); }
  return spline_inverse(at, RANGE, false);
}

/// From points to the base: moves `x` and gives ln |det|.
fn forward() -> f32 {
  var log_determinant = 0.0;
  for (var l = 0u; l < LAYERS; l++) {
    rotate(l);
    let layer = layer_at(l);
    keep_coordinates(layer);
    let map = condition(layer);
    for (var k = 0u; k < layer.moved; k++) {
      let moved = moved_of(layer, k);
      load_parameters(map, moved);
      let passed = move_forward(moved.circle, x[moved.coordinate]);
      leave_parameters(map, moved);
      x[moved.coordinate] = passed.value;
      log_determinant += passed.log_slope;
    }
  }
  return log_determinant;
}

/// From the base to points: moves `x` and gives ln |det| of the way forward.
fn inverse() -> f32 {
  var log_determinant = 0.0;
  for (var l = LAYERS; l > 0u; l--) {
    let layer = layer_at(l - 1u);
    let map = condition(layer);
    for (var k = 0u; k < layer.moved; k++) {
      let moved = moved_of(layer, k);
      load_parameters(map, moved);
      let passed = move_back(moved.circle, x[moved.coordinate]);
      x[moved.coordinate] = passed.value;
      log_determinant += passed.log_slope;
    }
    rotate_back(l - 1u);
  }
  return log_determinant;
}
