//! Reports a log: who got what, how often, from intact lines only. The log is read twice: to verify it and to learn which records
//! are superseded, then to count the others.

mod dimension;
mod duties;
mod index;
mod recipients;
mod record;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use dmv_redact_log::{Aggregate, LinePosition, LogError, LogLine, Verification, Verifier};
use dmv_redact_model::date::Date;
use dmv_redact_model::escape::escape;

pub use dimension::Dimension;
pub use duties::{DutyEntry, DutyList, DutyQuery, DutyReference, DutyStatus, duties, find_duties};
pub(crate) use index::{Counted, Done, Fate, Review};
use index::{Index, LogScan, RecordHash};
use recipients::Recipients;
pub(crate) use record::MessageRecord;
pub(crate) use table::csv_of;
use table::{MAX_ROWS, Table};

/// Which messages are counted, and by what.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// The first day.
    pub since: Option<Date>,
    /// The last day.
    pub until: Option<Date>,
    /// Agency classes, of which a message went to one at least; empty: any.
    pub classes: Vec<String>,
    /// Requesters, [`NO_REQUESTER`] among them; empty: any.
    pub requesters: Vec<String>,
    /// What a row is counted by; empty: everything by class and by requester, as [`DisclosureReport`] shows it.
    pub by: Vec<Dimension>,
}

/// The name for the requester of a message without one. It can't be an ORI, because no ORI is in lower case.
pub const NO_REQUESTER: &str = "unknown";

/// Who got what, over all runs of a log. Its `Display` is for people, its serialization for programs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct DisclosureReport {
    /// Faults of the log: changed lines aren't counted.
    faults: u64,
    #[serde(flatten)]
    totals: Totals,
    #[serde(flatten)]
    counts: Counts,
    #[serde(skip)]
    leaves_out_undated: bool,
}

/// How many messages are counted, and how many aren't.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Totals {
    pub(crate) messages: u64,
    /// Messages of dry runs, which nothing else here counts because nobody got them.
    pub(crate) dry_run_messages: u64,
    /// Messages from before the log, among those that are counted: what became of them isn't known.
    pub(crate) imported: u64,
    /// Records that aren't counted because another one is of the same message.
    pub(crate) superseded: u64,
    /// Messages without a date, which are left out where days are asked for.
    pub(crate) undated: u64,
    /// Messages whose data elements are told by numbers that no line as it was written explains.
    pub(crate) unexplained: u64,
    dispositions: BTreeMap<String, u64>,
}

/// The data elements of a message, by name.
pub(crate) type Elements<'r> = BTreeMap<&'r str, ElementCounts>;

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Counts {
    Recipients(Recipients),
    Table(Table),
}

/// Messages in which at least one value of a data element was released, made less precise, removed.
#[derive(Debug, Default, Clone, Copy, Serialize)]
pub(crate) struct ElementCounts {
    pub(crate) released: u64,
    pub(crate) generalised: u64,
    pub(crate) removed: u64,
}

/// A message that counts, with what the rest of the log says of it.
pub(crate) struct CountedMessage<'m> {
    pub(crate) record: &'m MessageRecord<'m>,
    /// How many messages it is: those from before the log are counted by the day.
    pub(crate) messages: u64,
    pub(crate) elements: Elements<'m>,
    pub(crate) date: Option<Date>,
    /// The policy that decided.
    pub(crate) policy: Option<String>,
    /// Whether an earlier record held it, and how long before.
    pub(crate) review: Option<Review>,
    /// The hash of its record.
    pub(crate) hash: RecordHash,
    /// Where that is.
    pub(crate) position: LinePosition,
    /// The record that counts of it.
    pub(crate) counted: Counted,
    /// Whether there are several records of it.
    pub(crate) is_repeated: bool,
    /// When a duty that follows from it was done.
    pub(crate) done: &'m dyn Fn(&str) -> Option<&'m Done>,
}

