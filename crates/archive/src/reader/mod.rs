//! The reader of a run: walks the inputs, opens each file, splits its content into units, and submits them in order.

mod container;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::ThreadPool;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::document::{BatchFrame, Opened, too_large};
use crate::files::Staging;
use crate::form::{ArchiveForm, BatchSyntax, Compression, Layout};
use crate::input::{
    FileStamp, MemoryBounds, OpenedSource, ProbedFile, SourceData, archive_place, open_stdin, read_at_most,
};
use crate::journal::{RunPosition, SourcePosition};
use crate::pipeline::Feed;
use crate::state::StateFolder;
use crate::unit::{EntryData, MessageEntry, OutputTarget, UNIT_BYTES, UNIT_ENTRIES, Unit, UnitContent};
use crate::walk::{FileWalk, InputRoot, WalkEntry};
use crate::work::{Task, UnitResult};
use container::Container;
use dmv_redact_model::files::text_of;

/// The sources of a run.
#[derive(Debug, Clone)]
pub enum Inputs {
    /// The standard input.
    Stdin,
    /// Files and folders.
    Roots(Vec<InputRoot>),
}

/// The outputs of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outputs {
    /// Nowhere: a dry run.
    Nowhere,
    /// Into one stream.
    One {
        /// Where it goes.
        destination: Destination,
        /// Its form; without one it has that of the source.
        form: Option<ArchiveForm>,
    },
    /// Each file into one of the same form and relative path below a folder.
    Mirror(PathBuf),
    /// Each message into a file below a folder.
    Files(PathBuf),
}

impl Outputs {
    /// The output folder, if there is one.
    pub(crate) fn folder(&self) -> Option<&Path> {
        match self {
            Self::Mirror(out) | Self::Files(out) => Some(out),
            Self::One { .. } | Self::Nowhere => None,
        }
    }

    /// Whether anything is in the destination, except the run's own state.
    pub(crate) fn has_existing_outputs(&self, state: Option<&StateFolder>) -> bool {
        match self {
            Self::Mirror(out) | Self::Files(out) => std::fs::read_dir(out).is_ok_and(|mut entries| {
                entries.any(|entry| entry.map_or(true, |entry| state.is_none_or(|state| !state.is_at(&entry.path()))))
            }),
            Self::One { destination: Destination::File(out), .. } => out.symlink_metadata().is_ok(),
            Self::One { .. } | Self::Nowhere => false,
        }
    }
}

/// The destination of one output stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// The standard output.
    Stdout,
    /// A device or a named pipe: written to, never replaced.
    Device(PathBuf),
    /// A file.
    File(PathBuf),
}

impl Destination {
    /// Whether it is a file, which is replaced atomically when the output is complete.
    pub fn is_file(&self) -> bool {
        matches!(self, Self::File(_))
    }
}

/// Observed layouts, without which some options have no effect.
#[derive(Debug, Default)]
pub(crate) struct ObservedLayouts {
    /// A source of lines, which have members.
    pub(crate) lines: AtomicBool,
    /// A batch.
    pub(crate) batches: AtomicBool,
    /// An output that may hold notices.
    pub(crate) notices: AtomicBool,
}

/// A step for the writer.
pub(crate) enum WriterStep {
    /// The next outputs go to a stream of this form, at this path below the output folder or to stdout.
    Open { form: ArchiveForm, place: Option<PathBuf>, frame: Option<BatchFrame> },
    /// A processed unit, and the position after it.
    Unit(Box<io::Result<UnitResult>>, ReadPosition),
    /// Something that failed or was skipped, and the position after it.
    Reported { text: String, is_failure: bool, reached: ReadPosition },
    /// Everything up to this position is done.
    Advance(ReadPosition),
    /// The stream is complete. `None` at the end of the run.
    Close(Option<ReadPosition>),
}

/// The reader's position after a step.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReadPosition {
    pub(crate) found: u64,
    pub(crate) last: Option<PathBuf>,
    /// Digest of the paths of everything found so far.
    pub(crate) digest: Vec<u8>,
    pub(crate) inside: Option<SourcePosition>,
}

/// Why reading ended early.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// What was read before a stop has changed.
    Changed(PathBuf),
}

