//! `dmv-redact verify`: the second reading alone, over outputs that anyone wrote.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use rayon::prelude::*;

use super::filter_arguments::FilterArguments;
use super::messages::{read_file, read_message, regular_files};
use super::{Exit, Problem, complain};

use crate::{Filter, Requester};

/// Look for anything in redacted messages that the policy doesn't permit.
///
/// Reads outputs (files, folders, or one on stdin) with the second reading alone, and says what it finds: what, where in
/// the mapping, at which byte; never a value. Ends with status 3 if there is anything. Give the requester, purpose
/// and claims that the messages were redacted for.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Outputs: files, or folders whose every file is one
    inputs: Vec<PathBuf>,
    #[command(flatten)]
    filter: FilterArguments,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    match verify(arguments) {
        Ok(exit) => exit,
        Err(problem) => problem.complain(),
    }
}

fn verify(arguments: &Arguments) -> Result<Exit, Problem> {
    let filter = arguments.filter.filter()?.build()?;
    let requester = arguments.filter.requester()?;
    if arguments.inputs.is_empty() || arguments.inputs == [Path::new("-")] {
        let output = read_message(io::stdin().lock(), filter.message_bytes());
        return Ok(report("stdin", output, &filter, &requester));
    }
    let mut files = Vec::new();
    for input in &arguments.inputs {
        files.append(&mut regular_files(input)?);
    }
    let exits: Vec<Exit> = files
        .par_iter()
        .map(|path| {
            let output = read_file(path, filter.message_bytes());
            report(&path.display().to_string(), output, &filter, &requester)
        })
        .collect();
    let worst = [Exit::Failure, Exit::Refused].into_iter().find(|exit| exits.contains(exit));
    Ok(worst.unwrap_or(Exit::Released))
}

/// Verifies one output and says what was found.
fn report(name: &str, output: io::Result<Vec<u8>>, filter: &Filter, requester: &Requester) -> Exit {
    match output.map(|output| filter.verify(&output, requester)) {
        Ok(Ok(())) => Exit::Released,
        Ok(Err(finding)) => {
            complain(format!("{name}: {finding}"));
            Exit::Refused
        }
        Err(error) => {
            complain(format!("{name}: failed: {error}"));
            Exit::Failure
        }
    }
}
