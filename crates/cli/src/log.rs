//! `dmv-redact log`: verifies disclosure logs, reports and publishes what is in them, takes over what was counted before, and keeps
//! the list of duties.

mod csv_table;
mod done;
mod import;
mod site;

use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand, ValueEnum};

use super::date_argument::date;
use super::output::{print, print_json, print_text};
use super::{Exit, Problem, print_error};
use dmv_redact::{Date, Requester};
use dmv_redact_log::{Key, LogHead, PublicKey, Verification, VerifiedLog, Verifier, is_rotated_name};
use dmv_redact_model::escape::escape;
use dmv_redact_report::{Dimension, DutyQuery, DutyStatus, NO_REQUESTER, Query, disclosures, duties};

/// Verify a disclosure log, or report who got what.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Find any line that was changed, removed, inserted, moved or cut. Ends with status 3 if there is one
    Verify {
        #[command(flatten)]
        logs: LogArguments,
    },
    /// Report who got what, and how often. Verifies the log, too; ends with status 3 if it has faults
    Report {
        #[command(flatten)]
        logs: LogArguments,
        #[command(flatten)]
        query: QueryArguments,
        /// For a terminal, a spreadsheet, a program or a page; csv and markdown need --by
        #[arg(long, value_name = "FORM", default_value = "text")]
        output: Form,
    },
    /// Write pages that can be published as they are: who asked how often, what they got, on what paper, month by month.
    /// Verifies the log, too; ends with status 3 if it has faults
    Site(Box<site::Arguments>),
    /// List the duties that follow from messages, and which of them were done. Verifies the logs, too; ends with status 3 if they
    /// have faults
    Duties {
        #[command(flatten)]
        logs: LogArguments,
        #[command(flatten)]
        query: RecipientArguments,
        /// List only what has this status; may be given again
        #[arg(long = "status", value_name = "STATUS", value_parser = status())]
        statuses: Vec<DutyStatus>,
        /// For a terminal, a spreadsheet or a program
        #[arg(long, value_name = "FORM", default_value = "text")]
        output: ListForm,
    },
    /// Record that duties were done, in a log of its own
    Done(Box<done::Arguments>),
    /// Take over the counts of a switch's own log from before, a CSV file with a line for each message
    Import(import::Arguments),
}

/// The logs that are read.
#[derive(Debug, Args)]
struct LogArguments {
    /// All files of the log, plain or compressed (gzip, Zstandard), in any order. Several logs may be given: they are read as one
    #[arg(required = true, value_name = "LOG")]
    logs: Vec<PathBuf>,
    /// The key of its hashes; may be given again where several logs have different keys
    #[arg(long = "key", value_name = "FILE")]
    keys: Vec<PathBuf>,
    /// A public key of the signatures of its checkpoints, in PEM: each must be of one of these keys. May be given again
    #[arg(long = "public-key", value_name = "FILE")]
    public_keys: Vec<PathBuf>,
    /// A line that a log must contain, as reported at the end of the run that wrote it: detects a truncated or rewritten log. May be
    /// given again
    #[arg(long = "head", value_name = "SEQUENCE:HASH", value_parser = head)]
    heads: Vec<LogHead>,
}

/// The keys that logs are verified with.
struct LogKeys {
    keys: Vec<Key>,
    public_keys: Vec<PublicKey>,
}

impl LogArguments {
    fn read_keys(&self) -> Result<LogKeys, Problem> {
        let keys = self.keys.iter().map(|path| Key::read(path)).collect::<Result<_, _>>()?;
        let public_keys = self.public_keys.iter().map(|path| PublicKey::read(path)).collect::<Result<_, _>>()?;
        Ok(LogKeys { keys, public_keys })
    }

    fn verifier<'v>(&'v self, LogKeys { keys, public_keys }: &'v LogKeys) -> Verifier<'v> {
        let verifier = Verifier::default().keys(keys).heads(&self.heads);
        if public_keys.is_empty() { verifier } else { verifier.public_keys(public_keys) }
    }
}

