//! The reading end of a run: walks the inputs, opens each file, cuts what it holds into units, and hands them over in order.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::ThreadPool;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::container::{self, Container};
use super::form::{Compression, Form, Layout};
use super::input::{Begun, Bounds, Opened, Source, Stamp, archive_place, open_stdin, read_at_most};
use super::journal::{Inside, Position};
use super::output::Staging;
use super::pipeline::Feed;
use super::state::RunFolder;
use super::unit::{Content, Data, Entry, Target, UNIT_BYTES, UNIT_ENTRIES, Unit};
use super::walk::{Found, Root, Walk};
use super::work::{Done, Task};

/// Where a run's messages come from.
#[derive(Debug, Clone)]
pub(crate) enum Inputs {
    Stdin,
    /// Files and folders.
    Roots(Vec<Root>),
}

/// Where its outputs go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outputs {
    /// Nowhere: a dry run.
    Nowhere,
    /// Into one stream. Without a form it has that of the source.
    One { destination: Destination, form: Option<Form> },
    /// Each file into its like below a folder.
    Mirror(PathBuf),
    /// Each message into a file below a folder.
    Files(PathBuf),
}

impl Outputs {
    /// The folder that they go to, if it is one.
    pub(super) fn folder(&self) -> Option<&Path> {
        match self {
            Self::Mirror(out) | Self::Files(out) => Some(out),
            Self::One { .. } | Self::Nowhere => None,
        }
    }

    /// Whether anything is where they go, but for the run's own state.
    pub(super) fn hold_anything(&self, state: Option<&RunFolder>) -> bool {
        match self {
            Self::Mirror(out) | Self::Files(out) => {
                let is_other = |entry: io::Result<std::fs::DirEntry>| {
                    entry.map_or(true, |entry| state.is_none_or(|state| !state.is_at(&entry.path())))
                };
                std::fs::read_dir(out).is_ok_and(|mut entries| entries.any(is_other))
            }
            Self::One { destination: Destination::File(out), .. } => out.symlink_metadata().is_ok(),
            Self::One { .. } | Self::Nowhere => false,
        }
    }
}

/// What one stream of outputs goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Destination {
    Stdout,
    /// A device or a named pipe, which is written to and stays what it is.
    Device(PathBuf),
    File(PathBuf),
}

impl Destination {
    /// Whether it is a file, which is replaced when the output is whole.
    pub(crate) fn is_file(&self) -> bool {
        matches!(self, Self::File(_))
    }
}

/// What a run has come across that some options need to have an effect.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// A source of lines, which have members.
    pub(super) lines: AtomicBool,
    /// An output in which notices stand.
    pub(super) notices: AtomicBool,
}

/// What the writer takes.
pub(super) enum Step {
    /// The outputs that follow go to a stream of this form, at this place below the folder of outputs or to stdout.
    Open { form: Form, place: Option<PathBuf> },
    /// A unit that was worked on, and how far that brings the run.
    Done(Box<io::Result<Done>>, After),
    /// Something that failed or was passed over, and how far that brings the run.
    Told { text: String, is_failure: bool, after: After },
    /// What was found up to here is done with.
    Passed(After),
    /// The stream has all its outputs. Without `after` the run has ended.
    Close(Option<After>),
}

/// How far a run is when a step is taken.
#[derive(Debug, Clone, Default)]
pub(super) struct After {
    pub(super) found: u64,
    pub(super) last: Option<PathBuf>,
    /// Of the paths of all that was found.
    pub(super) digest: Vec<u8>,
    pub(super) inside: Option<Inside>,
}

/// Why nothing more could be read.
#[derive(Debug)]
pub(super) enum ReadError {
    /// What was read before a stop is no longer what is there.
    Changed(PathBuf),
}

/// The reader of a run.
pub(super) struct Reader<'r> {
    pub(super) task: &'r Task,
    pub(super) inputs: &'r Inputs,
    pub(super) outputs: &'r Outputs,
    /// What the caller knows of the inputs' form.
    pub(super) as_form: Option<Form>,
    /// Where files wait that will be put in place.
    pub(super) staging: Option<&'r Path>,
    pub(super) workers: &'r ThreadPool,
    /// Whether the run is to stop after what is in hand.
    pub(super) is_stopped: &'static AtomicBool,
    /// Bytes of memory that a decompressor may take.
    pub(super) window: usize,
    /// Bytes of disk that a zip which can't be read in place may take.
    pub(super) spool: u64,
    pub(super) seen: &'r Seen,
}

