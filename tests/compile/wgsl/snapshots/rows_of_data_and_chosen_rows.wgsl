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
fn isNan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let nothing = given.nothing;
  let group = given.firstGroup + workgroup.x;
  let scratch_at = workgroup.x * 12800u + lane;
  let own_at = group * 192u + lane;
  let results_at = group * 128u + lane;
  let special0 = bitcast<f32>(0x7f800000u | nothing);
  let special1 = bitcast<f32>(0x00000000u | nothing);
  let special2 = bitcast<f32>(0x80000000u | nothing);
  let v3 = bitcast<f32>(own[own_at]);
  let v5 = bitcast<f32>(own[own_at + 64u]);
  let v6 = own[own_at + 128u];
  for (var v8 = 0u; v8 < 100u; v8++) {
    let v14 = bitcast<f32>(data[v8 * 2u]);
    let v15 = v14 * v3;
    let v16 = bitcast<f32>(data[1u + v8 * 2u]);
    let v17 = v16 * v5;
    let v18 = v15 + v17;
    let v23 = v18 * 1.4426950216293335f;
    let v24 = round(v23);
    let v26 = v24 * 0.693359375f;
    let v27 = v18 - v26;
    let v29 = v24 * (-0.00021219444170128554f);
    let v30 = v27 - v29;
    let v31 = v30 * v30;
    let v33 = 0.001381459878757596f * v31;
    let v35 = v33 + 0.04166838899254799f;
    let v36 = v35 * v31;
    let v38 = v36 + 0.4999999403953552f;
    let v40 = 0.008368716575205326f * v31;
    let v42 = v40 + 0.1666652113199234f;
    let v43 = v30 * v42;
    let v44 = v38 + v43;
    let v45 = v31 * v44;
    let v46 = v30 + v45;
    let v48 = v46 + 1f;
    let v49 = bitcast<f32>(bitcast<u32>(v48) + (bitcast<u32>(v24 + 12582912f) << 23u));
    let v51 = select(v18, special0, (v18 < special0) & !isNan(v18));
    let v53 = (v18 <= 88.72283172607422f) & !isNan(v18);
    let v54 = select(v51, v49, v53);
    let v56 = (v18 < (-87.33654022216797f)) & !isNan(v18);
    let v58 = select(v54, special1, v56);
    scratch[scratch_at + 6400u + v8 * 64u] = bitcast<u32>(v58);
  }
  var v61 = special1;
  var v62 = special1;
  for (var v60 = 0u; v60 < 2u; v60++) {
    var v66 = special2;
    for (var v65 = 0u; v65 < 50u; v65++) {
      let v69 = bitcast<f32>(scratch[scratch_at + 6400u + v60 * 3200u + v65 * 64u]);
      let v70 = v66 + v69;
      v66 = v70;
    }
    let v71 = v66;
    let v72 = v61 + v71;
    let v73 = bitcast<f32>(bitcast<u32>(v72) | nothing);
    let v74 = v73 - v61;
    let v75 = bitcast<f32>(bitcast<u32>(v74) | nothing);
    let v76 = v73 - v75;
    let v77 = v61 - v76;
    let v78 = v71 - v75;
    let v79 = v77 + v78;
    let v80 = v62 + v79;
    v61 = v73;
    v62 = v80;
  }
  let v81 = v61;
  let v82 = v62;
  let v83 = !isNan(v82);
  let v84 = v81 + v82;
  let v85 = select(v81, v84, v83);
  let v87 = v6 < 99u;
  let v88 = select(99u, v6, v87);
  let v90 = v88 * 256u;
  let v91 = bitcast<f32>(scratch[scratch_at + 6400u + (v90 >> 2u)]);
  results[results_at] = bitcast<u32>(v85);
  results[results_at + 64u] = bitcast<u32>(v91);
}
