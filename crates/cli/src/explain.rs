//! `dmv-redact explain`: what a requester gets, and why, rule by rule; of a message, path by path.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::filter_arguments::FilterArguments;
use super::messages::{read_file, read_message};
use super::output::{TextOrJson, print_json, print_text};
use super::{Exit, Problem};
use dmv_redact_analysis::{Explanation, MessageReport, StructureView, explain, message_key};

/// Explain what a requester gets, and why.
///
/// Shows the requester's agency classes and why it is in them, the outcome for every data element and the rule behind
/// it, the rules that don't apply and why, and which claims would change the answer. With MESSAGE, also the outcome
/// for each of its parts; --requester or the envelope says who asks. Never shows a value.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A message; `-` for stdin
    message: Option<PathBuf>,
    /// Print the structure of the message instead, with what is released and what is removed
    #[arg(long, requires = "message")]
    diff_view: bool,
    #[command(flatten)]
    filter: FilterArguments,
    /// For people or for programs
    #[arg(long, value_name = "FORM", default_value = "text", conflicts_with = "diff_view")]
    output: TextOrJson,
}

/// The output document.
#[derive(Serialize)]
struct ExplainReport {
    /// `None` if the requester is unknown.
    #[serde(flatten)]
    explanation: Option<Explanation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<MessageReport>,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    report(arguments).unwrap_or_else(Problem::print_error)
}

fn report(arguments: &Arguments) -> Result<Exit, Problem> {
    let mut builder = arguments.filter.filter()?.as_of(arguments.filter.date());
    if arguments.message.is_none() {
        builder = builder.without_token_key();
    }
    let files = builder.policy_files()?;
    let filter = builder.build()?;
    let requester = arguments.filter.requester(&filter)?;
    let document = match &arguments.message {
        Some(path) => {
            arguments.filter.refuse_idle_token_key([&filter].into_iter())?;
            let message = match path == Path::new("-") {
                true => read_message(io::stdin().lock(), filter.message_bytes()),
                false => read_file(path, filter.message_bytes()),
            };
            let message = message.map_err(|error| Problem::Io(format!("{}: {error}", path.display())))?;
            let mut output = Vec::new();
            let receipt = filter.redact(&message, &requester, &mut output);
            let key = message_key(&filter, &receipt);
            let asked = receipt.request().unwrap_or(&requester);
            let explanation = receipt.requester().map(|ori| explain(&filter, &files, asked, ori, Some(key)));
            let message = MessageReport::of(&filter, &requester, &message, &receipt);
            ExplainReport { explanation: explanation.transpose()?, message: Some(message) }
        }
        None => {
            if let Some(option) = arguments.filter.of_messages() {
                return Err(Problem::Usage(format!("{option} has no effect without a message")));
            }
            let Some(ori) = requester.ori() else {
                let message = "nobody to explain: add `--requester ORI`, or a message whose envelope names one";
                return Err(Problem::Usage(message.to_owned()));
            };
            ExplainReport { explanation: Some(explain(&filter, &files, &requester, ori, None)?), message: None }
        }
    };
    match (arguments.output, &document.message) {
        (TextOrJson::Json, _) => print_json(&document)?,
        (TextOrJson::Text, Some(message)) if arguments.diff_view => print_text(&StructureView(message).to_string())?,
        (TextOrJson::Text, message) => {
            let explanation = document
                .explanation
                .as_ref()
                .map_or_else(|| "No requester is known.\n".to_owned(), ToString::to_string);
            let message = message.as_ref().map_or_else(String::new, |message| format!("\n{message}"));
            print_text(&(explanation + &message))?;
        }
    }
    Ok(Exit::Released)
}
