//! The disclosure log: one disclosure per line, each line chained to the previous one by its hash, so that a change, removal,
//! insertion or reordering is detected. It never holds a value of a message (P6).

mod bodies;
mod chain;
mod counts;
mod desk;
mod disclosure_log;
mod ending;
mod key;
mod log;
#[cfg(all(test, loom))]
mod models;
#[cfg(not(feature = "sign"))]
mod no_signature;
mod operator;
mod records;
mod rotation;
#[cfg(feature = "sign")]
mod signature;
mod tail;
#[cfg(all(test, feature = "verify"))]
mod tests;
#[cfg(feature = "verify")]
mod verify;

use std::fmt;
use std::io;
use std::path::Path;

use dmv_redact_model::escape::escape;

pub use bodies::{Bodies, RecordOrigin};
pub use chain::{LinePosition, LogLine};
pub use desk::{DeskAction, DeskStep, ReviewReference};
pub use disclosure_log::{DisclosureLog, LogOptions};
pub use key::Key;
pub use log::{DoneDuty, ImportedMessages, Log, LogPosition};
#[cfg(not(feature = "sign"))]
use no_signature as signature;
pub use operator::{OperatorAction, OperatorStep};
pub use records::RECORD_VERSION;
pub use rotation::{Rotation, is_rotated_name};
#[cfg(all(feature = "sign", feature = "verify"))]
pub use signature::PublicKey;
#[cfg(feature = "sign")]
pub use signature::SigningKey;
#[cfg(feature = "verify")]
pub use verify::{Aggregate, LogFault, LogHead, TornLine, Verification, VerifiedLog, Verifier};

/// The JSON Schema of a line, as this version writes it. Lines of earlier versions have other members, and are still read.
pub const LOG_SCHEMA: &str = include_str!("../disclosure-log.schema.json");

/// Why a log can't be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum LogError {
    /// It, or its key, is invalid; the text says how.
    Usage(String),
    /// It can't be read or written.
    Io(String),
}

impl LogError {
    fn io(path: &Path, error: &io::Error) -> Self {
        Self::Io(format!("{}: {error}", path.display()))
    }
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Usage(message) | Self::Io(message)) = self;
        f.write_str(&escape(message))
    }
}

impl std::error::Error for LogError {}