/// The days that are counted.
#[derive(Debug, Clone, Copy, Args)]
struct DayArguments {
    /// Count from this day on, by the time of each record in UTC
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
    since: Option<Date>,
    /// Count up to this day, that day included
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
    until: Option<Date>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Text,
    Csv,
    Json,
    Markdown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ListForm {
    Text,
    Csv,
    Json,
}

/// Which messages are counted.
#[derive(Debug, Clone, Args)]
struct RecipientArguments {
    #[command(flatten)]
    days: DayArguments,
    /// Count only what went to this agency class; may be given again
    #[arg(long = "class", value_name = "NAME")]
    classes: Vec<String>,
    /// Count only what went to this requester, or `unknown`; may be given again
    #[arg(long = "requester", value_name = "ORI", value_parser = requester)]
    requesters: Vec<String>,
}

/// Which messages are counted, and by what.
#[derive(Debug, Clone, Args)]
struct QueryArguments {
    #[command(flatten)]
    recipients: RecipientArguments,
    /// Count by these columns, with commas between them: a row for each combination that occurs
    #[arg(
        long,
        value_name = "COLUMN,...",
        value_delimiter = ',',
        value_parser = dimension(),
        required_if_eq_any([("output", "csv"), ("output", "markdown")])
    )]
    by: Vec<Dimension>,
}

fn requester(text: &str) -> Result<String, String> {
    match Requester::new(text) {
        Err(error) if text != NO_REQUESTER => Err(error.to_string()),
        _ => Ok(text.to_owned()),
    }
}

fn dimension() -> impl TypedValueParser<Value = Dimension> {
    PossibleValuesParser::new(Dimension::ALL.map(Dimension::name)).try_map(|name| {
        let dimension = Dimension::ALL.into_iter().find(|dimension| dimension.name() == name);
        dimension.ok_or("there is no such column")
    })
}

fn status() -> impl TypedValueParser<Value = DutyStatus> {
    const ALL: [DutyStatus; 3] = [DutyStatus::Open, DutyStatus::Overdue, DutyStatus::Done];
    PossibleValuesParser::new(ALL.map(DutyStatus::name)).try_map(|name| {
        let status = ALL.into_iter().find(|status| status.name() == name);
        status.ok_or("there is no such status")
    })
}

impl DayArguments {
    fn query(self) -> Result<Query, Problem> {
        let Self { since, until } = self;
        if let Some((since, until)) = since.zip(until).filter(|(since, until)| since > until) {
            return Err(Problem::Usage(format!("--since: {since} is after --until {until}")));
        }
        Ok(Query { since, until, ..Query::default() })
    }
}

impl RecipientArguments {
    fn query(&self) -> Result<Query, Problem> {
        let Self { days, classes, requesters } = self.clone();
        Ok(Query { classes, requesters, ..days.query()? })
    }
}

impl QueryArguments {
    fn query(&self) -> Result<Query, Problem> {
        let Self { recipients, by } = self.clone();
        let twice = by.iter().enumerate().find(|(at, own)| by.iter().take(*at).any(|before| before == *own));
        if let Some((_, dimension)) = twice {
            return Err(Problem::Usage(format!("--by: `{}` is given twice", dimension.name())));
        }
        Ok(Query { by, ..recipients.query()? })
    }
}

/// Refuses to write to a file that a rotated log went on from, or is about to go on in: what is added to it would belong to nothing.
fn refuse_rotated(path: &Path) -> Result<(), Problem> {
    let has_ending = |own: &str| path.extension().is_some_and(|ending| ending == own);
    if is_rotated_name(path) || has_ending("next") || has_ending("link") {
        let message = format!("{}: this is the name of a rotated log's file: name another", path.display());
        return Err(Problem::Usage(message));
    }
    Ok(())
}

fn head(text: &str) -> Result<LogHead, String> {
    let parts = text.split_once(':').and_then(|(sequence, hash)| {
        let is_hash = hash.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        Some(LogHead { sequence: sequence.parse().ok()?, hash: hash.as_bytes().try_into().ok().filter(|_| is_hash)? })
    });
    parts.ok_or_else(|| "a sequence number, a colon and 64 hexadecimal digits are wanted".to_owned())
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    let result = match &arguments.verb {
        Verb::Verify { logs } => verify_logs(logs),
        Verb::Report { logs, query, output } => report_logs(logs, query, *output),
        Verb::Site(arguments) => site::publish(arguments),
        Verb::Duties { logs, query, statuses, output } => list_duties(logs, query, statuses, *output),
        Verb::Done(arguments) => done::done(arguments),
        Verb::Import(arguments) => import::import(arguments),
    };
    result.unwrap_or_else(Problem::print_error)
}

