// What the dispatches of one update are told. An update with many rows has several passes.

/// Rows whose slopes are summed one after the other: a workgroup of `train`.
const GROUP = 64u;

struct Pass {
  /// Number of the update in this call, from 0.
  update: u32,
  /// The first of its rows among the rows of all batches, and how many rows the pass has.
  first: u32,
  rows: u32,
  /// 1 in the first pass of an update.
  begins: u32,
  /// 1 where nothing may change, since the batch holds numbers that are not finite.
  broken: u32,
  /// One over the number of rows of the batch.
  share: f32,
  /// Adam's step, the largest norm of the slopes, and what weights are multiplied by.
  rate: f32,
  clip: f32,
  shrink: f32,
}

/// How many rows stand side by side in what the rows of a pass leave: whole groups.
fn kept_rows_of(each: Pass) -> u32 {
  return (each.rows + GROUP - 1u) / GROUP * GROUP;
}