const TOO_MANY: &str = "it holds many messages, and with --output-format message each needs a file: add `-o FOLDER/`";

/// Files that are opened at a time, side by side.
const OPENED_AT_ONCE: usize = 64;

type Line<'f, 's, 'r> = &'f mut Feed<'s, 'r, Step>;

impl<'r> Reader<'r> {
    /// Reads everything, from where `position` is.
    pub(super) fn run(&self, position: &Position, feed: Line<'_, '_, 'r>) -> Result<(), ReadError> {
        let mut reading =
            Reading { reader: self, after: After::default(), files: Vec::new(), bytes: 0, is_open: false };
        match self.inputs {
            Inputs::Stdin => {
                reading.after.found = 1;
                match open_stdin(self.as_form, self.bounds(), self.is_stopped) {
                    Ok(opened) => reading.stdin(opened, feed),
                    Err(error) => {
                        let text = format!("stdin: failed: {error}");
                        feed.result(Step::Told { text, is_failure: true, after: reading.after.clone() });
                    }
                }
            }
            Inputs::Roots(roots) => reading.roots(roots, position, feed)?,
        }
        reading.flush(feed);
        if !self.is_over(feed) && (reading.is_open || self.one_form().is_some()) {
            reading.open_one(None, feed);
            feed.result(Step::Close(None));
        }
        Ok(())
    }

    fn bounds(&self) -> Bounds<'_> {
        let limits = self.task.filter.limits();
        Bounds { limits, longest_head: self.task.members.longest_line(limits), window: self.window }
    }

    fn is_over(&self, feed: &Feed<'_, 'r, Step>) -> bool {
        feed.is_over() || self.is_stopped.load(Ordering::Relaxed)
    }

    /// Whether a source holds many messages, of which the one output is to be a single one.
    fn is_too_many(&self, source: Form) -> bool {
        self.one_form() == Some(Form::MESSAGE) && source.layout != Layout::Message
    }

    /// The form of the one output, if it is known before a source is.
    fn one_form(&self) -> Option<Form> {
        match self.outputs {
            Outputs::One { form, .. } => *form,
            _ => None,
        }
    }
}

/// A reader on its way.
pub(super) struct Reading<'a, 'r> {
    reader: &'a Reader<'r>,
    pub(super) after: After,
    /// Messages that are files, not yet handed over.
    files: Vec<Entry>,
    bytes: usize,
    /// Whether the one output has been opened.
    is_open: bool,
}

