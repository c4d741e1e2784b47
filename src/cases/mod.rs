//! Policy cases: messages with their expected results, and matrix tests of what each agency class may get. They test a
//! policy before it decides over a single real message.
//!
//! Everything is loaded before anything runs: a case with a misspelt name is an error, never a case that passes (P2).

mod atomic_write;
mod bless;
mod coverage;
mod difference;
mod expectation;
mod found;
mod matrix;
mod message_case;
mod outcome;
mod policies;
mod report;
mod row_run;
mod run;
mod settings;

pub(crate) use atomic_write::write_atomically;
pub(crate) use bless::blessing;
pub(crate) use coverage::coverage;
pub(crate) use found::load;
pub(crate) use outcome::CaseRun;
pub(crate) use report::junit;
pub(crate) use run::run;
pub(crate) use settings::{CasesError, Settings};
#[cfg(test)]
pub(crate) use {matrix::RawMatrix, message_case::RawCase};
