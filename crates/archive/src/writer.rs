//! The writer of a run: it records what was redacted, then puts it in place, then writes the journal, in the order of
//! the source (P12). All results that have arrived are flushed together, because a sync takes about as long for much as
//! for little.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::batch::{BatchRun, RunError, RunObserver, RunReport};
use super::document::BatchFrame;
use super::files::{Delivery, is_fatal, sync_around};
use super::form::ArchiveForm;
use super::journal::{JournalEntry, RunPosition};
use super::left_over::LeftOver;
use super::output::{OutputFolder, Stream, UnitOutput, part_path};
use super::pipeline::ResultSink;
use super::placed::{self, Placed};
use super::reader::{Destination, Outputs, ReadError, ReadPosition, WriterStep};
use super::state::StateFolder;
use super::walk::WalkEntry;
use super::work::{MessageNotice, UnitResult};
use crate::{Comparison, Summary};
use dmv_redact_log::Log;

/// The minimum interval between journals, and the minimum pause as a multiple of the time that the last one took:
/// writing one syncs all that it refers to, which on a slow disk would crowd out the work.
const JOURNAL_INTERVAL: Duration = Duration::from_millis(200);
const JOURNAL_PAUSE: u32 = 10;

/// The share of memory for the list of placed files, at the end.
const LIST_SHARE: usize = 8;

/// The writer of a run.
pub(super) struct Writer<'r> {
    run: &'r BatchRun,
    pub(super) folder: Option<StateFolder>,
    log: Option<Log>,
    observer: &'r dyn RunObserver,
    /// Puts outputs in place, and the list of those.
    output_folder: OutputFolder,
    placed: Placed,
    /// The open stream.
    stream: Option<Stream>,
    /// Results that aren't flushed yet.
    pending: Vec<(Option<UnitResult>, ReadPosition)>,
    /// Whether the first stream continues at the journal's position.
    is_resumed: bool,
    /// The next journal.
    pub(super) entry: JournalEntry,
    /// When to write the next journal.
    next_checkpoint: Instant,
    /// Messages and bytes before this process.
    baseline: (u64, u64),
    failure: Option<RunError>,
    /// Outputs that couldn't be put in place.
    failed_placements: u64,
    /// The reviews of the approved messages in the growing stream.
    stream_reviews: Vec<String>,
    is_stopped: &'r AtomicBool,
}

impl<'r> Writer<'r> {
    pub(super) fn new(
        run: &'r BatchRun,
        folder: Option<StateFolder>,
        journal: Option<JournalEntry>,
        mut log: Option<Log>,
        observer: &'r dyn RunObserver,
        is_stopped: &'r AtomicBool,
    ) -> Result<Self, RunError> {
        let is_resumed = journal.is_some();
        let mut entry = journal.unwrap_or_else(|| first_entry(run, folder.as_ref()));
        let placed = open_placed(run, folder.as_ref(), &entry)?;
        if let Some(log) = &mut log {
            start_log(log, run, folder.as_ref(), &mut entry)?;
        }
        let mut writer = Self {
            run,
            folder,
            log,
            observer,
            output_folder: OutputFolder::new(output_base(&run.outputs).to_owned()),
            placed,
            stream: None,
            pending: Vec::new(),
            is_resumed,
            next_checkpoint: Instant::now(),
            baseline: (entry.summary.messages(), entry.summary.bytes_in()),
            entry,
            failure: None,
            failed_placements: 0,
            stream_reviews: Vec::new(),
            is_stopped,
        };
        writer.finish_closing()?;
        // From here on, a killed run can be resumed.
        writer.checkpoint()?;
        Ok(writer)
    }

    /// Puts an output in place that was complete when the run was stopped.
    fn finish_closing(&mut self) -> Result<(), RunError> {
        let Some(place) = self.entry.position.closing.take() else { return Ok(()) };
        if let Some(folder) = &self.folder {
            let part = part_path(folder.work(), self.entry.position.closing_part);
            if part.exists() {
                let put = self.output_folder.put(&part, &place);
                self.check_placement(put)?;
            }
        }
        self.entry.position.stream = None;
        self.entry.position.inside = None;
        Ok(())
    }

