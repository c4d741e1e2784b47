//! `dmv-redact redact`: redacts messages from stdin, files, folders and archives to any of these.

mod idle;
mod places;
mod reviews;

use std::io::IsTerminal;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytesize::ByteSize;
use clap::{Args, ValueEnum};

use super::filter_arguments::{FilterArguments, is_about_days, with_part};
use super::interrupt;
use super::member_arguments::MemberArguments;
use super::outcome::{RunEnding, RunOutcome};
use super::output::{TextOrJson, print_text};
use super::progress::{Progress, ProgressMode};
use super::{Exit, Problem, print_error};
use dmv_redact::{Date, Filter, Instrument, Requester};
use dmv_redact_archive::{
    Approvals, ArchiveForm, BatchPath, BatchRun, Destination, FileWalk, InputRoot, Inputs, MemberPath, Outputs,
    RunReport, StartMode, Task, Terms, WalkEntry,
};
use dmv_redact_log::{Key, Log, SigningKey};
use dmv_redact_model::escape::{self, escape};
use idle::{idle, refuse_idle};
pub(super) use places::inputs;
use places::{outputs, refuse_mixed_places};
use reviews::HoldArguments;

/// Redact messages.
///
/// Takes files that are a message, folders, NDJSON (a message a line), and .gz, .zst, .tar and .zip of these; the
/// content of a file tells which. Without INPUT, or with `-`, stdin is read and the result goes to stdout. Without
/// --requester each message's own envelope says who asked. Without --policy the built-in strict baseline decides.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Files, folders or archives. Several keep their paths under OUT
    inputs: Vec<PathBuf>,
    /// Where the outputs go: a folder that mirrors the inputs, a file for a single one, a device or named pipe, or - for stdout
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    #[command(flatten)]
    filter: FilterArguments,
    /// Skip the second reading of outputs
    #[arg(long)]
    no_second_reading: bool,
    #[command(flatten)]
    forms: Forms,
    #[command(flatten)]
    record: RunRecord,
    #[command(flatten)]
    going: RunControl,
}

/// How the messages lie in what is read and written.
#[derive(Debug, Args)]
#[command(next_help_heading = "Forms")]
struct Forms {
    /// Read every input as this form: message, ndjson, ndjson.gz, ndjson.zst, tar, tar.gz, tar.zst or zip; any other
    /// is an error
    #[arg(long, value_name = "FORM", value_parser = form)]
    input_format: Option<ArchiveForm>,
    /// Write this form instead of that of the input; `message` is a file for each message
    #[arg(long, value_name = "FORM", value_parser = form)]
    output_format: Option<ArchiveForm>,
    #[command(flatten)]
    members: MemberArguments,
    /// Keep this member or element beside a batch, or attribute around it (`Batch.@id`), unchanged and unchecked; may be
    /// given again
    #[arg(long, value_name = "PATH", requires = "batch", value_parser = BatchPath::parse)]
    batch_keep: Vec<BatchPath>,
    /// Keep this member of each line or item, unchanged and unchecked; may be given again
    #[arg(long, value_name = "NAME", requires = "payload_member", value_parser = MemberPath::parse)]
    keep_member: Vec<MemberPath>,
    /// Write no notice in NDJSON and archives in place of a held or withheld message
    #[arg(long)]
    drop_withheld: bool,
}

