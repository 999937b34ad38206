// Affine maps y = x eˢ + t of one row, with s bounded by a hyperbolic tangent. Include
// `elementary.wgsl`, `sigmoid.wgsl` and `flow_spline.wgsl` with it.
//
// Source: Dinh, Sohl-Dickstein & Bengio, "Density estimation using Real NVP", ICLR 2017, eq. 7. The
// parameters are t, and a raw number of which s is made, as in `wasm/src/affine.rs`.

/// Largest |s|: a layer scales by at most e².
const BOUND = 2.0;

fn log_scale() -> f32 {
  return BOUND * hyperbolic_tangent(raw[1] / BOUND);
}

fn affine_forward(x: f32) -> Passed {
  let s = log_scale();
  return Passed(x * exponential(s) + raw[0], s);
}

fn affine_inverse(y: f32) -> Passed {
  let s = log_scale();
  return Passed((y - raw[0]) * exponential(-s), s);
}

/// From the slopes of the loss in y and in s to that in x and those in the parameters.
fn affine_backward(x: f32, by_y: f32, by_log: f32) -> f32 {
  let s = log_scale();
  let by_x = by_y * exponential(s);
  let by_s = by_x * x + by_log;
  by_raw[0] = by_y;
  // d s / d raw = 1 − tanh².
  by_raw[1] = by_s - by_s * (s / BOUND) * (s / BOUND);
  return by_x;
}
