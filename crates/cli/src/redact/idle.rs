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
    let (is_batch, layout) = (forms.members.batch.is_some(), forms.input_format.map(|form| form.layout));
    let unread = layout.filter(|layout| *layout != Layout::Lines && !is_batch);
    let unread = unread.map(|_| "on an --input-format that isn't ndjson: only lines have members");
    let unbatched = layout.filter(|layout| *layout != Layout::Message);
    let unbatched = unbatched.map(|_| "on an --input-format that isn't message: a batch is one document");
    let form = match outputs {
        Outputs::One { form, .. } => *form,
        Outputs::Files(_) => Some(ArchiveForm::MESSAGE),
        Outputs::Mirror(_) | Outputs::Nowhere => None,
    };
    // A batch is one document, as a message is; but --output-format message asks for a file each.
    let unbatched_form = form.filter(|form| form.layout != Layout::Message || *form == ArchiveForm::MESSAGE);
    let not_lines = if is_batch { unbatched_form } else { form }.filter(|form| form.layout != Layout::Lines);
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
    let unframed = unbatched_form.map(|_| "where the output has another form: only the messages of a batch go there");
    let checks = [
        ("--batch", is_batch, unbatched),
        ("--batch-keep", !forms.batch_keep.is_empty(), dry.or(unframed)),
        ("--keep-member", !forms.keep_member.is_empty(), dry.or(not_lines)),
        ("--drop-withheld", forms.drop_withheld, dry.or(own_files)),
        ("--output-format", forms.output_format.is_some(), dry),
        ("--prune", going.prune, dry.or(streamed)),
        ("--compare", record.compare.is_some(), unprinted),
    ];
    let members = forms.members.given().map(|(option, is_given)| (option, is_given, unread));
    for (option, is_given, idle) in members.into_iter().chain(checks) {
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
        let hint = match inputs {
            Inputs::Stdin => "stdin isn't lines",
            Inputs::Roots(_) => "no input is lines",
        };
        for (option, _) in forms.members.given().into_iter().filter(|(_, is_given)| *is_given) {
            idle.push(format!("{option} had no effect: {hint}; if it should be, add --input-format ndjson"));
        }
    }
    if forms.members.batch.is_some() && !report.has_batches {
        idle.push("--batch had no effect: no document has an array or element at this path; an element in a namespace is {urn:example}Name".to_owned());
    }
    if forms.drop_withheld && !report.has_notices {
        idle.push("--drop-withheld had no effect: no output is lines or an archive".to_owned());
    }
    idle
}
