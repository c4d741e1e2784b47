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
mod redacted;
mod report;
mod row_run;
mod run;
mod settings;

pub use atomic_write::write_atomically;
pub use coverage::coverage;
pub use found::load;
pub use report::junit;
pub use run::{CaseRun, run};
pub use settings::{CasesError, Settings};
#[cfg(feature = "schema")]
pub use {matrix::matrix_schema, message_case::case_schema};
