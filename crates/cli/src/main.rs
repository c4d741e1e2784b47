//! The command line: arguments, resolved configuration, run. One file per verb.

mod check;
mod completions;
#[cfg(unix)]
mod control;
mod date_argument;
mod demo;
mod desk_arguments;
mod diagnostic;
mod diff;
mod elements;
mod explain;
mod filter_arguments;
mod format;
mod ground_arguments;
mod init;
mod interrupt;
mod lint_syntax;
mod log;
mod man;
mod matrix;
mod member_arguments;
mod messages;
mod outcome;
mod output;
mod person_argument;
mod problem;
mod progress;
mod redact;
mod review;
mod review_arguments;
mod schema;
mod serve;
#[cfg(unix)]
mod sidecar_arguments;
mod test;
mod verify;

use std::fmt::Display;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use dmv_redact_model::escape::escape;
use problem::Problem;

const EXIT_STATUS: &str = "Exit status: 0 all went well; 3 a message was held or withheld, a case failed, a log has a \
    fault, or somebody gains something; 2 wrong usage, policy or format; 1 something could not be read or written.";

/// Redacts driver and vehicle responses: lets through only what the policy permits the requester.
#[derive(Debug, Parser)]
#[command(name = "dmv-redact", version, max_term_width = 100, after_help = EXIT_STATUS)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Redact(Box<redact::Arguments>),
    Verify(Box<verify::Arguments>),
    Check(check::Arguments),
    LintSyntax(lint_syntax::Arguments),
    Matrix(matrix::Arguments),
    Elements(elements::Arguments),
    Diff(diff::Arguments),
    Format(format::Arguments),
    #[command(alias = "audit")]
    Log(log::Arguments),
    Review(Box<review::Arguments>),
    Serve(Box<serve::Arguments>),
    #[cfg(unix)]
    Control(control::Arguments),
    Explain(explain::Arguments),
    Test(test::Arguments),
    Demo(demo::Arguments),
    Init(init::Arguments),
    Schema(schema::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

/// How a run ended, as an exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// All messages were released or redacted, or are well-formed.
    Released,
    /// Something could not be read or written.
    Failure,
    /// The usage, the policy or a format is wrong.
    Usage,
    /// At least one message was held or withheld, or is not well-formed.
    Refused,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Released => 0,
            Exit::Failure => 1,
            Exit::Usage => 2,
            Exit::Refused => 3,
        })
    }
}

/// Runs the command line of this process. Exit status: 0 all messages released or redacted (or well-formed), 3 at least
/// one held or withheld (or not well-formed), 2 wrong usage, policy or format, 1 an I/O failure.
fn main() -> ExitCode {
    // A panic message may contain a value of a message (P6): print only its location.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        print_error(format!("an error of the program itself, at {place}: please report it"));
    }));
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return wrong_usage(error),
    };
    match arguments.verb {
        Verb::Redact(arguments) => redact::run(&arguments).into(),
        Verb::Verify(arguments) => verify::run(&arguments).into(),
        Verb::Check(arguments) => check::run(&arguments).into(),
        Verb::LintSyntax(arguments) => lint_syntax::run(&arguments).into(),
        Verb::Matrix(arguments) => matrix::run(&arguments).into(),
        Verb::Elements(arguments) => elements::run(&arguments).into(),
        Verb::Diff(arguments) => diff::run(&arguments).into(),
        Verb::Format(arguments) => format::run(&arguments).into(),
        Verb::Log(arguments) => log::run(&arguments).into(),
        Verb::Review(arguments) => review::run(&arguments).into(),
        Verb::Serve(arguments) => serve::run(&arguments).into(),
        #[cfg(unix)]
        Verb::Control(arguments) => control::run(&arguments).into(),
        Verb::Demo(arguments) => demo::run(&arguments).into(),
        Verb::Init(arguments) => init::run(&arguments).into(),
        Verb::Schema(arguments) => schema::run(&arguments).into(),
        Verb::Completions(arguments) => completions::run(&arguments).into(),
        Verb::Man(arguments) => man::run(&arguments).into(),
        Verb::Explain(arguments) => explain::run(&arguments).into(),
        Verb::Test(arguments) => test::run(&arguments).into(),
    }
}

/// Prints an error in the arguments, escaped; or the requested help.
fn wrong_usage(error: clap::Error) -> ExitCode {
    if !error.use_stderr() {
        error.exit();
    }
    let arguments = std::env::args_os().map(|argument| escape(&argument.to_string_lossy()).into_owned());
    let error = Arguments::try_parse_from(arguments).err().filter(clap::Error::use_stderr).unwrap_or(error);
    let text = error.render().to_string();
    let lines: Vec<_> = text.trim_end().split('\n').map(escape).collect();
    let _ = std::io::Write::write_all(&mut std::io::stderr().lock(), (lines.join("\n") + "\n").as_bytes());
    Exit::Usage.into()
}

/// Prints an error to stderr. A closed stderr is no reason to stop.
fn print_error(message: impl Display) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr().lock(), "dmv-redact: {message}");
}
