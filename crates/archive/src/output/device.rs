//! Outputs to a device or a named pipe, which is written to as it is, never replaced.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// How often a wait checks for a stop.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Opens a device or a named pipe for writing. A pipe opens when it has a reader, or the run is stopped.
pub(super) fn open_device(path: &Path, is_stopped: &AtomicBool) -> io::Result<File> {
    let (opened, result) = channel();
    let path: PathBuf = path.to_owned();
    thread::spawn(move || {
        // The receiver is gone if the run has ended.
        let _ = opened.send(OpenOptions::new().write(true).open(path));
    });
    loop {
        match result.recv_timeout(POLL_INTERVAL) {
            Ok(result) => return result,
            Err(RecvTimeoutError::Timeout) if !is_stopped.load(Ordering::Relaxed) => {}
            Err(_) => return Err(io::Error::other("the run was stopped before anybody read from it")),
        }
    }
}
