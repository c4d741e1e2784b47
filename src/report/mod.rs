//! What people and programs are told about a run: counts, never values.

mod comparison;
mod progress;
mod selectors;
mod summary;

pub(crate) use comparison::Comparison;
pub(crate) use progress::{Manner, Progress};
pub(crate) use selectors::selectors;
pub(crate) use summary::{Summary, Tally};
