// Monotone rational-quadratic splines of one row; outside of (−range, range) they are the identity.
// Include `elementary.wgsl` and `sigmoid.wgsl` with it, and these numbers of a flow:
//
//   const BINS: u32;
//   const PARAMETERS: u32;  // most parameters of a map, filled up to fours
//
// Source: Durkan, Bekasov, Murray & Papamakarios, "Neural spline flows", NeurIPS 2019, eqs. 4–8; for
// circles, whose ends are one point with a free slope, Rezende et al., "Normalizing flows on tori and
// spheres", ICML 2020, §2.1. The operations are those of `wasm/src/spline.rs`.

/// Smallest width and height of a bin, as a share of the range, and smallest slope (Durkan et al.).
const LEAST = 1e-3;
/// softplus(SLOPE_SHIFT) + LEAST = 1: raw slopes of 0 give the identity.
const SLOPE_SHIFT = 0.5397424;

/// Parameters of a map: widths, heights, slopes at the inner knots; of a circle then the slope at the
/// ends and the turn. Widths and heights become shares on the way through.
var<private> raw: array<f32, PARAMETERS>;
/// Slopes in them.
var<private> by_raw: array<f32, PARAMETERS>;

/// The bin that a point is in.
struct Bin {
  index: u32,
  /// Its lower left corner.
  x: f32,
  y: f32,
  width: f32,
  height: f32,
  /// Slopes at its ends, and d slope / d raw there.
  left: vec2<f32>,
  right: vec2<f32>,
}

/// A point on the way through a map, and ln of the slope from x to y, in both directions.
struct Passed {
  value: f32,
  log_slope: f32,
}

/// Softmax of `BINS` parameters.
fn softmax(first: u32) {
  var largest = raw[first];
  for (var k = 1u; k < BINS; k++) { largest = max(largest, raw[first + k]); }
  var sum = 0.0;
  for (var k = 0u; k < BINS; k++) {
    let power = exponential(raw[first + k] - largest);
    raw[first + k] = power;
    sum += power;
  }
  let scale = 1.0 / sum;
  for (var k = 0u; k < BINS; k++) { raw[first + k] *= scale; }
}

/// What a share of 1 adds to the floor of a bin.
fn room_of(range: f32) -> f32 {
  return 2.0 * range * (1.0 - LEAST * f32(BINS));
}

/// Slope at a knot, and d slope / d raw.
fn slope_at(knot: u32, circular: bool) -> vec2<f32> {
  var parameter = 0.0;
  if (knot > 0u && knot < BINS) {
    parameter = raw[2u * BINS + knot - 1u];
  } else if (circular) {
    parameter = raw[3u * BINS - 1u];
  }
  return softplus(parameter + SLOPE_SHIFT) + vec2<f32>(LEAST, 0.0);
}

/// The bin of a point within the range: of its x, or of its y.
fn bin_of(point: f32, range: f32, circular: bool, by_x: bool) -> Bin {
  let room = room_of(range);
  let least = 2.0 * range * LEAST;
  var knot = vec2<f32>(-range);
  var lower = knot;
  // The last knot is where the identity begins, exactly.
  var upper = vec2<f32>(range);
  var index = 0u;
  var found = false;
  for (var k = 1u; k < BINS; k++) {
    knot += vec2<f32>(raw[k - 1u], raw[BINS + k - 1u]) * room + least;
    if (select(knot.y, knot.x, by_x) <= point) {
      lower = knot;
      index = k;
    } else if (!found) {
      upper = knot;
      found = true;
    }
  }
  let extent = upper - lower;
  let left = slope_at(index, circular);
  let right = slope_at(index + 1u, circular);
  return Bin(index, lower.x, lower.y, extent.x, extent.y, left, right);
}

/// ln dy/dx at θ = (x − x_k)/width, where `below` is the denominator of the map (eq. 5).
fn log_slope_of(bin: Bin, s: f32, theta: f32, below: f32) -> f32 {
  let rest = 1.0 - theta;
  let q = bin.right.x * theta * theta + 2.0 * s * theta * rest + bin.left.x * rest * rest;
  return natural_log(s * s * q / (below * below));
}

/// y(x) (eq. 4). Leaves shares in place of raw widths and heights.
fn spline_forward(x: f32, range: f32, circular: bool) -> Passed {
  softmax(0u);
  softmax(BINS);
  if (!(abs(x) < range)) { return Passed(x, 0.0); }
  let bin = bin_of(x, range, circular, true);
  let over_width = 1.0 / bin.width;
  let s = bin.height * over_width;
  let theta = (x - bin.x) * over_width;
  let t = theta * (1.0 - theta);
  let below = s + (bin.left.x + bin.right.x - 2.0 * s) * t;
  let above = bin.height * (s * theta * theta + bin.left.x * t);
  return Passed(bin.y + above / below, log_slope_of(bin, s, theta, below));
}

