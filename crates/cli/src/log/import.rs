//! `dmv-redact log import`: counts of a switch's own log from before, so that a report reaches back behind the first day.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::ValueEnum;

use super::csv_table::{CsvTable, cell, goes_on};
use super::refuse_rotated;
use crate::ground_arguments::GroundArguments;
use crate::output::print_text;
use crate::{Exit, Problem, print_error};
use dmv_redact::{Date, Ori};
use dmv_redact_log::{ImportedMessages, Key, Log, SigningKey};
use dmv_redact_model::escape::escape;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The table: CSV whose first line names the columns, such as an export of what Nlets' RAND service returned
    #[arg(value_name = "CSV")]
    table: PathBuf,
    /// The log that the counts are appended to: a new one, or one that no process writes
    #[arg(short, long, value_name = "LOG")]
    output: PathBuf,
    /// The key of its hashes
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Sign its end with this Ed25519 key, in PEM. A log that was signed so far must be
    #[arg(long, value_name = "FILE")]
    signing_key: Option<PathBuf>,
    /// The policy whose agency classes the requesters are in: a file, or the name of a built-in one
    #[arg(long, value_name = "POLICY")]
    policy: PathBuf,
    #[command(flatten)]
    ground: GroundArguments,
    /// The column of the day, or of a time that begins with it
    #[arg(long, value_name = "COLUMN")]
    date: String,
    /// How the day is written
    #[arg(long, value_name = "FORM", default_value = "iso")]
    date_form: DateForm,
    /// The column of the requester's ORI
    #[arg(long, value_name = "COLUMN")]
    requester: String,
    /// The column of the message key
    #[arg(long, value_name = "COLUMN")]
    message_key: Option<String>,
    /// The column of how many messages a line is [default: each line is one]
    #[arg(long, value_name = "COLUMN")]
    count: Option<String>,
    /// What separates columns
    #[arg(long, value_name = "CHARACTER", default_value = ",", value_parser = separator)]
    separator: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DateForm {
    /// 2026-11-30
    Iso,
    /// 20261130
    Compact,
    /// 11/30/2026
    Us,
}

impl DateForm {
    /// The day that a cell begins with.
    fn read(self, cell: &str) -> Option<Date> {
        match self {
            Self::Iso => Date::parse(cell.get(..10)?),
            Self::Compact => {
                let (year, month, day) = (cell.get(..4)?, cell.get(4..6)?, cell.get(6..8)?);
                Date::parse(&format!("{year}-{month}-{day}"))
            }
            Self::Us => {
                let mut parts = cell.split([' ', 'T']).next()?.splitn(3, '/');
                let (month, day, year) = (parts.next()?, parts.next()?, parts.next()?);
                Date::parse(&format!("{year}-{month:0>2}-{day:0>2}"))
            }
        }
    }
}

fn separator(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\r' | b'\n') => Ok(*byte),
        _ => Err("one ASCII character is wanted, or `\\t`".to_owned()),
    }
}

/// The day, the requester and the message key that messages are counted by.
type Place = (Date, Ori, Option<String>);
type Counts = BTreeMap<Place, u64>;

/// Combinations at most: each is a line of the log (P8).
const MAX_COUNTS: usize = 10_000_000;
/// Lines that can't be read and are told one by one.
const MAX_ERRORS: u64 = 20;
/// Characters of a message key, at most; Nlets' have two or three.
const MAX_KEY_BYTES: usize = 8;

/// The places of the columns.
struct Columns {
    /// How many there are.
    number: usize,
    date: usize,
    requester: usize,
    message_key: Option<usize>,
    count: Option<usize>,
}

