//! The audit log: one receipt per line, each line chained to the previous one by its hash, so that a change, removal,
//! insertion or reordering is detected. It never holds a value of a message (P6).

mod bodies;
mod chain;
mod chunk;
mod counts;
mod ending;
mod fault;
mod key;
mod log;
mod records;
mod source;
mod tail;
#[cfg(test)]
mod tests;
mod verify;

use std::io;
use std::path::Path;

pub use bodies::Bodies;
pub use chain::LogLine;
pub use key::Key;
pub use log::{Log, LogPosition};
pub use verify::{Aggregate, LogHead, Verification, verify, verify_and_aggregate};

/// Why a log can't be used.
#[derive(Debug)]
pub enum AuditError {
    /// It, or its key, is invalid; the text says how.
    Usage(String),
    /// It can't be read or written.
    Io(String),
}

impl AuditError {
    fn io(path: &Path, error: &io::Error) -> Self {
        Self::Io(format!("{}: {error}", path.display()))
    }
}