/// What is counted of messages.
pub(crate) trait Count: Send {
    fn add(&mut self, message: &CountedMessage<'_>, query: &Query);
    /// Adds a record that doesn't count, for another one is of the same message.
    fn add_superseded(&mut self, _: &CountedMessage<'_>, _: &Query) {}
    fn merge(&mut self, other: Self);
}

/// Verifies a log and counts its messages; with faults, the report covers the intact lines.
///
/// # Errors
/// When it can't be read, is keyed and no key is given, or has too many combinations of what it is counted by.
pub fn disclosures(
    paths: &[PathBuf],
    verifier: Verifier<'_>,
    query: &Query,
) -> Result<(Verification, DisclosureReport), LogError> {
    let (verification, index) = scan(paths, verifier)?;
    let (totals, counts) = count(paths, verifier, query, &index, || Counts::new(query))?;
    if counts.table().is_some_and(Table::is_too_large) {
        let message = format!("more than {MAX_ROWS} rows: count by less, or over a shorter time");
        return Err(LogError::Usage(message));
    }
    let faults = verification.fault_count;
    Ok((verification, DisclosureReport { faults, totals, counts, leaves_out_undated: query.has_days() }))
}

/// Verifies a log, and learns what must be known of it before its messages are counted.
pub(crate) fn scan(paths: &[PathBuf], verifier: Verifier<'_>) -> Result<(Verification, Index), LogError> {
    let (verification, scan) = verifier.aggregate(paths, LogScan::default)?;
    Ok((verification, Index::from(scan)))
}

/// Counts the messages of a log that was scanned. It may have grown since.
pub(crate) fn count<C: Count>(
    paths: &[PathBuf],
    verifier: Verifier<'_>,
    query: &Query,
    index: &Index,
    empty: impl Fn() -> C,
) -> Result<(Totals, C), LogError> {
    let counter = || Counter { query, index, totals: Totals::default(), counts: empty(), seen: 0, object: Vec::new() };
    let (_, Counter { totals, counts, seen, .. }) = verifier.aggregate(paths, counter)?;
    if seen != index.messages() {
        let message = "the log was changed, or went on in another file, while it was read: read it again";
        return Err(LogError::Io(message.to_owned()));
    }
    Ok((totals, counts))
}

impl Query {
    fn has_days(&self) -> bool {
        self.since.is_some() || self.until.is_some()
    }

    /// Whether a message of this day is counted.
    fn covers(&self, date: Option<Date>) -> bool {
        match date {
            Some(date) => self.since.is_none_or(|since| date >= since) && self.until.is_none_or(|until| date <= until),
            None => !self.has_days(),
        }
    }

    /// Whether the message went to whom the question is about.
    pub(crate) fn is_about(&self, record: &MessageRecord<'_>) -> bool {
        self.is_about_one(record.requester(), || record.classes())
    }

    /// Whether the question is about this requester, which is in these classes.
    fn is_about_one<'c, C: Iterator<Item = &'c str>>(&self, requester: &str, classes: impl Fn() -> C) -> bool {
        let is_requester = self.requesters.is_empty() || self.requesters.iter().any(|own| own == requester);
        is_requester && (self.classes.is_empty() || classes().any(|class| self.shows_class(class)))
    }

    /// Whether the counts of a class are shown: one that wasn't asked for would have only those it shares.
    fn shows_class(&self, class: &str) -> bool {
        self.classes.is_empty() || self.classes.iter().any(|own| own == class)
    }
}

/// Counts the messages of a log whose index is known.
struct Counter<'q, C> {
    query: &'q Query,
    index: &'q Index,
    totals: Totals,
    counts: C,
    /// Messages that the index knows.
    seen: u64,
    object: Vec<u8>,
}

impl<C: Count> Aggregate for Counter<'_, C> {
    fn add_message(&mut self, line: &LogLine<'_>) {
        let mut object = std::mem::take(&mut self.object);
        line.write_object(&mut object);
        self.count((line.position(), line.hash()), &MessageRecord::read(&object));
        self.object = object;
    }

    fn merge(&mut self, other: Self) {
        self.seen += other.seen;
        let (own, others) = (&mut self.totals, other.totals);
        own.messages = own.messages.saturating_add(others.messages);
        own.dry_run_messages += others.dry_run_messages;
        own.imported = own.imported.saturating_add(others.imported);
        own.superseded += others.superseded;
        own.undated += others.undated;
        own.unexplained += others.unexplained;
        merge_counts(&mut own.dispositions, &others.dispositions);
        self.counts.merge(other.counts);
    }
}

impl<C: Count> Counter<'_, C> {
    fn count(&mut self, (position, hash): (LinePosition, RecordHash), record: &MessageRecord<'_>) {
        let Self { query, index, totals, counts, seen, .. } = self;
        if !index.knows(position) {
            return;
        }
        *seen += 1;
        if !query.is_about(record) {
            return;
        }
        let run = index.run_at(position);
        let date = record.date().or_else(|| run?.date);
        let is_covered = query.covers(date);
        if record.dry_run {
            totals.dry_run_messages += u64::from(is_covered);
            return;
        }
        let superseding = index.superseding(position);
        let is_superseded = superseding.is_some();
        let counted = superseding.unwrap_or(Counted { position, fate: record.fate() });
        totals.superseded += u64::from(is_superseded && is_covered);
        totals.undated += u64::from(!is_superseded && date.is_none());
        // Where the message counts, its day decides.
        if !is_covered && !is_superseded {
            return;
        }
        let elements = record.elements(run.and_then(|run| run.elements.as_deref()).unwrap_or_default());
        let is_explained = elements.is_some();
        let message = CountedMessage {
            record,
            elements: elements.unwrap_or_default(),
            date,
            messages: record.imported.unwrap_or(1),
            policy: match record.imported {
                // Nothing was decided.
                Some(_) => None,
                None => record.policy().or_else(|| run?.policy.clone()),
            },
            review: index.review(position),
            hash,
            position,
            counted,
            is_repeated: is_superseded || index.is_repeated(position),
            done: &|duty| index.done(counted.position, duty),
        };
        if is_superseded {
            counts.add_superseded(&message, query);
            return;
        }
        // Saturating, because a forged record may count any number.
        totals.messages = totals.messages.saturating_add(message.messages);
        totals.imported = totals.imported.saturating_add(record.imported.unwrap_or(0));
        if let Some(disposition) = record.disposition() {
            update(&mut totals.dispositions, disposition, |count| *count += 1);
        }
        totals.unexplained += u64::from(!is_explained);
        counts.add(&message, query);
    }
}

