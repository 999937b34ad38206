// The plan of a flow: what its layers are, and the coordinates of the one row that an invocation works
// on. It needs these numbers of a flow, which differ from flow to flow as the plan does:
//
//   const DIMENSION: u32;  // coordinates
//   const LAYERS: u32;     // coupling layers
//
// The plan is made by `src/flows/webgpu_plan.ts`. It starts with two words for each layer: where the
// layer's own words start, and where its rotation starts, plus 1, or 0 for none. Then one word for each
// coordinate: 1 if it is periodic.

@group(0) @binding(0) var<storage, read> plan: array<u32>;
/// The weights, four outputs to a vector; see `flow_conditioner.wgsl`.
@group(0) @binding(1) var<storage, read> weights: array<vec4<f32>>;
/// For each rotation the orthogonal matrix R, row by row, of x ↦ Rᵀx.
@group(0) @binding(2) var<storage, read> rotations: array<f32>;

/// Invocations of a workgroup: one for each row.
const WORKGROUP = 64u;

/// The coordinates of a row on its way through the flow.
var<private> x: array<f32, DIMENSION>;
var<private> turned: array<f32, DIMENSION>;

fn is_periodic(coordinate: u32) -> bool {
  return plan[2u * LAYERS + coordinate] != 0u;
}

/// x ↦ Rᵀx before a layer.
fn rotate(layer: u32) {
  let rotation = plan[2u * layer + 1u];
  if (rotation == 0u) { return; }
  for (var o = 0u; o < DIMENSION; o++) {
    var sum = 0.0;
    for (var i = 0u; i < DIMENSION; i++) {
      sum += rotations[rotation - 1u + i * DIMENSION + o] * x[i];
    }
    turned[o] = sum;
  }
  x = turned;
}

/// x ↦ Rx: the way back, of points and of slopes alike.
fn rotate_back(layer: u32) {
  let rotation = plan[2u * layer + 1u];
  if (rotation == 0u) { return; }
  for (var i = 0u; i < DIMENSION; i++) {
    var sum = 0.0;
    for (var o = 0u; o < DIMENSION; o++) {
      sum += rotations[rotation - 1u + i * DIMENSION + o] * x[o];
    }
    turned[i] = sum;
  }
  x = turned;
}
