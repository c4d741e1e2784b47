//! Why the queue refused something, or couldn't do it. No value of a message is in it (P6).

use std::fmt;
use std::io;
use std::path::Path;

use dmv_redact_model::escape::escape;

use super::{ReviewId, State};

/// Why something can't be done with the queue. Nothing was changed then, unless the variant says otherwise.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReviewError {
    /// An argument, a key or the database is not what it has to be; the text says how.
    Usage(String),
    /// The database can't be read or written. Whether a change that was being committed was made is unknown: ask for the
    /// review again.
    Io(String),
    /// There is no such review.
    NotFound(ReviewId),
    /// The review is in a state in which this can't be done: somebody else may have been first.
    Conflict {
        /// The review.
        id: ReviewId,
        /// Its state.
        state: State,
    },
    /// The review is in the right state, but this may not be done with it; the text says why.
    Refused {
        /// The review.
        id: ReviewId,
        /// Why.
        why: &'static str,
    },
    /// The contents of the review were purged.
    Purged(ReviewId),
    /// Something stored can't be decrypted, or isn't what was stored: no key fits, or somebody changed it.
    Corrupt(String),
}

impl ReviewError {
    pub(crate) fn io(path: &Path, error: &io::Error) -> Self {
        Self::Io(format!("{}: {}", path.display(), error.to_string().to_lowercase()))
    }

    /// What is stored of a review is not what was written.
    pub(crate) fn corrupt(id: &str, what: &str) -> Self {
        Self::Corrupt(format!("review {id}: {what}"))
    }
}

impl From<sqlx::Error> for ReviewError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            // The message alone: the details that a server adds to it may name what is in a row.
            sqlx::Error::Database(database) => {
                let message = database.message().to_lowercase();
                // What SQLite says where its log of writes finds no room.
                let hint = if message == "disk i/o error" { " (the disk may be full)" } else { "" };
                Self::Io(format!("database: {message}{hint}"))
            }
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) | sqlx::Error::Decode(_) => {
                Self::Corrupt("database: a column is not of its type".to_owned())
            }
            _ => Self::Io(format!("database: {}", error.to_string().to_lowercase())),
        }
    }
}

impl fmt::Display for ReviewError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(message) | Self::Io(message) | Self::Corrupt(message) => f.write_str(&escape(message)),
            Self::NotFound(id) => write!(f, "review {id}: not found"),
            Self::Conflict { id, state } => write!(f, "review {id}: it is {state}, so this can't be done"),
            Self::Refused { id, why } => write!(f, "review {id}: {why}"),
            Self::Purged(id) => {
                write!(f, "review {id}: its contents were purged, or it was opened again as another review")
            }
        }
    }
}

impl std::error::Error for ReviewError {}
