// The rows of a batch through a flow and back, one invocation a row: losses −ln q in white coordinates,
// and the slopes in the outputs of all affine maps, from which `flow_slopes.wgsl` sums those in the
// weights. Include all of the flow's shaders but `flow_forget.wgsl` and `flow_map.wgsl` with it.

/// A row of a batch: its number, and how much it counts.
struct Chosen {
  row: u32,
  weight: f32,
}

@group(0) @binding(4) var<uniform> pass_of: Pass;
/// White rows × DIMENSION.
@group(0) @binding(5) var<storage, read> points: array<f32>;
@group(0) @binding(6) var<storage, read> chosen: array<Chosen>;
/// The sum of the losses of each group of rows.
@group(0) @binding(7) var<storage, read_write> losses: array<f32>;

var<workgroup> row_losses: array<f32, GROUP>;

/// Backward through a map that the way forward left the parameters of in `raw`: from the slopes in the
/// moved coordinate and in ln |det| to that in the coordinate before, and those in the parameters.
fn move_backward(circle: bool, at: f32, by: f32, by_log: f32) -> f32 {
  if (circle) {
    let by_x = spline_backward(wrap(at + raw[TURN_AT]), by, by_log, PI, true);
    // The turn is added to x.
    by_raw[TURN_AT] = by_x;
    return by_x;
  }
  if (AFFINE) { return affine_backward(at, by, by_log); }
  return spline_backward(at, by, by_log, RANGE, false);
}

/// Backward through the maps of a layer: `x` holds slopes.
fn maps_backward(layer: Layer, by_log: f32) {
  let slopes = map_of(layer, layer.maps - 1u).slopes;
  for (var k = 0u; k < layer.moved; k++) {
    let moved = moved_of(layer, k);
    let c = moved.coordinate;
    let columns = columns_of(moved.circle);
    for (var i = 0u; i < 4u * columns; i++) {
      raw[i] = kept[kept_at(slopes + moved.column + i / 4u)][i & 3u];
      by_raw[i] = 0.0;
    }
    let before = kept[kept_at(layer.kept + c / 4u)][c & 3u];
    x[c] = move_backward(moved.circle, before, x[c], by_log);
    // What fills a column up are no parameters.
    for (var i = parameters_of(moved.circle); i < 4u * columns; i++) { by_raw[i] = 0.0; }
    for (var i = 0u; i < columns; i++) {
      let at = 4u * i;
      kept[kept_at(slopes + moved.column + i)] =
        vec4<f32>(by_raw[at], by_raw[at + 1u], by_raw[at + 2u], by_raw[at + 3u]);
    }
  }
}

/// The slopes in four inputs of an affine map from those in its outputs.
fn by_inputs(map: AffineMap, number: u32) -> vec4<f32> {
  var sum = vec4<f32>();
  let at = map.at + 4u * number * map.columns;
  for (var o = 0u; o < map.columns; o++) {
    let by = kept[kept_at(map.slopes + o)];
    sum += vec4<f32>(
      dot(weights[at + o], by),
      dot(weights[at + map.columns + o], by),
      dot(weights[at + 2u * map.columns + o], by),
      dot(weights[at + 3u * map.columns + o], by),
    );
  }
  return sum;
}

/// Backward through the conditioner of a layer, down to the coordinates that it was given.
fn conditioner_backward(layer: Layer) {
  for (var m = layer.maps - 1u; m > 0u; m--) {
    let map = map_of(layer, m);
    let before = map_of(layer, m - 1u);
    for (var i = 0u; i < before.columns; i++) {
      // tanh′ = 1 − tanh²: 0 for the 1 that stands among the inputs.
      let by = by_inputs(map, i);
      let after = kept[kept_at(map.kept + i)];
      kept[kept_at(before.slopes + i)] = by - by * after * after;
    }
  }
  if (layer.given == 0u) { return; }
  let map = map_of(layer, 0u);
  for (var i = 0u; i < rows_of(map); i++) {
    features[i] = kept[kept_at(map.kept + i)];
    outputs[i] = by_inputs(map, i);
  }
  var next = 0u;
  for (var k = 0u; k < layer.given; k++) {
    let coordinate = plan[layer.given_at + k];
    let by = outputs[next / 4u][next & 3u];
    if (is_periodic(coordinate)) {
      let after = next + 1u;
      let by_sine = outputs[after / 4u][after & 3u];
      let cosine_here = features[next / 4u][next & 3u];
      let sine_here = features[after / 4u][after & 3u];
      x[coordinate] += cosine_here * by_sine - sine_here * by;
      next += 2u;
    } else {
      x[coordinate] += by;
      next++;
    }
  }
}

/// The loss of a row times its weight; leaves the slopes of that.
fn row_loss(row: Chosen) -> f32 {
  for (var i = 0u; i < DIMENSION; i++) { x[i] = points[row.row * DIMENSION + i]; }
  let weight = row.weight * pass_of.share;
  let log_determinant = forward();
  let energy = base_energy();
  for (var i = 0u; i < DIMENSION; i++) {
    x[i] = select(x[i] * energy.slope * weight, 0.0, is_periodic(i));
  }
  for (var l = LAYERS; l > 0u; l--) {
    let layer = layer_at(l - 1u);
    maps_backward(layer, -weight);
    conditioner_backward(layer);
    rotate_back(l - 1u);
  }
  return weight * (energy.value - log_determinant);
}

@compute @workgroup_size(GROUP)
fn train(
  @builtin(global_invocation_id) id: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
  @builtin(workgroup_id) group: vec3<u32>,
) {
  kept_row = id.x;
  kept_rows = kept_rows_of(pass_of);
  var loss = 0.0;
  if (id.x < pass_of.rows) { loss = row_loss(chosen[pass_of.first + id.x]); }
  row_losses[local] = loss;
  // A tree of fixed shape.
  for (var half = GROUP / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) { row_losses[local] += row_losses[local + half]; }
  }
  if (local == 0u) { losses[group.x] = row_losses[0]; }
}
