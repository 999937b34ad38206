// The conditioner of a layer: a multilayer perceptron that computes the parameters of the maps of one
// part of the coordinates from the other part. Include `elementary.wgsl`, `sigmoid.wgsl` and
// `flow_plan.wgsl` with it, one of `flow_forget.wgsl` and `flow_keep.wgsl`, and this number of a flow:
//
//   const FEATURES: u32;  // vectors of four that hold the inputs of any affine map, and a 1
//
// Numbers go in vectors of four, filled up with zeros. The inputs of an affine map are followed by a 1,
// so that its biases are one more row of its weights. Row i of a map is `columns` vectors from
// `at + i·columns` on; all maps have 4·FEATURES rows, of which the last ones are 0, so that short loops
// over them can be unrolled and the features stay in registers.

/// An affine map.
struct AffineMap {
  /// Where its weights start.
  at: u32,
  inputs: u32,
  /// Vectors of outputs.
  columns: u32,
  /// Where a row's inputs are kept for the way back, and where the slopes in its outputs are.
  kept: u32,
  slopes: u32,
}

const MAP_WORDS = 5u;

/// What a layer's words say.
struct Layer {
  given: u32,
  moved: u32,
  /// Affine maps of its conditioner.
  maps: u32,
  /// Where a row's coordinates before the layer are kept for the way back.
  kept: u32,
  /// Where the words are of the given coordinates, of the moved ones, and of the maps.
  given_at: u32,
  moved_at: u32,
  maps_at: u32,
}

const LAYER_WORDS = 4u;
const MOVED_WORDS = 2u;

/// The inputs of the affine map that is next, and where its outputs are collected.
var<private> features: array<vec4<f32>, FEATURES>;
var<private> outputs: array<vec4<f32>, FEATURES>;

fn layer_at(number: u32) -> Layer {
  let at = plan[2u * number];
  let given = plan[at];
  let moved = plan[at + 1u];
  let given_at = at + LAYER_WORDS;
  let moved_at = given_at + given;
  let maps_at = moved_at + MOVED_WORDS * moved;
  return Layer(given, moved, plan[at + 2u], plan[at + 3u], given_at, moved_at, maps_at);
}

fn map_of(layer: Layer, number: u32) -> AffineMap {
  let at = layer.maps_at + MAP_WORDS * number;
  return AffineMap(plan[at], plan[at + 1u], plan[at + 2u], plan[at + 3u], plan[at + 4u]);
}

/// Vectors that hold the inputs of a map and a 1; the features beyond do not count.
fn rows_of(map: AffineMap) -> u32 {
  return map.inputs / 4u + 1u;
}

/// Loops over features of up to so many vectors can be unrolled; with 9, lavapipe compiled for twice as
/// long.
const MOST_UNROLLED = 5u;

/// How often a loop over the features of a map turns.
fn turns_of(map: AffineMap) -> u32 {
  if (FEATURES <= MOST_UNROLLED) { return FEATURES; }
  return rows_of(map);
}

/// Sets one number of the features.
fn set_feature(i: u32, value: f32) {
  features[i / 4u][i & 3u] = value;
}

/// Four outputs of a map from the features.
fn column(map: AffineMap, number: u32) -> vec4<f32> {
  var sum = vec4<f32>();
  var at = map.at + number;
  for (var i = 0u; i < turns_of(map); i++) {
    let each = features[i];
    sum += each.x * weights[at];
    at += map.columns;
    sum += each.y * weights[at];
    at += map.columns;
    sum += each.z * weights[at];
    at += map.columns;
    sum += each.w * weights[at];
    at += map.columns;
  }
  return sum;
}

/// Fills the features with the given coordinates, the cosine and sine of periodic ones, a 1 and zeros.
fn give(layer: Layer) {
  let inputs = map_of(layer, 0u).inputs;
  features[inputs / 4u] = vec4<f32>();
  var next = 0u;
  for (var k = 0u; k < layer.given; k++) {
    let coordinate = plan[layer.given_at + k];
    if (is_periodic(coordinate)) {
      set_feature(next, cosine(x[coordinate]));
      set_feature(next + 1u, sine(x[coordinate]));
      next += 2u;
    } else {
      set_feature(next, x[coordinate]);
      next++;
    }
  }
  set_feature(next, 1.0);
}

/// Computes the inputs of the last map, whose outputs are the parameters, and gives that map.
fn condition(layer: Layer) -> AffineMap {
  give(layer);
  var map = map_of(layer, 0u);
  keep_features(map);
  for (var m = 1u; m < layer.maps; m++) {
    for (var o = 0u; o < map.columns; o++) {
      let sum = column(map, o);
      outputs[o] = vec4<f32>(
        hyperbolic_tangent(sum.x),
        hyperbolic_tangent(sum.y),
        hyperbolic_tangent(sum.z),
        hyperbolic_tangent(sum.w),
      );
    }
    let columns = map.columns;
    map = map_of(layer, m);
    // Where the outputs fill all of their vectors, the 1 takes another one.
    features[map.inputs / 4u] = vec4<f32>();
    for (var o = 0u; o < columns; o++) { features[o] = outputs[o]; }
    set_feature(map.inputs, 1.0);
    keep_features(map);
  }
  return map;
}
