//! What must be known of a whole log before its messages are counted: which records are superseded, and how each run began.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};

use super::record::{Name, PolicyMembers, day_of, second_of};
use dmv_redact_log::{Aggregate, LinePosition, LogLine, RECORD_VERSION};
use dmv_redact_model::date::Date;

/// Collects, in any order, what an index is made of.
#[derive(Default)]
pub(super) struct LogScan {
    named: Vec<NamedRecord>,
    runs: Vec<(LinePosition, RunStart)>,
    /// Lines in a row that are as they were written: first and last.
    whole: Vec<(LinePosition, LinePosition)>,
    messages: u64,
    last: BTreeMap<u16, u64>,
    /// Records of messages from which duties follow, by hash.
    owing: Vec<(RecordHash, LinePosition)>,
    done: Vec<Done>,
    /// Records of duties that can't be understood.
    done_elsewhere: u64,
    object: Vec<u8>,
}

/// The hash of a record: 64 hexadecimal digits.
pub(super) type RecordHash = [u8; 64];

/// That a duty was done.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Done {
    /// The record that it follows from.
    of: RecordHash,
    duty: String,
    pub(crate) on: Date,
    pub(crate) by: String,
    pub(crate) note: Option<String>,
}

/// A record of a message that is told apart from others: 32 bytes each, for however long the log is.
#[derive(Clone, Copy, PartialEq, Eq)]
struct NamedRecord {
    /// A hash of what tells the message apart.
    message: [u8; 16],
    sequence: u64,
    /// When it was recorded, or its run began, in seconds; 0 if neither is known.
    second: u32,
    log: u16,
    fate: Fate,
    /// Whether it has a time of its own.
    is_timed: bool,
}

/// What became of a message, as a record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    WentOut,
    Held,
    Withheld,
}

impl Fate {
    pub(crate) const ALL: [Self; 3] = [Self::WentOut, Self::Held, Self::Withheld];

    /// Of the disposition that a record has, if it is one.
    pub(super) fn of(disposition: Option<&str>) -> Self {
        match disposition {
            Some("released" | "redacted") => Self::WentOut,
            Some("held") => Self::Held,
            _ => Self::Withheld,
        }
    }
}

impl NamedRecord {
    fn position(&self) -> LinePosition {
        LinePosition { log: self.log, sequence: self.sequence }
    }

    fn went_out(&self) -> bool {
        self.fate == Fate::WentOut
    }

    /// Those of a message together, the ones with which it went out last, and those of a log in its order.
    fn order(&self) -> ([u8; 16], bool, LinePosition) {
        (self.message, self.went_out(), self.position())
    }
}

/// That a message was held before the record that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Review {
    /// Minutes from the first record that held it to the one that counts; `None` if one of them has no time.
    pub(crate) minutes: Option<u32>,
}

/// The record that counts of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Counted {
    pub(crate) position: LinePosition,
    pub(crate) fate: Fate,
}

/// The index of the logs that are counted together.
pub(crate) struct Index {
    /// Records that don't count, each with the one of the same message that does, ascending.
    superseded: Vec<(LinePosition, Counted)>,
    /// Records that count and have others, ascending.
    repeated: Vec<LinePosition>,
    /// By the record that counts, ascending.
    reviews: Vec<(LinePosition, Review)>,
    /// By their start, ascending.
    runs: Vec<(LinePosition, RunStart)>,
    /// Lines in a row that are as they were written, ascending: between two of these something is lost.
    whole: Vec<(LinePosition, LinePosition)>,
    messages: u64,
    /// The last message of each log.
    last: BTreeMap<u16, u64>,
    /// Duties that were done, by the record that counts and their ids.
    done: BTreeMap<(LinePosition, String), Done>,
    /// Records that a duty was done of, and that aren't in these logs, or owe none.
    pub(super) done_elsewhere: u64,
}

