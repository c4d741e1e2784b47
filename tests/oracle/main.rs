//! The filter against the oracle, a second, plainest possible implementation of the promises: properties of generated messages.
//!
//! The oracle itself and the generator are in `crates/testing/src/oracle`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod damage;
mod interference;
mod properties;
mod random_policy;
mod refusals;
mod released;
