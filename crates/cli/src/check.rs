//! `dmv-redact check`: lints policy, catalog and formats, and reports findings to people, programs and CI.

use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::date_argument::date;
use super::diagnostic::{self, DrawStyle};
use super::output::print;
use super::{Exit, Problem};
use dmv_redact::Date;
use dmv_redact_analysis::lint::{Finding, Severity, Subjects, annotations, check, json, sarif};
use dmv_redact_model::escape;

/// Find what is wrong, or probably not meant, in a policy, a catalog and formats.
///
/// Compares formats with the schemas beside them, `*.xsd` and `schema.json`. Ends with status 2 if there is an error,
/// with `--strict` also if there is a warning; else 0.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The policy to check: a file, or the name of a built-in one [default: baseline]
    #[arg(value_name = "POLICY")]
    file: Option<PathBuf>,
    /// The same, as an option like in other verbs
    #[arg(long, value_name = "POLICY", conflicts_with = "file")]
    policy: Option<PathBuf>,
    /// Check the formats of this folder too: DIR/NAME/format.toml
    #[arg(long, value_name = "DIR")]
    formats: Vec<PathBuf>,
    /// Check the data elements of this catalog too
    #[arg(long, value_name = "FILE")]
    catalog: Vec<PathBuf>,
    /// The day that the policy is checked as of [default: today in UTC]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
    date: Option<Date>,
    /// Treat warnings as errors
    #[arg(long)]
    strict: bool,
    /// For people, for programs, for code scanning (SARIF 2.1.0), or as annotations of a GitHub workflow
    #[arg(long, value_name = "FORM", default_value = "text")]
    output: Form,
}

/// What findings are printed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    Text,
    Json,
    Sarif,
    Github,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    let Arguments { file, policy, formats, catalog, .. } = arguments;
    let policy = file.as_ref().or(policy.as_ref());
    if let Some(folder) = policy.filter(|path| path.is_dir()) {
        return a_folder(folder).print_error();
    }
    let subjects =
        Subjects { catalogs: catalog.clone(), formats: formats.clone(), policy: policy.cloned(), date: arguments.date };
    report(&check(&subjects), arguments.output, arguments.strict).unwrap_or_else(Problem::print_error)
}

/// Prints findings in a form; whether there is an error among them, as an exit status.
pub(super) fn report(found: &[Finding], form: Form, strict: bool) -> Result<Exit, Problem> {
    let output = match form {
        Form::Text => text(found, strict),
        Form::Json => escape::json(&json(found, strict)),
        Form::Sarif => escape::json(&sarif(found, strict)),
        Form::Github => annotations(found, strict),
    };
    print(&output)?;
    let is_wrong = found.iter().any(|finding| finding.severity(strict) == Severity::Error);
    Ok(if is_wrong { Exit::Usage } else { Exit::Released })
}

/// A folder isn't a policy: suggests what to write instead.
fn a_folder(folder: &Path) -> Problem {
    let policy = folder.join("policy.toml");
    let write = match policy.is_file() {
        true => format!("`dmv-redact check {}`", policy.display()),
        false => format!("`dmv-redact check FILE`, or `--formats {}` for the formats in it", folder.display()),
    };
    Problem::Usage(format!("{}: a folder, not a policy; write {write}", folder.display()))
}

/// Each finding with its source lines, then the counts.
fn text(found: &[Finding], strict: bool) -> String {
    let style = DrawStyle::of(&io::stdout());
    let mut output = String::new();
    for finding in found {
        let message = format!("{} [{}]", finding.error.message(), finding.code.name);
        let severity = match finding.severity(strict) {
            Severity::Error => diagnostic::Severity::Error,
            Severity::Warning => diagnostic::Severity::Warning,
            Severity::Note => diagnostic::Severity::Note,
        };
        let finding = diagnostic::DrawnFinding { severity, message: &message, ..(&finding.error).into() };
        output.push_str(&diagnostic::draw(&finding, style));
        output.push_str("\n\n");
    }
    let counts = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")];
    let counts = counts.map(|(severity, name)| {
        match found.iter().filter(|finding| finding.severity(strict) == severity).count() {
            1 => format!("1 {name}"),
            count => format!("{count} {name}s"),
        }
    });
    output.push_str(&counts.join(", "));
    output.push('\n');
    output
}
