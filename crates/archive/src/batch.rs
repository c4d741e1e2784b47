//! A run over archives: its settings, its report, and who observes it.

use std::time::Duration;

use super::form::ArchiveForm;
use super::journal::{StartMode, Terms};
use super::reader::{Inputs, Outputs, ReadError};
use super::state::StateError;
use super::work::Task;
use crate::{Comparison, Summary};
use dmv_redact_log::LogError;

/// The settings of a run.
pub struct BatchRun {
    /// What is done to every message.
    pub task: Task,
    /// Where messages come from.
    pub inputs: Inputs,
    /// Where outputs go.
    pub outputs: Outputs,
    /// The form of the inputs, if the caller states it.
    pub as_form: Option<ArchiveForm>,
    /// Threads that redact; 0 means one per core.
    pub jobs: usize,
    /// Approximate memory limit in bytes.
    pub memory: usize,
    /// Disk limit in bytes for spooling a zip that comes through a pipe or a compression.
    pub spool: u64,
    /// Whether to start anew or resume a stopped run.
    pub begin: StartMode,
    /// What must be unchanged when it is resumed.
    pub terms: Terms,
    /// Whether to remove from OUT what this run didn't put there.
    pub prune: bool,
}

/// Observes a run.
pub trait RunObserver: Sync {
    /// A message was held or withheld, or something was skipped or left from before.
    fn on_notice(&self, line: &str);
    /// Something could not be read or written.
    fn on_failure(&self, line: &str);
    /// The run's progress.
    fn on_progress(&self, summary: &Summary);
}

/// The result of a run.
#[derive(Debug)]
pub struct RunReport {
    /// The counts.
    pub summary: Summary,
    /// What another policy would have released, if there is one to compare with.
    pub comparison: Option<Comparison>,
    /// Messages of this process, without those before the run was resumed.
    pub messages: u64,
    /// Bytes of these messages.
    pub bytes: u64,
    /// Sequence number and hash of the disclosure log's last line.
    pub head: Option<(u64, String)>,
    /// Whether there was a batch.
    pub has_batches: bool,
    /// Whether it was stopped before its end.
    pub is_stopped: bool,
    /// Whether any source held lines: otherwise options about lines had no effect.
    pub has_lines: bool,
    /// Whether any output may hold notices: otherwise options about notices had no effect.
    pub has_notices: bool,
    /// How long it took.
    pub time: Duration,
}

/// Why a run failed or couldn't start.
#[derive(Debug)]
pub enum RunError {
    /// The usage is wrong; the text says how.
    Usage(String),
    /// Something can't be read or written; the text says what.
    Io(String),
}

impl From<StateError> for RunError {
    fn from(error: StateError) -> Self {
        match error {
            StateError::Usage(message) => Self::Usage(message),
            StateError::Io(path, error) => Self::Io(format!("{}: {error}", path.display())),
        }
    }
}

impl From<ReadError> for RunError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Changed(path) => {
                let what =
                    "or something before it is no longer what it was when the run was stopped; --restart begins anew";
                Self::Usage(format!("{} {what}", path.display()))
            }
        }
    }
}

impl From<LogError> for RunError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Usage(message) => Self::Usage(message),
            other => Self::Io(other.to_string()),
        }
    }
}
