//! What becomes of messages, through the public library. The tests that need the command line are in `crates/cli/tests`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod attacks;
mod canary;
mod conformance;
mod corpus;
mod dates;
mod differential;
mod encodings;
mod fixtures;
mod library;
mod niem;
mod own_format;
mod shapes;
mod texts;
mod tokens;
mod validity;
