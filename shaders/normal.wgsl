// Standard normal numbers in f32, two for each 64 random bits. Include `threefry.wgsl` and
// `elementary.wgsl` with it.
//
// Source: Box & Muller, "A note on the generation of random normal deviates", 1958.
// Accuracy: the numbers are those of `normal` in `src/tensor/random.ts` for the same key and index,
// to a relative error of 2^-20 (2^-21.8 measured on lavapipe). Neither uniform number is ever formed
// in f32, whose spacing near 1 would cost the small radii their digits.

/// ⌊√½·2^32⌋.
const SQRT_HALF_WORD = 0xb504f333u;

/// A quarter of a step between angles.
const RADIANS_PER_UNIT = 6.283185307179586 * 0x1p-34;

/// ln u for u = (word + ½) / 2^32.
fn log_of_uniform(word: u32) -> f32 {
  // Near 1, u = 1 − (~word + ½) / 2^32, and ln(1 + f) keeps the digits of a small f.
  let below_one = f32(2u * ~word + 1u) * 0x1p-33;
  if (word > SQRT_HALF_WORD) { return log_of_parts(-below_one, 0.0); }
  return natural_log((f32(word) + 0.5) * 0x1p-32);
}

/// The angle 2π·(word + ½) / 2^32, reduced without rounding.
fn angle_of_uniform(word: u32) -> QuadrantAngle {
  let quarters = bitcast<i32>(word << 2u) + 2;
  return QuadrantAngle((word + 0x20000000u) >> 30u, f32(quarters) * RADIANS_PER_UNIT);
}

/// Two independent standard normal numbers from two uniform words.
fn box_muller(words: vec2<u32>) -> vec2<f32> {
  let radius = sqrt(-2.0 * log_of_uniform(words.x));
  let angle = angle_of_uniform(words.y);
  return radius * vec2<f32>(cosine_of_angle(angle), sine_of_angle(angle));
}

/// The standard normal numbers at the indices 2·`index` and 2·`index` + 1.
fn normal_pair(key: vec2<u32>, index: u32) -> vec2<f32> {
  return box_muller(threefry(key, vec2<u32>(0u, index)));
}

/// The standard normal number at an index.
fn normal(key: vec2<u32>, index: u32) -> f32 {
  let pair = normal_pair(key, index / 2u);
  return select(pair.x, pair.y, (index & 1u) != 0u);
}
