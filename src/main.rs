//! Starts the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    dmv_redact::cli::main()
}