/// What the start of a run says of its messages.
pub(super) struct RunStart {
    pub(super) date: Option<Date>,
    /// Its time, in seconds; 0 if it has none.
    second: u32,
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
    #[serde(borrow, default)]
    stated: Option<StatedPurpose<'b>>,
    duties: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct StatedPurpose<'b> {
    #[serde(borrow)]
    purpose: Option<Cow<'b, str>>,
}

#[derive(Deserialize)]
struct DoneMembers<'b> {
    #[serde(borrow)]
    of: Cow<'b, str>,
    #[serde(borrow)]
    duty: Cow<'b, str>,
    #[serde(borrow)]
    on: Cow<'b, str>,
    #[serde(borrow)]
    by: Cow<'b, str>,
    #[serde(borrow)]
    note: Option<Cow<'b, str>>,
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
    /// The same for two records only if they are of one message, to one requester, for one purpose. A request may have several answers, and a
    /// source may get other content: both mostly differ in size. `None` if the record counts by itself.
    fn hash(&self) -> Option<[u8; 16]> {
        if self.dry_run || self.imported.is_some() {
            return None;
        }
        let Self { source, id, correlation_id, control, requester, message_type, bytes_in, stated, .. } = self;
        let purpose = stated.as_ref().and_then(|stated| stated.purpose.as_ref());
        let name = match (correlation_id.as_ref().or(control.as_ref()), source, id) {
            (Some(id), _, _) => (None, id),
            (None, Some(source), _) if source == PIPE => return None,
            (None, source, Some(id)) => (source.as_ref(), id),
            (None, _, None) => return None,
        };
        // JSON tells where each part ends.
        let text = serde_json::to_vec(&(name, requester, purpose, message_type, bytes_in)).ok()?;
        Sha256::digest(text).first_chunk().copied()
    }

    fn record(&self, LinePosition { log, sequence }: LinePosition) -> Option<NamedRecord> {
        let second = self.time.as_deref().and_then(second_of);
        Some(NamedRecord {
            message: self.hash()?,
            sequence,
            second: second.unwrap_or(0),
            log,
            fate: Fate::of(self.disposition.as_deref()),
            is_timed: second.is_some(),
        })
    }
}

impl LogScan {
    /// Adds the position of a line that is as it was written.
    fn note_line(&mut self, at: LinePosition) {
        match self.whole.last_mut() {
            Some((_, last)) if is_next(*last, at) => *last = at,
            _ => self.whole.push((at, at)),
        }
    }
}

/// Whether a line is the one right after another.
fn is_next(line: LinePosition, other: LinePosition) -> bool {
    line.log == other.log && line.sequence.checked_add(1) == Some(other.sequence)
}

impl Aggregate for LogScan {
    fn add_message(&mut self, line: &LogLine<'_>) {
        let position = line.position();
        self.note_line(position);
        line.write_object(&mut self.object);
        let identity = serde_json::from_slice::<Identity<'_>>(&self.object).ok();
        if identity.as_ref().is_some_and(|identity| identity.duties.is_some() && !identity.dry_run) {
            self.owing.push((line.hash(), position));
        }
        self.named.extend(identity.and_then(|identity| identity.record(position)));
        self.messages += 1;
        let last = self.last.entry(position.log).or_default();
        *last = position.sequence.max(*last);
    }

    fn add_step(&mut self, line: &LogLine<'_>) {
        self.note_line(line.position());
    }

    fn add_done(&mut self, line: &LogLine<'_>) {
        self.note_line(line.position());
        line.write_object(&mut self.object);
        let done = serde_json::from_slice(&self.object).ok().and_then(|DoneMembers { of, duty, on, by, note }| {
            let (of, on) = (of.as_bytes().try_into().ok()?, Date::parse(&on)?);
            Some(Done { of, duty: duty.into_owned(), on, by: by.into_owned(), note: note.map(Cow::into_owned) })
        });
        self.done_elsewhere += u64::from(done.is_none());
        self.done.extend(done);
    }

    fn add_progress(&mut self, line: &LogLine<'_>) {
        self.note_line(line.position());
    }

