//! `dmv-redact audit`: verifies an audit log, and tells what is in it.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{Exit, Problem, complain};
use crate::audit::{Key, report, verify};

/// Verify an audit log, or tell who got what.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Find any line that was changed, removed, inserted, moved or cut. Ends with status 3 if there is one
    Verify {
        /// The log
        log: PathBuf,
        /// The key that its hashes were made with
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
        /// The line that the log is known to end with, as the run that wrote it said
        #[arg(long, value_name = "SEQUENCE:HASH", value_parser = head)]
        head: Option<(u64, String)>,
    },
    /// Tell who got what, how often
    Report {
        /// The log
        log: PathBuf,
        /// The key that its hashes were made with
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
        /// For people or for programs
        #[arg(long, value_name = "FORM", default_value = "text")]
        output: Form,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Text,
    Json,
}

fn head(text: &str) -> Result<(u64, String), String> {
    let parts = text.split_once(':').and_then(|(sequence, hash)| Some((sequence.parse().ok()?, hash.to_owned())));
    parts.ok_or_else(|| "a sequence number, a colon and a hash are wanted".to_owned())
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    let result = match &arguments.verb {
        Verb::Verify { log, key, head } => verify_log(log, key.as_ref(), head.as_ref()),
        Verb::Report { log, key, output } => report_log(log, key.as_ref(), *output),
    };
    match result {
        Ok(exit) => exit,
        Err(problem) => problem.complain(),
    }
}

fn verify_log(log: &std::path::Path, key: Option<&PathBuf>, head: Option<&(u64, String)>) -> Result<Exit, Problem> {
    let key = key.map(|path| Key::read(path)).transpose()?;
    let head = head.map(|(sequence, hash)| (*sequence, hash.as_str()));
    let found = verify(log, key.as_ref(), head)?;
    for fault in &found.faults {
        complain(format!("{}: {fault}", log.display()));
    }
    let told = found.faults.len() as u64;
    if found.fault_count > told {
        complain(format!("{}: and {} more faults", log.display(), found.fault_count - told));
    }
    if found.fault_count > 0 {
        return Ok(Exit::Refused);
    }
    let (sequence, hash) = found.head.unwrap_or_default();
    let text = format!(
        "{}: whole: {} lines, {} messages, {} runs\nit ends with {sequence}:{hash}\n",
        log.display(),
        found.lines,
        found.messages,
        found.runs
    );
    say(&text)?;
    Ok(Exit::Released)
}

fn report_log(log: &std::path::Path, key: Option<&PathBuf>, form: Form) -> Result<Exit, Problem> {
    let key = key.map(|path| Key::read(path)).transpose()?;
    let found = report(log, key.as_ref())?;
    match form {
        Form::Text => say(&found.to_string())?,
        Form::Json => say(&(serde_json::to_string_pretty(&found).unwrap_or_default() + "\n"))?,
    }
    if found.broken_lines > 0 {
        let count = found.broken_lines;
        complain(format!("{}: {count} lines are not as they were written, and not counted: verify it", log.display()));
        return Ok(Exit::Refused);
    }
    Ok(Exit::Released)
}

/// Writes to stdout. A reader that has seen enough and closed the pipe is no failure.
fn say(text: &str) -> Result<(), Problem> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Problem::Io(format!("stdout: {error}"))),
        _ => Ok(()),
    }
}