pub(super) fn import(arguments: &Arguments) -> Result<Exit, Problem> {
    let Arguments { table, output, policy, ground, .. } = arguments;
    let key = arguments.key.as_deref().map(Key::read).transpose()?;
    let signing_key = arguments.signing_key.as_deref().map(SigningKey::read).transpose()?;
    let filter = ground.filter().policy_named(policy).without_token_key().build()?;
    refuse_rotated(output)?;
    let (counts, unread) = read(arguments)?;
    let source = table.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let source = escape(&source);
    let mut log = Log::open(output, key)?;
    if let Some(key) = signing_key {
        log.sign_with(key);
    }
    let io = |error: std::io::Error| Problem::Io(format!("{}: {error}", output.display()));
    log.prepare(filter.identity(), false, false).map_err(io)?;
    log.start().map_err(io)?;
    let decider = filter.decider();
    let lines = counts.iter().map(|((date, requester, message_type), imported)| ImportedMessages {
        source: &source,
        date: *date,
        requester: *requester,
        agency_classes: decider
            .classes_on(*requester, *date)
            .into_iter()
            .map(|class| decider.class_name(class))
            .collect(),
        message_type: message_type.as_deref(),
        imported: *imported,
    });
    log.import(lines).map_err(io)?;
    log.end().map_err(io)?;
    let messages = counts.values().fold(0_u64, |sum, count| sum.saturating_add(*count));
    let (sequence, hash) = log.head();
    let name = escape(&output.to_string_lossy()).into_owned();
    print_text(&format!("{name}: {messages} messages in {} lines\nit ends with {sequence}:{hash}\n", counts.len()))?;
    if unread > 0 {
        let table = escape(&table.to_string_lossy()).into_owned();
        print_error(format!("{table}: {unread} lines could not be read, and are not counted"));
    }
    Ok(if unread > 0 { Exit::Refused } else { Exit::Released })
}

/// The counts of a table, and how many of its lines can't be read.
fn read(arguments: &Arguments) -> Result<(Counts, u64), Problem> {
    let mut table = CsvTable::open(&arguments.table, arguments.separator)?;
    let columns = Columns::find(arguments, &table)?;
    let name = table.name();
    let (mut counts, mut unread) = (Counts::new(), 0);
    while let Some((number, line)) = table.next()? {
        match columns.read(arguments.date_form, line) {
            Ok((key, count)) => {
                let own = counts.entry(key).or_default();
                *own = own.saturating_add(count);
            }
            Err(what) => {
                unread += 1;
                if unread <= MAX_ERRORS {
                    print_error(format!("{name}:{number}: {what}"));
                }
            }
        }
        if counts.len() > MAX_COUNTS {
            let message = format!("{name}: more than {MAX_COUNTS} days, requesters and keys: import a part");
            return Err(Problem::Usage(message));
        }
    }
    Ok((counts, unread))
}

impl Columns {
    fn find(arguments: &Arguments, table: &CsvTable) -> Result<Self, Problem> {
        let optional = |name: &Option<String>| name.as_deref().map(|name| table.column(name)).transpose();
        Ok(Self {
            number: table.heads.len(),
            date: table.column(&arguments.date)?,
            requester: table.column(&arguments.requester)?,
            message_key: optional(&arguments.message_key)?,
            count: optional(&arguments.count)?,
        })
    }

    /// What a line counts; an error says which column is wrong, and not how (P6).
    fn read(&self, form: DateForm, line: &csv::ByteRecord) -> Result<(Place, u64), &'static str> {
        if line.len() != self.number {
            return Err("it has another number of columns than the first line");
        }
        if goes_on(line) {
            return Err("a column goes on in the next line: is a quote missing?");
        }
        let cell = |column: usize| cell(line, column);
        let date =
            cell(self.date).and_then(|cell| form.read(cell)).ok_or("the day is none, or is written otherwise")?;
        if Date::today().is_some_and(|today| date > today) {
            return Err("the day is still to come");
        }
        let requester = cell(self.requester).and_then(Ori::new).ok_or("the requester is no ORI")?;
        let is_key = |key: &&str| key.len() <= MAX_KEY_BYTES && key.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let message_key = match self.message_key.map(cell) {
            None | Some(Some("")) => None,
            Some(key) => Some(key.filter(is_key).ok_or("the message key is none")?.to_owned()),
        };
        let count = match self.count.map(cell) {
            None => 1,
            Some(count) => {
                count.and_then(|count| count.parse().ok()).filter(|count| *count > 0).ok_or("the count is none")?
            }
        };
        Ok(((date, requester, message_key), count))
    }
}