/// What is kept of a run.
#[derive(Debug, Args)]
#[command(next_help_heading = "Records")]
struct RunRecord {
    /// Append a record of every message to this disclosure log, chained by hashes
    #[arg(long, value_name = "FILE", alias = "audit")]
    log: Option<PathBuf>,
    /// Key the log's hashes with the content of this file
    #[arg(long, value_name = "FILE", requires = "log", alias = "audit-key")]
    log_key: Option<PathBuf>,
    /// Sign the log's checkpoints and its end with this Ed25519 key, in PEM: `log verify --public-key` checks them
    #[arg(long, value_name = "FILE", requires = "log")]
    log_signing_key: Option<PathBuf>,
    /// Keep the originals of what is held or withheld in this folder, for review
    #[arg(long, value_name = "DIR")]
    withheld: Option<PathBuf>,
    /// Vouch for what --approved-claim names for the messages of this list: the digests and names of originals that a run
    /// with --withheld kept, as sha256sum prints them
    #[arg(long, value_name = "FILE")]
    approved: Option<PathBuf>,
    /// The claim that approved messages get; may be given again
    #[arg(long, value_name = "NAME", default_value = "approved", requires = "approved")]
    approved_claim: Vec<String>,
    /// The instrument behind a claim that approved messages get, as --instrument takes it; may be given again
    #[arg(long, value_name = "KEY=VALUE,...", requires = "approved")]
    approved_instrument: Vec<Instrument>,
    /// Who approved these messages, for the disclosure log
    #[arg(long, value_name = "NAME", requires = "approved")]
    approved_by: Option<String>,
    #[command(flatten)]
    hold: HoldArguments,
    /// Print a summary, for people or for programs [default with -o and --dry-run: text]
    #[arg(long, value_name = "FORM")]
    summary: Option<TextOrJson>,
    /// Write no output: only the summary, and the log if one is asked for
    #[arg(long, conflicts_with_all = ["output", "withheld", "resume", "restart"])]
    dry_run: bool,
    /// Also report what this policy would have released, by agency class and data element
    #[arg(long, value_name = "OLD_POLICY")]
    compare: Option<PathBuf>,
}