/// The reader of a run.
pub(crate) struct Reader<'r> {
    pub(crate) task: &'r Task,
    pub(crate) inputs: &'r Inputs,
    pub(crate) outputs: &'r Outputs,
    /// The form of the inputs, if the caller states it.
    pub(crate) as_form: Option<ArchiveForm>,
    /// The folder of staged files.
    pub(crate) staging: Option<&'r Path>,
    pub(crate) workers: &'r ThreadPool,
    /// Whether to stop after the units in flight.
    pub(crate) is_stopped: &'static AtomicBool,
    /// Memory limit of a decompressor's window.
    pub(crate) window: usize,
    /// Disk limit for spooling a zip that isn't a plain file.
    pub(crate) spool: u64,
    pub(crate) observed: &'r ObservedLayouts,
}

/// The share of what messages in flight may take that one batch may: it is read whole.
const BATCH_SHARE: usize = 2;

const TOO_MANY: &str = "it holds many messages, and each needs a file: add `-o FOLDER/`, or another --output-format";

/// Files opened in parallel.
const PROBE_BATCH: usize = 64;

type FeedMut<'f, 's, 'r> = &'f mut Feed<'s, 'r, WriterStep>;

impl<'r> Reader<'r> {
    /// Reads everything from `position` on.
    pub(crate) fn run(&self, position: &RunPosition, feed: FeedMut<'_, '_, 'r>) -> Result<(), ReadError> {
        let mut state =
            ReadState { reader: self, reached: ReadPosition::default(), files: Vec::new(), bytes: 0, is_open: false };
        match self.inputs {
            Inputs::Stdin => {
                state.reached.found = 1;
                let opened = open_stdin(self.as_form, self.bounds(), self.is_stopped);
                match opened.and_then(|opened| self.unwrapped(opened)) {
                    Ok(opened) => state.stdin(opened, feed),
                    Err(error) => {
                        let text = format!("stdin: failed: {error}");
                        feed.result(WriterStep::Reported { text, is_failure: true, reached: state.reached.clone() });
                    }
                }
            }
            Inputs::Roots(roots) => state.roots(roots, position, feed)?,
        }
        state.flush(feed);
        if !self.is_over(feed) && (state.is_open || self.one_form().is_some()) {
            state.open_one(None, None, feed);
            feed.result(WriterStep::Close(None));
        }
        Ok(())
    }

    fn bounds(&self) -> MemoryBounds<'_> {
        let limits = self.task.filter.limits();
        MemoryBounds { limits, max_head_bytes: self.task.members.max_line_bytes(limits), window: self.window }
    }

    /// Reads a source that is one document to its end, if it may be a batch.
    fn unwrapped(&self, opened: OpenedSource) -> io::Result<OpenedSource> {
        let OpenedSource { form, source } = opened;
        let Some(wrapper) = self.task.batch.as_ref().filter(|_| form.layout == Layout::Message) else {
            return Ok(OpenedSource { form, source });
        };
        let most = self.window / BATCH_SHARE;
        let document = match source {
            SourceData::Whole(document) => Some(document),
            SourceData::File(file) => {
                let length = file.metadata()?.len();
                if length > most as u64 { None } else { read_at_most(file, length, most)? }
            }
            SourceData::Stream(stream) => read_at_most(stream, 0, most)?,
            source @ (SourceData::Batch(_) | SourceData::Refused(..)) => return Ok(OpenedSource { form, source }),
        };
        let Some(document) = document else {
            return Ok(OpenedSource { form, source: SourceData::Refused(None, too_large()) });
        };
        let limits = self.task.filter.limits();
        let (layout, source) = match wrapper.open(document, limits, most) {
            Opened::Message(document) => (form.layout, SourceData::Whole(document)),
            Opened::Refused(document, refusal) => {
                // It may have been one.
                self.observed.batches.store(true, Ordering::Relaxed);
                (form.layout, SourceData::Refused(Some(document), refusal))
            }
            Opened::Batch(batch) => (Layout::Batch(batch.frame.syntax), SourceData::Batch(batch)),
        };
        Ok(OpenedSource { form: ArchiveForm { layout, ..form }, source })
    }

    fn is_over(&self, feed: &Feed<'_, 'r, WriterStep>) -> bool {
        feed.is_over() || self.is_stopped.load(Ordering::Relaxed)
    }

    /// Whether a source holds many messages, but the one output is to be a single message.
    fn is_too_many(&self, source: ArchiveForm) -> bool {
        let form = self.one_form().filter(|form| form.layout == Layout::Message);
        form.is_some_and(|form| match source.layout {
            Layout::Message => false,
            // It is one document, too.
            Layout::Batch(_) => form == ArchiveForm::MESSAGE,
            Layout::Lines | Layout::Tar | Layout::Zip => true,
        })
    }

    /// The form of the one output, if known before any source is.
    fn one_form(&self) -> Option<ArchiveForm> {
        match self.outputs {
            Outputs::One { form, .. } => *form,
            _ => None,
        }
    }
}

