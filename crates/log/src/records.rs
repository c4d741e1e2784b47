//! The records of a run itself, between those of its messages: start, checkpoint, end.

use std::collections::BTreeMap;
use std::io;
use std::time::SystemTime;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::chain::LogLine;
use super::counts::DispositionCounts;
use dmv_redact::internal::rewrite::FilterIdentity;
use dmv_redact_model::escape;
use dmv_redact_model::policy::PolicyIdentity;

/// The version of the records' members. Before it there was none in a start: message records had counts of values by data
/// element, and the policy.
pub const RECORD_VERSION: u32 = 2;

/// A run starts or resumes.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct StartRecord<'b> {
    pub(super) time: String,
    pub(super) version: &'b str,
    pub(super) record_version: u32,
    /// A random number: no two logs begin alike, even in the same microsecond.
    pub(super) nonce: String,
    /// The process or machine that writes, if it has a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service: Option<&'b str>,
    pub(super) policy: &'b PolicyIdentity,
    pub(super) keyed: bool,
    /// The public key of what signs the run's checkpoints and its end, in hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) signed: Option<String>,
    pub(super) resumed: bool,
    /// The sequence number of the run's first record: a resumed run names the run that it continues.
    pub(super) run: u64,
    /// Bytes of the unfinished line before it. (Earlier versions cut them off.)
    pub(super) torn_bytes: u64,
    /// Whether its messages don't go out.
    pub(super) dry_run: bool,
    /// Whether the process may stop after any record. Omitted if not, as in the records of earlier versions.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) open_ended: bool,
    #[serde(flatten)]
    pub(super) names: NamesOrPlace<'b>,
}

/// What the records after a start mean by their numbers, or the earlier start of the same file that says it.
#[derive(Debug, Serialize)]
#[serde(untagged, rename_all_fields = "kebab-case")]
pub(super) enum NamesOrPlace<'b> {
    Names(&'b Names),
    Place {
        /// The sequence number of that start.
        names_in: u64,
    },
}

/// Once a file: the digests of the formats, and the data elements that records give the numbers of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Names {
    /// SHA-256 by name.
    formats: BTreeMap<String, String>,
    /// By number, from 0.
    data_elements: Vec<String>,
}

impl Names {
    pub(super) fn of(filter: &FilterIdentity) -> Self {
        Self { formats: filter.formats.iter().cloned().collect(), data_elements: filter.elements.clone() }
    }
}

/// A run's progress, or its end.
#[derive(Debug, Serialize)]
pub(super) struct CheckpointRecord<'b> {
    pub(super) time: String,
    /// The policy's digest.
    pub(super) policy: &'b str,
    /// All messages that the run has recorded, before it was resumed too.
    #[serde(flatten)]
    pub(super) counts: DispositionCounts,
}

/// The members of a start record that are read back.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(not(feature = "verify"), expect(dead_code, reason = "verification compares them"))]
pub(super) struct StartFields {
    pub(super) keyed: bool,
    /// Whatever it says of the key: a signature is checked with the keys that the verifier has.
    #[serde(default)]
    pub(super) signed: Option<IgnoredAny>,
    pub(super) run: u64,
    #[serde(default)]
    pub(super) torn_bytes: u64,
    #[serde(default)]
    pub(super) open_ended: bool,
}

/// The body of a record, in the form that [`super::chain::Link::write_line`] takes.
pub(super) fn body_of(record: &impl Serialize) -> io::Result<Vec<u8>> {
    let object = escape::json(&serde_json::to_string(record)?);
    Ok(object.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or_default().into())
}

/// Parses a record of a run; `None` if it lacks a member.
pub(super) fn read<'l, R: Deserialize<'l>>(line: &LogLine<'_>, object: &'l mut Vec<u8>) -> Option<R> {
    line.write_object(object);
    serde_json::from_slice(object).ok()
}

/// The day of a record in UTC; `None` if it has no time.
fn day_of(line: &LogLine<'_>) -> Option<String> {
    #[derive(Deserialize)]
    struct Timed {
        time: String,
    }
    let timed: Timed = read(line, &mut Vec::new())?;
    timed.time.get(..DAY).map(str::to_owned)
}

/// What the first record of a file says that later ones refer to.
#[derive(Debug)]
pub(super) struct FirstRecord {
    pub(super) sequence: u64,
    /// The day on which the file was begun, in UTC.
    pub(super) day: Option<String>,
    pub(super) names: Option<Names>,
}

impl FirstRecord {
    pub(super) fn of(line: &LogLine<'_>) -> Self {
        Self { sequence: line.link.sequence, day: day_of(line), names: read(line, &mut Vec::new()) }
    }
}

/// The current day in UTC, `YYYY-MM-DD`.
pub(super) fn today() -> String {
    let mut day = now();
    day.truncate(DAY);
    day
}

/// Characters of a day, which a time begins with.
const DAY: usize = "YYYY-MM-DD".len();

/// The current time in UTC, RFC 3339 with microseconds, so that no two runs begin with the same record.
pub(super) fn now() -> String {
    humantime::format_rfc3339_micros(SystemTime::now()).to_string()
}
