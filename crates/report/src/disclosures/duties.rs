//! The duties that follow from messages, and which of them were done: a list for whoever must do them. Unlike a report it names
//! messages, by the ids that the log has.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use super::index::RecordHash;
use super::record::RecordDuty;
use super::table::{aligned, csv_of};
use super::{Count, CountedMessage, Fate, MAX_ROWS, Query, count, scan};
use dmv_redact_log::{LinePosition, LogError, Verification, Verifier};
use dmv_redact_model::date::Date;
use dmv_redact_model::escape::{escape, spreadsheet_safe};
use dmv_redact_model::policy::DutyKind;

/// Whether a duty was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DutyStatus {
    /// It wasn't, and may still be.
    Open,
    /// It wasn't, and its last day is over, or its message went out before it.
    Overdue,
    /// It was.
    Done,
}

impl DutyStatus {
    /// Its name, in arguments and lists.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Overdue => "overdue",
            Self::Done => "done",
        }
    }

    /// Of a duty that is due on a day, before its message goes out, or at a time in other words. A record that must be kept until a
    /// day has been kept then.
    pub(crate) fn of(duty: &RecordDuty<'_>, is_done: bool, fate: Fate, today: Option<Date>) -> Self {
        let last_day = duty.due.and_then(Date::parse);
        let is_over = match duty.is_due_before() {
            true => fate == Fate::WentOut,
            false => last_day.zip(today).is_some_and(|(last_day, today)| last_day < today),
        };
        match (is_done, is_over) {
            (true, _) => Self::Done,
            (false, true) if duty.task == Some(DutyKind::KeepRecord.name()) => Self::Done,
            (false, true) => Self::Overdue,
            (false, false) => Self::Open,
        }
    }
}

/// A duty that follows from one message.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct DutyEntry {
    /// The hash of the message's record: 64 hexadecimal digits.
    pub record: String,
    /// The day of the message.
    pub day: Option<Date>,
    /// Who asked.
    pub requester: String,
    /// The message key.
    pub message_key: Option<String>,
    /// The switch's id of the request, or else the source, with the message's identifier or place there.
    pub message: String,
    /// The duty's id.
    pub duty: String,
    /// What must be done.
    pub task: Option<String>,
    /// The body that is reported to, or who else it concerns.
    pub to: Option<String>,
    /// The last day, or in words.
    pub due: Option<String>,
    /// Whether it was done.
    pub status: DutyStatus,
    /// On which day it was done.
    pub done_on: Option<Date>,
    /// Who did it.
    pub done_by: Option<String>,
    /// How, as that person says.
    pub note: Option<String>,
}

/// Duties by the day of their message. Its `Display` is for people, its serialization for programs.
#[derive(Debug, Serialize)]
pub struct DutyList {
    /// The duties.
    pub duties: Vec<DutyEntry>,
    /// Records that a duty was done whose message is in none of these logs, or owes none.
    #[serde(rename = "done-elsewhere")]
    pub done_elsewhere: u64,
}

/// Which duties are listed.
#[derive(Debug, Clone, Default)]
pub struct DutyQuery {
    /// Those of which messages. A message counts by the day of its first record from which the duty follows.
    pub messages: Query,
    /// Those of which status; empty: any.
    pub statuses: Vec<DutyStatus>,
}

/// A duty of a record.
#[derive(Debug, Clone)]
pub struct DutyReference {
    /// The first 12 or more hexadecimal digits of the hash of a record from which it follows.
    pub record: String,
    /// Its id.
    pub duty: String,
}

impl DutyReference {
    /// Digits of a record, at least.
    pub const MIN_DIGITS: usize = 12;
}

/// Verifies logs and lists the duties that follow from their messages, with what the records of duties that were done say of
/// them. A message owes what each of its records says, held or released, and each duty once. What was due before it went out
/// is no longer owed if it was refused. `today` tells what is overdue.
///
/// # Errors
/// When a log can't be read, is keyed and there is no key, or there are more than 100,000 duties.
pub fn duties(
    paths: &[PathBuf],
    verifier: Verifier<'_>,
    query: &DutyQuery,
    today: Option<Date>,
) -> Result<(Verification, DutyList), LogError> {
    let (verification, index) = scan(paths, verifier)?;
    let empty = || Duties { selection: Selection::Query(query), owed: BTreeMap::new(), is_too_large: false };
    let (_, duties) = count(paths, verifier, &Query::default(), &index, empty)?;
    if duties.is_too_large {
        let message =
            format!("more than {MAX_ROWS} duties: list those of a shorter time, of one class, or of one status");
        return Err(LogError::Usage(message));
    }
    let is_listed = |owed: &Owed| {
        let DutyEntry { day, requester, status, .. } = &owed.duty;
        let classes = || owed.classes.iter().map(String::as_str);
        let is_about = query.messages.covers(*day) && query.messages.is_about_one(requester, classes);
        is_about && (query.statuses.is_empty() || query.statuses.contains(status))
    };
    let owed = duties.owed.into_values().filter_map(|owed| owed.with_status(today)).filter(is_listed);
    let mut duties: Vec<DutyEntry> = owed.map(|owed| owed.duty).collect();
    duties.sort_by_key(|duty| duty.day);
    Ok((verification, DutyList { duties, done_elsewhere: index.done_elsewhere }))
}

