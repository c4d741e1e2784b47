//! The writing end of a run: what is redacted is recorded, then put where it goes, then noted in the journal, in the order of
//! the source. What has come meanwhile is settled at once: a disk syncs much as fast as little.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::form::Form;
use super::journal::{Entry, Position};
use super::output::{Delivery, Outlet, Product, Stream, is_of_the_run, part_path, sync_around};
use super::pipeline::ResultSink;
use super::placed::{self, Placed};
use super::reader::{After, Destination, Outputs, ReadError, Step};
use super::run::{Report, Run, RunError, Watch};
use super::state::RunFolder;
use super::walk::Found;
use super::work::Done;
use crate::audit::Log;
use crate::report::{Comparison, Summary};

/// How often the journal is written at most, and how many times as long as the last took it takes to the next: what it speaks
/// of must be on the disk, and a slow one is better left to write on its own.
const JOURNAL_INTERVAL: Duration = Duration::from_millis(200);
const JOURNAL_PAUSE: u32 = 10;

/// Which part of the memory the list of what was put in place may take, at the end.
const LIST_SHARE: usize = 8;

/// How many lines about what is left from before are sure to be printed; the summary counts all.
const MOST_LEFT_OVER: u64 = 100;

/// The writer of a run.
pub(super) struct Writer<'r> {
    run: &'r Run,
    pub(super) folder: Option<RunFolder>,
    log: Option<Log>,
    watch: &'r dyn Watch,
    /// Where outputs are put in place, and which were.
    outlet: Outlet,
    placed: Placed,
    /// The stream that is open.
    stream: Option<Stream>,
    /// What was taken and isn't settled.
    taken: Vec<(Option<Done>, After)>,
    /// Where the stream that is opened first goes on.
    is_resumed: bool,
    /// What the journal will say.
    pub(super) entry: Entry,
    /// Lines of the source before the next unit.
    lines: u64,
    /// When the journal is to be written next.
    next_checkpoint: Instant,
    /// Messages and bytes before this run.
    before: (u64, u64),
    failure: Option<RunError>,
    is_stopped: &'r AtomicBool,
}

impl<'r> Writer<'r> {
    pub(super) fn new(
        run: &'r Run,
        folder: Option<RunFolder>,
        journal: Option<Entry>,
        mut log: Option<Log>,
        watch: &'r dyn Watch,
        is_stopped: &'r AtomicBool,
    ) -> Result<Self, RunError> {
        let is_resumed = journal.is_some();
        let work = folder.as_ref().and_then(|folder| folder.work().file_name()).unwrap_or_default();
        let mut entry = journal.unwrap_or_else(|| Entry {
            terms: run.terms.clone(),
            work: work.to_string_lossy().into_owned(),
            had_outputs: run.outputs.hold_anything(folder.as_ref()),
            out: run.outputs.folder().and_then(placed::folder_identity),
            position: Position::default(),
            summary: Summary::default(),
            comparison: Comparison::default(),
            audit: None,
        });
        let lines = entry.position.inside.map_or(0, |inside| inside.lines);
        let next_checkpoint = Instant::now();
        let before = (entry.summary.messages(), entry.summary.bytes_in());
        let outlet = Outlet::new(match &run.outputs {
            Outputs::Mirror(out) | Outputs::Files(out) => out.clone(),
            Outputs::One { destination: Destination::File(path), .. } => {
                path.parent().unwrap_or(Path::new("")).to_owned()
            }
            Outputs::One { .. } | Outputs::Nowhere => PathBuf::new(),
        });
        let placed = match (run.outputs.folder(), &folder) {
            (Some(out), Some(_)) if entry.had_outputs && entry.out != placed::folder_identity(out) => {
                let what = "is not the folder that the run was stopped in; --restart begins anew";
                return Err(RunError::Usage(format!("{} {what}", out.display())));
            }
            (Some(out), Some(folder)) if entry.had_outputs => Placed::open(folder.work(), out).map_err(unwritable)?,
            _ => Placed::default(),
        };
        if let Some(log) = &mut log {
            let has_begun = entry.audit.as_ref().map_or(Ok(false), |position| log.rewind(position))?;
            let is_dry_run = matches!(run.outputs, Outputs::Nowhere);
            log.prepare(run.task.filter.policy(), has_begun, is_dry_run).map_err(unwritable_log)?;
            if let (Some(folder), false) = (&folder, has_begun) {
                // Killed behind this, it can go on; killed before, it has left nothing in the log.
                entry.audit = Some(log.position());
                folder.write(&entry).map_err(unwritable)?;
            }
            log.start().map_err(unwritable_log)?;
        }
        let (stream, taken, failure) = (None, Vec::new(), None);
        let mut writer = Self {
            run,
            folder,
            log,
            watch,
            outlet,
            placed,
            stream,
            taken,
            is_resumed,
            entry,
            lines,
            next_checkpoint,
            before,
            failure,
            is_stopped,
        };
        writer.finish_closing()?;
        // From here on a run that is killed can go on.
        writer.checkpoint()?;
        Ok(writer)
    }

