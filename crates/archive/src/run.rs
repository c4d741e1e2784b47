//! A run over archives: its settings, its report, and how it joins reader, workers and writer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::batch::{BatchRun, RunError, RunObserver, RunReport};
use super::journal::{JournalEntry, StartMode};
use super::pipeline::{self, ByteBudget};
use super::reader::{Destination, ObservedLayouts, Outputs, Reader};
use super::state::{OutputLocation, StateFolder};
use super::writer::Writer;
use dmv_redact_log::Log;

/// The share of memory reserved for other things than messages in flight: tables, parser buffers, compression.
const RESERVED_SHARE: usize = 2;

impl BatchRun {
    /// Runs to the end, or until `is_stopped` is set. Records go to `log`.
    pub fn run(
        &mut self,
        log: Option<Log>,
        observer: &dyn RunObserver,
        is_stopped: &'static AtomicBool,
    ) -> Result<RunReport, RunError> {
        let started = Instant::now();
        let (folder, journal) = self.folder()?;
        // A resumed run decides as it began, even if it was stopped before midnight (P10).
        if let Some(date) = journal.as_ref().and_then(|entry| entry.date) {
            self.task.requester = self.task.requester.clone().on(date);
        }
        if let Some(queue) = &self.task.reviews {
            let known = journal.as_ref().and_then(|entry| entry.last_decision);
            self.task.last_decision = known.map_or_else(|| queue.last_decision(), Ok).map_err(RunError::Io)?;
            let mut claimed = journal.iter().flat_map(|entry| entry.reviews.iter().map(String::as_str));
            if !queue.are_claimed(&mut claimed).map_err(RunError::Io)? {
                let what = "a review whose message is in the outputs was settled since the run was stopped; --restart begins anew";
                return Err(RunError::Usage(what.to_owned()));
            }
        }
        let run = &*self;
        let mut writer = Writer::new(run, folder, journal, log, observer, is_stopped)?;
        let position = writer.entry.position.clone();
        let workers = rayon::ThreadPoolBuilder::new().num_threads(run.jobs).build();
        let workers = workers.map_err(|error| RunError::Io(format!("no threads: {error}")))?;
        let staging = writer.folder.as_ref().map(|folder| folder.work().to_owned());
        let observed = ObservedLayouts::default();
        let reader = Reader {
            task: &run.task,
            inputs: &run.inputs,
            outputs: &run.outputs,
            as_form: run.as_form,
            staging: staging.as_deref(),
            workers: &workers,
            is_stopped,
            window: run.memory / RESERVED_SHARE,
            spool: run.spool,
            observed: &observed,
        };
        let budget = ByteBudget::new(run.memory / RESERVED_SHARE);
        let is_over = AtomicBool::new(false);
        let mut read = Ok(());
        if !position.is_read {
            pipeline::run(&workers, &budget, &is_over, &mut writer, |feed| read = reader.run(&position, feed));
        }
        let is_stopped = is_stopped.load(Ordering::Relaxed);
        let mut report = writer.end(read, is_stopped, started)?;
        // What was observed before a stop is unknown.
        if run.begin != StartMode::Resume && !is_stopped {
            report.has_lines = observed.lines.load(Ordering::Relaxed);
            report.has_batches = observed.batches.load(Ordering::Relaxed);
            report.has_notices = observed.notices.load(Ordering::Relaxed);
        }
        Ok(report)
    }

    /// The state folder, if it has one, and the journal to resume from.
    fn folder(&self) -> Result<(Option<StateFolder>, Option<JournalEntry>), RunError> {
        let to = match &self.outputs {
            Outputs::Mirror(out) | Outputs::Files(out) => OutputLocation { out, is_folder: true },
            Outputs::One { destination: Destination::File(out), .. } => OutputLocation { out, is_folder: false },
            Outputs::Nowhere | Outputs::One { .. } => return Ok((None, None)),
        };
        let (folder, journal) = StateFolder::enter(to, self.begin, &self.terms)?;
        Ok((Some(folder), journal))
    }
}