/// Verifies logs and finds the duties that references mean: for each all duties of that id whose record begins so.
///
/// # Errors
/// When a log can't be read, or is keyed and there is no key.
pub fn find_duties(
    paths: &[PathBuf],
    verifier: Verifier<'_>,
    references: &[DutyReference],
    today: Option<Date>,
) -> Result<(Verification, Vec<Vec<DutyEntry>>), LogError> {
    let (verification, index) = scan(paths, verifier)?;
    let mut places: HashMap<&[u8], Vec<usize>> = HashMap::new();
    for (place, reference) in references.iter().enumerate() {
        let digits = reference.record.as_bytes().get(..DutyReference::MIN_DIGITS).unwrap_or_default();
        places.entry(digits).or_default().push(place);
    }
    let selection = Selection::References { references, places: &places };
    let empty = || Duties { selection, owed: BTreeMap::new(), is_too_large: false };
    let (_, duties) = count(paths, verifier, &Query::default(), &index, empty)?;
    let mut found = vec![Vec::new(); references.len()];
    for owed in duties.owed.into_values().filter_map(|owed| owed.with_status(today)) {
        for place in &owed.references {
            found.get_mut(*place).into_iter().for_each(|found| found.push(owed.duty.clone()));
        }
    }
    Ok((verification, found))
}

/// Which duties are collected.
#[derive(Clone, Copy)]
enum Selection<'s> {
    Query(&'s DutyQuery),
    References {
        references: &'s [DutyReference],
        /// The references that begin with these digits.
        places: &'s HashMap<&'s [u8], Vec<usize>>,
    },
}

/// Duties as they are collected, by the record that counts of their message, and their ids.
struct Duties<'s> {
    selection: Selection<'s>,
    owed: BTreeMap<(LinePosition, String), Owed>,
    is_too_large: bool,
}

/// A duty, and what tells whether it is listed.
#[derive(Debug)]
struct Owed {
    duty: DutyEntry,
    fate: Fate,
    /// Whether the record that counts owes it.
    is_of_counted: bool,
    /// The agency classes of all records from which it follows.
    classes: BTreeSet<String>,
    /// The references that mean it.
    references: BTreeSet<usize>,
}

impl Owed {
    /// With its status; `None` if it is no longer owed.
    fn with_status(mut self, today: Option<Date>) -> Option<Self> {
        let DutyEntry { duty: id, task, to, due, done_on, .. } = &self.duty;
        let duty = RecordDuty { id, task: task.as_deref(), to: to.as_deref(), due: due.as_deref() };
        if duty.lapses(self.fate) && !self.is_of_counted {
            return None;
        }
        self.duty.status = DutyStatus::of(&duty, done_on.is_some(), self.fate, today);
        Some(self)
    }

    fn merge(&mut self, other: Self) {
        self.is_of_counted |= other.is_of_counted;
        self.classes.extend(other.classes);
        self.references.extend(other.references);
        // The first record of a message begins the time in which something is due.
        if (other.duty.day, &other.duty.record) < (self.duty.day, &self.duty.record) {
            self.duty = other.duty;
        }
    }
}

impl Selection<'_> {
    /// Whether a duty of a record is collected: then the references that mean it. Of a message with several records an earlier one
    /// may say more, so it isn't decided here whether the duty is listed.
    fn collects(&self, message: &CountedMessage<'_>, duty: &str, is_done: bool) -> Option<BTreeSet<usize>> {
        match self {
            Self::Query(DutyQuery { messages, statuses }) => {
                let may_have_status = statuses.is_empty()
                    || statuses.contains(&DutyStatus::Done)
                    || !is_done && statuses.iter().any(|status| *status != DutyStatus::Done);
                let is_asked_for = messages.covers(message.date) && messages.is_about(message.record);
                (may_have_status && (message.is_repeated || is_asked_for)).then(BTreeSet::new)
            }
            Self::References { references, places } => {
                let same = places.get(message.hash.get(..DutyReference::MIN_DIGITS)?)?;
                let means = |place: &&usize| {
                    let reference = references.get(**place);
                    reference.is_some_and(|own| own.duty == duty && message.hash.starts_with(own.record.as_bytes()))
                };
                Some(same.iter().filter(means).copied().collect()).filter(|meant: &BTreeSet<usize>| !meant.is_empty())
            }
        }
    }
}

