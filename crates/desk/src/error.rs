//! Why a step at the desk can't be taken. No value of a message is in it (P6).

use std::fmt;
use std::io;

use dmv_redact_model::escape::escape;
use dmv_redact_review::ReviewError;

/// Why a step can't be taken. It wasn't, unless the queue says otherwise.
#[derive(Debug)]
#[non_exhaustive]
pub enum DeskError {
    /// What the person states is wrong, or may not be stated; the text says how.
    Usage(String),
    /// The queue refused it, or couldn't do it.
    Review(ReviewError),
    /// It can't be put on record, so it isn't done (P12).
    Log(io::Error),
    /// The message can't be written where it should go.
    Output(String),
}

impl From<ReviewError> for DeskError {
    fn from(error: ReviewError) -> Self {
        Self::Review(error)
    }
}

impl fmt::Display for DeskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(message) | Self::Output(message) => f.write_str(&escape(message)),
            Self::Review(error) => error.fmt(f),
            Self::Log(error) => write!(f, "the disclosure log can't be written, so nothing was done: {error}"),
        }
    }
}

impl std::error::Error for DeskError {}
