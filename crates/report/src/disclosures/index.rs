//! What must be known of a whole log before its messages are counted: which records are superseded, and how each run began.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::record::{Name, PolicyMembers, day_of, minute_of};
use dmv_redact_log::{Aggregate, LogLine, RECORD_VERSION};
use dmv_redact_model::date::Date;

/// Collects, in any order, what an index is made of.
#[derive(Default)]
pub(super) struct LogScan {
    named: Vec<NamedRecord>,
    runs: Vec<(u64, RunStart)>,
    /// Lines in a row that are as they were written: first and last sequence number.
    whole: Vec<(u64, u64)>,
    messages: u64,
    last: u64,
    object: Vec<u8>,
}

/// A record of a message that is told apart from others: 32 bytes each, for however long the log is. In the order of the one
/// that stays: with which the message went out, or else the last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct NamedRecord {
    /// A hash of what tells the message apart.
    message: [u8; 16],
    went_out: bool,
    sequence: u64,
    is_held: bool,
    /// When it was recorded, in minutes; 0 if it doesn't say.
    minute: u32,
}

/// That a message was held before the record that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Review {
    /// Minutes from the first record that held it to the one that counts; `None` if one of them has no time.
    pub(crate) minutes: Option<u32>,
}

/// The index of a log.
pub(crate) struct Index {
    /// Sequence numbers, ascending.
    superseded: Vec<u64>,
    /// By the sequence number of the record that counts, ascending.
    reviews: Vec<(u64, Review)>,
    /// By the sequence number of their start, ascending.
    runs: Vec<(u64, RunStart)>,
    /// Lines in a row that are as they were written, ascending: between two of these something is lost.
    whole: Vec<(u64, u64)>,
    messages: u64,
    /// The sequence number of the last message.
    last: u64,
}

/// What the start of a run says of its messages.
pub(super) struct RunStart {
    pub(super) date: Option<Date>,
    pub(super) policy: Option<String>,
    /// The data elements that its messages tell by their numbers; `None` if it says none, or refers to a line that is lost.
    pub(super) elements: Option<Arc<[String]>>,
    /// The start that says them for it.
    names_in: Option<u64>,
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
    control: Option<Cow<'b, str>>,
    #[serde(borrow)]
    requester: Option<Cow<'b, str>>,
    #[serde(borrow)]
    time: Option<Cow<'b, str>>,
    bytes_in: Option<u64>,
    imported: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct StartMembers<'b> {
    #[serde(borrow)]
    time: Option<Name<'b>>,
    #[serde(borrow)]
    policy: Option<PolicyMembers<'b>>,
    record_version: Option<u32>,
    data_elements: Option<Vec<String>>,
    names_in: Option<u64>,
}

/// The source of what came through a pipe. Another run's pipe is another source, so an id says nothing beyond its run.
const PIPE: &str = "stdin";

impl Identity<'_> {
    /// The same for two records only if they are of one message, to one requester. A request may have several answers, and a
    /// source may get other content: both mostly differ in size. `None` if the record counts by itself.
    fn hash(&self) -> Option<[u8; 16]> {
        let Self { source, id, correlation_id, control, requester, message_type, bytes_in, dry_run, imported, .. } =
            self;
        if *dry_run || imported.is_some() {
            return None;
        }
        let name = match (correlation_id.as_ref().or(control.as_ref()), source, id) {
            (Some(id), _, _) => (None, id),
            (None, Some(source), _) if source == PIPE => return None,
            (None, source, Some(id)) => (source.as_ref(), id),
            (None, _, None) => return None,
        };
        // JSON tells where each part ends.
        let text = serde_json::to_vec(&(name, requester, message_type, bytes_in)).ok()?;
        Sha256::digest(text).first_chunk().copied()
    }

    fn record(&self, sequence: u64) -> Option<NamedRecord> {
        let disposition = self.disposition.as_deref();
        Some(NamedRecord {
            message: self.hash()?,
            went_out: matches!(disposition, Some("released" | "redacted")),
            sequence,
            is_held: disposition == Some("held"),
            minute: self.time.as_deref().and_then(minute_of).unwrap_or(0),
        })
    }
}

impl LogScan {
    /// Adds the sequence number of a line that is as it was written.
    fn note_line(&mut self, sequence: u64) {
        match self.whole.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(sequence) => *last = sequence,
            _ => self.whole.push((sequence, sequence)),
        }
    }
}

