//! What the host can call. Pointers to buffers are valid until the next call that may move them.

use crate::adam::Update;
use crate::coupling::Direction;
use crate::engine::Engine;
use crate::flow::Shape;

/// The version of this interface, which the host checks.
#[export_name = "engineInterface"]
pub extern "C" fn engine_interface() -> u32 {
    3
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

/// Makes an engine from words, which are used up: dimension, bins, number of hidden layers, their
/// widths; then for each layer a word for each coordinate, 1 where the layer moves it.
///
/// # Safety
/// `words` comes from [`words_new`] and is not used again.
#[export_name = "engineNew"]
pub unsafe extern "C" fn engine_new(words: *mut Vec<u32>, range: f64) -> *mut Engine {
    let words = Box::from_raw(words);
    let depth = words[2] as usize;
    let shape = Shape {
        dimension: words[0] as usize,
        bins: words[1] as usize,
        range,
        hidden: words[3..3 + depth].iter().map(|&width| width as usize).collect(),
        masks: words[3 + depth..].iter().map(|&word| word as u8).collect(),
    };
    Box::into_raw(Box::new(Engine::new(&shape)))
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
    engine.order.resize(count, 0);
    engine.order.as_mut_ptr()
}

/// Maps the rows in place: points to the base, or back if `inverse`. The number of each row becomes ln
/// |det| of the way from points to the base, with `density` the log density.
#[export_name = "engineMap"]
pub extern "C" fn engine_map(engine: &mut Engine, inverse: bool, density: bool) {
    let direction = if inverse { Direction::Inverse } else { Direction::Forward };
    engine.map(direction, density);
}

/// Whitens the rows in place.
#[export_name = "engineWhiten"]
pub extern "C" fn engine_whiten(engine: &mut Engine) {
    engine.whitening.whiten(&mut engine.data);
}

/// ln |det| of the whitening.
#[export_name = "engineWhiteningLogDeterminant"]
pub extern "C" fn engine_whitening_log_determinant(engine: &Engine) -> f64 {
    engine.whitening.log_determinant()
}

/// The mean of −ln q in white coordinates over `count` rows of the order from `first`; leaves slopes.
#[export_name = "engineLoss"]
pub extern "C" fn engine_loss(engine: &mut Engine, first: usize, count: usize) -> f64 {
    engine.loss(first, count)
}

/// Updates the weights by the slopes that the last loss left; `number` counts updates from 1. Says
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
