//! The records of runs themselves, between those of the messages: where a run starts, how far it is, where it ends.

use std::io;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::chain::Line;
use super::counts::Counts;
use crate::escape;
use crate::policy::PolicyIdentity;

/// A run begins, or goes on.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Start<'b> {
    pub(super) time: String,
    pub(super) version: &'b str,
    pub(super) policy: &'b PolicyIdentity,
    pub(super) keyed: bool,
    pub(super) resumed: bool,
    /// The sequence number of the record with which the run began: a resumed run says which one it goes on with.
    pub(super) run: u64,
    /// Bytes of an unfinished line that it was written after. (Earlier versions cut them off.)
    pub(super) torn_bytes: u64,
    /// Whether no message of it goes out.
    pub(super) dry_run: bool,
}

/// How far a run is, or how far it came.
#[derive(Debug, Serialize)]
pub(super) struct Checkpoint<'b> {
    pub(super) time: String,
    /// The policy's digest.
    pub(super) policy: &'b str,
    /// All messages that the run has recorded, also before it was resumed.
    #[serde(flatten)]
    pub(super) counts: Counts,
}

/// What of a start record is read again.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Started {
    pub(super) keyed: bool,
    pub(super) run: u64,
    #[serde(default)]
    pub(super) torn_bytes: u64,
}

/// The body of a record, as [`super::chain::Link::write_line`] takes it.
pub(super) fn body_of(record: &impl Serialize) -> io::Result<Vec<u8>> {
    let object = escape::json(&serde_json::to_string(record)?);
    Ok(object.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or_default().into())
}

/// What a record of a run says, if it says that.
pub(super) fn read<'l, R: Deserialize<'l>>(line: &Line<'_>, object: &'l mut Vec<u8>) -> Option<R> {
    line.object(object);
    serde_json::from_slice(object).ok()
}

/// The time, as RFC 3339 has it, in microseconds and UTC: no two runs begin with the same record.
pub(super) fn now() -> String {
    humantime::format_rfc3339_micros(SystemTime::now()).to_string()
}
