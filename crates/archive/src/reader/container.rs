//! Reads sources that hold many messages, or one that can't be read at once, as a stream, and splits them into units.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{ReadPosition, ReadState, WriterStep};
use crate::document::Batch;
use crate::form::Layout;
use crate::input::{
    ArchiveMember, ArchiveReader, FileStamp, LinePosition, LineSplitter, OpenedSource, SourceData, TarReader,
    ZipReader, generated_name, read_at_most, shortened,
};
use crate::journal::SourcePosition;
use crate::pipeline::Feed;
use crate::unit::{BatchItems, EntryData, MessageEntry, OutputTarget, UNIT_BYTES, UNIT_ENTRIES, Unit, UnitContent};
use dmv_redact_model::files::text_of;

/// A source that is read as a stream.
pub(super) struct Container {
    /// Its name.
    pub(super) name: Arc<str>,
    /// Its identifier, and that of its message if it is one.
    pub(super) id: Arc<Path>,
    /// Prefix of the names of its entries.
    pub(super) prefix: Arc<Path>,
    pub(super) target: OutputTarget,
    /// The position to start from.
    pub(super) from: SourcePosition,
}

/// Builds the units of one container.
struct UnitBuilder<'c, 'a, 'r, 'f, 's> {
    state: &'c ReadState<'a, 'r>,
    container: &'c Container,
    feed: &'f mut Feed<'s, 'r, WriterStep>,
    entries: Vec<MessageEntry>,
    bytes: usize,
}

/// The position in a journal of a container that failed, which was reported.
const BROKEN: u64 = u64::MAX;

/// Reads a container to its end, or until the run is over. A failure is reported as a failed message (P11).
pub(super) fn read<'r>(
    state: &ReadState<'_, 'r>,
    opened: OpenedSource,
    container: &Container,
    path: Option<&Path>,
    feed: &mut Feed<'_, 'r, WriterStep>,
) {
    if container.from.consumed == BROKEN {
        return;
    }
    let mut builder = UnitBuilder { state, container, feed, entries: Vec::new(), bytes: 0 };
    let result = match opened.form.layout {
        Layout::Message => builder.message(opened.source),
        Layout::Lines => builder.lines(opened.source),
        Layout::Tar => builder.tar(opened.source),
        Layout::Zip => builder.zip(opened.source),
        Layout::Batch(_) => match &opened.source {
            SourceData::Batch(batch) => builder.batch(batch),
            _ => Ok(()),
        },
    };
    if let Err(error) = result {
        // Leaving stdin because of a stop isn't a failure.
        if !state.is_over(builder.feed) {
            builder.fault(error.to_string());
        }
    } else if !state.is_over(builder.feed) && has_changed(container, path) {
        builder.fault("it changed while it was read".to_owned());
    }
}

fn has_changed(container: &Container, path: Option<&Path>) -> bool {
    let now = path.and_then(|path| File::open(path).and_then(|file| FileStamp::of(&file)).ok());
    path.is_some() && container.from.stamp.is_some() && now != container.from.stamp
}

impl<'r> UnitBuilder<'_, '_, 'r, '_, '_> {
    fn message(&mut self, source: SourceData) -> io::Result<()> {
        let limit = self.state.message_bytes();
        let message = match source {
            SourceData::Whole(message) => Some(message).filter(|message| message.len() <= limit),
            SourceData::File(file) => {
                let length = file.metadata()?.len();
                read_at_most(file, length, limit)?
            }
            SourceData::Stream(stream) => read_at_most(stream, 0, limit)?,
            SourceData::Refused(document, refusal) => {
                self.entry(EntryData::Refused(document, refusal));
                return Ok(());
            }
            SourceData::Batch(_) => None,
        };
        self.entry(message.map_or(EntryData::TooLong, EntryData::Whole));
        Ok(())
    }

    /// Submits the source as one message.
    fn entry(&mut self, data: EntryData) {
        let id = self.container.id.to_path_buf();
        let place = match self.container.prefix.as_os_str().is_empty() {
            true => id.clone(),
            false => self.container.prefix.to_path_buf(),
        };
        self.entries.push(MessageEntry { origin: None, number: None, place, id, data });
        self.flush(1);
    }

    fn batch(&mut self, batch: &Batch) -> io::Result<()> {
        let (from, syntax) = (self.container.from.consumed, batch.frame.syntax);
        let mut items = BatchItems::new(syntax, from + 1);
        let read = batch.each(|number, item| {
            if number <= from {
                return true;
            }
            items.push(item);
            if !items.is_full() {
                return true;
            }
            let full = std::mem::replace(&mut items, BatchItems::new(syntax, number + 1));
            self.hand_over(UnitContent::Items(full), number)
        });
        read.map_err(|_| io::Error::other("it can't be read again"))?;
        if let Some(last) = items.last() {
            self.hand_over(UnitContent::Items(items), last);
        }
        Ok(())
    }

    fn lines(&mut self, source: SourceData) -> io::Result<()> {
        let SourcePosition { consumed, lines, stamp } = self.container.from;
        let from = LinePosition { offset: consumed, lines };
        match source {
            SourceData::File(mut file) => {
                let length = stamp.map_or(file.metadata()?.len(), |stamp| stamp.length);
                file.seek(SeekFrom::Start(consumed))?;
                let reached = self.split_lines(file.take(length.saturating_sub(consumed)), from)?;
                let is_cut = reached.is_some_and(|reached| reached.offset < length);
                if is_cut { Err(shortened()) } else { Ok(()) }
            }
            SourceData::Whole(bytes) => self.split_rest(io::Cursor::new(bytes), from),
            SourceData::Stream(stream) => self.split_rest(stream, from),
            SourceData::Batch(_) | SourceData::Refused(..) => Ok(()),
        }
    }

