//! `dmv-redact redact`: one message from stdin or a file to stdout, or files and folders mirrored under an output folder.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::filter_arguments::FilterArguments;
use super::{Exit, Problem, complain};
use crate::batch::{notice, plan, read_message, run as run_batch, write_whole};
use crate::report::Summary;
use crate::{Filter, Receipt, Requester};

/// Redact messages.
///
/// Without INPUT, or with `-`, one message is read from stdin and the result goes to stdout. Without --requester each
/// message's own envelope says who asked. Without --policy the built-in strict baseline decides.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Messages: files, or folders whose every file is a message. Several keep their paths under OUT
    inputs: Vec<PathBuf>,
    /// Where the outputs go: a folder (a file for a single message)
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    #[command(flatten)]
    filter: FilterArguments,
    /// Leave out the second reading of every output
    #[arg(long)]
    no_second_reading: bool,
    /// How many threads to use [default: one a core]
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Print a summary, for people or for programs [default with -o: text]
    #[arg(long, value_name = "FORM")]
    summary: Option<SummaryForm>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SummaryForm {
    Text,
    Json,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    match redact(arguments) {
        Ok(summary) if summary.has_failures() => Exit::Failure,
        Ok(summary) if summary.has_refusals() => Exit::Refused,
        Ok(_) => Exit::Released,
        Err(problem) => problem.complain(),
    }
}

fn redact(arguments: &Arguments) -> Result<Summary, Problem> {
    let filter = arguments.filter.filter()?.second_reading(!arguments.no_second_reading).build()?;
    let requester = arguments.filter.requester()?;
    let single = match arguments.inputs.as_slice() {
        [] => Some(Path::new("-")),
        [input] if is_stdin(input) || input.is_file() => Some(input.as_path()),
        _ => None,
    };
    match (&arguments.output, single) {
        (Some(out), None) => redact_many(arguments, &filter, &requester, out),
        (None, None) => Err(Problem::Usage("several messages need a folder for the outputs: add `-o OUT`".to_owned())),
        (Some(out), Some(input)) if !is_stdin(input) && (out.is_dir() || ends_as_folder(out)) => {
            redact_many(arguments, &filter, &requester, out)
        }
        (out, Some(input)) => redact_one(arguments, &filter, &requester, input, out.as_deref()),
    }
}

/// One message, to a file or to stdout.
fn redact_one(
    arguments: &Arguments,
    filter: &Filter,
    requester: &Requester,
    input: &Path,
    out: Option<&Path>,
) -> Result<Summary, Problem> {
    let named = |error: io::Error| Problem::Io(format!("{}: {error}", input.display()));
    let message = if is_stdin(input) {
        read_message(io::stdin().lock(), filter.message_bytes()).map_err(named)?
    } else {
        if out.is_some_and(|out| is_same_file(input, out)) {
            return Err(Problem::Usage("the output would overwrite the input".to_owned()));
        }
        std::fs::File::open(input).and_then(|file| read_message(file, filter.message_bytes())).map_err(named)?
    };
    let mut output = Vec::new();
    let receipt = filter.redact(&message, requester, &mut output);
    if receipt.disposition().releases() {
        match out {
            Some(out) => {
                write_whole(out, &output).map_err(|error| Problem::Io(format!("{}: {error}", out.display())))?;
            }
            None => to_stdout(&output)?,
        }
    }
    let name = if is_stdin(input) { "stdin".to_owned() } else { input.display().to_string() };
    if let Some(notice) = notice(&name, &receipt) {
        complain(notice);
    }
    let summary = summary_of(&receipt);
    match arguments.summary {
        // Stdout belongs to the message.
        Some(form) if out.is_none() => complain(written(&summary, form)),
        Some(form) => to_stdout(written(&summary, form).as_bytes())?,
        None => {}
    }
    Ok(summary)
}

/// Files and folders, mirrored under `out`.
fn redact_many(arguments: &Arguments, filter: &Filter, requester: &Requester, out: &Path) -> Result<Summary, Problem> {
    if arguments.inputs.iter().any(|input| is_stdin(input)) {
        return Err(Problem::Usage("stdin is one message: it can't be one of several inputs".to_owned()));
    }
    let (jobs, irregular) = plan(&arguments.inputs, out)?;
    let threads = rayon::ThreadPoolBuilder::new().num_threads(arguments.jobs.unwrap_or(0)).build();
    let threads = threads.map_err(|error| Problem::Io(format!("no threads: {error}")))?;
    let report = threads.install(|| run_batch(filter, requester, &jobs));
    for path in irregular {
        complain(format!("{}: passed over: neither a file nor a folder", path.display()));
    }
    for notice in &report.notices {
        complain(notice);
    }
    to_stdout(written(&report.summary, arguments.summary.unwrap_or(SummaryForm::Text)).as_bytes())?;
    Ok(report.summary)
}

fn summary_of(receipt: &Receipt) -> Summary {
    let mut summary = Summary::default();
    summary.add(receipt);
    summary
}

fn written(summary: &Summary, form: SummaryForm) -> String {
    match form {
        SummaryForm::Text => summary.to_string(),
        SummaryForm::Json => serde_json::to_string_pretty(summary).map(|text| text + "\n").unwrap_or_default(),
    }
}

/// Writes to stdout. A reader that has seen enough and closed the pipe is no failure.
fn to_stdout(bytes: &[u8]) -> Result<(), Problem> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Problem::Io(format!("stdout: {error}"))),
        _ => Ok(()),
    }
}

fn is_stdin(input: &Path) -> bool {
    input == Path::new("-")
}

fn is_same_file(input: &Path, out: &Path) -> bool {
    matches!((input.canonicalize(), out.canonicalize()), (Ok(input), Ok(out)) if input == out)
}

fn ends_as_folder(path: &Path) -> bool {
    path.as_os_str().to_string_lossy().ends_with(std::path::MAIN_SEPARATOR)
}
