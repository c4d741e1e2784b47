//! `dmv-redact verify`: the second reading alone, over outputs that anyone wrote.

use std::path::{Path, PathBuf};

use clap::Args;

use super::filter_arguments::FilterArguments;
use super::member_arguments::MemberArguments;
use super::messages::read_file;
use super::output::print_text;
use super::redact::{form, inputs};
use super::{Exit, Problem, print_error};
use dmv_redact::Filter;
use dmv_redact_archive::Summary;
use dmv_redact_archive::{ArchiveForm, BatchRun, Outputs, RunObserver, StartMode, Task, Terms};
use dmv_redact_model::escape::escape;

/// Look for anything in redacted messages that the policy doesn't permit.
///
/// Reads outputs (files, folders and archives in every form that `redact` writes, or stdin) with the second reading
/// alone, and reports what it finds: what, where in the mapping, at which byte; never a value. Counts the notices in
/// place of messages that were withheld or could not be read. Ends with status 3 if anything is found. Give the
/// requester, purpose, claims and date that the messages were redacted for.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Outputs: files, folders or archives
    inputs: Vec<PathBuf>,
    #[command(flatten)]
    filter: FilterArguments,
    /// The message that the one output was made of: each value must be the message's
    #[arg(long, value_name = "MESSAGE", conflicts_with_all = ["input_format", "payload_member", "requester_member", "purpose_member", "date_member", "batch"])]
    against: Option<PathBuf>,
    /// Read every output as this form: message, ndjson, ndjson.gz, ndjson.zst, tar, tar.gz, tar.zst or zip
    #[arg(long, value_name = "FORM", value_parser = form)]
    input_format: Option<ArchiveForm>,
    #[command(flatten)]
    members: MemberArguments,
}

/// About how much memory reading takes, and how much disk a zip inside a compression may take, in bytes.
const MEMORY: usize = 256 << 20;
const MEMORY_PER_MESSAGE_BYTE: usize = 8;
const SPOOL: u64 = 4 << 30;

pub(super) fn run(arguments: &Arguments) -> Exit {
    verify(arguments).unwrap_or_else(Problem::print_error)
}

fn verify(arguments: &Arguments) -> Result<Exit, Problem> {
    let builder = arguments.filter.filter()?;
    if let Some(message) = &arguments.against {
        let filter = builder.build()?;
        arguments.filter.refuse_idle_token_key([&filter].into_iter())?;
        return verify_against(arguments, &filter, message);
    }
    if arguments.filter.has_token_key() {
        let message =
            "--token-key has no effect without --against: of outputs alone, only the form of a token is checked";
        return Err(Problem::Usage(message.to_owned()));
    }
    let filter = builder.without_token_key().build()?;
    let memory = MEMORY.max(filter.message_bytes().saturating_mul(MEMORY_PER_MESSAGE_BYTE));
    let task = Task {
        requester: arguments.filter.requester_of(&filter, arguments.members.date_member.is_some())?,
        filter,
        members: arguments.members.members(&[])?,
        batch: arguments.members.batch(&[], false)?,
        approvals: None,
        reviews: None,
        last_decision: 0,
        other: None,
        drop_withheld: false,
        withheld: None,
        is_logged: false,
        is_dry_run: false,
        is_verification: true,
    };
    let run = BatchRun {
        task,
        inputs: inputs(&arguments.inputs)?,
        outputs: Outputs::Nowhere,
        as_form: arguments.input_format,
        jobs: 0,
        memory,
        spool: SPOOL,
        begin: StartMode::New,
        terms: Terms::new(),
        prune: false,
    };
    let verified = run.verify(&FindingPrinter)?;
    print_text(&format!(
        "{} outputs verified: {} with findings; {} notices of messages withheld, {} of messages failed\n",
        verified.messages, verified.findings, verified.withheld, verified.failed
    ))?;
    Ok(match () {
        () if verified.unread > 0 => Exit::Failure,
        () if verified.findings > 0 => Exit::Refused,
        () => Exit::Released,
    })
}

/// Verifies one output against the message that it was made of.
fn verify_against(arguments: &Arguments, filter: &Filter, message: &Path) -> Result<Exit, Problem> {
    let [output] = arguments.inputs.as_slice() else {
        return Err(Problem::Usage("--against takes one output".to_owned()));
    };
    let requester = arguments.filter.requester(filter)?;
    let read = |path: &Path| {
        let found = read_file(path, filter.message_bytes());
        found.map_err(|error| Problem::Io(format!("{}: {error}", path.display()).to_lowercase()))
    };
    let (bytes, message) = (read(output)?, read(message)?);
    let found = filter.verify(&bytes, &requester).and_then(|()| filter.verify_against(&bytes, &message, &requester));
    let findings = match found {
        Ok(()) => 0,
        Err(finding) => {
            print_error(escape(&format!("{}: {finding}", output.display())));
            1
        }
    };
    print_text(&format!("1 output verified against its message: {findings} with findings\n"))?;
    Ok(if findings == 0 { Exit::Released } else { Exit::Refused })
}

/// Prints findings to stderr.
struct FindingPrinter;

impl RunObserver for FindingPrinter {
    fn on_notice(&self, line: &str) {
        print_error(escape(line));
    }

    fn on_failure(&self, line: &str) {
        print_error(escape(line));
    }

    fn on_progress(&self, _: &Summary) {}
}
