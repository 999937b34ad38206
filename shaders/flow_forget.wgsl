// Rows that only go through a flow leave nothing behind: `flow_keep.wgsl` is for those that slopes come
// back through.

fn keep_features(map: AffineMap) {}

fn keep_parameters(map: AffineMap, number: u32, parameters: vec4<f32>) {}

fn keep_coordinates(layer: Layer) {}