    fn add_start(&mut self, line: &LogLine<'_>) {
        self.note_line(line.position());
        line.write_object(&mut self.object);
        if let Ok(StartMembers { time, policy, record_version, data_elements, names_in }) =
            serde_json::from_slice(&self.object)
        {
            let date = time.as_ref().and_then(|time| day_of(&time.0));
            let second = time.and_then(|time| second_of(&time.0)).unwrap_or(0);
            let policy = policy.map(|policy| policy.to_string());
            // What a later version means by its numbers isn't known here.
            let known = data_elements.filter(|_| record_version.is_none_or(|version| version <= RECORD_VERSION));
            // Most runs of a log have the same names.
            let before = self.runs.last().and_then(|(_, run)| run.elements.clone());
            let elements = known.map(|names| before.filter(|own| **own == *names).unwrap_or_else(|| names.into()));
            self.runs.push((line.position(), RunStart { date, second, policy, elements, names_in }));
        }
    }

    fn merge(&mut self, mut other: Self) {
        self.named.append(&mut other.named);
        self.messages += other.messages;
        self.runs.append(&mut other.runs);
        self.whole.append(&mut other.whole);
        self.owing.append(&mut other.owing);
        self.done.append(&mut other.done);
        self.done_elsewhere += other.done_elsewhere;
        for (log, last) in other.last {
            let own = self.last.entry(log).or_default();
            *own = last.max(*own);
        }
    }
}

/// Of the records of one message the one that counts: with which it went out, or else the last. Within a log their order tells which
/// that is, and between logs the clock: that of the record, or else of the start of its run.
fn counted_of(records: &[NamedRecord]) -> Option<&NamedRecord> {
    let went_out = records.last()?.went_out();
    let (_, decided) = records.split_at(records.partition_point(|record| record.went_out() != went_out));
    let last_of_each = decided.chunk_by(|one, other| one.log == other.log).filter_map(<[NamedRecord]>::last);
    last_of_each.max_by_key(|record| (record.second, record.log))
}

/// The first record before it that held the message.
fn first_hold<'r>(records: &'r [NamedRecord], counted: &NamedRecord) -> Option<&'r NamedRecord> {
    let is_before = |record: &NamedRecord| match record.log == counted.log {
        true => record.sequence < counted.sequence,
        false => (record.second, record.log) < (counted.second, counted.log),
    };
    let held: Vec<&NamedRecord> =
        records.iter().filter(|record| record.fate == Fate::Held && is_before(record)).collect();
    let first_of_each = held.chunk_by(|one, other| one.log == other.log).filter_map(|of_log| of_log.first().copied());
    first_of_each.min_by_key(|record| record.second)
}

impl From<LogScan> for Index {
    fn from(scan: LogScan) -> Self {
        let LogScan { mut named, mut runs, whole: mut lines, messages, last, owing, done, done_elsewhere, .. } = scan;
        lines.sort_unstable();
        let mut whole: Vec<(LinePosition, LinePosition)> = Vec::new();
        for (first, last) in lines {
            match whole.last_mut() {
                Some((_, before)) if is_next(*before, first) => *before = last,
                _ => whole.push((first, last)),
            }
        }
        runs.sort_unstable_by_key(|(position, _)| *position);
        for record in named.iter_mut().filter(|record| !record.is_timed) {
            let started = run_before(&runs, record.position());
            record.second = started.map_or(0, |(_, run)| run.second);
        }
        named.sort_unstable_by_key(NamedRecord::order);
        let (mut superseded, mut repeated, mut reviews) = (Vec::new(), Vec::new(), Vec::new());
        for records in named.chunk_by(|one, other| one.message == other.message) {
            let Some(counted) = counted_of(records) else { continue };
            let others = records.iter().filter(|record| *record != counted);
            let own = Counted { position: counted.position(), fate: counted.fate };
            superseded.extend(others.map(|record| (record.position(), own)));
            if records.len() > 1 {
                repeated.push(own.position);
            }
            if let Some(first) = first_hold(records, counted) {
                let is_timed = first.is_timed && counted.is_timed;
                let minutes = is_timed.then(|| (counted.second / 60).saturating_sub(first.second / 60));
                reviews.push((counted.position(), Review { minutes }));
            }
        }
        superseded.sort_unstable();
        repeated.sort_unstable();
        reviews.sort_unstable_by_key(|(position, _)| *position);
        let named: BTreeMap<LinePosition, Arc<[String]>> =
            runs.iter().filter_map(|(position, run)| Some((*position, run.elements.clone()?))).collect();
        for (LinePosition { log, .. }, run) in &mut runs {
            let names_in = run.names_in.map(|sequence| LinePosition { log: *log, sequence });
            run.elements = run.elements.take().or_else(|| named.get(&names_in?).cloned());
        }
        let mut index =
            Self { superseded, repeated, reviews, runs, whole, messages, last, done: BTreeMap::new(), done_elsewhere };
        index.add_done(owing, done);
        index
    }
}