    fn step(&mut self, step: WriterStep) -> Result<(), RunError> {
        match step {
            WriterStep::Unit(done, reached) => {
                match *done {
                    Ok(done) => self.pending.push((Some(done), reached)),
                    Err(error) => {
                        self.flush_pending()?;
                        return Err(unwritable(error));
                    }
                }
                Ok(())
            }
            WriterStep::Advance(reached) => {
                self.pending.push((None, reached));
                Ok(())
            }
            WriterStep::Reported { text, is_failure, reached } => {
                if is_failure {
                    self.entry.summary.add_failure();
                } else {
                    self.entry.summary.add_passed_over();
                }
                self.observer.on_failure(&text);
                self.pending.push((None, reached));
                Ok(())
            }
            WriterStep::Open { form, place, frame } => {
                self.flush_pending()?;
                self.open(form, place, frame)
            }
            WriterStep::Close(reached) => {
                self.flush_pending()?;
                self.close(reached)
            }
        }
    }

    fn open(&mut self, form: ArchiveForm, place: Option<PathBuf>, frame: Option<BatchFrame>) -> Result<(), RunError> {
        let position = self.entry.position.stream.filter(|_| self.is_resumed);
        self.is_resumed = false;
        // The number of found entries is unique among the streams of a run.
        let part = self.entry.position.found;
        let stream = match (place, &self.folder, &self.run.outputs) {
            (Some(place), Some(folder), _) => Stream::to_file(form, folder.work(), place, part, position),
            (_, _, Outputs::One { destination: Destination::Device(path), .. }) => {
                Stream::to_device(form, path, self.is_stopped)
            }
            _ => Ok(Stream::to_stdout(form)),
        };
        let mut stream = stream.map_err(unwritable)?;
        if let Some(frame) = frame {
            stream.frame(frame, position.is_some()).map_err(unwritable)?;
        }
        self.stream = Some(stream);
        Ok(())
    }

