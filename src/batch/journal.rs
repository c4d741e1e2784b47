//! The journal of a run: how far it has come, so that it can be stopped or killed and go on. It lies in the folder of the
//! run's state, which is gone when the run is whole.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::input::Stamp;
use super::output::Mark;
use crate::audit;
use crate::report::{Comparison, Summary};

/// What must be as it was for a run to go on: each as text or digest, with what it is called.
pub(crate) type Terms = Vec<(String, String)>;

/// How far a run has come.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Position {
    /// Files and other things that the walk found and that are done with, and the last of them.
    pub(super) found: u64,
    #[serde(with = "exact")]
    pub(super) last: Option<PathBuf>,
    /// Of the paths of all of them: a run goes on only where it finds the same.
    pub(super) digest: Vec<u8>,
    /// How far the file behind them has been read, if it holds many messages.
    pub(super) inside: Option<Inside>,
    /// How far the output that many messages go to has been written.
    pub(super) stream: Option<Mark>,
    /// The output that is whole and about to be put in place.
    #[serde(with = "exact")]
    pub(super) closing: Option<PathBuf>,
    /// Which file that is: by then another output may grow.
    pub(super) closing_part: u64,
    /// Whether nothing is left to be read.
    pub(super) is_read: bool,
}

/// How far a source has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Inside {
    /// Bytes, or entries of an archive, that are done with.
    pub(super) cut: u64,
    /// Lines that were in them.
    pub(super) lines: u64,
    pub(super) stamp: Option<Stamp>,
}

/// What a journal says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) terms: Terms,
    /// The folder in the state's in which outputs grow and wait.
    #[serde(default)]
    pub(super) work: String,
    /// Whether OUT held anything before the run, and which folder it was.
    pub(super) had_outputs: bool,
    #[serde(default)]
    pub(super) out: Option<String>,
    pub(super) position: Position,
    pub(super) summary: Summary,
    pub(super) comparison: Comparison,
    pub(super) audit: Option<audit::LogPosition>,
}

impl Entry {
    /// What differs between the terms that the run began with and those of now.
    pub(super) fn differences<'t>(&'t self, now: &'t Terms) -> impl Iterator<Item = &'t str> {
        let differing = now.iter().filter(|term| !self.terms.contains(term));
        differing.map(|(what, _)| what.as_str())
    }
}

/// What to do about a run that was not finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    /// There must be none.
    New,
    /// Go on with it.
    Resume,
    /// Begin anew.
    Restart,
}

/// Paths as they are: on some systems they are bytes that need be no text.
mod exact {
    use std::ffi::OsString;
    use std::path::PathBuf;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
        path.as_ref().map(|path| path.as_os_str().as_encoded_bytes()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
        Ok(Option::<Vec<u8>>::deserialize(deserializer)?.map(|bytes| os_string(bytes).into()))
    }

    #[cfg(unix)]
    fn os_string(bytes: Vec<u8>) -> OsString {
        std::os::unix::ffi::OsStringExt::from_vec(bytes)
    }

    #[cfg(not(unix))]
    fn os_string(bytes: Vec<u8>) -> OsString {
        String::from_utf8_lossy(&bytes).into_owned().into()
    }
}
