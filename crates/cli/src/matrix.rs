//! `dmv-redact matrix`: the whole policy at a glance.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::date_argument::date;
use super::ground_arguments::GroundArguments;
use super::output::{print_json, print_text};
use super::{Exit, Problem};
use dmv_redact::Date;
use dmv_redact_analysis::MatrixBuilder;
use dmv_redact_analysis::survey::Survey;
use dmv_redact_report::matrix::{csv, html, markdown, text};

/// Show what every agency class gets: class by data element, by purpose and message key where they matter.
///
/// Computed from the policy for every possible ORI, purpose, message key and set of claims. HTML is one
/// self-contained page, with the rules and their basis on each cell.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The policy: a file, or the name of a built-in one [default: baseline]
    #[arg(long, value_name = "POLICY")]
    policy: Option<PathBuf>,
    /// The day that the matrix is as of, if the policy depends on dates [default: today in UTC]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
    date: Option<Date>,
    #[command(flatten)]
    ground: GroundArguments,
    /// For a terminal, a review, a spreadsheet, a program or a browser
    #[arg(long, value_name = "FORM", default_value = "text")]
    output: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Text,
    Md,
    Csv,
    Json,
    Html,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    match show(arguments) {
        Ok(()) => Exit::Released,
        Err(problem) => problem.print_error(),
    }
}

fn show(arguments: &Arguments) -> Result<(), Problem> {
    let mut builder = arguments.ground.filter().as_of(arguments.date);
    if let Some(policy) = &arguments.policy {
        builder = builder.policy_named(policy);
    }
    let (catalog, formats) = builder.load_catalog_and_formats()?;
    let policy = builder.policy(&catalog, &formats)?;
    let survey = Survey::of(&policy);
    let matrix = MatrixBuilder::new(&survey, &catalog, formats.messages()).build()?;
    match arguments.output {
        Form::Text => print_text(&text(&matrix)),
        Form::Md => print_text(&markdown(&matrix)),
        Form::Csv => print_text(&csv(&matrix)),
        Form::Json => print_json(&matrix),
        Form::Html => print_text(&html(&matrix)),
    }
}