impl Duties<'_> {
    fn add_owed(&mut self, key: (LinePosition, String), owed: Owed) {
        let is_full = self.owed.len() >= MAX_ROWS && matches!(self.selection, Selection::Query(_));
        match self.owed.get_mut(&key) {
            Some(own) => own.merge(owed),
            None if is_full => self.is_too_large = true,
            None => drop(self.owed.insert(key, owed)),
        }
    }
}

impl Count for Duties<'_> {
    fn add(&mut self, message: &CountedMessage<'_>, _: &Query) {
        let CountedMessage { record, date, counted, position, hash, done, .. } = message;
        for duty in record.duties() {
            let done = done(duty.id);
            let Some(references) = self.selection.collects(message, duty.id, done.is_some()) else { continue };
            let owned = |text: Option<&str>| text.map(str::to_owned);
            let owed = DutyEntry {
                record: digits(hash),
                day: *date,
                requester: record.requester().to_owned(),
                message_key: owned(record.message_key()),
                message: record.place(),
                duty: duty.id.to_owned(),
                task: owned(duty.task),
                to: owned(duty.to),
                due: owned(duty.due),
                status: DutyStatus::Open,
                done_on: done.map(|done| done.on),
                done_by: done.map(|done| done.by.clone()),
                note: done.and_then(|done| done.note.clone()),
            };
            let classes = record.classes().map(str::to_owned).collect();
            let is_of_counted = counted.position == *position;
            let owed = Owed { duty: owed, fate: counted.fate, is_of_counted, classes, references };
            self.add_owed((counted.position, duty.id.to_owned()), owed);
        }
    }

    fn add_superseded(&mut self, message: &CountedMessage<'_>, query: &Query) {
        self.add(message, query);
    }

    fn merge(&mut self, other: Self) {
        self.is_too_large |= other.is_too_large;
        other.owed.into_iter().for_each(|(key, owed)| self.add_owed(key, owed));
    }
}

fn digits(hash: &RecordHash) -> String {
    String::from_utf8_lossy(hash).into_owned()
}

/// Digits of a record's hash that a person is shown; no two records of a log have the same.
const SHOWN_DIGITS: usize = 16;

const HEADS: [&str; 13] = [
    "record",
    "day",
    "requester",
    "message-key",
    "message",
    "duty",
    "task",
    "to",
    "due",
    "status",
    "done-on",
    "done-by",
    "note",
];

impl DutyList {
    /// As comma-separated values after RFC 4180, a header first, which is what a list of duties that were done is read from.
    #[must_use]
    pub fn csv(&self) -> String {
        let rows = self.duties.iter().map(|duty| duty.cells(&duty.record).map(|cell| spreadsheet_safe(&cell)).to_vec());
        csv_of([HEADS.map(str::to_owned).to_vec()].into_iter().chain(rows))
    }
}

impl DutyEntry {
    fn cells(&self, record: &str) -> [String; 13] {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
        [
            record.to_owned(),
            day(self.day),
            self.requester.clone(),
            text(&self.message_key),
            self.message.clone(),
            self.duty.clone(),
            text(&self.task),
            text(&self.to),
            text(&self.due),
            self.status.name().to_owned(),
            day(self.done_on),
            text(&self.done_by),
            text(&self.note),
        ]
    }
}

impl fmt::Display for DutyList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |status| self.duties.iter().filter(|duty| duty.status == status).count();
        let [open, overdue, done] = [DutyStatus::Open, DutyStatus::Overdue, DutyStatus::Done].map(of);
        let count = |count: u64| if count == 1 { "1 duty".to_owned() } else { format!("{count} duties") };
        writeln!(f, "{}: {open} open, {overdue} overdue, {done} done", count(self.duties.len() as u64))?;
        if self.done_elsewhere > 0 {
            let done = count(self.done_elsewhere);
            writeln!(f, "{done} on record as done of messages that are in none of these logs, or owe none")?;
        }
        if self.duties.is_empty() {
            return Ok(());
        }
        let rows = self.duties.iter().map(|duty| {
            let record: String = duty.record.chars().take(SHOWN_DIGITS).collect();
            duty.cells(&record).map(|cell| escape(&cell).into_owned()).to_vec()
        });
        let heads = HEADS.map(str::to_owned).to_vec();
        write!(f, "\n{}", aligned([heads].into_iter().chain(rows).collect(), HEADS.len()))
    }
}
