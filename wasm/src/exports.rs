//! What the host can call. Pointers to buffers are valid until the next call that may move them.

use crate::adam::Update;
use crate::base::Base;
use crate::engine::Engine;
use crate::flow::Shape;
use crate::transform::{Direction, Kind};

/// The version of this interface, which the host checks.
#[export_name = "engineInterface"]
pub extern "C" fn engine_interface() -> u32 {
    6
}

/// Room for the words that describe a flow: see [`engine_new`].
#[export_name = "wordsNew"]
pub extern "C" fn words_new(count: usize) -> *mut Vec<u32> {
    Box::into_raw(Box::new(vec![0; count]))
}

/// Where the words are.
#[export_name = "wordsAt"]
pub extern "C" fn words_at(words: &mut Vec<u32>) -> *mut u32 {
    words.as_mut_ptr()
}

/// Makes an engine from words, which are used up: dimension, bins, number of layers, number of hidden
/// layers, 1 for affine maps instead of splines, degrees of freedom of a Student-t base or 0; then the
/// hidden widths; for each coordinate 1 if it is periodic; for each layer 1 if a rotation comes before it;
/// and for each layer a word for each coordinate, 1 where the layer moves it.
///
/// # Safety
/// `words` comes from [`words_new`] and is not used again.
#[export_name = "engineNew"]
pub unsafe extern "C" fn engine_new(
    words: *mut Vec<u32>,
    range: f64,
    base_constant: f64,
) -> *mut Engine {
    let words = Box::from_raw(words);
    let [dimension, bins, layers, depth, affine, degrees] =
        core::array::from_fn(|i| words[i] as usize);
    let mut rest = &words[6..];
    let mut take = |count: usize| {
        let (taken, later) = rest.split_at(count);
        rest = later;
        taken.iter().map(|&word| word as usize).collect::<Vec<usize>>()
    };
    let flags = |words: Vec<usize>| words.iter().map(|&word| word != 0).collect::<Vec<bool>>();
    let hidden = take(depth);
    let periodic = flags(take(dimension));
    let rotated = flags(take(layers));
    let masks = take(layers * dimension).iter().map(|&word| word as u8).collect();
    let lines = periodic.iter().filter(|&&periodic| !periodic).count();
    let base = Base { degrees: degrees as f64, constant: base_constant, lines };
    let kind = if affine != 0 { Kind::Affine } else { Kind::Spline };
    let shape = Shape { dimension, bins, range, hidden, kind, periodic, rotated, masks, base };
    Box::into_raw(Box::new(Engine::new(shape)))
}

/// Gives an engine's memory back.
///
/// # Safety
/// `engine` comes from [`engine_new`] and is not used again.
#[export_name = "engineFree"]
pub unsafe extern "C" fn engine_free(engine: *mut Engine) {
    drop(Box::from_raw(engine));
}

/// Number of weights.
#[export_name = "engineCount"]
pub extern "C" fn engine_count(engine: &Engine) -> usize {
    engine.flow.count()
}

/// Where the weights are: single precision.
#[export_name = "engineWeights"]
pub extern "C" fn engine_weights(engine: &mut Engine) -> *mut f32 {
    engine.weights.as_mut_ptr() as *mut f32
}

/// Where Adam's first moments are.
#[export_name = "engineFirstMoment"]
pub extern "C" fn engine_first_moment(engine: &mut Engine) -> *mut f32 {
    engine.moments.first.as_mut_ptr() as *mut f32
}

/// Where Adam's second moments are.
#[export_name = "engineSecondMoment"]
pub extern "C" fn engine_second_moment(engine: &mut Engine) -> *mut f32 {
    engine.moments.second.as_mut_ptr() as *mut f32
}

/// Where the mean of the whitening is.
#[export_name = "engineMean"]
pub extern "C" fn engine_mean(engine: &mut Engine) -> *mut f64 {
    engine.whitening.mean.as_mut_ptr()
}

/// Where the factor of the whitening is, d × d.
#[export_name = "engineFactor"]
pub extern "C" fn engine_factor(engine: &mut Engine) -> *mut f64 {
    engine.whitening.factor.as_mut_ptr()
}

/// Where the rotations are: for each the d × d numbers of R, for x ↦ Rᵀx, then d zeros.
#[export_name = "engineRotations"]
pub extern "C" fn engine_rotations(engine: &mut Engine) -> *mut f64 {
    engine.rotations.as_mut_ptr()
}

