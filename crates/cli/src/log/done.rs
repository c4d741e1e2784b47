//! `dmv-redact log done`: records that duties were done. Nothing is recorded unless each of them follows from a message of the logs
//! and is still to be done.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::csv_table::{CsvTable, cell, goes_on};
use super::{LogArguments, LogKeys, refuse_rotated, report_faults};
use crate::date_argument::date;
use crate::ground_arguments::GroundArguments;
use crate::output::print_text;
use crate::person_argument::{person, statement};
use crate::{Exit, Problem, print_error};
use dmv_redact::{Date, Filter};
use dmv_redact_log::{DoneDuty, Key, Log, SigningKey, Verification, VerifiedLog};
use dmv_redact_model::escape::escape;
use dmv_redact_report::{DutyEntry, DutyReference, find_duties};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    logs: LogArguments,
    /// The log that it is recorded in: a new one, or one that no process writes. If there is one, it is read, too
    #[arg(short, long, value_name = "LOG")]
    output: PathBuf,
    /// The key of its hashes [default: the first --key]
    #[arg(long, value_name = "FILE")]
    output_key: Option<PathBuf>,
    /// Sign its end with this Ed25519 key, in PEM. A log that was signed so far must be
    #[arg(long, value_name = "FILE")]
    signing_key: Option<PathBuf>,
    /// The policy that the duties are of: a file, or the name of a built-in one
    #[arg(long, value_name = "POLICY")]
    policy: PathBuf,
    #[command(flatten)]
    ground: GroundArguments,
    /// A duty that was done: the first 12 or more digits of its record, as `log duties` shows them, and its id. May be given again
    #[arg(long = "duty", value_name = "RECORD:ID", value_parser = named, required_unless_present = "list")]
    duties: Vec<Named>,
    /// Duties that were done: rows of what `log duties --output csv` writes
    #[arg(long, value_name = "CSV")]
    list: Option<PathBuf>,
    /// Who did them
    #[arg(long, value_name = "NAME", value_parser = person)]
    by: String,
    /// How they were done, for the record
    #[arg(long, value_name = "TEXT", value_parser = statement)]
    note: Option<String>,
    /// The day on which they were done [default: today]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
    on: Option<Date>,
}

/// A duty that is named.
#[derive(Debug, Clone)]
struct Named {
    reference: DutyReference,
    /// How errors name it: an argument as it is, and of a list the line alone (P6).
    place: String,
}

const MIN_DIGITS: usize = DutyReference::MIN_DIGITS;
/// Errors that are told one by one.
const MAX_ERRORS: usize = 20;

fn named(text: &str) -> Result<Named, String> {
    let parts = text.split_once(':').filter(|(record, duty)| is_digits(record) && !duty.is_empty());
    let (record, duty) = parts.ok_or_else(|| {
        format!("{MIN_DIGITS} or more hexadecimal digits of the record, a colon and the duty's id are wanted")
    })?;
    let reference = DutyReference { record: record.to_owned(), duty: duty.to_owned() };
    Ok(Named { reference, place: format!("--duty {}", escape(text)) })
}

fn is_digits(text: &str) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (MIN_DIGITS..=64).contains(&text.len()) && text.bytes().all(is_digit)
}

pub(super) fn done(arguments: &Arguments) -> Result<Exit, Problem> {
    let Arguments { logs, output, .. } = arguments;
    let today = Date::today();
    let on = arguments.on.or(today).ok_or_else(|| Problem::Usage("--on: the clock tells no day".to_owned()))?;
    if today.is_some_and(|today| on > today) {
        return Err(Problem::Usage(format!("--on: {on} is still to come")));
    }
    let mut keys = logs.read_keys()?;
    let output_key = arguments.output_key.as_deref().map(Key::read).transpose()?;
    if output_key.is_some() && keys.keys.is_empty() {
        return Err(Problem::Usage("--output-key: the other logs have none; --key names theirs".to_owned()));
    }
    let output_key = output_key.or_else(|| keys.keys.first().cloned());
    keys.keys.extend(output_key.clone());
    let signing_key = arguments.signing_key.as_deref().map(SigningKey::read).transpose()?;
    let filter = arguments.ground.filter().policy_named(&arguments.policy).without_token_key().build()?;
    let mut named = arguments.duties.clone();
    if let Some(list) = &arguments.list {
        named.extend(read_list(list)?);
    }
    refuse_rotated(output)?;
    let is_new = !output.exists();
    // Locked while all are read, so that nobody else records the same.
    let log = Log::open(output, output_key)?;
    let recorded = record(arguments, &keys, log, (&filter, signing_key), (&named, on, today));
    if is_new && !matches!(recorded, Ok(Exit::Released)) && std::fs::metadata(output).is_ok_and(|made| made.len() == 0)
    {
        // Nothing was recorded, so there is no log.
        let _ = std::fs::remove_file(output);
    }
    recorded
}