    /// Flushes the pending results: first the records are appended, and records and files are synced, then the outputs
    /// go out (P12), then the journal is written.
    fn flush_pending(&mut self) -> Result<(), RunError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let pending = std::mem::take(&mut self.pending);
        let mut has_files = false;
        for done in pending.iter().filter_map(|(done, _)| done.as_ref()) {
            if let Some(log) = &mut self.log {
                log.append(&done.bodies).map_err(unwritable_log)?;
            }
            has_files |= matches!(&done.product, UnitOutput::Files(files) if !files.is_empty());
        }
        if let Some(folder) = self.folder.as_ref().filter(|_| has_files) {
            sync_around(folder.path()).map_err(unwritable)?;
        }
        // An output that grows in the state folder goes out when it is put in place, after a journal, which syncs the
        // log.
        let goes_out = has_files || self.folder.is_none() && self.stream.is_some();
        if let Some(log) = self.log.as_ref().filter(|_| goes_out) {
            log.sync().map_err(unwritable_log)?;
        }
        for (done, reached) in pending {
            if let Some(done) = done {
                self.release(done)?;
            }
            self.advance(reached);
        }
        if Instant::now() >= self.next_checkpoint { self.checkpoint() } else { Ok(()) }
    }

    /// Releases the outputs of a unit, and reports its notices.
    fn release(&mut self, done: UnitResult) -> Result<(), RunError> {
        self.entry.summary.add_all(done.summary);
        self.entry.comparison.add_all(done.comparison);
        self.entry.approved.extend(done.approved);
        let failed = self.failed_placements;
        match done.product {
            UnitOutput::Files(deliveries) => {
                for Delivery { place, staged } in deliveries {
                    let delivered = match staged {
                        Some(staged) => {
                            self.placed.add(&staged, &place).and_then(|()| self.output_folder.put(&staged, &place))
                        }
                        None => self.output_folder.clear(&place),
                    };
                    self.check_placement(delivered)?;
                }
                // What isn't in its place hasn't gone out.
                if self.failed_placements == failed {
                    self.entry.reviews.extend(done.reviews);
                }
            }
            product => {
                self.stream_reviews.extend(done.reviews.iter().cloned());
                self.entry.reviews.extend(done.reviews);
                if let Some(stream) = &mut self.stream {
                    stream.append(product).map_err(unwritable)?;
                }
            }
        }
        for notice in &done.notices {
            let MessageNotice { text, is_failure } = notice;
            if *is_failure { self.observer.on_failure(text) } else { self.observer.on_notice(text) }
        }
        Ok(())
    }

    fn advance(&mut self, reached: ReadPosition) {
        let position = &mut self.entry.position;
        position.found = reached.found;
        position.last = reached.last;
        position.digest = reached.digest;
        position.inside = reached.inside;
        self.observer.on_progress(&self.entry.summary);
    }

    /// Writes the journal, after syncing everything that it refers to.
    fn checkpoint(&mut self) -> Result<(), RunError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let started = Instant::now();
        self.placed.sync().map_err(unwritable)?;
        if let Some(stream) = &mut self.stream {
            self.entry.position.stream = Some(stream.sync().map_err(unwritable)?);
        }
        if let Some(log) = &self.log {
            log.sync().map_err(unwritable_log)?;
            self.entry.audit = Some(log.position());
        }
        folder.write(&self.entry).map_err(unwritable)?;
        self.next_checkpoint = Instant::now() + (started.elapsed() * JOURNAL_PAUSE).max(JOURNAL_INTERVAL);
        Ok(())
    }

    /// Ends the stream and puts it in place.
    fn close(&mut self, reached: Option<ReadPosition>) -> Result<(), RunError> {
        let Some(mut stream) = self.stream.take() else { return Ok(()) };
        stream.end().map_err(unwritable)?;
        let (Some(folder), Some(place)) = (&self.folder, stream.place()) else { return self.finish_stream(reached) };
        if !stream.has_output() {
            // There is no output, so an old one must not stay (P11). If the run is killed now, nothing is left to do.
            let cleared = self.output_folder.clear(&place);
            self.check_placement(cleared)?;
            return self.finish_stream(reached);
        }
        let part = part_path(folder.work(), stream.part());
        self.placed.add(&part, &place).map_err(unwritable)?;
        self.entry.position.closing = Some(place.clone());
        self.entry.position.closing_part = stream.part();
        self.finish_stream(reached)?;
        let (put, failed) = (self.output_folder.put(&part, &place), self.failed_placements);
        self.check_placement(put)?;
        let reviews = std::mem::take(&mut self.stream_reviews);
        if self.failed_placements > failed {
            // What isn't in its place hasn't gone out.
            self.entry.reviews.retain(|review| !reviews.contains(review));
        }
        self.entry.position.closing = None;
        Ok(())
    }

    /// Reports a failure that affects one of many outputs only; returns one that affects all.
    fn check_placement(&mut self, put: io::Result<()>) -> Result<(), RunError> {
        match put {
            Err(error) if !is_fatal(&error) && !matches!(self.run.outputs, Outputs::One { .. }) => {
                self.entry.summary.add_fault();
                self.failed_placements += 1;
                self.observer.on_failure(&format!("failed: {error}"));
                Ok(())
            }
            put => put.map_err(unwritable),
        }
    }

    /// Updates the position after the last output of a stream.
    fn finish_stream(&mut self, reached: Option<ReadPosition>) -> Result<(), RunError> {
        let position = &mut self.entry.position;
        position.stream = None;
        position.inside = None;
        match reached {
            Some(ReadPosition { found, last, digest, .. }) => {
                position.found = found;
                position.last = last;
                position.digest = digest;
            }
            None => position.is_read = true,
        }
        self.observer.on_progress(&self.entry.summary);
        self.checkpoint()
    }

    /// Ends the reviews whose messages went out. Until then the outputs that have them are made by this run alone.
    fn end_reviews(&self) -> Result<(), RunError> {
        let reviews = &self.entry.reviews;
        match &self.run.task.reviews {
            Some(queue) if !reviews.is_empty() => {
                let ended = queue.delivered(&mut reviews.iter().map(String::as_str));
                ended.map_err(|error| {
                    RunError::Io(format!("the outputs are whole, but the queue of reviews isn't: {error}"))
                })
            }
            _ => Ok(()),
        }
    }

    /// Ends the run: complete, or so that it can be resumed.
    pub(super) fn end(
        mut self,
        read: Result<(), ReadError>,
        is_stopped: bool,
        started: Instant,
    ) -> Result<RunReport, RunError> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        read?;
        if !is_stopped {
            self.find_unmatched();
            self.find_left_over().map_err(unwritable)?;
        }
        if let Some(log) = &mut self.log {
            log.end().map_err(unwritable_log)?;
        }
        if is_stopped {
            self.checkpoint()?;
        } else {
            self.end_reviews()?;
            self.folder.take().map_or(Ok(()), StateFolder::remove).map_err(unwritable)?;
        }
        let summary = self.entry.summary;
        Ok(RunReport {
            messages: summary.messages() - self.baseline.0,
            bytes: summary.bytes_in() - self.baseline.1,
            summary,
            comparison: self.run.task.other.as_ref().map(|_| self.entry.comparison),
            head: self.log.as_ref().map(Log::head),
            is_stopped,
            has_lines: true,
            has_batches: true,
            has_notices: true,
            time: started.elapsed(),
        })
    }

    /// Reports approvals that no message had (P2).
    fn find_unmatched(&mut self) {
        let Some(approvals) = &self.run.task.approvals else { return };
        for id in approvals.unmatched(&self.entry.approved) {
            self.entry.summary.add_fault();
            self.observer.on_failure(&format!("{id}: approved, but no message has this identifier"));
        }
    }

    /// Reports, or removes, what is in OUT and was not put there by this run, before or after it was resumed (P11).
    fn find_left_over(&mut self) -> io::Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let Self { run, placed, observer, entry: JournalEntry { summary, position, had_outputs, .. }, .. } = self;
        let mut left = LeftOver {
            folder,
            out: output_base(&run.outputs),
            prunes: run.prune,
            observer: *observer,
            summary,
            reported: 0,
        };
        match &run.outputs {
            Outputs::Mirror(_) | Outputs::Files(_) => {
                placed.for_each_unlisted(folder.work(), run.memory / LIST_SHARE, |found| left.take(found))
            }
            // Nothing was put in place.
            Outputs::One { destination: Destination::File(out), .. } if *had_outputs && !position.is_read => {
                let place = out.clone();
                left.take(WalkEntry::File { path: place.clone(), place });
                Ok(())
            }
            Outputs::One { .. } | Outputs::Nowhere => Ok(()),
        }
    }
}

