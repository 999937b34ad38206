// From what the rows of a batch left to the slopes in the weights. All sums go in one fixed order,
// without atomics: rows within a group one after the other, then the groups one after the other, in
// however many passes. Include `flow_pass.wgsl` with it, and these numbers of a flow:
//
//   const VECTORS: u32;  // vectors of weights
//   const TILES: u32;    // squares of four vectors that the weights are cut into

/// Four inputs × four outputs of an affine map.
struct Tile {
  /// Which vectors that a row leaves are its inputs, and the slopes in its outputs.
  inputs: u32,
  slopes: u32,
  /// The first vector of weights, and how far it is to the next ones.
  at: u32,
  columns: u32,
}

@group(0) @binding(0) var<uniform> pass_of: Pass;
@group(0) @binding(1) var<storage, read> kept: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> tiles: array<Tile>;
/// Slopes of each group of rows, as the weights; 0 at first, since rows that only fill a map up have no
/// tile.
@group(0) @binding(3) var<storage, read_write> parts: array<vec4<f32>>;
/// Losses of each group of rows.
@group(0) @binding(4) var<storage, read_write> losses: array<f32>;
@group(0) @binding(5) var<storage, read_write> slopes: array<vec4<f32>>;
/// The loss of each update.
@group(0) @binding(6) var<storage, read_write> report: array<f32>;

/// The slopes of one tile over one group of rows: an outer product for each row.
@compute @workgroup_size(64)
fn sum_rows(
  @builtin(global_invocation_id) id: vec3<u32>,
  @builtin(workgroup_id) workgroup: vec3<u32>,
) {
  if (id.x >= TILES) { return; }
  let tile = tiles[id.x];
  let group = workgroup.y;
  let first = group * GROUP;
  let end = min(first + GROUP, pass_of.rows);
  let inputs_at = tile.inputs * kept_rows_of(pass_of);
  let slopes_at = tile.slopes * kept_rows_of(pass_of);
  var a = vec4<f32>();
  var b = vec4<f32>();
  var c = vec4<f32>();
  var d = vec4<f32>();
  for (var row = first; row < end; row++) {
    let inputs = kept[inputs_at + row];
    let by = kept[slopes_at + row];
    a += inputs.x * by;
    b += inputs.y * by;
    c += inputs.z * by;
    d += inputs.w * by;
  }
  let at = group * VECTORS + tile.at;
  parts[at] = a;
  parts[at + tile.columns] = b;
  parts[at + 2u * tile.columns] = c;
  parts[at + 3u * tile.columns] = d;
}

/// Adds the groups to those of the passes before.
@compute @workgroup_size(64)
fn sum_groups(@builtin(global_invocation_id) id: vec3<u32>) {
  let groups = (pass_of.rows + GROUP - 1u) / GROUP;
  if (id.x < VECTORS) {
    var sum = vec4<f32>();
    if (pass_of.begins == 0u) { sum = slopes[id.x]; }
    for (var g = 0u; g < groups; g++) { sum += parts[g * VECTORS + id.x]; }
    slopes[id.x] = sum;
  }
  if (id.x == 0u) {
    var loss = 0.0;
    if (pass_of.begins == 0u) { loss = report[pass_of.update]; }
    for (var g = 0u; g < groups; g++) { loss += losses[g]; }
    report[pass_of.update] = loss;
  }
}