    /// Splits what comes after `from` in a source that can only be read from its beginning.
    fn split_rest(&mut self, mut source: impl Read, from: LinePosition) -> io::Result<()> {
        let skipped = io::copy(&mut (&mut source).take(from.offset), &mut io::sink())?;
        if skipped < from.offset {
            return Err(shortened());
        }
        self.split_lines(source, from).map(|_| ())
    }

    /// Splits a source that begins at `from`. Returns where it ends, unless the run is over before.
    fn split_lines(&mut self, source: impl Read, from: LinePosition) -> io::Result<Option<LinePosition>> {
        let mut splitter = LineSplitter::new(source, from, self.state.max_line_bytes());
        let mut reached = from;
        while let Some((lines, end)) = splitter.next_block()? {
            let LinePosition { offset, lines: count } = end;
            let inside = SourcePosition { consumed: offset, lines: count, ..self.container.from };
            if !self.submit(UnitContent::Lines(lines), inside) {
                return Ok(None);
            }
            reached = end;
        }
        Ok(Some(reached))
    }

    fn tar(&mut self, source: SourceData) -> io::Result<()> {
        let source: Box<dyn Read> = match source {
            SourceData::Whole(bytes) => Box::new(io::Cursor::new(bytes)),
            SourceData::File(file) => Box::new(io::BufReader::with_capacity(UNIT_BYTES, file)),
            SourceData::Stream(stream) => stream,
            SourceData::Batch(_) | SourceData::Refused(..) => return Ok(()),
        };
        self.archive(TarReader::new(source, self.state.message_bytes()))
    }

    fn zip(&mut self, source: SourceData) -> io::Result<()> {
        // The directory is at a zip's end, so a stream is spooled to disk.
        let file = match source {
            SourceData::File(file) => file,
            SourceData::Whole(bytes) => self.spool(io::Cursor::new(bytes))?,
            SourceData::Stream(stream) => self.spool(stream)?,
            SourceData::Batch(_) | SourceData::Refused(..) => return Ok(()),
        };
        self.archive(ZipReader::new(file, self.state.message_bytes())?)
    }

    /// Spools a stream into an unnamed file, which disappears when it is closed, however the run ends.
    fn spool(&self, stream: impl Read) -> io::Result<File> {
        let limit = self.state.spool_bytes();
        let mut file = match self.state.staging() {
            Some(folder) => tempfile::tempfile_in(folder)?,
            None => tempfile::tempfile()?,
        };
        if io::copy(&mut stream.take(limit.saturating_add(1)), &mut file)? > limit {
            let what = format!(
                "it is a zip that has to be kept on disk to be read, and takes more than {limit} bytes (--spool)"
            );
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, what));
        }
        file.rewind()?;
        Ok(file)
    }

    fn archive(&mut self, mut archive: impl ArchiveReader) -> io::Result<()> {
        let from = self.container.from.consumed;
        let mut last = from;
        let result = loop {
            match archive.next(&|number| number > from) {
                Ok(Some((number, _))) if number <= from => {}
                Ok(Some((number, ArchiveMember::File { place, data }))) => {
                    last = number;
                    if !self.push(number, place, data) {
                        return Ok(());
                    }
                }
                Ok(Some((_, ArchiveMember::Folder))) => {}
                Ok(Some((number, ArchiveMember::Irregular(what)))) => self.irregular(number, what),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.flush(last);
        result
    }

    /// Adds an entry of an archive. `false` if the run is over.
    fn push(&mut self, number: u64, name: PathBuf, data: EntryData) -> bool {
        self.bytes += data.length();
        let origin = Some(text_of(&name).into_owned());
        let (place, id) = (self.container.prefix.join(&name), self.container.id.join(name));
        self.entries.push(MessageEntry { origin, number: Some(number), place, id, data });
        if self.bytes >= UNIT_BYTES || self.entries.len() >= UNIT_ENTRIES {
            return self.flush(number);
        }
        true
    }

    /// Submits the entries up to number `last`.
    fn flush(&mut self, last: u64) -> bool {
        self.bytes = 0;
        if self.entries.is_empty() {
            return true;
        }
        let content = UnitContent::Entries(std::mem::take(&mut self.entries));
        self.hand_over(content, last)
    }

    /// Reports an entry that isn't a regular file.
    fn irregular(&mut self, number: u64, what: &'static str) {
        self.flush(number - 1);
        let text = format!("{}: entry {number}: passed over: {what}", self.container.name);
        let inside = Some(SourcePosition { consumed: number, ..self.container.from });
        let reached = ReadPosition { inside, ..self.state.reached.clone() };
        self.feed.result(WriterStep::Reported { text, is_failure: false, reached });
    }

    /// Reports that reading the container failed.
    fn fault(&mut self, what: String) {
        let (place, id) = (self.container.prefix.join(generated_name(0)), self.container.id.to_path_buf());
        self.entries.push(MessageEntry { origin: None, number: None, place, id, data: EntryData::Unreadable(what) });
        self.flush(BROKEN);
    }

    fn hand_over(&mut self, content: UnitContent, consumed: u64) -> bool {
        self.submit(content, SourcePosition { consumed, ..self.container.from })
    }

    fn submit(&mut self, content: UnitContent, inside: SourcePosition) -> bool {
        let Container { name, id, prefix, target, .. } = self.container;
        let (source, id, prefix) = (Arc::clone(name), Arc::clone(id), Arc::clone(prefix));
        let unit = Unit { source, id, prefix, target: *target, content };
        let reached = ReadPosition { inside: Some(inside), ..self.state.reached.clone() };
        self.state.hand_over(unit, reached, self.feed)
    }
}
