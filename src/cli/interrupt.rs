//! Ctrl-C and SIGTERM: the messages in hand are finished, then the run stops. A second one stops it at once; the journal
//! stands by then.

use std::sync::atomic::{AtomicBool, Ordering};

use super::Problem;

static IS_STOPPED: AtomicBool = AtomicBool::new(false);

/// Begins to watch for signals, and gives what they set.
pub(super) fn watch() -> Result<&'static AtomicBool, Problem> {
    let stop = || {
        if IS_STOPPED.swap(true, Ordering::Relaxed) {
            std::process::exit(1);
        }
    };
    ctrlc::set_handler(stop).map_err(|error| Problem::Io(format!("signals can't be watched: {error}")))?;
    Ok(&IS_STOPPED)
}
