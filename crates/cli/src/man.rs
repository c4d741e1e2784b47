//! `dmv-redact man`: the manual, generated from the same definitions as `--help`.

use std::path::PathBuf;

use clap::{Args, CommandFactory};

use super::output::print;
use super::{Exit, Problem};

/// Write the manual pages, one for each verb, or print the first.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The folder to write them to; left out: print only the page of dmv-redact itself
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    match write(arguments) {
        Ok(()) => Exit::Released,
        Err(problem) => problem.print_error(),
    }
}

fn write(arguments: &Arguments) -> Result<(), Problem> {
    // As in the pages of a folder, there is no verb `help`: the pages are the help.
    let command = super::Arguments::command().disable_help_subcommand(true);
    let Some(folder) = &arguments.folder else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page).map_err(|error| Problem::Io(format!("stdout: {error}")))?;
        return print(&String::from_utf8_lossy(&page));
    };
    let written = std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(command, folder));
    written.map_err(|error| Problem::Io(format!("{}: {error}", folder.display())))
}
