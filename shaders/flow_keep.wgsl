// What a row leaves behind for the way back, and the slopes in the outputs of its affine maps, from
// which those in the weights are summed. Include `flow_conditioner.wgsl` with it, and this number of a
// flow:
//
//   const ROW_VECTORS: u32;  // vectors of four that a row leaves

/// For each row of a dispatch `ROW_VECTORS` vectors.
@group(0) @binding(3) var<storage, read_write> kept: array<vec4<f32>>;

/// Where those of this row start.
var<private> kept_at: u32;

/// The inputs of an affine map.
fn keep_features(map: AffineMap) {
  for (var i = 0u; i < rows_of(map); i++) { kept[kept_at + map.kept + i] = features[i]; }
}

/// The parameters of a map, in the place where the slopes in them come later.
fn keep_parameters(map: AffineMap, number: u32, parameters: vec4<f32>) {
  kept[kept_at + map.slopes + number] = parameters;
}

/// The coordinates before a layer.
fn keep_coordinates(layer: Layer) {
  for (var i = 0u; i < DIMENSION; i++) {
    kept[kept_at + layer.kept + i / 4u][i & 3u] = x[i];
  }
}
