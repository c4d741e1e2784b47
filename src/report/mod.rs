//! What people and programs are told about a run: counts, never values.

mod comparison;
mod diff;
mod element_list;
mod explain;
mod matrix;
mod selectors;
mod summary;
mod words;

pub(crate) use comparison::Comparison;
pub(crate) use diff::Diff;
pub(crate) use element_list::ElementList;
pub(crate) use explain::{Explanation, MessageReport, Structure, View, explain, message_key};
pub(crate) use matrix::MatrixBuilder;
pub(crate) use selectors::{Elements, selectors};
pub(crate) use summary::{Summary, Tally};
