// tanh and softplus in f32. Include `elementary.wgsl` with it.
//
// Accuracy: both to 2^-22 absolute; softplus is relative to that for large arguments. They are the
// forms of the flow engine in `wasm/src/elementary.rs`.

/// Beyond this tanh is ±1, and e^2x still a number.
const TANH_LIMIT = 20.0;

/// tanh x = 1 − 2/(e^2x + 1).
fn hyperbolic_tangent(x: f32) -> f32 {
  return 1.0 - 2.0 / (exponential(2.0 * clamp(x, -TANH_LIMIT, TANH_LIMIT)) + 1.0);
}

/// ln(1 + e^x) and its slope 1/(1 + e^−x).
fn softplus(x: f32) -> vec2<f32> {
  let small = exponential(-abs(x));
  let whole = 1.0 + small;
  let share = small / whole;
  return vec2<f32>(max(x, 0.0) + natural_log(whole), select(1.0 - share, share, x < 0.0));
}
