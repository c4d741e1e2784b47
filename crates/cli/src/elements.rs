//! `dmv-redact elements`: what a policy can name.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::output::{print_json, print_text};
use super::{Exit, Problem};
use dmv_redact::Catalog;
use dmv_redact_analysis::ElementList;
use dmv_redact_model::config::File;

/// List the data elements: what a policy permits or forbids, whatever a format calls it.
///
/// Each with its kind (which says what treatments it takes), how the DPPA (18 U.S.C. 2725(3) and (4)) ranks it, and its
/// groups, which rules name `group:NAME`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only these: an id (license.number), what ids begin with (license), or a group (group:immigration)
    #[arg(value_name = "SELECTOR")]
    selector: Option<String>,
    /// Add the data elements of this catalog
    #[arg(long, value_name = "FILE")]
    catalog: Vec<PathBuf>,
    /// For people, for programs or for a spreadsheet
    #[arg(long, value_name = "FORM", default_value = "text")]
    output: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Text,
    Json,
    Csv,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    match list(arguments) {
        Ok(()) => Exit::Released,
        Err(problem) => problem.print_error(),
    }
}

fn list(arguments: &Arguments) -> Result<(), Problem> {
    let files = arguments.catalog.iter().map(|path| File::read(path)).collect::<Result<Vec<_>, _>>()?;
    let documents: Vec<_> = files.iter().map(File::document).collect();
    let catalog = Catalog::load(dmv_redact::shipped::CATALOG, &documents)?;
    let list = ElementList::of(&catalog, arguments.selector.as_deref()).map_err(Problem::Usage)?;
    match arguments.output {
        Form::Text => print_text(&list.to_string()),
        Form::Json => print_json(&list),
        Form::Csv => print_text(&list.csv()),
    }
}
