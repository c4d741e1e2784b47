//! Reports on runs and policies for people and programs: counts, never values (P6).

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
pub(crate) use explain::{Explanation, MessageReport, Structure, StructureView, explain, message_key};
pub(crate) use matrix::MatrixBuilder;
pub(crate) use selectors::{Elements, selectors};
pub(crate) use summary::{Summary, Tally};