impl Aggregate for LogScan {
    fn add_message(&mut self, line: &LogLine<'_>) {
        self.note_line(line.sequence());
        line.write_object(&mut self.object);
        let identity = serde_json::from_slice::<Identity<'_>>(&self.object).ok();
        self.named.extend(identity.and_then(|identity| identity.record(line.sequence())));
        self.messages += 1;
        self.last = self.last.max(line.sequence());
    }

    fn add_progress(&mut self, line: &LogLine<'_>) {
        self.note_line(line.sequence());
    }

    fn add_start(&mut self, line: &LogLine<'_>) {
        self.note_line(line.sequence());
        line.write_object(&mut self.object);
        if let Ok(StartMembers { time, policy, record_version, data_elements, names_in }) =
            serde_json::from_slice(&self.object)
        {
            let date = time.and_then(|time| day_of(&time.0));
            let policy = policy.map(|policy| policy.to_string());
            // What a later version means by its numbers isn't known here.
            let known = data_elements.filter(|_| record_version.is_none_or(|version| version <= RECORD_VERSION));
            // Most runs of a log have the same names.
            let before = self.runs.last().and_then(|(_, run)| run.elements.clone());
            let elements = known.map(|names| before.filter(|own| **own == *names).unwrap_or_else(|| names.into()));
            self.runs.push((line.sequence(), RunStart { date, policy, elements, names_in }));
        }
    }

    fn merge(&mut self, mut other: Self) {
        self.named.append(&mut other.named);
        self.messages += other.messages;
        self.runs.append(&mut other.runs);
        self.whole.append(&mut other.whole);
        self.last = self.last.max(other.last);
    }
}

impl From<LogScan> for Index {
    fn from(scan: LogScan) -> Self {
        let LogScan { mut named, mut runs, whole: mut lines, messages, last, .. } = scan;
        lines.sort_unstable();
        let mut whole: Vec<(u64, u64)> = Vec::new();
        for (first, last) in lines {
            match whole.last_mut() {
                Some((_, before)) if before.checked_add(1) == Some(first) => *before = last,
                _ => whole.push((first, last)),
            }
        }
        named.sort_unstable();
        let (mut superseded, mut reviews) = (Vec::new(), Vec::new());
        for records in named.chunk_by(|one, other| one.message == other.message) {
            let Some((counted, others)) = records.split_last() else { continue };
            superseded.extend(others.iter().map(|record| record.sequence));
            let held = others.iter().filter(|record| record.is_held && record.sequence < counted.sequence);
            if let Some(first) = held.min_by_key(|record| record.sequence) {
                let is_timed = first.minute > 0 && counted.minute > 0;
                let minutes = is_timed.then(|| counted.minute.saturating_sub(first.minute));
                reviews.push((counted.sequence, Review { minutes }));
            }
        }
        superseded.sort_unstable();
        reviews.sort_unstable_by_key(|(sequence, _)| *sequence);
        runs.sort_unstable_by_key(|(sequence, _)| *sequence);
        let said: BTreeMap<u64, Arc<[String]>> =
            runs.iter().filter_map(|(sequence, run)| Some((*sequence, run.elements.clone()?))).collect();
        for (_, run) in &mut runs {
            run.elements = run.elements.take().or_else(|| said.get(&run.names_in?).cloned());
        }
        Self { superseded, reviews, runs, whole, messages, last }
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

    /// The review of a message, by the record that counts.
    pub(super) fn review(&self, sequence: u64) -> Option<Review> {
        let at = self.reviews.binary_search_by_key(&sequence, |(own, _)| *own).ok()?;
        self.reviews.get(at).map(|(_, review)| *review)
    }

    /// The start before a record; `None` if lines between both are lost, and with them perhaps another start.
    pub(super) fn run_at(&self, sequence: u64) -> Option<&RunStart> {
        let after = self.runs.partition_point(|(start, _)| *start < sequence);
        let (start, run) = self.runs.get(after.checked_sub(1)?)?;
        let before = self.whole.partition_point(|(first, _)| *first <= sequence);
        let (first, last) = self.whole.get(before.checked_sub(1)?)?;
        (start >= first && sequence <= *last).then_some(run)
    }
}
