//! Options without effect are refused, because the user expects one. What depends on the content of the inputs
//! is reported at the end of the run, and changes its exit status.

use super::super::Problem;
use super::Arguments;
use dmv_redact_archive::{ArchiveForm, Inputs, Layout, Outputs, RunReport};

/// Refuses options that can't have an effect with any inputs.
///
/// # Errors
/// The first of them, with the reason.
pub(super) fn refuse_idle(arguments: &Arguments, outputs: &Outputs, prints_summary: bool) -> Result<(), Problem> {
    let Arguments { forms, record, going, .. } = arguments;
    let dry = Some("with --dry-run, which writes no output").filter(|_| record.dry_run);
    let unread = forms.input_format.filter(|form| form.layout != Layout::Lines);
    let unread = unread.map(|_| "on an --input-format that isn't ndjson: only lines have members");
    let form = match outputs {
        Outputs::One { form, .. } => *form,
        Outputs::Files(_) => Some(ArchiveForm::MESSAGE),
        Outputs::Mirror(_) | Outputs::Nowhere => None,
    };
    let not_lines = form.filter(|form| form.layout != Layout::Lines);
    let not_lines = not_lines.map(|_| "where the output isn't ndjson: only the message of each line goes there");
    let own_files = form.filter(|form| *form == ArchiveForm::MESSAGE);
    let own_files = own_files.map(|_| "where each message has a file of its own: one that is withheld has none");
    let streamed = match outputs {
        Outputs::One { destination, .. } if !destination.is_file() => {
            Some("on stdout, a device or a pipe: nothing is left there from before")
        }
        _ => None,
    };
    let unprinted = Some("without the summary, which it is part of: add --summary text").filter(|_| !prints_summary);
    let checks = [
        ("--payload-member", forms.payload_member.is_some(), unread),
        ("--requester-member", forms.requester_member.is_some(), unread),
        ("--purpose-member", forms.purpose_member.is_some(), unread),
        ("--payload-base64", forms.payload_base64, unread),
        ("--keep-member", !forms.keep_member.is_empty(), dry.or(not_lines)),
        ("--drop-withheld", forms.drop_withheld, dry.or(own_files)),
        ("--output-format", forms.output_format.is_some(), dry),
        ("--prune", going.prune, dry.or(streamed)),
        ("--compare", record.compare.is_some(), unprinted),
    ];
    for (option, is_given, idle) in checks {
        if let (true, Some(why)) = (is_given, idle) {
            return Err(Problem::Usage(format!("{option} has no effect {why}")));
        }
    }
    Ok(())
}

/// Options that had no effect on what was read, each with the reason.
pub(super) fn idle(arguments: &Arguments, inputs: &Inputs, report: &RunReport) -> Vec<String> {
    let forms = &arguments.forms;
    let mut idle = Vec::new();
    if !report.has_lines {
        let members = [
            ("--payload-member", &forms.payload_member),
            ("--requester-member", &forms.requester_member),
            ("--purpose-member", &forms.purpose_member),
        ];
        let hint = match inputs {
            Inputs::Stdin => "stdin isn't lines",
            Inputs::Roots(_) => "no input is lines",
        };
        for (option, _) in members.iter().filter(|(_, member)| member.is_some()) {
            idle.push(format!("{option} had no effect: {hint}; if it should be, add --input-format ndjson"));
        }
    }
    if forms.drop_withheld && !report.has_notices {
        idle.push("--drop-withheld had no effect: no output is lines or an archive".to_owned());
    }
    idle
}
