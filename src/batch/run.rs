//! The writing end of a run, and the run itself: what is redacted is recorded, then put where it goes, then noted in the
//! journal, in the order of the source.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::form::Form;
use super::journal::{Begin, Entry, JournalError, Position, RunFolder, Terms};
use super::output::{Product, Stream, deliver, is_of_the_run};
use super::pipeline::{self, Room, Take};
use super::reader::{After, Inputs, Outputs, ReadError, Reader, Step};
use super::work::{Done, Task};
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
    /// Whether a run that was stopped is to go on, or not.
    pub(crate) begin: Begin,
    /// What must not change while it is stopped.
    pub(crate) terms: Terms,
}

/// Who is told how a run goes.
pub(crate) trait Watch: Sync {
    /// Of a message that was held or withheld, or of something passed over.
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
    pub(crate) time: Duration,
}

/// Why a run broke off, or didn't begin.
#[derive(Debug)]
pub(crate) enum RunError {
    Usage(String),
    Io(String),
}

/// How often the journal is written at most, and how many times as long as the last took it takes to the next: what it speaks
/// of must be on the disk, and a slow one is better left to write on its own.
const JOURNAL_INTERVAL: Duration = Duration::from_millis(200);
const JOURNAL_PAUSE: u32 = 10;
/// What of the memory isn't for messages on their way: tables, buffers of the readings, what compression needs.
const RESERVED_SHARE: usize = 2;

impl Run {
    /// Does it, until it is done or `is_stopped` is set. What was recorded goes to `log`.
    pub(crate) fn run(&self, log: Option<Log>, watch: &dyn Watch, is_stopped: &AtomicBool) -> Result<Report, RunError> {
        let begun = Instant::now();
        let (folder, journal) = self.folder()?;
        let mut writer = Writer::new(self, folder, journal, log, watch)?;
        let position = writer.entry.position.clone();
        let workers = rayon::ThreadPoolBuilder::new().num_threads(self.jobs).build();
        let workers = workers.map_err(|error| RunError::Io(format!("no threads: {error}")))?;
        let staging = writer.folder.as_ref().map(|folder| folder.path().to_owned());
        let reader = Reader {
            task: &self.task,
            inputs: &self.inputs,
            outputs: &self.outputs,
            as_form: self.as_form,
            staging: staging.as_deref(),
            workers: &workers,
            is_stopped,
        };
        let room = Room::new(self.memory / RESERVED_SHARE);
        let is_over = AtomicBool::new(false);
        let mut read = Ok(());
        if !position.is_read {
            pipeline::run(&workers, &room, &is_over, &mut writer, |feed| read = reader.run(&position, feed));
        }
        let is_stopped = is_stopped.load(std::sync::atomic::Ordering::Relaxed);
        writer.end(read, is_stopped, begun)
    }

    /// The folder of the run, if it has one, and where to go on.
    fn folder(&self) -> Result<(Option<RunFolder>, Option<Entry>), RunError> {
        const NAME: &str = ".dmv-redact";
        let path = match &self.outputs {
            Outputs::Mirror(out) | Outputs::Files(out) => out.join(NAME),
            Outputs::One { destination: Some(destination), .. } => {
                let name = destination.file_name().unwrap_or_default().to_string_lossy();
                destination.with_file_name(format!("{NAME}-{name}"))
            }
            Outputs::Nowhere | Outputs::One { destination: None, .. } => return Ok((None, None)),
        };
        let (folder, journal) = RunFolder::enter(&path, self.begin, &self.terms)?;
        Ok((Some(folder), journal))
    }
}

/// The writer of a run.
struct Writer<'r> {
    run: &'r Run,
    folder: Option<RunFolder>,
    log: Option<Log>,
    watch: &'r dyn Watch,
    /// The stream that is open.
    stream: Option<Stream>,
    /// Where the stream that is opened first goes on.
    is_resumed: bool,
    /// What the journal will say.
    entry: Entry,
    /// Lines of the source before the next unit.
    lines: u64,
    /// When the journal is to be written next.
    next_checkpoint: Instant,
    /// Messages and bytes before this run.
    before: (u64, u64),
    failure: Option<RunError>,
}