impl Counts {
    fn new(query: &Query) -> Self {
        match query.by.as_slice() {
            [] => Self::Recipients(Recipients::default()),
            by => Self::Table(Table::new(by)),
        }
    }

    fn table(&self) -> Option<&Table> {
        match self {
            Self::Table(table) => Some(table),
            Self::Recipients(_) => None,
        }
    }
}

impl Count for Counts {
    fn add(&mut self, message: &CountedMessage<'_>, query: &Query) {
        match self {
            Self::Recipients(recipients) => recipients.add(message, query),
            Self::Table(table) => table.add(message, query),
        }
    }

    fn merge(&mut self, other: Self) {
        match (self, other) {
            (Self::Recipients(own), Self::Recipients(others)) => own.merge(&others),
            (Self::Table(own), Self::Table(others)) => own.merge(others),
            // One query has one form.
            (Self::Recipients(_), Self::Table(_)) | (Self::Table(_), Self::Recipients(_)) => {}
        }
    }
}

impl DisclosureReport {
    /// The rows as comma-separated values after RFC 4180, a header first; nothing where there are no rows because nothing was
    /// counted `by`.
    #[must_use]
    pub fn csv(&self) -> String {
        self.counts.table().map(Table::csv).unwrap_or_default()
    }

    /// The same as a table in Markdown, with what a reader must know of the counts above it.
    #[must_use]
    pub fn markdown(&self) -> String {
        let notes = [vec![self.headline()], self.notes()].concat().join("  \n");
        format!("{notes}\n\n{}", self.counts.table().map(Table::markdown).unwrap_or_default())
    }

    fn headline(&self) -> String {
        count_text(self.totals.messages, &self.totals.dispositions)
    }

    /// What isn't counted, or not as a reader would think: each a line.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let Totals { dry_run_messages, imported, superseded, undated, unexplained, .. } = &self.totals;
        let left_out = if self.leaves_out_undated { ", and are left out" } else { "" };
        let notes = [
            (dry_run_messages, format!("{dry_run_messages} messages of dry runs are left out")),
            (imported, format!("{imported} messages are from before the log: what became of them isn't known")),
            (superseded, format!("{superseded} records are left out, for another one is of the same message")),
            (undated, format!("{undated} messages have no date{left_out}")),
            (
                unexplained,
                format!("of {unexplained} messages the data elements are unknown: the line that names them is lost"),
            ),
        ];
        notes.into_iter().filter(|(count, _)| **count > 0).map(|(_, note)| note).collect()
    }
}

impl fmt::Display for DisclosureReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.faults {
            0 => writeln!(f, "every line verified")?,
            faults => writeln!(f, "the log has {faults} faults: only lines that are as they were written are counted")?,
        }
        writeln!(f, "{}", self.headline())?;
        for note in self.notes() {
            writeln!(f, "{note}")?;
        }
        match &self.counts {
            Counts::Recipients(recipients) => write!(f, "{recipients}"),
            Counts::Table(table) => write!(f, "\n{table}"),
        }
    }
}

impl ElementCounts {
    pub(crate) fn add(&mut self, other: Self) {
        self.released += other.released;
        self.generalised += other.generalised;
        self.removed += other.removed;
    }
}

/// Updates the value of a name, which is copied only the first time.
fn update<V: Default>(map: &mut BTreeMap<String, V>, name: &str, update: impl FnOnce(&mut V)) {
    match map.get_mut(name) {
        Some(value) => update(value),
        None => update(map.entry(name.to_owned()).or_default()),
    }
}

fn merge_counts(own: &mut BTreeMap<String, u64>, others: &BTreeMap<String, u64>) {
    for (name, count) in others {
        update(own, name, |own| *own += count);
    }
}

/// A number of messages, and how many of each disposition.
fn count_text(messages: u64, dispositions: &BTreeMap<String, u64>) -> String {
    let counts: Vec<String> = dispositions.iter().map(|(name, count)| format!("{count} {}", escape(name))).collect();
    let separator = if counts.is_empty() { "" } else { ": " };
    format!("{messages} messages{separator}{}", counts.join(", "))
}
