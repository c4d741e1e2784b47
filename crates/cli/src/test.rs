//! `dmv-redact test`: policy cases and matrix tests, for a policy's CI.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use rayon::ThreadPoolBuilder;

use super::date_argument::date;
use super::output::{TextOrJson, print_json, print_text};
use super::{Exit, Problem, print_error};
use dmv_redact::Date;
use dmv_redact_analysis::cases::{
    CaseRun, CasesError, Settings, coverage, junit, load, run as run_cases, write_atomically,
};
use dmv_redact_model::escape;

/// Run policy cases: messages with their expected results, and what each agency class may get.
///
/// Searches DIR for folders with a case.toml or a matrix.toml. Ends with status 3 if a case fails, and with 2 if one
/// can't be read. Reports name data elements, places and counts, never a value.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The folder of the case folders
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// Run every case with this policy, a file or a built-in one, whatever policy it names
    #[arg(long, value_name = "POLICY")]
    policy: Option<PathBuf>,
    /// The folder of policies that cases name without a path [default: the nearest `policies` in or above DIR]
    #[arg(long, value_name = "DIR", conflicts_with = "policy")]
    policies: Option<PathBuf>,
    /// Add the formats of this folder: DIR/NAME/format.toml
    #[arg(long, value_name = "DIR")]
    formats: Vec<PathBuf>,
    /// Add the data elements of this catalog
    #[arg(long, value_name = "FILE")]
    catalog: Vec<PathBuf>,
    /// The key of the tokens that policies write, for cases with messages under them
    #[arg(long, value_name = "FILE")]
    token_key: Option<PathBuf>,
    /// The date of the requests of cases that state none [default: today in UTC]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
    date: Option<Date>,
    /// Run only cases whose names contain this
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Also write a JUnit report
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// For people or for programs
    #[arg(long, value_name = "FORM", default_value = "text")]
    output: TextOrJson,
    /// Also report which cells (agency class, purpose, data element) of the policies no case tests
    #[arg(long)]
    coverage: bool,
    /// Fail if cases test fewer than this percentage of cells
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100))]
    fail_under: Option<u8>,
    /// Make the actual results of failing cases their expected ones (outputs, dispositions, elements), after showing
    /// the changes
    #[arg(long)]
    bless: bool,
    /// Number of cases that run in parallel [default: one per processor]
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    test(arguments).unwrap_or_else(Problem::print_error)
}

/// Prints everything that keeps cases from being run.
fn refuse(error: CasesError) -> Exit {
    match error {
        CasesError::Wrong(errors) => {
            errors.into_iter().map(|error| Problem::from(error).print_error()).last().unwrap_or(Exit::Usage)
        }
        CasesError::Nothing(message) => Problem::Usage(message).print_error(),
        CasesError::Io(message) => Problem::Io(message).print_error(),
    }
}

fn test(arguments: &Arguments) -> Result<Exit, Problem> {
    let settings = Settings {
        policy: arguments.policy.clone(),
        policies: arguments.policies.clone(),
        formats: arguments.formats.clone(),
        catalogs: arguments.catalog.clone(),
        token_key: arguments.token_key.clone(),
        date: arguments.date,
        filter: arguments.filter.clone(),
    };
    let threads = ThreadPoolBuilder::new().num_threads(arguments.jobs.map_or(0, NonZeroUsize::get)).build();
    let threads = threads.map_err(|error| Problem::Usage(format!("--jobs: {error}")))?;
    threads.install(|| {
        let cases = match load(&arguments.folder, &settings) {
            Ok(cases) => cases,
            Err(error) => return Ok(refuse(error)),
        };
        let mut run = run_cases(&cases).map_err(Problem::Io)?;
        if arguments.coverage || arguments.fail_under.is_some() {
            run.coverage = match coverage(&cases) {
                Ok(coverage) => Some(coverage),
                Err(error) => return Ok(refuse(error)),
            };
        }
        if arguments.bless && run.failed > 0 {
            run.blessing = Some(run.blessing(&cases).map_err(Problem::Io)?);
        }
        report(arguments, &run)
    })
}

fn report(arguments: &Arguments, run: &CaseRun) -> Result<Exit, Problem> {
    match arguments.output {
        TextOrJson::Text => print_text(&run.to_string())?,
        TextOrJson::Json => print_json(run)?,
    }
    if let Some(path) = &arguments.junit {
        let report = escape::lines(&junit(run).map_err(Problem::Io)?);
        write_atomically(path, report.as_bytes())
            .map_err(|error| Problem::Io(format!("{}: {error}", path.display())))?;
    }
    let reached = run.coverage.as_ref().zip(arguments.fail_under);
    let is_under = reached.is_some_and(|(coverage, percent)| !coverage.reaches(percent));
    if let (true, Some(percent)) = (is_under, arguments.fail_under) {
        print_error(format!("fewer than {percent} % of the cells were asked for"));
    }
    // The changes have been printed by now.
    let is_failed = match &run.blessing {
        Some(blessing) => {
            blessing.write().map_err(Problem::Io)?;
            !blessing.is_complete()
        }
        None => run.failed > 0,
    };
    Ok(if is_failed || is_under { Exit::Refused } else { Exit::Released })
}
