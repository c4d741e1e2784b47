//! `dmv-redact log done`: records that duties were done. Nothing is recorded unless each of them follows from a message of the logs
//! and is still to be done.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::csv_table::{CsvTable, cell};
use super::{LogArguments, report_faults};
use crate::date_argument::date;
use crate::ground_arguments::GroundArguments;
use crate::output::print_text;
use crate::{Exit, Problem, print_error};
use dmv_redact::Date;
use dmv_redact_log::{DoneDuty, Key, Log, SigningKey, VerifiedLog};
use dmv_redact_model::escape::escape;
use dmv_redact_model::policy::is_name;
use dmv_redact_report::{DutyStatus, OwedDuty, Query, duties};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    logs: LogArguments,
    /// The log that it is recorded in: a new one, or one that no process writes. If there is one, it is read, too
    #[arg(short, long, value_name = "LOG")]
    output: PathBuf,
    /// The key of its hashes
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
    #[arg(long = "duty", value_name = "RECORD:ID", value_parser = reference, required_unless_present = "list")]
    duties: Vec<Reference>,
    /// Duties that were done: rows of what `log duties --output csv` writes
    #[arg(long, value_name = "CSV")]
    list: Option<PathBuf>,
    /// Who did them
    #[arg(long, value_name = "NAME")]
    by: String,
    /// The day on which they were done [default: today]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
    on: Option<Date>,
}

/// A duty of a record.
#[derive(Debug, Clone)]
struct Reference {
    /// The first digits of the record's hash.
    record: String,
    duty: String,
    /// Where it is named.
    place: String,
}

/// Digits that a record is referred to by, at least.
const MIN_DIGITS: usize = 12;
/// Errors that are told one by one.
const MAX_ERRORS: usize = 20;

fn reference(text: &str) -> Result<Reference, String> {
    let parts = text.split_once(':').filter(|(record, duty)| is_digits(record) && !duty.is_empty());
    let (record, duty) = parts.ok_or_else(|| {
        format!("{MIN_DIGITS} or more hexadecimal digits of the record, a colon and the duty's id are wanted")
    })?;
    Ok(Reference { record: record.to_owned(), duty: duty.to_owned(), place: "--duty".to_owned() })
}

fn is_digits(text: &str) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (MIN_DIGITS..=64).contains(&text.len()) && text.bytes().all(is_digit)
}

pub(super) fn done(arguments: &Arguments) -> Result<Exit, Problem> {
    let Arguments { logs, output, policy, ground, by, .. } = arguments;
    if by.trim().is_empty() || !is_name(by) {
        let message = "--by: a name is 1 to 128 characters without control characters";
        return Err(Problem::Usage(message.to_owned()));
    }
    let today = Date::today();
    let on = arguments.on.or(today).ok_or_else(|| Problem::Usage("--on: the clock tells no day".to_owned()))?;
    if today.is_some_and(|today| on > today) {
        return Err(Problem::Usage(format!("--on: {on} is still to come")));
    }
    let output_key = arguments.output_key.as_deref().map(Key::read).transpose()?;
    let signing_key = arguments.signing_key.as_deref().map(SigningKey::read).transpose()?;
    let filter = ground.filter().policy_named(policy).without_token_key().build()?;
    let mut references = arguments.duties.clone();
    if let Some(list) = &arguments.list {
        references.extend(read_list(list)?);
    }
    let mut keys = logs.read_keys()?;
    keys.keys.extend(output_key.clone());
    let mut paths = logs.logs.clone();
    // What was done before is there.
    let is_output = |path: &PathBuf| path.canonicalize().ok() == output.canonicalize().ok();
    if output.exists() && !paths.iter().any(is_output) {
        paths.push(output.clone());
    }
    // Locked while what it has is read; a new one is begun only if there is something to record.
    let open = || Log::open(output, output_key.clone());
    let log = output.exists().then(open).transpose()?;
    let (found, owed) = duties(&paths, logs.verifier(&keys), &Query::default(), today)?;
    if found.fault_count > 0 {
        return Ok(report_faults(&found));
    }
    let is_continued = |log: &VerifiedLog| {
        let files = found.files.get(log.files.clone()).unwrap_or_default();
        files.iter().rev().skip(1).any(is_output)
    };
    if found.logs.iter().any(is_continued) {
        let message = format!("{}: the log goes on in another file", output.display());
        return Err(Problem::Usage(message));
    }
    let owed = select(&owed.duties, &references, on)?;
    let mut log = log.map_or_else(open, Ok)?;
    if let Some(key) = signing_key {
        log.sign_with(key);
    }
    let io = |error: std::io::Error| Problem::Io(format!("{}: {error}", output.display()));
    log.prepare(filter.identity(), false, false).map_err(io)?;
    log.start().map_err(io)?;
    let records = owed.iter().map(|owed| DoneDuty { of: &owed.record, duty: &owed.duty, on, by });
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

/// The duties that are meant. All errors are told at once.
fn select<'o>(owed: &'o [OwedDuty], references: &[Reference], on: Date) -> Result<Vec<&'o OwedDuty>, Problem> {
    let (mut selected, mut errors) = (Vec::new(), Vec::new());
    let mut named: BTreeSet<(&str, &str)> = BTreeSet::new();
    for Reference { record, duty, place } in references {
        let mut found = owed.iter().filter(|own| own.record.starts_with(record.as_str()) && own.duty == *duty);
        let wrong = match (found.next(), found.next()) {
            (None, _) => "no such duty follows from a message of these logs".to_owned(),
            (Some(_), Some(_)) => "several records begin with these digits".to_owned(),
            (Some(own), None) => match own.done_on {
                Some(day) if own.status == DutyStatus::Done => format!("it was done on {day}"),
                // Records have their time in UTC.
                _ if own.day.is_some_and(|day| on.days_until(day) > 1) => "its message is of a later day".to_owned(),
                _ => {
                    if named.insert((&own.record, &own.duty)) {
                        selected.push(own);
                    }
                    continue;
                }
            },
        };
        errors.push(format!("{place}: `{}:{}`: {wrong}", escape(record), escape(duty)));
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
fn read_list(path: &Path) -> Result<Vec<Reference>, Problem> {
    let mut table = CsvTable::open(path, b',')?;
    let name = table.name();
    let column = |wanted: &str| {
        let column = table.heads.iter().position(|head| head == wanted);
        column.ok_or_else(|| Problem::Usage(format!("{name}: the list has no column `{wanted}`")))
    };
    let (record, duty) = (column("record")?, column("duty")?);
    let mut references = Vec::new();
    while let Some((line, row)) = table.next()? {
        let place = format!("{name}:{line}");
        let cells = cell(row, record).filter(|record| is_digits(record)).zip(cell(row, duty));
        match cells.filter(|(_, duty)| !duty.is_empty()) {
            Some((record, duty)) => {
                references.push(Reference { record: record.to_owned(), duty: duty.to_owned(), place });
            }
            None => return Err(Problem::Usage(format!("{place}: it names no record and duty"))),
        }
    }
    Ok(references)
}
