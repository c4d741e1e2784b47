//! `dmv-redact log`: verifies a disclosure log, reports and publishes what is in it, and takes over what was counted before it.

mod import;
mod site;

use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand, ValueEnum};

use super::date_argument::date;
use super::output::{print, print_json, print_text};
use super::{Exit, Problem, print_error};
use dmv_redact::{Date, Requester};
use dmv_redact_log::{Key, LogHead, PublicKey, Verification, verify, verify_signed};
use dmv_redact_model::escape::escape;
use dmv_redact_report::{Dimension, NO_REQUESTER, Query, disclosures};

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
        /// All files of the log, plain or compressed (gzip, Zstandard), in any order
        #[arg(required = true, value_name = "LOG")]
        logs: Vec<PathBuf>,
        /// The key of its hashes
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
        /// A public key of the signatures of its checkpoints, in PEM: each must be of one of these keys. May be given again
        #[arg(long = "public-key", value_name = "FILE")]
        public_keys: Vec<PathBuf>,
        /// A line that the log must contain, as reported at the end of the run that wrote it: detects a truncated or
        /// rewritten log
        #[arg(long, value_name = "SEQUENCE:HASH", value_parser = head)]
        head: Option<LogHead>,
    },
    /// Report who got what, and how often. Verifies the log, too; ends with status 3 if it has faults
    Report {
        /// All files of the log, plain or compressed (gzip, Zstandard), in any order
        #[arg(required = true, value_name = "LOG")]
        logs: Vec<PathBuf>,
        /// The key of its hashes
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
        #[command(flatten)]
        query: QueryArguments,
        /// For a terminal, a spreadsheet, a program or a page; csv and markdown need --by
        #[arg(long, value_name = "FORM", default_value = "text")]
        output: Form,
    },
    /// Write pages that can be published as they are: who asked how often, what they got, on what paper, month by month.
    /// Verifies the log, too; ends with status 3 if it has faults
    Site(Box<site::Arguments>),
    /// Take over the counts of a switch's own log from before, a CSV file with a line for each message
    Import(import::Arguments),
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

/// Which messages are counted, and by what.
#[derive(Debug, Clone, Args)]
struct QueryArguments {
    #[command(flatten)]
    days: DayArguments,
    /// Count only what went to this agency class; may be given again
    #[arg(long = "class", value_name = "NAME")]
    classes: Vec<String>,
    /// Count only what went to this requester, or `unknown`; may be given again
    #[arg(long = "requester", value_name = "ORI", value_parser = requester)]
    requesters: Vec<String>,
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

impl DayArguments {
    fn query(self) -> Result<Query, Problem> {
        let Self { since, until } = self;
        if let Some((since, until)) = since.zip(until).filter(|(since, until)| since > until) {
            return Err(Problem::Usage(format!("--since: {since} is after --until {until}")));
        }
        Ok(Query { since, until, ..Query::default() })
    }
}

impl QueryArguments {
    fn query(&self) -> Result<Query, Problem> {
        let Self { days, classes, requesters, by } = self.clone();
        let twice = by.iter().enumerate().find(|(at, own)| by.iter().take(*at).any(|before| before == *own));
        if let Some((_, dimension)) = twice {
            return Err(Problem::Usage(format!("--by: `{}` is given twice", dimension.name())));
        }
        Ok(Query { classes, requesters, by, ..days.query()? })
    }
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
        Verb::Verify { logs, key, public_keys, head } => verify_log(logs, key.as_deref(), public_keys, head.as_ref()),
        Verb::Report { logs, key, query, output } => report_log(logs, key.as_deref(), query, *output),
        Verb::Site(arguments) => site::publish(arguments),
        Verb::Import(arguments) => import::import(arguments),
    };
    match result {
        Ok(exit) => exit,
        Err(problem) => problem.print_error(),
    }
}

fn verify_log(
    logs: &[PathBuf],
    key: Option<&Path>,
    public_keys: &[PathBuf],
    head: Option<&LogHead>,
) -> Result<Exit, Problem> {
    let key = key.map(Key::read).transpose()?;
    let public_keys = public_keys.iter().map(|path| PublicKey::read(path)).collect::<Result<Vec<_>, _>>()?;
    let found = match public_keys.as_slice() {
        [] => verify(logs, key.as_ref(), head)?,
        public_keys => verify_signed(logs, key.as_ref(), public_keys, head)?,
    };
    let exit = report_faults(&found);
    if exit == Exit::Released {
        let name = names(&found);
        let signed = if public_keys.is_empty() { String::new() } else { signed(&found) };
        let (sequence, hash) = found.head.unwrap_or_default();
        let Verification { lines, messages, runs, .. } = found;
        let keyed = if key.is_some() { "" } else { ", without a key" };
        print_text(&format!(
            "{name}: whole{keyed}: {lines} lines, {messages} messages, {runs} runs\n{signed}it ends with {sequence}:{hash}\n",
        ))?;
    }
    Ok(exit)
}

/// How far a log without a fault is signed.
fn signed(found: &Verification) -> String {
    let Some(signed) = found.signed_up_to else { return "nothing is signed yet\n".to_owned() };
    let signatures = match found.signatures {
        1 => "1 signature".to_owned(),
        count => format!("{count} signatures"),
    };
    let after = match found.head.as_ref().map_or(0, |(last, _)| last.saturating_sub(signed)) {
        0 => String::new(),
        1 => "; the line after it isn't signed yet".to_owned(),
        after => format!("; the {after} lines after it aren't signed yet"),
    };
    format!("signed up to sequence {signed}: {signatures} verified{after}\n")
}

fn report_log(logs: &[PathBuf], key: Option<&Path>, arguments: &QueryArguments, form: Form) -> Result<Exit, Problem> {
    let query = arguments.query()?;
    let key = key.map(Key::read).transpose()?;
    let (found, report) = disclosures(logs, key.as_ref(), &query)?;
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
