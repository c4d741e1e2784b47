//! The audit log: a receipt a line, each line chained to the one before by its hash, so that nothing in it can be changed,
//! removed, inserted or reordered unseen. Never a value of a message (P6).

mod bodies;
mod chain;
mod counts;
mod ending;
mod fault;
mod key;
mod log;
mod piece;
mod records;
mod report;
mod source;
mod tail;
#[cfg(test)]
mod tests;
mod verify;

use std::io;
use std::path::Path;

pub(crate) use bodies::Bodies;
pub(crate) use key::Key;
pub(crate) use log::{Log, Position};
pub(crate) use report::report;
pub(crate) use verify::{Head, Verification, verify};

/// Why a log can't be used.
#[derive(Debug)]
pub(crate) enum AuditError {
    /// It, or its key, isn't what it should be; the text says how.
    Usage(String),
    /// It can't be read or written.
    Io(String),
}

impl AuditError {
    fn io(path: &Path, error: &io::Error) -> Self {
        Self::Io(format!("{}: {error}", path.display()))
    }
}