fn verify_logs(arguments: &LogArguments) -> Result<Exit, Problem> {
    let keys = arguments.read_keys()?;
    let found = arguments.verifier(&keys).verify(&arguments.logs)?;
    let exit = report_faults(&found);
    if exit == Exit::Released {
        let Verification { lines, messages, runs, logs, .. } = &found;
        let keyed = if keys.keys.is_empty() { ", without a key" } else { "" };
        let mut text = format!("{}: whole{keyed}: {lines} lines, {messages} messages, {runs} runs\n", names(&found));
        for log in logs {
            // One log needs no name.
            let name = found.files.get(log.files.clone()).and_then(<[PathBuf]>::last).filter(|_| logs.len() > 1);
            let name = name.map_or_else(String::new, |name| format!("{}: ", escape(&name.to_string_lossy())));
            if !keys.public_keys.is_empty() {
                text.push_str(&format!("{name}{}\n", signed(log)));
            }
            let (sequence, hash) = log.head.clone().unwrap_or_default();
            text.push_str(&format!("{name}it ends with {sequence}:{hash}\n"));
        }
        print_text(&text)?;
    }
    Ok(exit)
}

/// How far a log without a fault is signed.
fn signed(log: &VerifiedLog) -> String {
    let Some(signed) = log.signed_up_to else { return "nothing is signed yet".to_owned() };
    let signatures = match log.signatures {
        1 => "1 signature".to_owned(),
        count => format!("{count} signatures"),
    };
    let after = match log.head.as_ref().map_or(0, |(last, _)| last.saturating_sub(signed)) {
        0 => String::new(),
        1 => "; the line after it isn't signed yet".to_owned(),
        after => format!("; the {after} lines after it aren't signed yet"),
    };
    format!("signed up to sequence {signed}: {signatures} verified{after}")
}

fn report_logs(arguments: &LogArguments, query: &QueryArguments, form: Form) -> Result<Exit, Problem> {
    let query = query.query()?;
    let keys = arguments.read_keys()?;
    let (found, report) = disclosures(&arguments.logs, arguments.verifier(&keys), &query)?;
    match form {
        Form::Text => print_text(&report.to_string())?,
        Form::Csv => {
            // A table has no place for them.
            report.notes().iter().for_each(|note| print_error(format!("note: {note}")));
            print(&report.csv())?;
        }
        Form::Json => print_json(&report)?,
        Form::Markdown => print_text(&report.markdown())?,
    }
    Ok(report_faults(&found))
}

fn list_duties(
    arguments: &LogArguments,
    query: &RecipientArguments,
    statuses: &[DutyStatus],
    form: ListForm,
) -> Result<Exit, Problem> {
    let (query, keys) = (DutyQuery { messages: query.query()?, statuses: statuses.to_vec() }, arguments.read_keys()?);
    let (found, list) = duties(&arguments.logs, arguments.verifier(&keys), &query, Date::today())?;
    match form {
        ListForm::Text => print_text(&list.to_string())?,
        ListForm::Csv => print(&list.csv())?,
        ListForm::Json => print_json(&list)?,
    }
    Ok(report_faults(&found))
}

/// The file names, in the order of the chain.
fn names(found: &Verification) -> String {
    let names: Vec<_> = found.files.iter().map(|file| escape(&file.to_string_lossy()).into_owned()).collect();
    names.join(", ")
}

/// The name of a file, given by its place in the chain.
fn name(found: &Verification, file: usize) -> String {
    let name = found.files.get(file).map(|file| file.to_string_lossy().into_owned());
    escape(&name.unwrap_or_default()).into_owned()
}

/// Prints the faults of a log to stderr, and returns the exit status. Unfinished lines that the log itself reports
/// aren't faults.
fn report_faults(found: &Verification) -> Exit {
    for note in &found.notes {
        print_error(format!("{}: note: {note}", name(found, note.file)));
    }
    for fault in &found.faults {
        let before = match fault.file().checked_sub(1) {
            Some(before) if fault.is_between_files() => format!(" (the file before is {})", name(found, before)),
            _ => String::new(),
        };
        print_error(format!("{}: {fault}{before}", name(found, fault.file())));
    }
    match found.fault_count - found.faults.len() as u64 {
        0 => {}
        more => print_error(format!("{}: and {more} more", names(found))),
    }
    if found.fault_count > 0 { Exit::Refused } else { Exit::Released }
}