impl<'r> Writer<'r> {
    fn new(
        run: &'r Run,
        folder: Option<RunFolder>,
        journal: Option<Entry>,
        mut log: Option<Log>,
        watch: &'r dyn Watch,
    ) -> Result<Self, RunError> {
        let is_resumed = journal.is_some();
        let entry = journal.unwrap_or_else(|| Entry {
            terms: run.terms.clone(),
            position: Position::default(),
            summary: Summary::default(),
            comparison: Comparison::default(),
            audit: None,
        });
        if let Some(log) = &mut log {
            if let Some(position) = &entry.audit {
                log.rewind(position)?;
            }
            log.start(run.task.filter.policy(), is_resumed).map_err(unwritable_log)?;
        }
        let lines = entry.position.inside.map_or(0, |inside| inside.lines);
        let next_checkpoint = Instant::now();
        let before = (entry.summary.messages(), entry.summary.bytes_in());
        let (stream, failure) = (None, None);
        let mut writer =
            Self { run, folder, log, watch, stream, is_resumed, entry, lines, next_checkpoint, before, failure };
        writer.settle()?;
        // From here on a run that is killed can go on.
        writer.checkpoint()?;
        Ok(writer)
    }

    /// Puts an output in place that was whole when the run was stopped.
    fn settle(&mut self) -> Result<(), RunError> {
        let Some(destination) = self.entry.position.closing.take() else { return Ok(()) };
        if let Some(folder) = &self.folder {
            let part = folder.path().join("part");
            if part.exists() {
                super::output::put_in_place(&part, &destination).map_err(unwritable)?;
            }
        }
        self.entry.position.stream = None;
        self.entry.position.inside = None;
        Ok(())
    }

    fn step(&mut self, step: Step) -> Result<(), RunError> {
        match step {
            Step::Open { form, destination } => self.open(form, destination),
            Step::Done(done, after) => self.done((*done).map_err(unwritable)?, after),
            Step::Told { text, is_failure, after } => {
                if is_failure {
                    self.entry.summary.add_failure();
                    self.watch.tell_failure(&text);
                } else {
                    self.watch.tell(&text);
                }
                self.advance(after)
            }
            Step::Passed(after) => self.advance(after),
            Step::Close(after) => self.close(after),
        }
    }

    fn open(&mut self, form: Form, destination: Option<PathBuf>) -> Result<(), RunError> {
        let mark = self.entry.position.stream.filter(|_| self.is_resumed);
        self.is_resumed = false;
        let stream = match (destination, &self.folder) {
            (Some(destination), Some(folder)) => {
                Stream::to_file(form, folder.path(), &destination, mark).map_err(unwritable)?
            }
            _ => Stream::to_stdout(form),
        };
        self.stream = Some(stream);
        Ok(())
    }

    /// Takes a unit's results: first they are recorded, then they go out.
    fn done(&mut self, done: Done, after: After) -> Result<(), RunError> {
        if let Some(log) = &mut self.log {
            log.append(&done.bodies).map_err(unwritable_log)?;
        }
        self.entry.summary.add_all(done.summary);
        self.entry.comparison.add_all(done.comparison);
        match (done.product, &self.run.outputs) {
            (Product::Files(deliveries), Outputs::Mirror(out) | Outputs::Files(out)) => {
                for delivery in &deliveries {
                    match deliver(delivery, out) {
                        Err(error) if !is_of_the_run(&error) => {
                            self.entry.summary.add_fault();
                            self.watch.tell_failure(&format!("failed: {error}"));
                        }
                        other => other.map_err(unwritable)?,
                    }
                }
            }
            (product, _) => {
                if let Some(stream) = &mut self.stream {
                    stream.append(product).map_err(unwritable)?;
                }
            }
        }
        for notice in &done.notices {
            let line = notice.line(self.lines);
            if notice.is_failure { self.watch.tell_failure(&line) } else { self.watch.tell(&line) }
        }
        self.lines += done.lines;
        self.advance(after)
    }

