//! Outputs that are no files: a device or a named pipe is written to as it is, never replaced.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// How often a wait looks whether the run is stopped.
const LOOK: Duration = Duration::from_millis(50);

/// Opens a device or a named pipe for writing. A pipe opens when somebody reads from it: the wait ends with the run.
pub(super) fn open_device(path: &Path, is_stopped: &AtomicBool) -> io::Result<File> {
    let (opened, result) = channel();
    let path: PathBuf = path.to_owned();
    thread::spawn(move || {
        // Nobody waits for it if the run has ended.
        let _ = opened.send(OpenOptions::new().write(true).open(path));
    });
    loop {
        match result.recv_timeout(LOOK) {
            Ok(result) => return result,
            Err(RecvTimeoutError::Timeout) if !is_stopped.load(Ordering::Relaxed) => {}
            Err(_) => return Err(io::Error::other("the run was stopped before anybody read from it")),
        }
    }
}
