//! Writes to stdout: in no format can its content steer a terminal, hide or reverse text, or give a CI service a
//! command (P6).

use std::io::{self, Write};

use clap::ValueEnum;
use serde::Serialize;

use super::Problem;
use dmv_redact_model::escape;

/// What is written: text for people, or JSON for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum TextOrJson {
    Text,
    Json,
}

/// Writes text for people to stdout.
pub(super) fn print_text(text: &str) -> Result<(), Problem> {
    print(&escape::lines(text))
}

/// Writes a value as JSON to stdout.
pub(super) fn print_json(value: &impl Serialize) -> Result<(), Problem> {
    let document = serde_json::to_string_pretty(value).map_err(|error| Problem::Io(format!("stdout: {error}")))?;
    print(&(escape::json(&document) + "\n"))
}

/// Writes to stdout what is the program's own, or is escaped for its format. A reader that closes the pipe early is no
/// failure.
pub(super) fn print(text: &str) -> Result<(), Problem> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Problem::Io(format!("stdout: {error}"))),
        _ => Ok(()),
    }
}