/// The journal of a run that begins.
fn first_entry(run: &BatchRun, folder: Option<&StateFolder>) -> JournalEntry {
    let work = folder.and_then(|folder| folder.work().file_name()).unwrap_or_default();
    JournalEntry {
        terms: run.terms.clone(),
        work: work.to_string_lossy().into_owned(),
        had_outputs: run.outputs.has_existing_outputs(folder),
        date: run.task.requester.given_date(),
        last_decision: run.task.reviews.as_ref().map(|_| run.task.last_decision),
        out: run.outputs.folder().and_then(placed::folder_identity),
        position: RunPosition::default(),
        summary: Summary::default(),
        comparison: Comparison::default(),
        approved: BTreeSet::new(),
        reviews: BTreeSet::new(),
        audit: None,
    }
}

/// The folder that outputs are put into; empty if none are.
fn output_base(outputs: &Outputs) -> &Path {
    match outputs {
        Outputs::Mirror(out) | Outputs::Files(out) => out,
        Outputs::One { destination: Destination::File(path), .. } => path.parent().unwrap_or(Path::new("")),
        Outputs::One { .. } | Outputs::Nowhere => Path::new(""),
    }
}

/// The list of what the run puts into a folder that held something before.
fn open_placed(run: &BatchRun, folder: Option<&StateFolder>, entry: &JournalEntry) -> Result<Placed, RunError> {
    match (run.outputs.folder(), folder) {
        (Some(out), Some(_)) if entry.had_outputs && entry.out != placed::folder_identity(out) => {
            let what = "is not the folder that the run was stopped in; --restart begins anew";
            Err(RunError::Usage(format!("{} {what}", out.display())))
        }
        (Some(out), Some(folder)) if entry.had_outputs => Placed::open(folder.work(), out).map_err(unwritable),
        _ => Ok(Placed::default()),
    }
}

/// Writes the start record to the log, where the journal says.
fn start_log(
    log: &mut Log,
    run: &BatchRun,
    folder: Option<&StateFolder>,
    entry: &mut JournalEntry,
) -> Result<(), RunError> {
    let has_begun = entry.audit.as_ref().map_or(Ok(false), |position| log.rewind(position))?;
    if run.task.reviews.is_some() {
        log.let_records_differ();
    }
    let is_dry_run = matches!(run.outputs, Outputs::Nowhere);
    log.prepare(run.task.filter.identity(), has_begun, is_dry_run).map_err(unwritable_log)?;
    if let (Some(folder), false) = (folder, has_begun) {
        // Killed after this, it can be resumed; killed before, it has left nothing in the log.
        entry.audit = Some(log.position());
        folder.write(entry).map_err(unwritable)?;
    }
    log.start().map_err(unwritable_log)
}

impl ResultSink<WriterStep> for Writer<'_> {
    fn take(&mut self, step: WriterStep) -> bool {
        match self.step(step) {
            Ok(()) => true,
            Err(error) => {
                self.failure = Some(error);
                false
            }
        }
    }

    fn flush(&mut self) -> bool {
        match self.flush_pending() {
            Ok(()) => true,
            Err(error) => {
                self.failure = Some(error);
                false
            }
        }
    }
}

fn unwritable(error: io::Error) -> RunError {
    RunError::Io(format!("the output can't be written: {error}"))
}

/// Without its record nothing goes out (P12).
fn unwritable_log(error: io::Error) -> RunError {
    RunError::Io(format!("the disclosure log can't be written, so nothing more is released: {error}"))
}
