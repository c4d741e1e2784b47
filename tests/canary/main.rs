//! A canary in every forbidden place of every fixture, written in every way a value can be written, and in unknown parts of
//! every kind: it is searched for in the output, the receipt, and all that the command line prints and leaves behind
//! (P1, P5, P6). What is forbidden the fixtures tell by themselves, so that a new one takes part without a line here.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

#[path = "../common/cases.rs"]
mod cases;
#[cfg(feature = "cli")]
mod command_line;
#[path = "../common/edit.rs"]
mod edit;
#[path = "../common/forbidden.rs"]
mod forbidden;
mod message;
#[path = "../common/places.rs"]
mod places;
#[path = "../common/plant.rs"]
mod plant;
#[path = "../common/search.rs"]
mod search;
#[path = "../common/settings.rs"]
mod settings;
#[path = "../common/shorten.rs"]
mod shorten;
