struct Given {
  firstGroup: u32,
  nothing: u32,
  firstStep: u32,
  kept: u32,
  thin: u32,
  drawStride: u32,
  drawsFrom: u32,
}
@group(0) @binding(0) var<uniform> given: Given;
@group(0) @binding(1) var<storage, read> data: array<u32>;
@group(0) @binding(2) var<storage, read> own: array<u32>;
@group(0) @binding(3) var<storage, read_write> results: array<u32>;
@group(0) @binding(4) var<storage, read_write> scratch: array<u32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let nothing = given.nothing;
  let group = given.firstGroup + workgroup.x;
  let scratch_at = workgroup.x * 0u + lane;
  let own_at = group * 128u + lane;
  let results_at = group * 192u + lane;
  let special0 = bitcast<f32>(0x00000000u | nothing);
  let v2 = bitcast<f32>(own[own_at]);
  let v3 = own[own_at + 64u];
  let v4 = v3;
  var v6 = v2;
  for (var v5 = 0u; v5 < v4; v5++) {
    let v7 = v5;
    let v8 = v6 * v6;
    let v9 = min(f32(v7), 4294967040f);
    let v10 = v8 + v9;
    let v11 = v7 < v3;
    let v12 = select(v6, v10, v11);
    v6 = v12;
  }
  let v13 = v6;
  let v14 = v13 / bitcast<f32>(bitcast<u32>(v13) | nothing);
  let v15 = v13 - bitcast<f32>(bitcast<u32>(v13) | nothing);
  let v17 = v13 * special0;
  results[results_at] = bitcast<u32>(v14);
  results[results_at + 64u] = bitcast<u32>(v15);
  results[results_at + 128u] = bitcast<u32>(v17);
}
