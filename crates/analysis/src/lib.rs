//! What a policy means: a survey over all requesters, lints, matrix, difference between two policies, explanation, cases.
//! Nothing here is on the message path.

pub mod cases;
mod diff;
mod draft;
mod element_list;
mod explain;
mod hints;
pub mod lint;
mod matrix;
mod name_words;
mod parts;
mod roles;
mod schema;
mod selectors;
mod steps;
pub mod survey;
mod words;

pub use diff::Diff;
pub use draft::{Draft, DraftError, DraftRequest, draft};
pub use element_list::ElementList;
pub use explain::{
    DecidingRule, Explanation, MessageReport, PathReport, Structure, StructureView, explain, message_key,
};
pub use matrix::{
    Agency, CellCase, CellManner, ColumnHead, DutyGroup, ElementOutcome, Matrix, MatrixBuilder, MatrixCell,
    MatrixPolicy, MatrixRow, MatrixRule,
};
pub use selectors::{Elements, selectors};
pub use words::{Choice, word};
