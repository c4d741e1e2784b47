//! A run over archives: what it was asked for, what becomes of it, and how reading, work and writing are joined.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::form::Form;
use super::journal::{Begin, Entry, Terms};
use super::pipeline::{self, ByteBudget};
use super::reader::{Destination, Inputs, Outputs, ReadError, Reader, Seen};
use super::state::{self, RunFolder, StateError};
use super::work::Task;
use super::writer::Writer;
use crate::audit::{AuditError, Log};
use crate::report::{Comparison, Summary};

/// A run as it was asked for.
pub(crate) struct Run {
    pub(crate) task: Task,
    pub(crate) inputs: Inputs,
    pub(crate) outputs: Outputs,
    /// What the caller knows of the inputs' form.
    pub(crate) as_form: Option<Form>,
    /// Threads that redact; 0 is one a core.
    pub(crate) jobs: usize,
    /// Bytes of memory that the run may take, about.
    pub(crate) memory: usize,
    /// Bytes of disk that a zip which comes through a pipe or a compression may take while it is read.
    pub(crate) spool: u64,
    /// Whether a run that was stopped is to go on, or not.
    pub(crate) begin: Begin,
    /// What must not change while it is stopped.
    pub(crate) terms: Terms,
    /// Whether what it didn't put into OUT is removed from there.
    pub(crate) prune: bool,
}

/// Who is told how a run goes.
pub(crate) trait Watch: Sync {
    /// Of a message that was held or withheld, or of something that was passed over or is left from before.
    fn tell(&self, line: &str);
    /// Of something that could not be read or written.
    fn tell_failure(&self, line: &str);
    /// How far the run has come.
    fn moved(&self, summary: &Summary);
}

/// What became of a run.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) summary: Summary,
    /// What another policy would have let through, if there was one to compare with.
    pub(crate) comparison: Option<Comparison>,
    /// Messages and bytes of this run, without what was done before it was stopped.
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
    /// Sequence number and hash of the audit log's last line.
    pub(crate) head: Option<(u64, String)>,
    /// Whether it was stopped before its end.
    pub(crate) is_stopped: bool,
    /// Whether a source held lines, and whether an output may hold notices: else options about them had no effect.
    pub(crate) has_lines: bool,
    pub(crate) has_notices: bool,
    pub(crate) time: Duration,
}

/// Why a run broke off, or didn't begin.
#[derive(Debug)]
pub(crate) enum RunError {
    Usage(String),
    Io(String),
}

/// What of the memory isn't for messages on their way: tables, buffers of the readings, what compression needs.
const RESERVED_SHARE: usize = 2;

impl Run {
    /// Does it, until it is done or `is_stopped` is set. What was recorded goes to `log`.
    pub(crate) fn run(
        &self,
        log: Option<Log>,
        watch: &dyn Watch,
        is_stopped: &'static AtomicBool,
    ) -> Result<Report, RunError> {
        let begun = Instant::now();
        let (folder, journal) = self.folder()?;
        let mut writer = Writer::new(self, folder, journal, log, watch, is_stopped)?;
        let position = writer.entry.position.clone();
        let workers = rayon::ThreadPoolBuilder::new().num_threads(self.jobs).build();
        let workers = workers.map_err(|error| RunError::Io(format!("no threads: {error}")))?;
        let staging = writer.folder.as_ref().map(|folder| folder.work().to_owned());
        let seen = Seen::default();
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
            seen: &seen,
        };
        let room = ByteBudget::new(self.memory / RESERVED_SHARE);
        let is_over = AtomicBool::new(false);
        let mut read = Ok(());
        if !position.is_read {
            pipeline::run(&workers, &room, &is_over, &mut writer, |feed| read = reader.run(&position, feed));
        }
        let is_stopped = is_stopped.load(Ordering::Relaxed);
        let mut report = writer.end(read, is_stopped, begun)?;
        // What a stopped run came across nobody knows any more.
        if self.begin != Begin::Resume && !is_stopped {
            report.has_lines = seen.lines.load(Ordering::Relaxed);
            report.has_notices = seen.notices.load(Ordering::Relaxed);
        }
        Ok(report)
    }

    /// The folder of the run's state, if it has one, and where to go on.
    fn folder(&self) -> Result<(Option<RunFolder>, Option<Entry>), RunError> {
        let to = match &self.outputs {
            Outputs::Mirror(out) | Outputs::Files(out) => state::Destination { out, is_folder: true },
            Outputs::One { destination: Destination::File(out), .. } => state::Destination { out, is_folder: false },
            Outputs::Nowhere | Outputs::One { .. } => return Ok((None, None)),
        };
        let (folder, journal) = RunFolder::enter(to, self.begin, &self.terms)?;
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
            AuditError::Io(message) => Self::Io(message),
        }
    }
}
