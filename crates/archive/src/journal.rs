//! The journal of a run: its progress, so that a stopped or killed run can be resumed. It is in the state folder, which
//! is removed when the run is complete.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::input::FileStamp;
use super::output::StreamPosition;
use crate::{Comparison, Summary};
use dmv_redact::Date;

/// What must be unchanged for a run to be resumed: names, each with a text or digest.
pub type Terms = Vec<(String, String)>;

/// The progress of a run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct RunPosition {
    /// Number of walk entries that are done, and the last of them.
    pub(super) found: u64,
    #[serde(with = "exact")]
    pub(super) last: Option<PathBuf>,
    /// Digest of their paths: a run resumes only if the walk finds the same.
    pub(super) digest: Vec<u8>,
    /// How far the file after them has been read, if it holds many messages.
    pub(super) inside: Option<SourcePosition>,
    /// How far the current output stream has been written.
    pub(super) stream: Option<StreamPosition>,
    /// The complete output that is about to be put in place.
    #[serde(with = "exact")]
    pub(super) closing: Option<PathBuf>,
    /// The number of its part file: by then the next output may be growing.
    pub(super) closing_part: u64,
    /// Whether everything has been read.
    pub(super) is_read: bool,
}

/// How far a source has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SourcePosition {
    /// Bytes, or entries of an archive, that are done.
    #[serde(rename = "cut")]
    pub(super) consumed: u64,
    /// Number of lines in them.
    pub(super) lines: u64,
    pub(super) stamp: Option<FileStamp>,
}

/// The content of a journal.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct JournalEntry {
    pub(super) terms: Terms,
    /// The subfolder of the state folder that holds growing and staged outputs.
    #[serde(default)]
    pub(super) work: String,
    /// Whether OUT held anything before the run, and the identity of its folder.
    pub(super) had_outputs: bool,
    /// The date of the run's requests, if they state none.
    #[serde(default)]
    pub(super) date: Option<Date>,
    /// The last decision in the queue of reviews when the run began.
    #[serde(default)]
    pub(super) last_decision: Option<i64>,
    #[serde(default)]
    pub(super) out: Option<String>,
    pub(super) position: RunPosition,
    pub(super) summary: Summary,
    pub(super) comparison: Comparison,
    /// The numbers of the approvals that messages had.
    #[serde(default)]
    pub(super) approved: BTreeSet<u32>,
    /// The reviews of the messages that were approved and are in the outputs.
    #[serde(default)]
    pub(super) reviews: BTreeSet<String>,
    pub(super) audit: Option<dmv_redact_log::LogPosition>,
}

impl JournalEntry {
    /// The names of terms that differ between then and now.
    pub(super) fn differences<'t>(&'t self, now: &'t Terms) -> impl Iterator<Item = &'t str> {
        let differing = now.iter().filter(|term| !self.terms.contains(term));
        differing.map(|(what, _)| what.as_str())
    }
}

/// What to do about an unfinished run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartMode {
    /// Fail if there is one.
    New,
    /// Resume it.
    Resume,
    /// Discard it.
    Restart,
}

/// Serializes paths losslessly: on some systems they are bytes that aren't text.
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