    /// Puts an output in place that was whole when the run was stopped.
    fn finish_closing(&mut self) -> Result<(), RunError> {
        let Some(place) = self.entry.position.closing.take() else { return Ok(()) };
        if let Some(folder) = &self.folder {
            let part = part_path(folder.work(), self.entry.position.closing_part);
            if part.exists() {
                let put = self.outlet.put(&part, &place);
                self.settle_place(put)?;
            }
        }
        self.entry.position.stream = None;
        self.entry.position.inside = None;
        Ok(())
    }

    fn step(&mut self, step: Step) -> Result<(), RunError> {
        match step {
            Step::Done(done, after) => {
                match *done {
                    Ok(done) => self.taken.push((Some(done), after)),
                    Err(error) => {
                        self.settle_all()?;
                        return Err(unwritable(error));
                    }
                }
                Ok(())
            }
            Step::Passed(after) => {
                self.taken.push((None, after));
                Ok(())
            }
            Step::Told { text, is_failure, after } => {
                if is_failure {
                    self.entry.summary.add_failure();
                } else {
                    self.entry.summary.add_passed_over();
                }
                self.watch.tell_failure(&text);
                self.taken.push((None, after));
                Ok(())
            }
            Step::Open { form, place } => {
                self.settle_all()?;
                self.open(form, place)
            }
            Step::Close(after) => {
                self.settle_all()?;
                self.close(after)
            }
        }
    }

    fn open(&mut self, form: Form, place: Option<PathBuf>) -> Result<(), RunError> {
        let mark = self.entry.position.stream.filter(|_| self.is_resumed);
        self.is_resumed = false;
        // What was found before tells the streams of a run apart.
        let part = self.entry.position.found;
        let stream = match (place, &self.folder, &self.run.outputs) {
            (Some(place), Some(folder), _) => Stream::to_file(form, folder.work(), place, part, mark),
            (_, _, Outputs::One { destination: Destination::Device(path), .. }) => {
                Stream::to_device(form, path, self.is_stopped)
            }
            _ => Ok(Stream::to_stdout(form)),
        };
        self.stream = Some(stream.map_err(unwritable)?);
        Ok(())
    }

    /// Lets go what was taken: first all of it is recorded, and both its records and its files are on the disk, then it goes
    /// out, then the journal says so.
    fn settle_all(&mut self) -> Result<(), RunError> {
        if self.taken.is_empty() {
            return Ok(());
        }
        let taken = std::mem::take(&mut self.taken);
        let done = || taken.iter().filter_map(|(done, _)| done.as_ref());
        if let Some(log) = &mut self.log {
            for done in done() {
                log.append(&done.bodies).map_err(unwritable_log)?;
            }
        }
        let is_file = |done: &Done| matches!(&done.product, Product::Files(files) if !files.is_empty());
        if let Some(folder) = &self.folder
            && done().any(is_file)
        {
            sync_around(folder.path()).map_err(unwritable)?;
        }
        // What grows out of sight goes out when it is put in place, behind a journal.
        let goes_out = self.folder.is_none() && self.stream.is_some() || done().any(is_file);
        if let Some(log) = self.log.as_ref().filter(|_| goes_out) {
            log.sync().map_err(unwritable_log)?;
        }
        for (done, after) in taken {
            if let Some(done) = done {
                self.let_out(done)?;
            }
            self.advance(after);
        }
        if Instant::now() >= self.next_checkpoint { self.checkpoint() } else { Ok(()) }
    }

