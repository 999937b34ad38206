//! The flow engine of tributary: evaluates and trains spline coupling flows on batches.
//!
//! The host owns all states. It makes an engine for a shape of flow, writes weights and data into the
//! engine's memory and reads results back; nothing in an engine matters between the calls that set it
//! up and those that use it. All exports are plain functions on numbers, which need no generated glue.

mod adam;
mod affine;
mod base;
mod conditioner;
mod coupling;
mod dense;
mod elementary;
mod engine;
mod exports;
mod flow;
mod spline;
mod transform;
mod vector;
mod whitening;

// wasm-pack asks for the crate, though no value crosses the border that would need its glue.
use wasm_bindgen as _;
