// What a row leaves behind for the way back, and the slopes in the outputs of its affine maps, from
// which those in the weights are summed. Include `flow_conditioner.wgsl` with it.

/// For each vector of four that a row leaves, those of all rows of the pass side by side: neighbouring
/// invocations work on neighbouring rows, and read and write neighbouring vectors.
@group(0) @binding(3) var<storage, read_write> kept: array<vec4<f32>>;

/// The row of this invocation, and how many rows stand side by side.
var<private> kept_row: u32;
var<private> kept_rows: u32;

/// Where a vector of this row is.
fn kept_at(vector: u32) -> u32 {
  return vector * kept_rows + kept_row;
}

/// The inputs of an affine map.
fn keep_features(map: AffineMap) {
  for (var i = 0u; i < rows_of(map); i++) { kept[kept_at(map.kept + i)] = features[i]; }
}

/// The parameters of a map, in the place where the slopes in them come later.
fn keep_parameters(map: AffineMap, number: u32, parameters: vec4<f32>) {
  kept[kept_at(map.slopes + number)] = parameters;
}

/// The coordinates before a layer.
fn keep_coordinates(layer: Layer) {
  for (var i = 0u; i < DIMENSION; i++) {
    kept[kept_at(layer.kept + i / 4u)][i & 3u] = x[i];
  }
}
