//! Ctrl-C and SIGTERM: the run finishes the messages in flight, then stops. A second signal stops it immediately; the
//! journal is written by then.

use std::sync::atomic::{AtomicBool, Ordering};

use super::Problem;

static IS_STOPPED: AtomicBool = AtomicBool::new(false);

/// Starts watching for signals; returns the flag that they set.
pub(super) fn watch() -> Result<&'static AtomicBool, Problem> {
    ctrlc::set_handler(stop).map_err(|error| Problem::Io(format!("signals can't be watched: {error}")))?;
    Ok(&IS_STOPPED)
}

fn stop() {
    if IS_STOPPED.swap(true, Ordering::Relaxed) {
        std::process::exit(1);
    }
}