    fn advance(&mut self, after: After) -> Result<(), RunError> {
        let position = &mut self.entry.position;
        position.found = after.found;
        position.last = after.last;
        position.inside = after.inside;
        match &mut position.inside {
            Some(inside) => inside.lines = self.lines,
            None => self.lines = 0,
        }
        self.watch.moved(&self.entry.summary);
        if Instant::now() >= self.next_checkpoint { self.checkpoint() } else { Ok(()) }
    }

    /// Notes in the journal how far the run is, behind everything that it speaks of.
    fn checkpoint(&mut self) -> Result<(), RunError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let begun = Instant::now();
        if let Some(stream) = &mut self.stream {
            self.entry.position.stream = Some(stream.sync().map_err(unwritable)?);
        }
        if let Some(log) = &self.log {
            log.sync().map_err(unwritable_log)?;
            self.entry.audit = Some(log.position());
        }
        folder.write(&self.entry).map_err(unwritable)?;
        self.next_checkpoint = Instant::now() + (begun.elapsed() * JOURNAL_PAUSE).max(JOURNAL_INTERVAL);
        Ok(())
    }

    /// Ends the stream and puts it in place.
    fn close(&mut self, after: Option<After>) -> Result<(), RunError> {
        let Some(mut stream) = self.stream.take() else { return Ok(()) };
        stream.end().map_err(unwritable)?;
        if !stream.has_output() {
            // There will be no file, nor may an old one stay: nothing is left to be done if the run is killed now.
            stream.put_in_place().map_err(unwritable)?;
            return self.closed(after);
        }
        let position = &mut self.entry.position;
        position.closing = stream.destination();
        self.closed(after)?;
        stream.put_in_place().map_err(unwritable)?;
        self.entry.position.closing = None;
        Ok(())
    }

    /// Notes that nothing more goes to the stream.
    fn closed(&mut self, after: Option<After>) -> Result<(), RunError> {
        let position = &mut self.entry.position;
        position.stream = None;
        position.inside = None;
        self.lines = 0;
        match after {
            Some(After { found, last, .. }) => {
                position.found = found;
                position.last = last;
            }
            None => position.is_read = true,
        }
        self.watch.moved(&self.entry.summary);
        self.checkpoint()
    }

    /// Ends the run: whole, or so that it can go on.
    fn end(mut self, read: Result<(), ReadError>, is_stopped: bool, begun: Instant) -> Result<Report, RunError> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        read?;
        if let Some(log) = &mut self.log {
            log.end().map_err(unwritable_log)?;
        }
        if is_stopped {
            self.checkpoint()?;
        } else if let Some(folder) = self.folder.take() {
            folder.remove().map_err(unwritable)?;
        }
        let summary = self.entry.summary;
        Ok(Report {
            messages: summary.messages() - self.before.0,
            bytes: summary.bytes_in() - self.before.1,
            summary,
            comparison: self.run.task.other.as_ref().map(|_| self.entry.comparison),
            head: self.log.as_ref().map(Log::head),
            is_stopped,
            time: begun.elapsed(),
        })
    }
}

impl Take<Step> for Writer<'_> {
    fn take(&mut self, step: Step) -> bool {
        match self.step(step) {
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

/// Without its record nothing goes out.
fn unwritable_log(error: io::Error) -> RunError {
    RunError::Io(format!("the audit log can't be written, so nothing more is released: {error}"))
}

impl From<JournalError> for RunError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Usage(message) => Self::Usage(message),
            JournalError::Io(path, error) => Self::Io(format!("{}: {error}", path.display())),
        }
    }
}

impl From<ReadError> for RunError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Changed(path) => {
                let what = "is no longer what it was when the run was stopped; --restart begins anew";
                Self::Usage(format!("{} {what}", path.display()))
            }
            ReadError::Stdin(error) => Self::Io(format!("stdin: {error}")),
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