/// The last start before a record, in its log.
fn run_before(runs: &[(LinePosition, RunStart)], position: LinePosition) -> Option<(&LinePosition, &RunStart)> {
    let after = runs.partition_point(|(start, _)| *start < position);
    let (start, run) = runs.get(after.checked_sub(1)?)?;
    (start.log == position.log).then_some((start, run))
}

impl Index {
    /// Adds the duties that were done. Of one that was done twice the first day counts.
    fn add_done(&mut self, owing: Vec<(RecordHash, LinePosition)>, mut done: Vec<Done>) {
        let owing: HashMap<RecordHash, LinePosition> = match done.as_slice() {
            [] => return,
            _ => owing.into_iter().collect(),
        };
        done.sort_unstable_by(|one, other| (one.on, one).cmp(&(other.on, other)));
        for done in done {
            match owing.get(&done.of) {
                Some(position) => {
                    self.done.entry((self.counted(*position), done.duty.clone())).or_insert(done);
                }
                None => self.done_elsewhere += 1,
            }
        }
    }

    /// The record that counts of the message of this one, if it is another one.
    pub(super) fn superseding(&self, position: LinePosition) -> Option<Counted> {
        let at = self.superseded.binary_search_by_key(&position, |(own, _)| *own).ok()?;
        self.superseded.get(at).map(|(_, counted)| *counted)
    }

    /// Whether a record that counts has others of the same message.
    pub(super) fn is_repeated(&self, position: LinePosition) -> bool {
        self.repeated.binary_search(&position).is_ok()
    }

    /// The position of the record that counts.
    fn counted(&self, position: LinePosition) -> LinePosition {
        self.superseding(position).map_or(position, |counted| counted.position)
    }

    /// When a duty of a message was done, and by whom; by the record that counts.
    pub(super) fn done(&self, position: LinePosition, duty: &str) -> Option<&Done> {
        self.done.get(&(position, duty.to_owned()))
    }

    /// Records of messages that were there when the log was scanned.
    pub(super) fn messages(&self) -> u64 {
        self.messages
    }

    /// Whether a record was there when the log was scanned: it may have grown.
    pub(super) fn knows(&self, LinePosition { log, sequence }: LinePosition) -> bool {
        self.last.get(&log).is_some_and(|last| sequence <= *last)
    }

    /// The review of a message, by the record that counts.
    pub(super) fn review(&self, position: LinePosition) -> Option<Review> {
        let at = self.reviews.binary_search_by_key(&position, |(own, _)| *own).ok()?;
        self.reviews.get(at).map(|(_, review)| *review)
    }

    /// The start before a record; `None` if lines between both are lost, and with them perhaps another start.
    pub(super) fn run_at(&self, position: LinePosition) -> Option<&RunStart> {
        let (start, run) = run_before(&self.runs, position)?;
        let before = self.whole.partition_point(|(first, _)| *first <= position);
        let (first, last) = self.whole.get(before.checked_sub(1)?)?;
        (start >= first && position <= *last).then_some(run)
    }
}
