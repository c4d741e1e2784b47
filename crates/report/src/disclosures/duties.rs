//! The duties that follow from messages, and which of them were done: a list for whoever must do them. Unlike a report it names
//! messages, by the ids that the log has.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::{Serialize, Serializer};

use super::index::RecordHash;
use super::table::{aligned, csv_of};
use super::{Count, CountedMessage, MAX_ROWS, Query, count, scan};
use dmv_redact_log::{LinePosition, LogError, Verification, Verifier};
use dmv_redact_model::date::Date;
use dmv_redact_model::escape::{escape, spreadsheet_safe};

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

    /// Of a duty that is due on a day, before its message goes out, or at a time in other words.
    pub(crate) fn of(due: Option<&str>, is_done: bool, went_out: bool, today: Option<Date>) -> Self {
        let is_over = match due {
            Some("before") => went_out,
            _ => due.and_then(Date::parse).zip(today).is_some_and(|(last_day, today)| last_day < today),
        };
        match (is_done, is_over) {
            (true, _) => Self::Done,
            (false, true) => Self::Overdue,
            (false, false) => Self::Open,
        }
    }
}

/// A duty that follows from one message.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct OwedDuty {
    /// The hash of the message's record: 64 hexadecimal digits.
    pub record: String,
    /// The day of the message.
    #[serde(serialize_with = "as_text")]
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
    #[serde(serialize_with = "as_text")]
    pub done_on: Option<Date>,
    /// Who did it.
    pub done_by: Option<String>,
}

fn as_text<S: Serializer>(date: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
    match date {
        Some(date) => serializer.collect_str(date),
        None => serializer.serialize_none(),
    }
}

/// Duties by the day of their message. Its `Display` is for people, its serialization for programs.
#[derive(Debug, Serialize)]
pub struct DutyList {
    /// The duties.
    pub duties: Vec<OwedDuty>,
    /// Records that a duty was done whose message is in none of these logs, or owes none.
    #[serde(rename = "done-elsewhere")]
    pub done_elsewhere: u64,
}

/// Verifies logs and lists the duties that follow from their messages, with what the records of duties that were done say of
/// them. A message owes what each of its records says, held or released, and each duty once; `today` tells what is overdue.
///
/// # Errors
/// When a log can't be read, is keyed and there is no key, or there are more than 100,000 duties.
pub fn duties(
    paths: &[PathBuf],
    verifier: Verifier<'_>,
    query: &Query,
    today: Option<Date>,
) -> Result<(Verification, DutyList), LogError> {
    let (verification, index) = scan(paths, verifier)?;
    let empty = || Duties { owed: BTreeMap::new(), is_too_large: false };
    let (_, duties) = count(paths, verifier, query, &index, empty)?;
    if duties.is_too_large {
        let message = format!("more than {MAX_ROWS} duties: list those of a shorter time, or of one class");
        return Err(LogError::Usage(message));
    }
    let with_status = |(mut duty, went_out): (OwedDuty, bool)| {
        duty.status = DutyStatus::of(duty.due.as_deref(), duty.done_on.is_some(), went_out, today);
        duty
    };
    let mut list: Vec<OwedDuty> = duties.owed.into_values().map(with_status).collect();
    list.sort_by_key(|duty| duty.day);
    Ok((verification, DutyList { duties: list, done_elsewhere: index.done_elsewhere }))
}

/// The duties by the record that counts of their message, and their ids; and whether the message went out.
struct Duties {
    owed: BTreeMap<(LinePosition, String), (OwedDuty, bool)>,
    is_too_large: bool,
}

impl Duties {
    fn add_owed(&mut self, key: (LinePosition, String), owed: OwedDuty, went_out: bool) {
        if self.owed.len() >= MAX_ROWS && !self.owed.contains_key(&key) {
            self.is_too_large = true;
            return;
        }
        let Some((own, own_went_out)) = self.owed.get_mut(&key) else {
            self.owed.insert(key, (owed, went_out));
            return;
        };
        *own_went_out |= went_out;
        // The first record of a message begins the time in which something is due.
        if (owed.day, &owed.record) < (own.day, &own.record) {
            *own = owed;
        }
    }
}

impl Count for Duties {
    fn add(&mut self, message: &CountedMessage<'_>, _: &Query) {
        let CountedMessage { record, date, counted, hash, done, .. } = message;
        for duty in record.duties() {
            let done = done(duty.id);
            let owed = OwedDuty {
                record: digits(hash),
                day: *date,
                requester: record.requester().to_owned(),
                message_key: record.message_key().map(str::to_owned),
                message: record.place(),
                duty: duty.id.to_owned(),
                task: duty.task.map(str::to_owned),
                to: duty.to.map(str::to_owned),
                due: duty.due.map(str::to_owned),
                status: DutyStatus::Open,
                done_on: done.map(|done| done.on),
                done_by: done.map(|done| done.by.clone()),
            };
            self.add_owed((*counted, duty.id.to_owned()), owed, record.went_out());
        }
    }

    fn add_superseded(&mut self, message: &CountedMessage<'_>, query: &Query) {
        self.add(message, query);
    }

    fn merge(&mut self, other: Self) {
        self.is_too_large |= other.is_too_large;
        other.owed.into_iter().for_each(|(key, (owed, went_out))| self.add_owed(key, owed, went_out));
    }
}

fn digits(hash: &RecordHash) -> String {
    String::from_utf8_lossy(hash).into_owned()
}

/// Digits of a record's hash that a person is shown; no two records of a log have the same.
const SHOWN_DIGITS: usize = 16;

const HEADS: [&str; 12] = [
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
];

impl DutyList {
    /// As comma-separated values after RFC 4180, a header first, which is what a list of duties that were done is read from.
    #[must_use]
    pub fn csv(&self) -> String {
        let rows = self.duties.iter().map(|duty| duty.cells(&duty.record).map(|cell| spreadsheet_safe(&cell)).to_vec());
        csv_of([HEADS.map(str::to_owned).to_vec()].into_iter().chain(rows))
    }
}

impl OwedDuty {
    fn cells(&self, record: &str) -> [String; 12] {
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
        ]
    }
}

impl fmt::Display for DutyList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |status| self.duties.iter().filter(|duty| duty.status == status).count();
        let [open, overdue, done] = [DutyStatus::Open, DutyStatus::Overdue, DutyStatus::Done].map(of);
        writeln!(f, "{} duties: {open} open, {overdue} overdue, {done} done", self.duties.len())?;
        if self.done_elsewhere > 0 {
            writeln!(f, "{} duties were done of messages that are in none of these logs", self.done_elsewhere)?;
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
