//! `dmv-redact diff`: what a change of policy changes.

use std::path::PathBuf;

use clap::Args;

use super::date_argument::date;
use super::ground_arguments::GroundArguments;
use super::output::{TextOrJson, print_json, print_text};
use super::{Exit, Problem};
use dmv_redact::Date;
use dmv_redact_analysis::Diff;
use dmv_redact_analysis::survey::compare;

/// Show who gains and who loses what from one policy to another, and by which rules.
///
/// Compares what the policies release, not how they are written, for every ORI, purpose, message key and set of
/// claims that either distinguishes. Ends with status 3 if anything is gained: an element goes out that didn't, or
/// more of it, at once (+) or once a person has approved the message (~).
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The old policy: a file, or the name of a built-in one
    old: PathBuf,
    /// The new policy, likewise
    new: PathBuf,
    /// The day on which both are compared, if they depend on dates [default: today in UTC]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
    date: Option<Date>,
    #[command(flatten)]
    ground: GroundArguments,
    /// For people or for programs
    #[arg(long, value_name = "FORM", default_value = "text")]
    output: TextOrJson,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    show(arguments).unwrap_or_else(Problem::print_error)
}

fn show(arguments: &Arguments) -> Result<Exit, Problem> {
    let builder = arguments.ground.filter().as_of(arguments.date);
    let (catalog, formats) = builder.load_catalog_and_formats()?;
    let load = |path: &PathBuf| builder.clone().policy_named(path).policy(&catalog, &formats);
    let (old, new) = (load(&arguments.old)?, load(&arguments.new)?);
    let diff = Diff::new([&old, &new], &catalog, formats.messages(), &compare(&old, &new)?);
    match arguments.output {
        TextOrJson::Text => print_text(&diff.to_string())?,
        TextOrJson::Json => print_json(&diff)?,
    }
    Ok(if diff.gains() { Exit::Refused } else { Exit::Released })
}
