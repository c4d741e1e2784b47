//! The command line, verb by verb. Archives have a test binary of their own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that can't go on has failed"
)]

mod attacks;
mod attributes;
mod broken_policies;
mod canary;
mod cases;
mod cli;
mod dates;
mod diff;
mod docs;
mod duties;
mod explain;
mod explained;
mod format;
mod includes;
mod instruments;
mod legal_notices;
mod log;
mod matrix;
mod newcomer;
mod packs;
mod review;
mod serve;
#[cfg(unix)]
mod sidecar;
mod tokens;

use std::path::Path;
use std::process::{Command, Output};

use dmv_redact_testing::program::{self, ProgramOutput};
use dmv_redact_testing::root;

/// The program with some arguments, in a folder.
fn command_in(folder: &Path, arguments: &[&str]) -> Command {
    program::command(env!("CARGO_BIN_EXE_dmv-redact"), folder, arguments)
}

/// The program with some arguments, in the folder of the repository.
fn command(arguments: &[&str]) -> Command {
    command_in(root(), arguments)
}

/// Runs the program in a folder.
fn run_in(folder: &Path, arguments: &[&str]) -> Output {
    command_in(folder, arguments).output().unwrap()
}

/// Runs the program in the folder of the repository, with this on stdin.
fn run(arguments: &[&str], stdin: &[u8]) -> Output {
    program::fed(&mut command(arguments), stdin)
}

/// Runs a verb in the folder of the repository: what it told.
fn told_by(verb: &str, arguments: &[&str]) -> ProgramOutput {
    command(&[verb]).args(arguments).output().unwrap().into()
}

/// Runs the program in a folder: all that it told; it must have ended with this status.
#[track_caller]
fn told_in(folder: &Path, arguments: &[&str], status: i32) -> String {
    let output = run_in(folder, arguments);
    let told = format!("{}{}", text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(status), "{told}");
    told
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}
