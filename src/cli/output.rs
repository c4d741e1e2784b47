//! What goes to stdout.

use std::io::{self, Write};

use super::Problem;

/// Writes to stdout. A reader that has seen enough and closed the pipe is no failure.
pub(super) fn say(text: &str) -> Result<(), Problem> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Problem::Io(format!("stdout: {error}"))),
        _ => Ok(()),
    }
}
