//! `dmv-redact log site`: pages that can be published as they are.

use std::path::{Path, PathBuf};

use super::{DayArguments, LogArguments, report_faults};
use crate::ground_arguments::GroundArguments;
use crate::output::print_text;
use crate::{Exit, Problem, print_error};
use dmv_redact::Date;
use dmv_redact_analysis::MatrixBuilder;
use dmv_redact_analysis::survey::Survey;
use dmv_redact_model::config::nearest;
use dmv_redact_model::escape::escape;
use dmv_redact_report::{SiteOptions, site};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    logs: LogArguments,
    /// The folder of the pages: a new one, or one that is empty
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// The policy whose words the pages use: a file, or the name of a built-in one
    #[arg(long, value_name = "POLICY")]
    policy: PathBuf,
    #[command(flatten)]
    ground: GroundArguments,
    /// An agency class that is listed separately, first; may be given again [default: immigration, border and
    /// homeland-security, as far as the policy has them]
    #[arg(long = "apart", value_name = "NAME")]
    apart: Vec<String>,
    /// Don't show counts from 1 to one less than this, nor what would give them away; 0 shows everything
    #[arg(long, value_name = "N", default_value_t = 11, value_parser = clap::value_parser!(u64).range(0..=100))]
    suppress_below: u64,
    #[command(flatten)]
    days: DayArguments,
}

/// The classes of the built-in policies that are listed separately if no others are named.
const IMMIGRATION: [&str; 3] = ["immigration", "border", "homeland-security"];

pub(super) fn publish(arguments: &Arguments) -> Result<Exit, Problem> {
    let Arguments { logs, output, policy, ground, suppress_below, days, .. } = arguments;
    let query = days.query()?;
    let keys = logs.read_keys()?;
    let builder = ground.filter().policy_named(policy).as_of(days.until);
    let (catalog, formats) = builder.load_catalog_and_formats()?;
    let policy = builder.policy(&catalog, &formats)?;
    let survey = Survey::of(&policy);
    let matrix = MatrixBuilder::new(&survey, &catalog, formats.messages()).build()?;
    let has_class = |name: &str| policy.classes().iter().any(|class| class.name == name);
    let apart = match arguments.apart.as_slice() {
        [] => IMMIGRATION.into_iter().filter(|name| has_class(name)).map(str::to_owned).collect(),
        named => named.to_vec(),
    };
    if let Some(unknown) = apart.iter().find(|name| !has_class(name)) {
        let nearest = nearest(unknown, policy.classes().iter().map(|class| class.name.as_str()));
        let help = nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
        return Err(Problem::Usage(format!("--apart: the policy has no agency class `{}`{help}", escape(unknown))));
    }
    let io = |path: &Path, error: &std::io::Error| Problem::Io(format!("{}: {error}", path.display()));
    match std::fs::read_dir(output).map(|mut entries| entries.next().is_some()) {
        Ok(true) => {
            let message = format!("{} isn't empty: name another folder for the pages", output.display());
            return Err(Problem::Usage(message));
        }
        Ok(false) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(io(output, &error)),
    }
    let options = SiteOptions {
        policy: &policy,
        catalog: &catalog,
        matrix: &matrix,
        apart: &apart,
        apart_title: if arguments.apart.is_empty() { "Immigration agencies" } else { "Agencies listed separately" },
        below: *suppress_below,
        made_on: Date::today(),
    };
    let (found, files) = site(&logs.logs, logs.verifier(&keys), &query, &options)?;
    if files.is_empty() {
        return Ok(report_faults(&found));
    }
    std::fs::create_dir_all(output).map_err(|error| io(output, &error))?;
    // The first page last: without it nobody takes the rest for all.
    for (name, content) in files.iter().rev() {
        let path = output.join(name);
        std::fs::write(&path, content).map_err(|error| io(&path, &error))?;
    }
    let today = Date::today();
    if *suppress_below > 1 && today.is_some_and(|today| days.until.is_none_or(|until| until >= today)) {
        print_error(
            "note: the last month isn't over: made again, its pages give away small counts; name the last day with --until",
        );
    }
    let exit = report_faults(&found);
    print_text(&format!("{}: {} files, the first is index.html\n", escape(&output.to_string_lossy()), files.len()))?;
    Ok(exit)
}