    /// Puts a unit's results where they go.
    fn let_out(&mut self, done: Done) -> Result<(), RunError> {
        self.entry.summary.add_all(done.summary);
        self.entry.comparison.add_all(done.comparison);
        match done.product {
            Product::Files(deliveries) => {
                for Delivery { place, staged } in deliveries {
                    let delivered = match staged {
                        Some(staged) => {
                            self.placed.add(&staged, &place).and_then(|()| self.outlet.put(&staged, &place))
                        }
                        None => self.outlet.clear(&place),
                    };
                    self.settle_place(delivered)?;
                }
            }
            product => {
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
        Ok(())
    }

    fn advance(&mut self, after: After) {
        let position = &mut self.entry.position;
        position.found = after.found;
        position.last = after.last;
        position.digest = after.digest;
        position.inside = after.inside;
        match &mut position.inside {
            Some(inside) => inside.lines = self.lines,
            None => self.lines = 0,
        }
        self.watch.moved(&self.entry.summary);
    }

    /// Notes in the journal how far the run is, behind everything that it speaks of.
    fn checkpoint(&mut self) -> Result<(), RunError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let begun = Instant::now();
        self.placed.sync().map_err(unwritable)?;
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
        let (Some(folder), Some(place)) = (&self.folder, stream.place()) else { return self.closed(after) };
        if !stream.has_output() {
            // There will be no file, nor may an old one stay: nothing is left to be done if the run is killed now.
            let cleared = self.outlet.clear(&place);
            self.settle_place(cleared)?;
            return self.closed(after);
        }
        let part = part_path(folder.work(), stream.part());
        self.placed.add(&part, &place).map_err(unwritable)?;
        self.entry.position.closing = Some(place.clone());
        self.entry.position.closing_part = stream.part();
        self.closed(after)?;
        let put = self.outlet.put(&part, &place);
        self.settle_place(put)?;
        self.entry.position.closing = None;
        Ok(())
    }

    /// What keeps one of many outputs from its place is no matter of the others, unless it would keep these too.
    fn settle_place(&mut self, put: io::Result<()>) -> Result<(), RunError> {
        match put {
            Err(error) if !is_of_the_run(&error) && !matches!(self.run.outputs, Outputs::One { .. }) => {
                self.entry.summary.add_fault();
                self.watch.tell_failure(&format!("failed: {error}"));
                Ok(())
            }
            put => put.map_err(unwritable),
        }
    }

    /// Notes that nothing more goes to the stream.
    fn closed(&mut self, after: Option<After>) -> Result<(), RunError> {
        let position = &mut self.entry.position;
        position.stream = None;
        position.inside = None;
        self.lines = 0;
        match after {
            Some(After { found, last, digest, .. }) => {
                position.found = found;
                position.last = last;
                position.digest = digest;
            }
            None => position.is_read = true,
        }
        self.watch.moved(&self.entry.summary);
        self.checkpoint()
    }

    /// Ends the run: whole, or so that it can go on.
    pub(super) fn end(
        mut self,
        read: Result<(), ReadError>,
        is_stopped: bool,
        begun: Instant,
    ) -> Result<Report, RunError> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        read?;
        if !is_stopped {
            self.find_left_over().map_err(unwritable)?;
        }
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
            has_lines: true,
            has_notices: true,
            time: begun.elapsed(),
        })
    }

    /// Reports, or removes, what is in OUT and was not put there by this run or the one that it goes on with.
    fn find_left_over(&mut self) -> io::Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let Self { run, placed, watch, entry: Entry { summary, position, had_outputs, .. }, .. } = self;
        let mut reported = 0_u64;
        let mut report = |path: &Path, what: &dyn std::fmt::Display| {
            reported += 1;
            match reported {
                ..=MOST_LEFT_OVER => watch.tell_failure(&format!("{}: {what}", path.display())),
                _ => watch.tell(&format!("{}: {what}", path.display())),
            }
        };
        let mut take = |found: Found, out: &Path| match found {
            Found::File { path, .. } | Found::Irregular(path) if run.prune => match placed::remove(&path, out) {
                Ok(()) => summary.add_pruned(),
                Err(error) => {
                    summary.add_left_over();
                    report(&path, &format_args!("left from before, and not removed: {error}"));
                }
            },
            Found::File { path, .. } | Found::Irregular(path) => {
                summary.add_left_over();
                report(&path, &"left from before: this run did not put it there");
            }
            Found::State(path) if folder.is_at(&path) => {}
            Found::State(path) => {
                summary.add_left_over();
                report(&path, &"the state of another, unfinished run");
            }
            Found::Fault(path, error) => {
                summary.add_fault();
                report(&path, &error);
            }
        };
        match &run.outputs {
            Outputs::Mirror(out) | Outputs::Files(out) => {
                placed.each_other(folder.work(), run.memory / LIST_SHARE, |found| take(found, out))
            }
            // Nothing was ever put in place.
            Outputs::One { destination: Destination::File(out), .. } if *had_outputs && !position.is_read => {
                let place = out.clone();
                take(Found::File { path: place.clone(), place }, out.parent().unwrap_or(Path::new("")));
                Ok(())
            }
            Outputs::One { .. } | Outputs::Nowhere => Ok(()),
        }
    }
}

impl ResultSink<Step> for Writer<'_> {
    fn take(&mut self, step: Step) -> bool {
        match self.step(step) {
            Ok(()) => true,
            Err(error) => {
                self.failure = Some(error);
                false
            }
        }
    }

    fn flush(&mut self) -> bool {
        match self.settle_all() {
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
