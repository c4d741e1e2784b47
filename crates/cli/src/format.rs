//! `dmv-redact format`: a format of one's own, begun from schemas and samples, and checked before there is a policy.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::check::{self, Form};
use super::messages::{read_file, regular_files};
use super::output::{print, print_text};
use super::{Exit, Problem, print_error};
use dmv_redact::Limits;
use dmv_redact_analysis::lint::{Subjects, check_formats, unmapped};
use dmv_redact_analysis::{Draft, DraftError, DraftRequest, draft};
use dmv_redact_model::escape::escape;

/// Begin a format from schemas and samples, or check formats.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Draft(DraftArguments),
    Check(CheckArguments),
}

/// Draft a format.toml from a schema, or from sample messages
///
/// Lists every path. Each leads to the data element that it is taken for, and a comment says why; or it is a comment with
/// a question. What may be highly restricted is never taken for anything harmless. The schema is an XML Schema with what it
/// imports, or a JSON Schema; samples of one layout are merged. Shows no value of a sample but
/// names of kinds that tell parts apart.
#[derive(Debug, Args)]
struct DraftArguments {
    /// A schema, or sample messages of one layout, or both
    #[arg(value_name = "INPUT", required = true)]
    inputs: Vec<PathBuf>,
    /// The format's name [default: after its root]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The root of the messages, where the schema has several
    #[arg(long, value_name = "NAME")]
    root: Option<String>,
    /// Write the draft to this file, which must not exist yet, or with - to stdout [default: -]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Learn from the formats of this folder too: DIR/NAME/format.toml
    #[arg(long, value_name = "DIR")]
    formats: Vec<PathBuf>,
    /// Add the data elements of this catalog
    #[arg(long, value_name = "FILE")]
    catalog: Vec<PathBuf>,
}

/// Check formats, without a policy; and list what samples have that no path names
///
/// Compares formats with the schemas beside them, `*.xsd` and what they import, and `schema.json`. Ends with status 2 if
/// there is an error, with `--strict` also if there is a warning; else 0.
#[derive(Debug, Args)]
struct CheckArguments {
    /// Sample messages, or folders of them: list the paths that their format doesn't map
    #[arg(value_name = "SAMPLE")]
    samples: Vec<PathBuf>,
    /// Check the formats of this folder too: DIR/NAME/format.toml
    #[arg(long, value_name = "DIR")]
    formats: Vec<PathBuf>,
    /// Check the data elements of this catalog too
    #[arg(long, value_name = "FILE")]
    catalog: Vec<PathBuf>,
    /// Treat warnings as errors
    #[arg(long)]
    strict: bool,
    /// For people, for programs, for code scanning (SARIF 2.1.0), or as annotations of a GitHub workflow
    #[arg(long, value_name = "FORM", default_value = "text")]
    output: Form,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    let result = match &arguments.verb {
        Verb::Draft(arguments) => write_draft(arguments),
        Verb::Check(arguments) => check(arguments),
    };
    result.unwrap_or_else(Problem::print_error)
}

fn write_draft(arguments: &DraftArguments) -> Result<Exit, Problem> {
    let request = DraftRequest {
        inputs: arguments.inputs.clone(),
        name: arguments.name.clone(),
        root: arguments.root.clone(),
        formats: arguments.formats.clone(),
        catalogs: arguments.catalog.clone(),
    };
    let draft = draft(&request).map_err(|error| match error {
        DraftError::Config(error) => Problem::Config(error),
        DraftError::Usage(message) => Problem::Usage(message),
    })?;
    for caution in &draft.cautions {
        print_error(escape(caution));
    }
    match arguments.output.as_ref().filter(|path| path.as_os_str() != "-") {
        None => print(&draft.text)?,
        Some(path) => {
            create(path, &draft.text)?;
            print_text(&next_steps(path, &draft))?;
        }
    }
    Ok(Exit::Released)
}

/// Writes a new file: one that is there may be somebody's work.
fn create(path: &Path, text: &str) -> Result<(), Problem> {
    let written = OpenOptions::new().write(true).create_new(true).open(path);
    written.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            let path = path.display();
            Problem::Usage(format!("{path} is there already: nothing was written; name another file, or move it away"))
        }
        _ => Problem::Io(format!("{}: {error}", path.display())),
    })
}

fn next_steps(path: &Path, draft: &Draft) -> String {
    let Draft { guessed, asked, .. } = draft;
    let path = path.display();
    format!(
        "{path}: {guessed} guesses, {asked} questions\n\
         Read every line, and answer the questions. Then: dmv-redact format check --formats DIR, where DIR/NAME/format.toml\n"
    )
}

fn check(arguments: &CheckArguments) -> Result<Exit, Problem> {
    if !arguments.samples.is_empty() && arguments.output != Form::Text {
        return Err(Problem::Usage("what samples have unmapped is text for people: leave out --output".to_owned()));
    }
    let (catalogs, formats) = (arguments.catalog.clone(), arguments.formats.clone());
    let subjects = Subjects { catalogs, formats, ..Subjects::default() };
    let found = check_formats(&subjects);
    let exit = check::report(&found, arguments.output, arguments.strict)?;
    if exit == Exit::Released && !arguments.samples.is_empty() {
        for parts in unmapped(&subjects, &read_samples(&arguments.samples)?)? {
            print_text(&format!("\n{parts}"))?;
        }
    }
    Ok(exit)
}

fn read_samples(paths: &[PathBuf]) -> Result<Vec<(String, Vec<u8>)>, Problem> {
    let limit = Limits::default().message_bytes;
    let mut samples = Vec::new();
    for path in paths {
        for file in regular_files(path)? {
            let bytes = read_file(&file, limit);
            let bytes = bytes.map_err(|error| Problem::Io(format!("{}: {error}", file.display())))?;
            samples.push((file.display().to_string(), bytes));
        }
    }
    Ok(samples)
}
