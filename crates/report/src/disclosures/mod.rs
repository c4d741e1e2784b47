//! Reports a log: who got what, how often, from intact lines only. The log is read twice: to verify it and to learn which records
//! are superseded, then to count the others.

mod dimension;
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

use dmv_redact_log::{Aggregate, Key, LogError, LogLine, Verification, verify_and_aggregate};
use dmv_redact_model::date::Date;
use dmv_redact_model::escape::escape;

pub use dimension::Dimension;
use index::{Index, LogScan};
use recipients::Recipients;
use record::MessageRecord;
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
    messages: u64,
    /// Messages of dry runs, which nothing else here counts because nobody got them.
    dry_run_messages: u64,
    /// Records that aren't counted because another one is of the same message.
    superseded: u64,
    /// Messages without a date, which are left out where days are asked for.
    undated: u64,
    dispositions: BTreeMap<String, u64>,
    #[serde(flatten)]
    counts: Counts,
    #[serde(skip)]
    leaves_out_undated: bool,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Counts {
    Recipients(Recipients),
    Table(Table),
}

/// Counts of values of a data element.
#[derive(Debug, Default, Clone, Copy, Serialize, serde::Deserialize)]
struct ValueCounts {
    #[serde(default)]
    released: u64,
    #[serde(default)]
    generalised: u64,
    #[serde(default)]
    removed: u64,
}

/// Verifies a log and counts its messages; with faults, the report covers the intact lines.
///
/// # Errors
/// When it can't be read, is keyed and no key is given, or has too many combinations of what it is counted by.
pub fn disclosures(
    paths: &[PathBuf],
    key: Option<&Key>,
    query: &Query,
) -> Result<(Verification, DisclosureReport), LogError> {
    let (verification, scan) = verify_and_aggregate(paths, key, None, LogScan::default)?;
    let report = count(paths, key, query, &Index::from(scan))?;
    let faults = verification.fault_count;
    Ok((verification, DisclosureReport { faults, ..report }))
}

/// Counts the messages of a log that was scanned. It may have grown since.
fn count(paths: &[PathBuf], key: Option<&Key>, query: &Query, index: &Index) -> Result<DisclosureReport, LogError> {
    let counter = || Counter { query, index, report: DisclosureReport::empty(query), seen: 0, object: Vec::new() };
    let (_, Counter { report, seen, .. }) = verify_and_aggregate(paths, key, None, counter)?;
    if seen != index.messages() {
        let message = "the log was changed, or went on in another file, while it was read: read it again";
        return Err(LogError::Io(message.to_owned()));
    }
    if report.table().is_some_and(Table::is_too_large) {
        let message = format!("more than {MAX_ROWS} rows: count by less, or over a shorter time");
        return Err(LogError::Usage(message));
    }
    Ok(report)
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
    fn is_about(&self, record: &MessageRecord<'_>) -> bool {
        let is_requester = self.requesters.is_empty() || self.requesters.iter().any(|own| own == record.requester());
        is_requester && (self.classes.is_empty() || record.classes().any(|class| self.shows_class(class)))
    }

    /// Whether the counts of a class are shown: one that wasn't asked for would have only those it shares.
    fn shows_class(&self, class: &str) -> bool {
        self.classes.is_empty() || self.classes.iter().any(|own| own == class)
    }
}

/// Counts the messages of a log whose index is known.
struct Counter<'q> {
    query: &'q Query,
    index: &'q Index,
    report: DisclosureReport,
    /// Messages that the index knows.
    seen: u64,
    object: Vec<u8>,
}