impl<'r> Reading<'_, 'r> {
    fn roots(&mut self, roots: &[Root], position: &Position, feed: Line<'_, '_, 'r>) -> Result<(), ReadError> {
        let mut walk = Walk::new(roots.to_vec());
        let mut inside = position.inside;
        for _ in 0..position.found {
            let found = walk.next();
            if let Some(
                Found::File { path, .. } | Found::Irregular(path) | Found::State(path) | Found::Fault(path, _),
            ) = found
            {
                self.pass(path);
            }
        }
        if self.after.digest != position.digest {
            return Err(ReadError::Changed(position.last.clone().unwrap_or_default()));
        }
        loop {
            let found: Vec<Found> = walk.by_ref().take(OPENED_AT_ONCE).collect();
            if found.is_empty() {
                return Ok(());
            }
            // Opening waits for the disk: it is done side by side.
            let begun: Vec<_> = self.reader.workers.install(|| {
                let begin = |found: Found| {
                    let begun = if let Found::File { path, .. } = &found { Some(Begun::open(path)) } else { None };
                    (found, begun)
                };
                found.into_par_iter().map(begin).collect()
            });
            for (found, begun) in begun {
                if self.reader.is_over(feed) {
                    return Ok(());
                }
                self.found(found, begun, inside.take(), feed)?;
            }
        }
    }

    fn found(
        &mut self,
        found: Found,
        begun: Option<io::Result<Begun>>,
        inside: Option<Inside>,
        feed: Line<'_, '_, 'r>,
    ) -> Result<(), ReadError> {
        let Reader { as_form, .. } = *self.reader;
        let opened = match (&found, begun) {
            (Found::File { path, .. }, Some(begun)) => {
                Some(begun.and_then(|begun| begun.recognize(path, as_form, self.reader.bounds())))
            }
            _ => None,
        };
        let told = match (found, opened) {
            (Found::File { path, .. }, Some(Ok(opened))) if self.reader.is_too_many(opened.form) => {
                (format!("{}: failed: {TOO_MANY}", path.display()), true, path)
            }
            (Found::File { path, place }, Some(Ok(opened))) => return self.file(path, place, opened, inside, feed),
            (Found::File { path, .. }, Some(Err(error))) | (Found::Fault(path, error), _) => {
                (format!("{}: failed: {error}", path.display()), true, path)
            }
            (Found::Irregular(path) | Found::File { path, .. }, _) => {
                (format!("{}: passed over: neither a file nor a folder", path.display()), false, path)
            }
            (Found::State(path), _) => {
                (format!("{}: passed over: the state of an unfinished run", path.display()), false, path)
            }
        };
        self.flush(feed);
        let (text, is_failure, path) = told;
        self.pass(path);
        feed.result(Step::Told { text, is_failure, after: self.after.clone() });
        Ok(())
    }

    /// Counts what was found as done with.
    fn pass(&mut self, path: PathBuf) {
        self.after.found += 1;
        let digest = Sha256::new().chain_update(&self.after.digest).chain_update(path.as_os_str().as_encoded_bytes());
        self.after.digest = digest.finalize().to_vec();
        self.after.last = Some(path);
    }

    fn file(
        &mut self,
        path: PathBuf,
        place: PathBuf,
        opened: Opened,
        inside: Option<Inside>,
        feed: Line<'_, '_, 'r>,
    ) -> Result<(), ReadError> {
        let is_alone = matches!(self.reader.inputs, Inputs::Roots(roots) if matches!(roots.as_slice(), [root] if root.path == path));
        let is_one = matches!(self.reader.outputs, Outputs::One { .. });
        self.see_source(opened.form.layout);
        let place = match self.reader.one_form() {
            Some(Form { layout: Layout::Tar | Layout::Zip, .. }) => archive_place(place, self.after.found + 1),
            _ => place,
        };
        if opened.form == Form::MESSAGE && !(is_alone && is_one) {
            let entry = self.message(&path, place, opened.source);
            self.bytes += entry.data.length();
            self.files.push(entry);
            self.pass(path);
            if self.bytes >= UNIT_BYTES || self.files.len() >= UNIT_ENTRIES {
                self.flush(feed);
            }
            return Ok(());
        }
        self.flush(feed);
        let stamp = match &opened.source {
            Source::File(file) => Stamp::of(file).ok(),
            Source::Whole(_) => None,
            Source::Stream(_) => File::open(&path).and_then(|file| Stamp::of(&file)).ok(),
        };
        if inside.is_some_and(|inside| inside.stamp != stamp) {
            return Err(ReadError::Changed(path));
        }
        let from = inside.unwrap_or(Inside { cut: 0, lines: 0, stamp });
        let target = match self.reader.outputs {
            Outputs::Nowhere => Target::Nowhere,
            Outputs::Files(_) => Target::Files,
            Outputs::One { .. } => Target::Stream(self.open_one(Some(opened.form), feed)),
            Outputs::Mirror(_) => {
                self.see(opened.form);
                feed.result(Step::Open { form: opened.form, place: Some(place.clone()) });
                Target::Stream(opened.form)
            }
        };
        // In archives that are made of several sources their names keep entries apart.
        let prefix = if is_alone { PathBuf::new() } else { place.clone() }.into();
        let name = path.display().to_string();
        let container = Container { name: name.into(), place: place.into(), prefix, target, from };
        container::read(self, opened, &container, Some(&path), feed);
        if self.reader.is_over(feed) {
            return Ok(());
        }
        self.pass(path);
        match self.reader.outputs {
            Outputs::Mirror(_) => feed.result(Step::Close(Some(self.after.clone()))),
            // The only source: a run that is stopped now finds it again at its end, and with it the output's form.
            Outputs::One { form: None, .. } => true,
            _ => feed.result(Step::Passed(self.after.clone())),
        };
        Ok(())
    }

    /// A file that is one message.
    fn message(&self, path: &Path, place: PathBuf, source: Source) -> Entry {
        let limit = self.reader.task.filter.message_bytes();
        let read = match source {
            Source::Whole(message) => Ok(Some(message).filter(|message| message.len() <= limit)),
            Source::File(file) => match file.metadata() {
                Ok(metadata) if metadata.len() > limit as u64 => Ok(None),
                Ok(metadata) => read_at_most(file, metadata.len(), limit),
                Err(error) => Err(error),
            },
            Source::Stream(stream) => read_at_most(stream, 0, limit),
        };
        let data = match read {
            Ok(Some(message)) => Data::Whole(message),
            Ok(None) => Data::TooLong,
            Err(error) => Data::Fault(error.to_string()),
        };
        Entry { origin: Some(path.display().to_string()), number: None, place, data }
    }

    /// Hands over the files that are waiting.
    fn flush(&mut self, feed: Line<'_, '_, 'r>) {
        if self.files.is_empty() {
            return;
        }
        let target = match self.reader.outputs {
            Outputs::Nowhere => Target::Nowhere,
            Outputs::Mirror(_) | Outputs::Files(_) => Target::Files,
            Outputs::One { .. } => Target::Stream(self.open_one(None, feed)),
        };
        self.bytes = 0;
        let content = Content::Entries(std::mem::take(&mut self.files));
        let nowhere: Arc<Path> = Path::new("").into();
        let unit = Unit { source: "".into(), place: Arc::clone(&nowhere), prefix: nowhere, target, content };
        self.hand_over(unit, self.after.clone(), feed);
    }

    /// Opens the one output if it isn't yet: of the form that was asked for, or that of the source.
    fn open_one(&mut self, source: Option<Form>, feed: Line<'_, '_, 'r>) -> Form {
        let lines = Form { layout: Layout::Lines, compression: Compression::Plain };
        let Outputs::One { destination, form } = self.reader.outputs else { return lines };
        let form = form.or(source).unwrap_or(lines);
        if !self.is_open {
            self.is_open = true;
            self.see(form);
            let place = match destination {
                Destination::File(path) => Some(path.file_name().unwrap_or_default().into()),
                Destination::Stdout | Destination::Device(_) => None,
            };
            feed.result(Step::Open { form, place });
        }
        form
    }

    /// Takes note of the form of an output.
    fn see(&self, output: Form) {
        if output.layout != Layout::Message {
            self.reader.seen.notices.store(true, Ordering::Relaxed);
        }
    }

    /// Takes note of the layout of a source.
    fn see_source(&self, layout: Layout) {
        if layout == Layout::Lines {
            self.reader.seen.lines.store(true, Ordering::Relaxed);
        }
    }

    /// What comes on stdin.
    fn stdin(&mut self, opened: Opened, feed: Line<'_, '_, 'r>) {
        if self.reader.is_too_many(opened.form) {
            let text = format!("stdin: failed: {TOO_MANY}");
            feed.result(Step::Told { text, is_failure: true, after: self.after.clone() });
            return;
        }
        self.see_source(opened.form.layout);
        let target = match self.reader.outputs {
            Outputs::Nowhere => Target::Nowhere,
            Outputs::Mirror(_) | Outputs::Files(_) => Target::Files,
            Outputs::One { .. } => Target::Stream(self.open_one(Some(opened.form), feed)),
        };
        let from = Inside { cut: 0, lines: 0, stamp: None };
        let prefix = Path::new("").into();
        let container = Container { name: "stdin".into(), place: Path::new("stdin").into(), prefix, target, from };
        container::read(self, opened, &container, None, feed);
    }

    /// The largest message that is loaded.
    pub(super) fn message_bytes(&self) -> usize {
        self.reader.task.filter.message_bytes()
    }

    /// The longest line that is loaded.
    pub(super) fn longest_line(&self) -> usize {
        self.reader.task.members.longest_line(self.reader.task.filter.limits())
    }

    /// Bytes of disk that a source may take while it is read.
    pub(super) fn spool_bytes(&self) -> u64 {
        self.reader.spool
    }

    /// The run's own folder, if it has one.
    pub(super) fn staging(&self) -> Option<&Path> {
        self.reader.staging
    }

    pub(super) fn is_over(&self, feed: &Feed<'_, 'r, Step>) -> bool {
        self.reader.is_over(feed)
    }

    pub(super) fn hand_over(&self, unit: Unit, after: After, feed: Line<'_, '_, 'r>) -> bool {
        let Reader { task, staging, .. } = *self.reader;
        feed.work(unit.weight(), move |number| {
            let staging = staging.map(|folder| Staging { folder, unit: number });
            Step::Done(Box::new(task.work(unit, staging)), after)
        }) && !self.reader.is_over(feed)
    }
}