/// Makes room for rows of data, and says where.
#[export_name = "engineReserve"]
pub extern "C" fn engine_reserve(engine: &mut Engine, rows: usize) -> *mut f64 {
    engine.reserve(rows);
    engine.data.as_mut_ptr()
}

/// Where the numbers of each row are.
#[export_name = "engineLog"]
pub extern "C" fn engine_log(engine: &mut Engine) -> *mut f64 {
    engine.log.as_mut_ptr()
}

/// Makes room for the order in which rows are trained on, and says where.
#[export_name = "engineOrder"]
pub extern "C" fn engine_order(engine: &mut Engine, count: usize) -> *mut u32 {
    engine.reserve_order(count);
    engine.order.as_mut_ptr()
}

/// Where it is said how much each of them counts; valid after the order's room was made.
#[export_name = "engineRowWeights"]
pub extern "C" fn engine_row_weights(engine: &mut Engine) -> *mut f32 {
    engine.row_weights.as_mut_ptr()
}

/// Maps the rows in place: points to the base, or back if `inverse`. The number of each row becomes ln
/// |det| of the way from points to the base, with `density` the log density. With `single` in single
/// precision.
#[export_name = "engineMap"]
pub extern "C" fn engine_map(engine: &mut Engine, inverse: bool, density: bool, single: bool) {
    let direction = if inverse { Direction::Inverse } else { Direction::Forward };
    engine.map(direction, density, single);
}

/// Replaces points by the slopes of the log density in them; the number of each row becomes its log
/// density.
#[export_name = "engineScores"]
pub extern "C" fn engine_scores(engine: &mut Engine) {
    engine.scores();
}

/// Makes ready for updates: whitens the rows in place, and takes the rotations over.
#[export_name = "engineWhiten"]
pub extern "C" fn engine_whiten(engine: &mut Engine) {
    engine.convert();
    engine.whitening.whiten(&mut engine.data);
}

/// ln |det| of the whitening.
#[export_name = "engineWhiteningLogDeterminant"]
pub extern "C" fn engine_whitening_log_determinant(engine: &Engine) -> f64 {
    engine.whitening.log_determinant()
}

/// Makes room for the slopes of the chunks of a batch, and says where: for each as many numbers as there
/// are weights, filled up to whole vectors of four.
#[export_name = "engineChunks"]
pub extern "C" fn engine_chunks(engine: &mut Engine, chunks: usize) -> *mut f32 {
    engine.reserve_chunks(chunks);
    engine.chunk_slopes.as_mut_ptr() as *mut f32
}

/// A chunk's part, `count` rows of the order from `first`, of the mean over a batch of `rows` rows of
/// −ln q in white coordinates, times the rows' weights; leaves the chunk's slopes.
#[export_name = "engineChunkLoss"]
pub extern "C" fn engine_chunk_loss(
    engine: &mut Engine,
    chunk: usize,
    first: usize,
    count: usize,
    rows: usize,
) -> f64 {
    engine.chunk_loss(chunk, first, count, rows)
}

/// Adds the slopes of the first `chunks` chunks in their order.
#[export_name = "engineGather"]
pub extern "C" fn engine_gather(engine: &mut Engine, chunks: usize) {
    engine.gather(chunks);
}

/// Updates the weights by the gathered slopes; `number` counts updates from 1. Says
/// whether the slopes were finite; otherwise nothing changed.
#[export_name = "engineUpdate"]
pub extern "C" fn engine_update(
    engine: &mut Engine,
    number: f64,
    rate: f64,
    clip: f64,
    weight_decay: f64,
) -> bool {
    engine.update(&Update { rate, clip, weight_decay, number })
}

/// Adds the weights to a sum, or begins it with them, and says where it is: single precision.
#[export_name = "engineSumWeights"]
pub extern "C" fn engine_sum_weights(engine: &mut Engine, begin: bool) -> *mut f32 {
    engine.sum_weights(begin);
    engine.sum.as_mut_ptr() as *mut f32
}

/// The loss over all white rows in double precision.
#[export_name = "engineExactLoss"]
pub extern "C" fn engine_exact_loss(engine: &mut Engine) -> f64 {
    engine.exact_loss()
}

/// Where its slopes are.
#[export_name = "engineExactSlopes"]
pub extern "C" fn engine_exact_slopes(engine: &mut Engine) -> *mut f64 {
    engine.exact_slopes.as_mut_ptr()
}
