//! A second, plainest possible implementation of the promises, and generated messages that go through it and the crate.
//! It reads the catalog, the mappings and the policies by itself and shares no code with the crate: what both get wrong,
//! both must have misread in docs/.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod catalog;
mod check;
mod damage;
mod dice;
mod dress_json;
mod dress_xml;
#[cfg(feature = "cli")]
mod explained;
mod format;
mod generate;
mod interference;
mod json;
mod policy;
mod predict;
mod predict_json;
mod predict_xml;
mod properties;
mod random_policy;
mod refusals;
mod released;
mod scenario;
mod shape;
mod values;
mod world;
mod xml;