/// Reads all logs, and records the duties that are named if each can be.
fn record(
    arguments: &Arguments,
    keys: &LogKeys,
    mut log: Log,
    (filter, signing_key): (&Filter, Option<SigningKey>),
    (named, on, today): (&[Named], Date, Option<Date>),
) -> Result<Exit, Problem> {
    let Arguments { logs, output, by, .. } = arguments;
    let io = |error: std::io::Error| Problem::Io(format!("{}: {error}", output.display()));
    let has_signing_key = signing_key.is_some();
    if let Some(key) = signing_key {
        log.sign_with(key);
    }
    // The start tells of a line that a killed process left there.
    let has_begun = log.torn_bytes() > 0;
    if has_begun {
        log.begin_open_ended(filter.identity(), false).map_err(io)?;
    }
    let mut paths: Vec<PathBuf> = logs.logs.iter().filter(|path| !is_same(path, output)).cloned().collect();
    // What was done before is there.
    if std::fs::metadata(output).is_ok_and(|metadata| metadata.len() > 0) {
        paths.push(output.clone());
    }
    let references: Vec<DutyReference> = named.iter().map(|named| named.reference.clone()).collect();
    let (found, duties) = find_duties(&paths, logs.verifier(keys), &references, today)?;
    if found.fault_count > 0 {
        return Ok(report_faults(&found));
    }
    check_output(&found, output, has_signing_key)?;
    let owed = select(&duties, named, on)?;
    if !has_begun {
        log.begin_open_ended(filter.identity(), false).map_err(io)?;
    }
    let records = owed.iter().map(|owed| DoneDuty {
        of: &owed.record,
        duty: &owed.duty,
        on,
        by,
        note: arguments.note.as_deref(),
    });
    log.done(records).map_err(io)?;
    log.end().map_err(io)?;
    let (sequence, hash) = log.head();
    let name = escape(&output.to_string_lossy()).into_owned();
    let count = match owed.len() {
        1 => "1 duty".to_owned(),
        count => format!("{count} duties"),
    };
    print_text(&format!("{name}: {count} done on {on}\nit ends with {sequence}:{hash}\n"))?;
    Ok(Exit::Released)
}

/// Whether what is recorded can be added to the log that was read.
fn check_output(found: &Verification, output: &Path, is_signing: bool) -> Result<(), Problem> {
    let files = |log: &VerifiedLog| found.files.get(log.files.clone()).unwrap_or_default();
    let Some(log) = found.logs.iter().find(|log| files(log).iter().any(|file| is_same(file, output))) else {
        return Ok(());
    };
    let refuse = |what: &str| Err(Problem::Usage(format!("{}: {what}", output.display())));
    match () {
        () if !files(log).last().is_some_and(|file| is_same(file, output)) => refuse("the log goes on in another file"),
        () if log.is_signed && !is_signing => refuse("it is signed: it takes --signing-key to go on with it"),
        () => Ok(()),
    }
}

fn is_same(path: &Path, other: &Path) -> bool {
    path.canonicalize().is_ok_and(|path| other.canonicalize().is_ok_and(|other| path == other))
}

/// The duties that are meant. All errors are told at once.
fn select<'o>(found: &'o [Vec<DutyEntry>], named: &[Named], on: Date) -> Result<Vec<&'o DutyEntry>, Problem> {
    let (mut selected, mut errors) = (Vec::new(), Vec::new());
    let mut seen: BTreeSet<(&str, &str)> = BTreeSet::new();
    for (named, found) in named.iter().zip(found) {
        let wrong = match found.as_slice() {
            [] => "no such duty follows from a message of these logs".to_owned(),
            [own] => match own.done_on {
                Some(day) => format!("it was done on {day}"),
                // Records have their time in UTC.
                None if own.day.is_some_and(|day| on.days_until(day) > 1) => "its message is of a later day".to_owned(),
                None => {
                    if seen.insert((&own.record, &own.duty)) {
                        selected.push(own);
                    }
                    continue;
                }
            },
            _ => "several records begin with these digits".to_owned(),
        };
        errors.push(format!("{}: {wrong}", named.place));
    }
    if errors.is_empty() {
        return match selected.as_slice() {
            [] => Err(Problem::Usage("the list names no duty".to_owned())),
            _ => Ok(selected),
        };
    }
    errors.iter().take(MAX_ERRORS).for_each(print_error);
    let more = match errors.len().saturating_sub(MAX_ERRORS) {
        0 => String::new(),
        more => format!("and {more} more: "),
    };
    Err(Problem::Usage(format!("{more}nothing was recorded")))
}

/// The duties of a list.
fn read_list(path: &Path) -> Result<Vec<Named>, Problem> {
    let mut table = CsvTable::open(path, b',')?;
    let name = table.name();
    let (record, duty) = (table.column("record")?, table.column("duty")?);
    let mut named = Vec::new();
    while let Some((line, row)) = table.next()? {
        let place = format!("{name}:{line}");
        if goes_on(row) {
            return Err(Problem::Usage(format!("{place}: a column goes on in the next line: is a quote missing?")));
        }
        let cells = cell(row, record).filter(|record| is_digits(record)).zip(cell(row, duty));
        match cells.filter(|(_, duty)| !duty.is_empty()) {
            Some((record, duty)) => {
                let reference = DutyReference { record: record.to_owned(), duty: duty.to_owned() };
                named.push(Named { reference, place });
            }
            None => return Err(Problem::Usage(format!("{place}: it names no record and duty"))),
        }
    }
    Ok(named)
}
