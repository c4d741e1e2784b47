//! `dmv-redact completions`: shell completions for the command line.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Exit;
use super::output::print;

/// Print completions for a shell.
///
/// Bash: `dmv-redact completions bash > ~/.local/share/bash-completion/completions/dmv-redact`
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Which shell
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    let mut command = super::Arguments::command();
    let mut completions = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "dmv-redact", &mut completions);
    match print(&String::from_utf8_lossy(&completions)) {
        Ok(()) => Exit::Released,
        Err(problem) => problem.print_error(),
    }
}
