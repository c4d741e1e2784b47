//! `dmv-redact lint-syntax`: is a message well-formed? No format, no policy: only the strict readers, one line per
//! fault.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use super::filter_arguments::limits;
use super::messages::{read_file, read_message, regular_files};
use super::output::print_text;
use super::{Exit, Problem, print_error};
use dmv_redact::{Limits, lint_syntax};
use dmv_redact_model::escape::escape;

/// Check whether messages are well-formed, whatever their format.
///
/// Without INPUT, or with `-`, one message is read from stdin. Nothing is printed for a message that is well-formed,
/// one line for any other. Ends with status 3 if there was one.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Files, or folders whose every file is one message
    #[arg(value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// Set a limit on messages: message-bytes, depth, name-bytes, attributes, namespaces, members
    #[arg(long = "limit", value_name = "NAME=NUMBER")]
    limits: Vec<String>,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    lint(arguments).unwrap_or_else(Problem::print_error)
}

fn lint(arguments: &Arguments) -> Result<Exit, Problem> {
    let limits = limits(&arguments.limits)?;
    let mut report = LintRun { limits, lines: String::new(), exit: Exit::Released };
    if arguments.inputs.is_empty() {
        report.stdin();
    }
    for input in &arguments.inputs {
        if input == Path::new("-") { report.stdin() } else { report.files(input) }
    }
    print_text(&report.lines)?;
    Ok(report.exit)
}

/// The findings so far.
struct LintRun {
    limits: Limits,
    lines: String,
    exit: Exit,
}

impl LintRun {
    fn stdin(&mut self) {
        let message = read_message(io::stdin().lock(), self.limits.message_bytes);
        self.message("stdin", message);
    }

    /// A file, or every file of a folder. An unreadable file doesn't stop the run.
    fn files(&mut self, input: &Path) {
        match regular_files(input) {
            Ok(files) => {
                for file in files {
                    let message = read_file(&file, self.limits.message_bytes);
                    self.message(&file.display().to_string(), message);
                }
            }
            Err(problem) => self.exit = problem.print_error(),
        }
    }

    fn message(&mut self, name: &str, message: io::Result<Vec<u8>>) {
        match message.map(|message| lint_syntax(&message, &self.limits)) {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => {
                // Writing to a string can't fail.
                let _ = writeln!(self.lines, "{}: {fault}", escape(name));
                if self.exit == Exit::Released {
                    self.exit = Exit::Refused;
                }
            }
            Err(error) => {
                print_error(escape(&format!("{name}: failed: {error}")));
                self.exit = Exit::Failure;
            }
        }
    }
}
