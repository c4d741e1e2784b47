//! `dmv-redact audit`: verifies an audit log, and tells what is in it.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};

use super::output::say;
use super::{Exit, Problem, complain};
use crate::audit::{Head, Key, Verification, report, verify};

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
        /// A line that the log must have, as the run that wrote it said at its end: finds a log that was cut, or written anew
        #[arg(long, value_name = "SEQUENCE:HASH", value_parser = head)]
        head: Option<Head>,
    },
    /// Tell who got what, how often. The log is verified on the way; ends with status 3 if it has faults
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

fn head(text: &str) -> Result<Head, String> {
    let parts = text.split_once(':').and_then(|(sequence, hash)| {
        let is_hash = hash.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        Some(Head { sequence: sequence.parse().ok()?, hash: hash.as_bytes().try_into().ok().filter(|_| is_hash)? })
    });
    parts.ok_or_else(|| "a sequence number, a colon and 64 hexadecimal digits are wanted".to_owned())
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    let result = match &arguments.verb {
        Verb::Verify { log, key, head } => verify_log(log, key.as_deref(), head.as_ref()),
        Verb::Report { log, key, output } => report_log(log, key.as_deref(), *output),
    };
    match result {
        Ok(exit) => exit,
        Err(problem) => problem.complain(),
    }
}

fn verify_log(log: &Path, key: Option<&Path>, head: Option<&Head>) -> Result<Exit, Problem> {
    let key = key.map(Key::read).transpose()?;
    let found = verify(log, key.as_ref(), head)?;
    let exit = tell_faults(log, &found);
    if exit == Exit::Released {
        let (sequence, hash) = found.head.unwrap_or_default();
        let Verification { lines, messages, runs, .. } = found;
        let keyed = if key.is_some() { "" } else { ", without a key" };
        say(&format!(
            "{}: whole{keyed}: {lines} lines, {messages} messages, {runs} runs\nit ends with {sequence}:{hash}\n",
            log.display(),
        ))?;
    }
    Ok(exit)
}

fn report_log(log: &Path, key: Option<&Path>, form: Form) -> Result<Exit, Problem> {
    let key = key.map(Key::read).transpose()?;
    let (found, report) = report(log, key.as_ref())?;
    match form {
        Form::Text => say(&report.to_string())?,
        Form::Json => say(&(serde_json::to_string_pretty(&report).unwrap_or_default() + "\n"))?,
    }
    Ok(tell_faults(log, &found))
}

/// Says what is wrong with a log, on stderr, and how a run ends that found it.
fn tell_faults(log: &Path, found: &Verification) -> Exit {
    for fault in &found.faults {
        complain(format!("{}: {fault}", log.display()));
    }
    match found.fault_count - found.faults.len() as u64 {
        0 => {}
        more => complain(format!("{}: and {more} more", log.display())),
    }
    if found.fault_count > 0 { Exit::Refused } else { Exit::Released }
}
