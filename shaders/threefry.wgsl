// Threefry-2x32 with 20 rounds: a keyed bijection of 64 bits, and what `jax.random` derives from it
// in its partitionable form, where the output at an index depends on the key and the index alone.
//
// Source: Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
// Accuracy: integers only, so the same bits on every device, as in `src/random/`.

/// Rotation distances of the eight distinct rounds (Salmon et al. 2011, table 2).
const EVEN_ROTATIONS = vec4<u32>(13u, 15u, 26u, 6u);
const ODD_ROTATIONS = vec4<u32>(17u, 29u, 16u, 24u);

/// Parity word of the key schedule (Threefish's C240, its low 32 bits).
const PARITY = 0x1bd11bdau;

fn threefry_round(x: vec2<u32>, distance: u32) -> vec2<u32> {
  let sum = x.x + x.y;
  return vec2<u32>(sum, sum ^ ((x.y << distance) | (x.y >> (32u - distance))));
}

fn threefry_group(start: vec2<u32>, distances: vec4<u32>) -> vec2<u32> {
  var x = threefry_round(start, distances.x);
  x = threefry_round(x, distances.y);
  x = threefry_round(x, distances.z);
  return threefry_round(x, distances.w);
}

/// Encrypts a counter under a key.
fn threefry(key: vec2<u32>, counter: vec2<u32>) -> vec2<u32> {
  let parity = key.x ^ key.y ^ PARITY;
  var x = counter + key;
  x = threefry_group(x, EVEN_ROTATIONS) + vec2<u32>(key.y, parity + 1u);
  x = threefry_group(x, ODD_ROTATIONS) + vec2<u32>(parity, key.x + 2u);
  x = threefry_group(x, EVEN_ROTATIONS) + vec2<u32>(key.x, key.y + 3u);
  x = threefry_group(x, ODD_ROTATIONS) + vec2<u32>(key.y, parity + 4u);
  return threefry_group(x, EVEN_ROTATIONS) + vec2<u32>(parity, key.x + 5u);
}

/// The key of a numbered branch under a key; key `n` of a split is the same.
fn fold_in(key: vec2<u32>, n: u32) -> vec2<u32> {
  return threefry(key, vec2<u32>(0u, n));
}

/// The uniform 32-bit word at an index.
fn random_bits(key: vec2<u32>, index: u32) -> u32 {
  let words = threefry(key, vec2<u32>(0u, index));
  return words.x ^ words.y;
}
