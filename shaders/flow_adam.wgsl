// Adam with decoupled weight decay and clipping of the global norm, as `wasm/src/adam.rs`. Include
// `flow_pass.wgsl` with it, and this number of a flow:
//
//   const VECTORS: u32;  // vectors of weights
//
// Source: Kingma & Ba, "Adam", ICLR 2015; Loshchilov & Hutter, "Decoupled weight decay regularization",
// ICLR 2019. Where the loss or the slopes of an update are not finite nothing changes; the bits say so,
// since WGSL lets a device assume that numbers are finite.

const KEEP_FIRST = 0.9;
const ADD_FIRST = 0.1;
const KEEP_SECOND = 0.999;
const ADD_SECOND = 0.001;
const EPSILON = 1e-8;

const EXPONENT_BITS = 0x7f800000u;
const SETTLERS = 256u;

/// What all weights need to know of an update.
struct Progress {
  /// Updates of this call that changed something.
  changes: u32,
  /// Whether this one does.
  goes_on: u32,
  /// What slopes are multiplied by, then moments.
  scale: f32,
  rate: f32,
  share: f32,
}

@group(0) @binding(0) var<uniform> pass_of: Pass;
@group(0) @binding(1) var<storage, read> slopes: array<vec4<f32>>;
/// 1/(1 − β₁ⁿ) and 1/(1 − β₂ⁿ) for the next numbers n of updates.
@group(0) @binding(2) var<storage, read> corrections: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read> report: array<f32>;
@group(0) @binding(4) var<storage, read_write> progress: Progress;
/// First moments, second moments, and the sum of the weights after each update: VECTORS each.
@group(0) @binding(5) var<storage, read_write> state: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> weights: array<vec4<f32>>;

var<workgroup> squares: array<f32, SETTLERS>;

fn is_finite(x: f32) -> bool {
  return (bitcast<u32>(x) & EXPONENT_BITS) != EXPONENT_BITS;
}

/// The norm of the slopes, by one workgroup, and what follows from it.
@compute @workgroup_size(SETTLERS)
fn settle(@builtin(local_invocation_index) local: u32) {
  var sum = 0.0;
  for (var i = local; i < VECTORS; i += SETTLERS) {
    let each = slopes[i];
    sum += (each.x * each.x + each.y * each.y) + (each.z * each.z + each.w * each.w);
  }
  squares[local] = sum;
  // A tree of fixed shape.
  for (var half = SETTLERS / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) { squares[local] += squares[local + half]; }
  }
  if (local != 0u) { return; }
  let sound = is_finite(squares[0]) && is_finite(report[pass_of.update]);
  if (!sound || pass_of.broken != 0u) {
    progress.goes_on = 0u;
    return;
  }
  let norm = sqrt(squares[0]);
  let correction = corrections[progress.changes];
  progress.goes_on = 1u;
  progress.changes++;
  progress.scale = select(1.0, pass_of.clip / norm, norm > pass_of.clip);
  progress.rate = pass_of.rate * correction.x;
  progress.share = correction.y;
}

/// The update of four weights.
@compute @workgroup_size(64)
fn update(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x;
  if (i >= VECTORS) { return; }
  var weight = weights[i];
  if (progress.goes_on != 0u) {
    let slope = slopes[i] * progress.scale;
    let first = KEEP_FIRST * state[i] + ADD_FIRST * slope;
    let second = KEEP_SECOND * state[VECTORS + i] + ADD_SECOND * (slope * slope);
    let root = sqrt(second * progress.share) + EPSILON;
    weight = weight * pass_of.shrink - progress.rate * first / root;
    state[i] = first;
    state[VECTORS + i] = second;
    weights[i] = weight;
  }
  var sum = weight;
  if (pass_of.update > 0u) { sum += state[2u * VECTORS + i]; }
  state[2u * VECTORS + i] = sum;
}
