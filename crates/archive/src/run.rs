//! A run over archives: its settings, its report, and how it joins reader, workers and writer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::form::ArchiveForm;
use super::journal::{JournalEntry, StartMode, Terms};
use super::pipeline::{self, ByteBudget};
use super::reader::{Destination, Inputs, ObservedLayouts, Outputs, ReadError, Reader};
use super::state::{self, StateError, StateFolder};
use super::work::Task;
use super::writer::Writer;
use crate::{Comparison, Summary};
use dmv_redact_log::{AuditError, Log};

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
    /// Sequence number and hash of the audit log's last line.
    pub head: Option<(u64, String)>,
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

/// The share of memory reserved for other things than messages in flight: tables, parser buffers, compression.
const RESERVED_SHARE: usize = 2;

impl BatchRun {
    /// Runs to the end, or until `is_stopped` is set. Records go to `log`.
    pub fn run(
        &self,
        log: Option<Log>,
        observer: &dyn RunObserver,
        is_stopped: &'static AtomicBool,
    ) -> Result<RunReport, RunError> {
        let started = Instant::now();
        let (folder, journal) = self.folder()?;
        let mut writer = Writer::new(self, folder, journal, log, observer, is_stopped)?;
        let position = writer.entry.position.clone();
        let workers = rayon::ThreadPoolBuilder::new().num_threads(self.jobs).build();
        let workers = workers.map_err(|error| RunError::Io(format!("no threads: {error}")))?;
        let staging = writer.folder.as_ref().map(|folder| folder.work().to_owned());
        let observed = ObservedLayouts::default();
        let reader = Reader {
            task: &self.task,
            inputs: &self.inputs,
            outputs: &self.outputs,
            as_form: self.as_form,
            staging: staging.as_deref(),
            workers: &workers,
            is_stopped,
            window: self.memory / RESERVED_SHARE,
            spool: self.spool,
            observed: &observed,
        };
        let budget = ByteBudget::new(self.memory / RESERVED_SHARE);
        let is_over = AtomicBool::new(false);
        let mut read = Ok(());
        if !position.is_read {
            pipeline::run(&workers, &budget, &is_over, &mut writer, |feed| read = reader.run(&position, feed));
        }
        let is_stopped = is_stopped.load(Ordering::Relaxed);
        let mut report = writer.end(read, is_stopped, started)?;
        // What was observed before a stop is unknown.
        if self.begin != StartMode::Resume && !is_stopped {
            report.has_lines = observed.lines.load(Ordering::Relaxed);
            report.has_notices = observed.notices.load(Ordering::Relaxed);
        }
        Ok(report)
    }

    /// The state folder, if it has one, and the journal to resume from.
    fn folder(&self) -> Result<(Option<StateFolder>, Option<JournalEntry>), RunError> {
        let to = match &self.outputs {
            Outputs::Mirror(out) | Outputs::Files(out) => state::OutputLocation { out, is_folder: true },
            Outputs::One { destination: Destination::File(out), .. } => state::OutputLocation { out, is_folder: false },
            Outputs::Nowhere | Outputs::One { .. } => return Ok((None, None)),
        };
        let (folder, journal) = StateFolder::enter(to, self.begin, &self.terms)?;
        Ok((Some(folder), journal))
    }
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

impl From<AuditError> for RunError {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Usage(message) => Self::Usage(message),
            other => Self::Io(other.to_string()),
        }
    }
}