/// How a run goes.
#[derive(Debug, Args)]
#[command(next_help_heading = "The run")]
struct RunControl {
    /// Number of threads that redact [default: one per core]
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Approximate memory limit
    #[arg(long, value_name = "SIZE", default_value = "256MiB")]
    memory: ByteSize,
    /// Disk limit for spooling a zip that comes through a pipe or another compression, since its directory is at its
    /// end. The spooled file is in the run's own folder beside OUT; without OUT it is an unnamed temporary file
    #[arg(long, value_name = "SIZE", default_value = "4GiB")]
    spool: ByteSize,
    /// Resume a stopped run
    #[arg(long)]
    resume: bool,
    /// Start over, even if a run was stopped
    #[arg(long, conflicts_with = "resume")]
    restart: bool,
    /// Remove every file from OUT that this run didn't put there, such as outputs of earlier runs whose source is
    /// gone
    #[arg(long)]
    prune: bool,
    /// Show progress on stderr
    #[arg(long, value_name = "HOW", default_value = "auto")]
    progress: ProgressChoice,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ProgressChoice {
    /// A bar on a terminal, nothing elsewhere
    Auto,
    /// A line every few seconds
    Plain,
    Never,
}

pub(super) fn form(name: &str) -> Result<ArchiveForm, String> {
    ArchiveForm::named(name).ok_or_else(|| {
        let known: Vec<&str> = ArchiveForm::names().collect();
        format!("one of {} is wanted", known.join(", "))
    })
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    redact(arguments).unwrap_or_else(Problem::print_error)
}

fn redact(arguments: &Arguments) -> Result<Exit, Problem> {
    let mut run = resolve(arguments)?;
    let log = match &arguments.record.log {
        Some(path) => {
            let key = arguments.record.log_key.as_deref().map(Key::read).transpose()?;
            let signing_key = arguments.record.log_signing_key.as_deref().map(SigningKey::read).transpose()?;
            let mut log = Log::open(path, key)?;
            if let Some(key) = signing_key {
                log.sign_with(key);
            }
            if log.torn_bytes() > 0 {
                let (path, bytes) = (escape(&path.to_string_lossy()).into_owned(), log.torn_bytes());
                print_error(format!(
                    "{path}: the last run left {bytes} bytes of an unfinished line: they stay, and the log tells of them"
                ));
            }
            Some(log)
        }
        None => None,
    };
    let is_stopped = interrupt::watch()?;
    let progress = Arc::new(Progress::new(match arguments.going.progress {
        ProgressChoice::Auto => ProgressMode::Auto,
        ProgressChoice::Plain => ProgressMode::Plain,
        ProgressChoice::Never => ProgressMode::Never,
    }));
    if let Inputs::Roots(roots) = &run.inputs
        && progress.wants_total()
    {
        count(roots.clone(), Arc::clone(&progress));
    }
    if matches!(run.inputs, Inputs::Stdin) && std::io::stdin().is_terminal() {
        print_error("reads a message from the terminal: paste it, then press Ctrl-D on a new line; Ctrl-C stops");
    }
    let report = run.run(log, progress.as_ref(), is_stopped);
    progress.finish();
    let report = report?;
    let idle = idle(arguments, &run.inputs, &report);
    idle.iter().for_each(print_error);
    print_summary(arguments, &run, &report)?;
    if let Some(violations) = report.summary.shape_violations() {
        print_error(violations);
    }
    if report.is_stopped {
        print_error(how_to_resume(&run.outputs));
        return Ok(Exit::Failure);
    }
    let exit = match () {
        () if report.summary.has_failures() || !idle.is_empty() => Exit::Failure,
        () if report.summary.has_refusals() => Exit::Refused,
        () => Exit::Released,
    };
    // The process ends here: skip the destructors, which would only take time.
    std::mem::forget(run);
    Ok(exit)
}

/// The summary to print, if any: stdout may belong to the messages.
fn summary_form(arguments: &Arguments, outputs: &Outputs) -> Option<TextOrJson> {
    let default = (!is_stdout(outputs)).then_some(TextOrJson::Text);
    arguments.record.summary.or(default)
}

fn is_stdout(outputs: &Outputs) -> bool {
    matches!(outputs, Outputs::One { destination: Destination::Stdout, .. })
}

fn print_summary(arguments: &Arguments, run: &BatchRun, report: &RunReport) -> Result<(), Problem> {
    let outputs = match &run.outputs {
        Outputs::Mirror(out) | Outputs::Files(out) => Some(out),
        Outputs::One { destination: Destination::File(out) | Destination::Device(out), .. } => Some(out),
        Outputs::One { destination: Destination::Stdout, .. } | Outputs::Nowhere => None,
    };
    let RunRecord { log, withheld, .. } = &arguments.record;
    let (outputs, log, withheld) = (outputs.map(|out| out.as_path()), log.as_deref(), withheld.as_deref());
    let policy = run.task.filter.policy();
    let ending = RunEnding {
        policy,
        outputs,
        withheld,
        log,
        has_queue: run.task.reviews.is_some(),
        is_dry: arguments.record.dry_run,
    };
    let outcome = RunOutcome::new(report, &ending);
    let text = match summary_form(arguments, &run.outputs) {
        None => return Ok(()),
        Some(TextOrJson::Text) => outcome.to_string(),
        Some(TextOrJson::Json) => escape::json(&serde_json::to_string_pretty(&outcome).unwrap_or_default()) + "\n",
    };
    if is_stdout(&run.outputs) {
        print_error(escape::lines(text.trim_end()));
        return Ok(());
    }
    print_text(&text)
}

/// Counts the bytes to read, in a thread of its own. For compressed files they are unknown until read.
fn count(roots: Vec<InputRoot>, progress: Arc<Progress>) {
    std::thread::spawn(move || {
        let mut total = 0;
        for found in FileWalk::new(roots) {
            if let WalkEntry::File { path, .. } = found {
                match ArchiveForm::of_name(&path) {
                    Some(form) if form.is_compressed() => return,
                    _ => total += path.metadata().map_or(0, |metadata| metadata.len()),
                }
            }
        }
        progress.set_total(total);
    });
}

/// Checks and resolves the arguments.
fn resolve(arguments: &Arguments) -> Result<BatchRun, Problem> {
    let Arguments { filter: of_filter, forms, record, going, .. } = arguments;
    let filter = of_filter.filter()?.second_reading(!arguments.no_second_reading).build()?;
    let other = match &record.compare {
        Some(path) => {
            Some(of_filter.filter()?.policy_named(path).second_reading(!arguments.no_second_reading).build()?)
        }
        None => None,
    };
    of_filter.refuse_idle_token_key([&filter].into_iter().chain(&other))?;
    let memory = usize::try_from(going.memory.as_u64()).unwrap_or(usize::MAX);
    if memory / MEMORY_PER_MESSAGE_BYTE < filter.message_bytes() {
        let least = ByteSize((filter.message_bytes() * MEMORY_PER_MESSAGE_BYTE) as u64);
        return Err(Problem::Usage(format!(
            "--memory {} is too little for the largest message: {least} is wanted, or a lower --limit message-bytes",
            going.memory
        )));
    }
    let inputs = inputs(&arguments.inputs)?;
    let outputs = outputs(arguments, &inputs)?;
    refuse_idle(arguments, &outputs, summary_form(arguments, &outputs).is_some())?;
    refuse_mixed_places(arguments, &outputs)?;
    let members = forms.members.members(&forms.keep_member)?;
    let lines_have_dates = forms.members.date_member.is_some();
    let requester = of_filter.requester_of(&filter, lines_have_dates)?;
    let requester = fix_date(requester, [Some(&filter), other.as_ref()], arguments, &outputs);
    let approvals = approvals(record, &filter, &requester, lines_have_dates)?;
    let reviews = record.hold.queue(&filter, &outputs)?;
    let task = Task {
        requester,
        filter,
        members,
        batch: forms.members.batch(&forms.batch_keep, true)?,
        approvals,
        reviews,
        last_decision: 0,
        other,
        drop_withheld: forms.drop_withheld,
        withheld: record.withheld.clone(),
        is_logged: record.log.is_some(),
        is_dry_run: record.dry_run,
        is_verification: false,
    };
    let begin = match (going.resume, going.restart) {
        (true, _) => StartMode::Resume,
        (_, true) => StartMode::Restart,
        _ => StartMode::New,
    };
    let terms = terms(arguments, &task)?;
    let jobs = going.jobs.map_or(0, NonZeroUsize::get);
    let (as_form, prune, spool) = (forms.input_format, going.prune, going.spool.as_u64());
    Ok(BatchRun { task, inputs, outputs, as_form, jobs, memory, spool, begin, terms, prune })
}

/// The request with a date, if a policy depends on one: a run into files decides all by the day on which it began, and
/// keeps it for when it is resumed (P10). A stream may go on for days: there each message has its own.
fn fix_date(
    requester: Requester,
    filters: [Option<&Filter>; 2],
    arguments: &Arguments,
    outputs: &Outputs,
) -> Requester {
    let is_stream = matches!(outputs, Outputs::One { destination: Destination::Stdout | Destination::Device(_), .. });
    let depends = filters.into_iter().flatten().any(|filter| filter.decider().depends_on_date_of(&requester));
    // The instruments of lines may have days, too.
    let has_dated = arguments.record.approved_instrument.iter().any(Instrument::is_dated)
        || arguments.forms.members.claims_member.is_some();
    let needs_date = (depends || has_dated) && !is_stream && requester.given_date().is_none();
    match needs_date.then(Date::today).flatten() {
        Some(today) => requester.on(today),
        None => requester,
    }
}

/// The messages that a person approved.
fn approvals(
    record: &RunRecord,
    filter: &Filter,
    requester: &Requester,
    lines_have_dates: bool,
) -> Result<Option<Approvals>, Problem> {
    let Some(path) = &record.approved else { return Ok(None) };
    let (claims, instruments) = (&record.approved_claim, &record.approved_instrument);
    let check = |option: &str, claim: &str, request: Requester| match filter.check_request(&request) {
        Ok(()) => Ok(()),
        Err(error) if lines_have_dates && is_about_days(error.what()) => Ok(()),
        Err(error) => {
            let (option, heading, help) = (with_part(option, error.what()), error.what().heading(), error.help());
            Err(Problem::Usage(format!("{option}: {heading} `{}`; {help}", escape(claim))))
        }
    };
    let mut with_instruments = requester.clone();
    for instrument in instruments {
        with_instruments = with_instruments.instrument(instrument.clone());
        check("--approved-instrument", instrument.claim(), with_instruments.clone())?;
    }
    for claim in claims {
        check("--approved-claim", claim, with_instruments.clone().claim(claim))?;
    }
    let list = std::fs::read(path).map_err(|error| Problem::Io(format!("{}: {error}", path.display())))?;
    let approvals = Approvals::parse(&list, claims, instruments)
        .map_err(|error| Problem::Usage(format!("--approved {}: {error}", path.display())))?;
    match &record.approved_by {
        None => Ok(Some(approvals)),
        Some(name) => {
            let named = approvals.approved_by(name);
            named.map(Some).map_err(|error| Problem::Usage(format!("--approved-by: {error}")))
        }
    }
}

/// A message in flight takes itself, its output, its record and what compression needs; half of the memory is for
/// everything else.
const MEMORY_PER_MESSAGE_BYTE: usize = 8;

/// What must be the same when a stopped run is resumed.
fn terms(arguments: &Arguments, task: &Task) -> Result<Terms, Problem> {
    let Task { filter, other, approvals, .. } = task;
    let Arguments { inputs, forms, record, filter: of_filter, .. } = arguments;
    Ok(vec![
        ("the program's version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ("the policy".to_owned(), filter.policy().sha256.clone()),
        ("the key of tokens".to_owned(), debug_text(&filter.token_key_digest())),
        ("the formats or the catalog".to_owned(), of_filter.digest()?),
        ("the inputs".to_owned(), debug_text(&inputs.iter().map(|path| absolute(path)).collect::<Vec<_>>())),
        ("the forms".to_owned(), debug_text(forms)),
        (
            "the options".to_owned(),
            debug_text(&(
                of_filter.options(),
                arguments.no_second_reading,
                record.withheld.as_deref().map(absolute),
                other.as_ref().map(|other| &other.policy().sha256),
            )),
        ),
        (
            "the approvals".to_owned(),
            debug_text(&(
                approvals.as_ref().map(Approvals::digest),
                &record.approved_claim,
                &record.approved_instrument,
                &record.approved_by,
            )),
        ),
        ("the queue of reviews".to_owned(), debug_text(&record.hold.terms())),
        ("the disclosure log".to_owned(), debug_text(&record.log.as_deref().map(absolute))),
        ("whether the disclosure log is signed".to_owned(), debug_text(&record.log_signing_key.is_some())),
    ])
}

fn debug_text(value: &impl std::fmt::Debug) -> String {
    format!("{value:?}")
}

/// Absolute, because the run may be resumed from another folder.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn how_to_resume(outputs: &Outputs) -> String {
    match outputs {
        Outputs::Nowhere | Outputs::One { destination: Destination::Stdout | Destination::Device(_), .. } => {
            "stopped before the end".to_owned()
        }
        _ => {
            // Arguments may not be valid UTF-8.
            let arguments = std::env::args_os().map(|argument| argument.to_string_lossy().into_owned());
            let arguments =
                arguments.filter(|argument| argument != "--restart" && argument != "--resume").map(shell_quoted);
            let arguments: Vec<String> = arguments.map(|argument| escape(&argument).into_owned()).collect();
            format!("stopped before the end; go on with\n  {} --resume", arguments.join(" "))
        }
    }
}

fn shell_quoted(argument: String) -> String {
    match argument.contains([' ', '\'', '"', '$', '*', '?', '\\']) {
        true => format!("'{}'", argument.replace('\'', r"'\''")),
        false => argument,
    }
}