impl Aggregate for Counter<'_> {
    fn add_message(&mut self, line: &LogLine<'_>) {
        let mut object = std::mem::take(&mut self.object);
        line.write_object(&mut object);
        self.count(line.sequence(), &MessageRecord::read(&object));
        self.object = object;
    }

    fn merge(&mut self, other: Self) {
        self.seen += other.seen;
        let (own, other) = (&mut self.report, other.report);
        own.messages += other.messages;
        own.dry_run_messages += other.dry_run_messages;
        own.superseded += other.superseded;
        own.undated += other.undated;
        merge_counts(&mut own.dispositions, &other.dispositions);
        match (&mut own.counts, other.counts) {
            (Counts::Recipients(own), Counts::Recipients(other)) => own.merge(&other),
            (Counts::Table(own), Counts::Table(other)) => own.merge(other),
            // One query has one form.
            (Counts::Recipients(_), Counts::Table(_)) | (Counts::Table(_), Counts::Recipients(_)) => {}
        }
    }
}

impl Counter<'_> {
    fn count(&mut self, sequence: u64, record: &MessageRecord<'_>) {
        let Self { query, index, report, seen, .. } = self;
        if !index.knows(sequence) {
            return;
        }
        *seen += 1;
        if !query.is_about(record) {
            return;
        }
        let run = index.run_at(sequence);
        let date = record.date().or_else(|| run?.date);
        let is_covered = query.covers(date);
        if record.dry_run {
            report.dry_run_messages += u64::from(is_covered);
            return;
        }
        if index.is_superseded(sequence) {
            report.superseded += u64::from(is_covered);
            return;
        }
        report.undated += u64::from(date.is_none());
        if !is_covered {
            return;
        }
        report.messages += 1;
        if let Some(disposition) = record.disposition() {
            update(&mut report.dispositions, disposition, |count| *count += 1);
        }
        match &mut report.counts {
            Counts::Recipients(recipients) => recipients.add(record, query),
            Counts::Table(table) => {
                let policy = record.policy().or_else(|| run?.policy.clone());
                table.add(record, &|dimension| dimension.values(record, date, policy.as_deref(), query));
            }
        }
    }
}

impl DisclosureReport {
    fn empty(query: &Query) -> Self {
        let counts = match query.by.as_slice() {
            [] => Counts::Recipients(Recipients::default()),
            by => Counts::Table(Table::new(by)),
        };
        Self {
            faults: 0,
            messages: 0,
            dry_run_messages: 0,
            superseded: 0,
            undated: 0,
            dispositions: BTreeMap::new(),
            counts,
            leaves_out_undated: query.has_days(),
        }
    }

    fn table(&self) -> Option<&Table> {
        match &self.counts {
            Counts::Table(table) => Some(table),
            Counts::Recipients(_) => None,
        }
    }

    /// The rows as comma-separated values after RFC 4180, a header first; nothing where there are no rows because nothing was
    /// counted `by`.
    #[must_use]
    pub fn csv(&self) -> String {
        self.table().map(Table::csv).unwrap_or_default()
    }

    /// The same as a table in Markdown, with what a reader must know of the counts above it.
    #[must_use]
    pub fn markdown(&self) -> String {
        let notes = [vec![self.headline()], self.notes()].concat().join("  \n");
        format!("{notes}\n\n{}", self.table().map(Table::markdown).unwrap_or_default())
    }

    fn headline(&self) -> String {
        count_text(self.messages, &self.dispositions)
    }

    /// What isn't counted, or not as a reader would think: each a line.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let Self { dry_run_messages, superseded, undated, .. } = self;
        let left_out = if self.leaves_out_undated { ", and are left out" } else { "" };
        let notes = [
            (dry_run_messages, format!("{dry_run_messages} messages of dry runs are left out")),
            (superseded, format!("{superseded} records are left out, for another one is of the same message")),
            (undated, format!("{undated} messages have no date{left_out}")),
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

impl ValueCounts {
    // Saturating, because a forged log may say any number.
    fn add(&mut self, other: Self) {
        self.released = self.released.saturating_add(other.released);
        self.generalised = self.generalised.saturating_add(other.generalised);
        self.removed = self.removed.saturating_add(other.removed);
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