/// x(y) (eqs. 6–8), with ln dy/dx there. Of the root's two forms that is taken which does not cancel.
fn spline_inverse(y: f32, range: f32, circular: bool) -> Passed {
  softmax(0u);
  softmax(BINS);
  if (!(abs(y) < range)) { return Passed(y, 0.0); }
  let bin = bin_of(y, range, circular, false);
  let s = bin.height / bin.width;
  let rise = y - bin.y;
  let bend = bin.left.x + bin.right.x - 2.0 * s;
  let a = bin.height * (s - bin.left.x) + rise * bend;
  let b = bin.height * bin.left.x - rise * bend;
  let c = -s * rise;
  let root = sqrt(max(b * b - 4.0 * a * c, 0.0));
  var theta = 2.0 * c / -(b + root);
  if (b < 0.0) { theta = (root - b) / (2.0 * a); }
  let below = s + bend * theta * (1.0 - theta);
  return Passed(bin.x + theta * bin.width, log_slope_of(bin, s, theta, below));
}

/// From slopes in the left knot and in the extent of the point's bin to those in raw extents: all bins
/// before it shift the knot.
fn shares_backward(first: u32, index: u32, by_knot: f32, by_extent: f32) {
  var mean = 0.0;
  for (var k = 0u; k < BINS; k++) {
    var by = select(0.0, by_knot, k < index);
    if (k == index) { by = by_extent; }
    let each = by * raw[first + k];
    by_raw[first + k] = each;
    mean += each;
  }
  for (var k = 0u; k < BINS; k++) { by_raw[first + k] -= mean * raw[first + k]; }
}

/// Backward through `spline_forward`: from the slopes of the loss in y and in ln dy/dx to that in x,
/// which is given back, and those in the parameters. `raw` is as the way forward left it.
fn spline_backward(x: f32, by_y: f32, by_log: f32, range: f32, circular: bool) -> f32 {
  for (var k = 0u; k < 3u * BINS; k++) { by_raw[k] = 0.0; }
  if (!(abs(x) < range)) { return by_y; }
  let bin = bin_of(x, range, circular, true);
  let left = bin.left.x;
  let right = bin.right.x;
  let over_width = 1.0 / bin.width;
  let theta = (x - bin.x) * over_width;
  let rest = 1.0 - theta;
  let s = bin.height * over_width;
  let t = theta * rest;
  let bend = left + right - 2.0 * s;
  let below = s + bend * t;
  let over_below = 1.0 / below;
  let inner = s * theta * theta + left * t;
  let q = right * theta * theta + 2.0 * s * t + left * rest * rest;

  // y = y_k + height·inner/below; ln slope = 2 ln s + ln q − 2 ln below.
  let by_q = by_log / q;
  let by_inner = by_y * bin.height * over_below;
  let by_below = -(by_inner * inner + 2.0 * by_log) * over_below;
  let by_s = 2.0 * by_log / s + by_q * 2.0 * t + by_below * (1.0 - 2.0 * t) +
    by_inner * theta * theta;
  let by_left = by_q * rest * rest + (by_below + by_inner) * t;
  let by_right = by_q * theta * theta + by_below * t;
  let by_t = by_q * 2.0 * s + by_below * bend + by_inner * left;
  let by_theta = by_q * 2.0 * (right * theta - left * rest) + by_inner * s * 2.0 * theta +
    by_t * (rest - theta);
  let by_x = by_theta * over_width;
  let by_height = by_y * inner * over_below + by_s * over_width;
  let by_width = -(by_s * s + by_theta * theta) * over_width;

  let room = room_of(range);
  shares_backward(0u, bin.index, -by_x * room, by_width * room);
  shares_backward(BINS, bin.index, by_y * room, by_height * room);
  add_slope(bin.index, circular, by_left * bin.left.y);
  add_slope(bin.index + 1u, circular, by_right * bin.right.y);
  return by_x;
}

/// Adds to the slope in the parameter of the slope at a knot.
fn add_slope(knot: u32, circular: bool, by: f32) {
  if (knot > 0u && knot < BINS) {
    by_raw[2u * BINS + knot - 1u] += by;
  } else if (circular) {
    by_raw[3u * BINS - 1u] += by;
  }
}
