//! What must be known of a whole log before its messages are counted: which records are superseded, and how each run began.

use std::borrow::Cow;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::record::{Name, PolicyMembers, day_of};
use dmv_redact_log::{Aggregate, LogLine};
use dmv_redact_model::date::Date;

/// Collects, in any order, what an index is made of.
#[derive(Default)]
pub(super) struct LogScan {
    /// A hash of what tells a message apart, whether it went out, and the sequence number of its record: 32 bytes each, for
    /// however long the log is.
    named: Vec<([u8; 16], bool, u64)>,
    runs: Vec<(u64, RunStart)>,
    messages: u64,
    last: u64,
    object: Vec<u8>,
}

/// The index of a log.
pub(super) struct Index {
    /// Sequence numbers, ascending.
    superseded: Vec<u64>,
    /// By the sequence number of their start, ascending.
    runs: Vec<(u64, RunStart)>,
    messages: u64,
    /// The sequence number of the last message.
    last: u64,
}

/// What the start of a run says of its messages.
pub(super) struct RunStart {
    pub(super) date: Option<Date>,
    pub(super) policy: Option<String>,
}

/// The members that tell a message apart.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Identity<'b> {
    #[serde(default)]
    dry_run: bool,
    #[serde(borrow)]
    disposition: Option<Cow<'b, str>>,
    #[serde(borrow)]
    message_type: Option<Cow<'b, str>>,
    #[serde(borrow)]
    source: Option<Cow<'b, str>>,
    #[serde(borrow)]
    id: Option<Cow<'b, str>>,
    #[serde(borrow)]
    correlation_id: Option<Cow<'b, str>>,
    #[serde(borrow)]
    requester: Option<Cow<'b, str>>,
    bytes_in: Option<u64>,
}

#[derive(Deserialize)]
struct StartMembers<'b> {
    #[serde(borrow)]
    time: Option<Name<'b>>,
    #[serde(borrow)]
    policy: Option<PolicyMembers<'b>>,
}

/// The source of what came through a pipe. Another run's pipe is another source, so an id says nothing beyond its run.
const PIPE: &str = "stdin";

impl Identity<'_> {
    /// The same for two records only if they are of one message, to one requester. A request may have several answers, and a
    /// source may get other content: both mostly differ in size. `None` if the record counts by itself.
    fn hash(&self) -> Option<[u8; 16]> {
        let Self { source, id, correlation_id, requester, message_type, bytes_in, dry_run, .. } = self;
        if *dry_run {
            return None;
        }
        let name = match (correlation_id, source, id) {
            (Some(id), _, _) => (None, id),
            (None, Some(source), _) if source == PIPE => return None,
            (None, source, Some(id)) => (Some(source), id),
            (None, _, None) => return None,
        };
        // JSON tells where each part ends.
        let text = serde_json::to_vec(&(name, requester, message_type, bytes_in)).ok()?;
        Sha256::digest(text).first_chunk().copied()
    }

    fn went_out(&self) -> bool {
        matches!(self.disposition.as_deref(), Some("released" | "redacted"))
    }
}

impl Aggregate for LogScan {
    fn add_message(&mut self, line: &LogLine<'_>) {
        line.write_object(&mut self.object);
        let identity = serde_json::from_slice::<Identity<'_>>(&self.object).ok();
        let named = identity.and_then(|identity| Some((identity.hash()?, identity.went_out(), line.sequence())));
        self.named.extend(named);
        self.messages += 1;
        self.last = self.last.max(line.sequence());
    }

    fn add_start(&mut self, line: &LogLine<'_>) {
        line.write_object(&mut self.object);
        if let Ok(StartMembers { time, policy }) = serde_json::from_slice(&self.object) {
            let date = time.and_then(|time| day_of(&time.0));
            let policy = policy.map(|policy| policy.to_string());
            self.runs.push((line.sequence(), RunStart { date, policy }));
        }
    }

    fn merge(&mut self, mut other: Self) {
        self.named.append(&mut other.named);
        self.messages += other.messages;
        self.runs.append(&mut other.runs);
        self.last = self.last.max(other.last);
    }
}

impl From<LogScan> for Index {
    fn from(scan: LogScan) -> Self {
        let LogScan { mut named, mut runs, messages, last, .. } = scan;
        named.sort_unstable();
        // Of the records of one message the last stays with which it went out, or else the last: what went out once did.
        let pairs = named.iter().zip(named.iter().skip(1));
        let mut superseded: Vec<u64> =
            pairs.filter(|(record, next)| record.0 == next.0).map(|(record, _)| record.2).collect();
        superseded.sort_unstable();
        runs.sort_unstable_by_key(|(sequence, _)| *sequence);
        Self { superseded, runs, messages, last }
    }
}

impl Index {
    /// Records of messages that were there when the log was scanned.
    pub(super) fn messages(&self) -> u64 {
        self.messages
    }

    /// Whether a record was there when the log was scanned: it may have grown.
    pub(super) fn knows(&self, sequence: u64) -> bool {
        sequence <= self.last
    }

    /// Whether a later record is of the same message.
    pub(super) fn is_superseded(&self, sequence: u64) -> bool {
        self.superseded.binary_search(&sequence).is_ok()
    }

    /// The start before a record.
    pub(super) fn run_at(&self, sequence: u64) -> Option<&RunStart> {
        let after = self.runs.partition_point(|(start, _)| *start < sequence);
        self.runs.get(after.checked_sub(1)?).map(|(_, run)| run)
    }
}