/// The state of a reader.
pub(crate) struct ReadState<'a, 'r> {
    reader: &'a Reader<'r>,
    pub(crate) reached: ReadPosition,
    /// Messages that are files, not submitted yet.
    files: Vec<MessageEntry>,
    bytes: usize,
    /// Whether the one output has been opened.
    is_open: bool,
}

impl<'r> ReadState<'_, 'r> {
    fn roots(
        &mut self,
        roots: &[InputRoot],
        position: &RunPosition,
        feed: FeedMut<'_, '_, 'r>,
    ) -> Result<(), ReadError> {
        let mut walk = FileWalk::new(roots.to_vec());
        let mut inside = position.inside;
        for _ in 0..position.found {
            let found = walk.next();
            if let Some(
                WalkEntry::File { path, .. }
                | WalkEntry::Irregular(path)
                | WalkEntry::State(path)
                | WalkEntry::Fault(path, _),
            ) = found
            {
                self.mark_found(path);
            }
        }
        if self.reached.digest != position.digest {
            return Err(ReadError::Changed(position.last.clone().unwrap_or_default()));
        }
        loop {
            let found: Vec<WalkEntry> = walk.by_ref().take(PROBE_BATCH).collect();
            if found.is_empty() {
                return Ok(());
            }
            // Opening is bound by disk latency, so it is done in parallel.
            let probed: Vec<_> = self.reader.workers.install(|| found.into_par_iter().map(probe).collect());
            for (found, probed) in probed {
                if self.reader.is_over(feed) {
                    return Ok(());
                }
                self.handle_found(found, probed, inside.take(), feed)?;
            }
        }
    }

    fn handle_found(
        &mut self,
        found: WalkEntry,
        probed: Option<io::Result<ProbedFile>>,
        inside: Option<SourcePosition>,
        feed: FeedMut<'_, '_, 'r>,
    ) -> Result<(), ReadError> {
        let Reader { as_form, .. } = *self.reader;
        let opened = match (&found, probed) {
            (WalkEntry::File { path, .. }, Some(probed)) => {
                let opened = probed.and_then(|probed| probed.recognize(path, as_form, self.reader.bounds()));
                Some(opened.and_then(|opened| self.reader.unwrapped(opened)))
            }
            _ => None,
        };
        let report = match (found, opened) {
            (WalkEntry::File { path, .. }, Some(Ok(opened))) if self.reader.is_too_many(opened.form) => {
                (format!("{}: failed: {TOO_MANY}", path.display()), true, path)
            }
            (WalkEntry::File { path, place }, Some(Ok(opened))) => return self.file(path, place, opened, inside, feed),
            (WalkEntry::File { path, .. }, Some(Err(error))) | (WalkEntry::Fault(path, error), _) => {
                (format!("{}: failed: {error}", path.display()), true, path)
            }
            (WalkEntry::Irregular(path) | WalkEntry::File { path, .. }, _) => {
                (format!("{}: passed over: neither a file nor a folder", path.display()), false, path)
            }
            (WalkEntry::State(path), _) => {
                (format!("{}: passed over: the state of an unfinished run", path.display()), false, path)
            }
        };
        self.flush(feed);
        let (text, is_failure, path) = report;
        self.mark_found(path);
        feed.result(WriterStep::Reported { text, is_failure, reached: self.reached.clone() });
        Ok(())
    }

    /// Counts a walk entry as done.
    fn mark_found(&mut self, path: PathBuf) {
        self.reached.found += 1;
        let digest = Sha256::new().chain_update(&self.reached.digest).chain_update(path.as_os_str().as_encoded_bytes());
        self.reached.digest = digest.finalize().to_vec();
        self.reached.last = Some(path);
    }

    fn file(
        &mut self,
        path: PathBuf,
        place: PathBuf,
        opened: OpenedSource,
        inside: Option<SourcePosition>,
        feed: FeedMut<'_, '_, 'r>,
    ) -> Result<(), ReadError> {
        let is_alone = matches!(self.reader.inputs, Inputs::Roots(roots) if matches!(roots.as_slice(), [root] if root.path == path));
        let is_one = matches!(self.reader.outputs, Outputs::One { .. });
        self.note_source(opened.form.layout);
        let id = place.clone();
        let place = match self.reader.one_form() {
            Some(ArchiveForm { layout: Layout::Tar | Layout::Zip, .. }) => archive_place(place, self.reached.found + 1),
            _ => place,
        };
        if opened.form == ArchiveForm::MESSAGE && !(is_alone && is_one) {
            self.add_message(path, (place, id), opened.source, feed);
            return Ok(());
        }
        self.flush(feed);
        let stamp = stamp_of(&opened.source, &path);
        if inside.is_some_and(|inside| inside.stamp != stamp) {
            return Err(ReadError::Changed(path));
        }
        let from = inside.unwrap_or(SourcePosition { consumed: 0, lines: 0, stamp });
        let target = match self.reader.outputs {
            Outputs::Nowhere => OutputTarget::Nowhere,
            Outputs::Files(_) => OutputTarget::Files,
            Outputs::One { .. } => {
                OutputTarget::Stream(self.open_one(Some(opened.form), frame_of(&opened.source), feed))
            }
            Outputs::Mirror(_) => {
                self.note_output(opened.form);
                let frame = frame_of(&opened.source);
                feed.result(WriterStep::Open { form: opened.form, place: Some(place.clone()), frame });
                OutputTarget::Stream(opened.form)
            }
        };
        // In an archive made of several sources, their names as prefix keep entries apart.
        let has_own_output = is_alone || matches!(self.reader.outputs, Outputs::Mirror(_));
        let prefix = if has_own_output { PathBuf::new() } else { place }.into();
        let name = text_of(&path).into_owned();
        let container = Container { name: name.into(), id: id.into(), prefix, target, from };
        container::read(self, opened, &container, Some(&path), feed);
        if self.reader.is_over(feed) {
            return Ok(());
        }
        self.mark_found(path);
        match self.reader.outputs {
            Outputs::Mirror(_) => feed.result(WriterStep::Close(Some(self.reached.clone()))),
            // The only source: if the run is stopped now, the resumed run needs to find it again to know the output's
            // form.
            Outputs::One { form: None, .. } => true,
            _ => feed.result(WriterStep::Advance(self.reached.clone())),
        };
        Ok(())
    }

    /// Adds a file that is one message to the next unit.
    fn add_message(
        &mut self,
        path: PathBuf,
        (place, id): (PathBuf, PathBuf),
        source: SourceData,
        feed: FeedMut<'_, '_, 'r>,
    ) {
        let data = self.message(source);
        let entry = MessageEntry { origin: Some(text_of(&path).into_owned()), number: None, place, id, data };
        self.bytes += entry.data.length();
        self.files.push(entry);
        self.mark_found(path);
        if self.bytes >= UNIT_BYTES || self.files.len() >= UNIT_ENTRIES {
            self.flush(feed);
        }
    }

    /// Reads a file that is one message.
    fn message(&self, source: SourceData) -> EntryData {
        let limit = self.reader.task.filter.message_bytes();
        let read = match source {
            SourceData::Whole(message) => Ok(Some(message).filter(|message| message.len() <= limit)),
            SourceData::File(file) => match file.metadata() {
                Ok(metadata) if metadata.len() > limit as u64 => Ok(None),
                Ok(metadata) => read_at_most(file, metadata.len(), limit),
                Err(error) => Err(error),
            },
            SourceData::Stream(stream) => read_at_most(stream, 0, limit),
            SourceData::Refused(document, refusal) => return EntryData::Refused(document, refusal),
            SourceData::Batch(_) => Ok(None),
        };
        match read {
            Ok(Some(message)) => EntryData::Whole(message),
            Ok(None) => EntryData::TooLong,
            Err(error) => EntryData::Unreadable(error.to_string()),
        }
    }

    /// Submits the pending files.
    fn flush(&mut self, feed: FeedMut<'_, '_, 'r>) {
        if self.files.is_empty() {
            return;
        }
        let target = match self.reader.outputs {
            Outputs::Nowhere => OutputTarget::Nowhere,
            Outputs::Mirror(_) | Outputs::Files(_) => OutputTarget::Files,
            Outputs::One { .. } => OutputTarget::Stream(self.open_one(None, None, feed)),
        };
        self.bytes = 0;
        let content = UnitContent::Entries(std::mem::take(&mut self.files));
        let nowhere: Arc<Path> = Path::new("").into();
        let unit = Unit { source: "".into(), id: Arc::clone(&nowhere), prefix: nowhere, target, content };
        self.hand_over(unit, self.reached.clone(), feed);
    }

    /// Opens the one output unless it is open: in the requested form, or that of the source.
    fn open_one(
        &mut self,
        source: Option<ArchiveForm>,
        frame: Option<BatchFrame>,
        feed: FeedMut<'_, '_, 'r>,
    ) -> ArchiveForm {
        let lines = ArchiveForm { layout: Layout::Lines, compression: Compression::Plain };
        let Outputs::One { destination, form } = self.reader.outputs else { return lines };
        let form = match (*form, source) {
            (Some(ArchiveForm { layout: Layout::Message, compression }), Some(source)) => {
                ArchiveForm { layout: source.layout, compression }
            }
            (form, source) => form.or(source).unwrap_or(lines),
        };
        if !self.is_open {
            self.is_open = true;
            self.note_output(form);
            let place = match destination {
                Destination::File(path) => Some(path.file_name().unwrap_or_default().into()),
                Destination::Stdout | Destination::Device(_) => None,
            };
            let frame = frame.filter(|_| matches!(form.layout, Layout::Batch(_)));
            feed.result(WriterStep::Open { form, place, frame });
        }
        form
    }

    /// Records the form of an output.
    fn note_output(&self, output: ArchiveForm) {
        if output.layout != Layout::Message {
            self.reader.observed.notices.store(true, Ordering::Relaxed);
        }
    }

    /// Records the layout of a source.
    fn note_source(&self, layout: Layout) {
        let observed = self.reader.observed;
        let has_members = matches!(layout, Layout::Lines | Layout::Batch(BatchSyntax::Json));
        for (flag, is_seen) in [(&observed.lines, has_members), (&observed.batches, matches!(layout, Layout::Batch(_)))]
        {
            flag.fetch_or(is_seen, Ordering::Relaxed);
        }
    }

    /// Reads stdin.
    fn stdin(&mut self, opened: OpenedSource, feed: FeedMut<'_, '_, 'r>) {
        if self.reader.is_too_many(opened.form) {
            let text = format!("stdin: failed: {TOO_MANY}");
            feed.result(WriterStep::Reported { text, is_failure: true, reached: self.reached.clone() });
            return;
        }
        self.note_source(opened.form.layout);
        let target = match self.reader.outputs {
            Outputs::Nowhere => OutputTarget::Nowhere,
            Outputs::Mirror(_) | Outputs::Files(_) => OutputTarget::Files,
            Outputs::One { .. } => {
                OutputTarget::Stream(self.open_one(Some(opened.form), frame_of(&opened.source), feed))
            }
        };
        let from = SourcePosition { consumed: 0, lines: 0, stamp: None };
        let prefix = Path::new("").into();
        let container = Container { name: "stdin".into(), id: Path::new("stdin").into(), prefix, target, from };
        container::read(self, opened, &container, None, feed);
    }

    /// Maximum length of a message.
    pub(crate) fn message_bytes(&self) -> usize {
        self.reader.task.filter.message_bytes()
    }

    /// Maximum length of a line.
    pub(crate) fn max_line_bytes(&self) -> usize {
        self.reader.task.members.max_line_bytes(self.reader.task.filter.limits())
    }

    /// Disk limit for spooling a source.
    pub(crate) fn spool_bytes(&self) -> u64 {
        self.reader.spool
    }

    /// The run's folder of staged files, if it has one.
    pub(crate) fn staging(&self) -> Option<&Path> {
        self.reader.staging
    }

    pub(crate) fn is_over(&self, feed: &Feed<'_, 'r, WriterStep>) -> bool {
        self.reader.is_over(feed)
    }

    pub(crate) fn hand_over(&self, unit: Unit, reached: ReadPosition, feed: FeedMut<'_, '_, 'r>) -> bool {
        let Reader { task, staging, .. } = *self.reader;
        feed.work(unit.weight(), move |number| {
            let staging = staging.map(|folder| Staging { folder, unit: number });
            WriterStep::Unit(Box::new(task.process(unit, staging)), reached)
        }) && !self.reader.is_over(feed)
    }
}

/// Opens what the walk found, if it is a file.
fn probe(found: WalkEntry) -> (WalkEntry, Option<io::Result<ProbedFile>>) {
    let probed = if let WalkEntry::File { path, .. } = &found { Some(ProbedFile::open(path)) } else { None };
    (found, probed)
}

/// What is written around the messages of a batch.
fn frame_of(source: &SourceData) -> Option<BatchFrame> {
    match source {
        SourceData::Batch(batch) => Some(batch.frame.clone()),
        _ => None,
    }
}

/// What tells whether a source has changed; `None` if it is unknown.
fn stamp_of(source: &SourceData, path: &Path) -> Option<FileStamp> {
    match source {
        SourceData::File(file) => FileStamp::of(file).ok(),
        SourceData::Whole(_) | SourceData::Refused(..) => None,
        SourceData::Stream(_) | SourceData::Batch(_) => File::open(path).and_then(|file| FileStamp::of(&file)).ok(),
    }
}
