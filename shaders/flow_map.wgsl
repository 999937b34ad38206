// Sends rows through a flow, one invocation a row, in white coordinates: whitening is left to the host,
// since 32 bits cannot hold points that are few of their own widths apart but far from 0. Include all
// of the flow's shaders but those of training with it, and `flow_forget.wgsl`.

struct Rows {
  /// The first row of this dispatch, and the last one plus 1.
  first: u32,
  end: u32,
  /// Rows in all.
  rows: u32,
  /// The number of the draw in row 0.
  draw: u32,
  key: vec2<u32>,
}

@group(0) @binding(3) var<uniform> dispatch: Rows;
/// In and out: rows × DIMENSION numbers, then one for each row.
@group(0) @binding(4) var<storage, read_write> numbers: array<f32>;

fn read_row(row: u32) {
  for (var i = 0u; i < DIMENSION; i++) { x[i] = numbers[row * DIMENSION + i]; }
}

fn write_row(row: u32, log_number: f32) {
  for (var i = 0u; i < DIMENSION; i++) { numbers[row * DIMENSION + i] = x[i]; }
  numbers[dispatch.rows * DIMENSION + row] = log_number;
}

/// The last number of a row becomes ln |det|.
@compute @workgroup_size(WORKGROUP)
fn to_base(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = dispatch.first + id.x;
  if (row >= dispatch.end) { return; }
  read_row(row);
  write_row(row, forward());
}

/// The last number of a row becomes its log density, but for constants.
@compute @workgroup_size(WORKGROUP)
fn density(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = dispatch.first + id.x;
  if (row >= dispatch.end) { return; }
  read_row(row);
  let log_determinant = forward();
  write_row(row, log_determinant - base_energy().value);
}

/// The last number of a row becomes ln |det| of the way forward.
@compute @workgroup_size(WORKGROUP)
fn from_base(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = dispatch.first + id.x;
  if (row >= dispatch.end) { return; }
  read_row(row);
  write_row(row, inverse());
}

/// The last number of a row becomes its log density, but for constants.
@compute @workgroup_size(WORKGROUP)
fn sample(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = dispatch.first + id.x;
  if (row >= dispatch.end) { return; }
  read_row(row);
  let energy = base_energy().value;
  write_row(row, inverse() - energy);
}

/// The same from the base's own draws: row i has the normal numbers of the key's branch `draw` + i.
@compute @workgroup_size(WORKGROUP)
fn draw(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = dispatch.first + id.x;
  if (row >= dispatch.end) { return; }
  draw_base(fold_in(dispatch.key, dispatch.draw + row));
  let energy = base_energy().value;
  write_row(row, inverse() - energy);
}
