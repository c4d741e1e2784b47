//! Opens a source: reads its first bytes, decompressed too, to recognize it, and replays them to the reader.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::SystemTime;

use super::super::document::Batch;
use super::super::form::{ArchiveForm, Compression, Layout};
use super::compressed::{Decompressor, compression_of};
use super::containers::container;
use super::recognize::{Hint, Recognition, SourceHead, layout_of};
use super::stdin::Stdin;
use dmv_redact::Limits;
use dmv_redact::internal::read::Refusal;

/// Bytes that are read first. A file that isn't longer is read completely by that.
const HEAD_BYTES: usize = 1 << 16;
/// Size of a read.
const BLOCK_BYTES: usize = 1 << 18;

/// Memory bounds for opening a source.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct MemoryBounds<'l> {
    /// Limits of messages.
    pub(in super::super) limits: &'l Limits,
    /// Bytes that are read if fewer don't decide what it is.
    pub(in super::super) max_head_bytes: usize,
    /// Maximum window of a Zstandard source.
    pub(in super::super) window: usize,
}

/// A source, opened and recognized.
pub(in super::super) struct OpenedSource {
    pub(in super::super) form: ArchiveForm,
    pub(in super::super) source: SourceData,
}

/// The content of a source.
pub(in super::super) enum SourceData {
    /// All of it: a short, uncompressed single message.
    Whole(Vec<u8>),
    /// An uncompressed file with random access.
    File(File),
    /// A stream, decompressed.
    Stream(Box<dyn Read + Send>),
    /// A document with many messages.
    Batch(Batch),
    /// A document of which nothing goes out; without its bytes if it was too large to be loaded.
    Refused(Option<Vec<u8>>, Refusal),
}

/// Identifies a version of a file: its length, and when it was modified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(in super::super) struct FileStamp {
    pub(in super::super) length: u64,
    pub(in super::super) changed: Option<SystemTime>,
}

impl FileStamp {
    pub(in super::super) fn of(file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self { length: metadata.len(), changed: metadata.modified().ok() })
    }
}

/// A file whose first bytes have been read. Many files are probed in parallel; what may take more memory comes later,
/// one file at a time.
pub(in super::super) struct ProbedFile {
    file: File,
    head: Vec<u8>,
    has_ended: bool,
}

impl ProbedFile {
    /// Opens a file and reads its first bytes.
    pub(in super::super) fn open(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        // One byte more, to detect the end.
        let bytes = file.metadata()?.len().saturating_add(1).min(HEAD_BYTES as u64);
        let mut head = Vec::with_capacity(usize::try_from(bytes).unwrap_or(HEAD_BYTES));
        let has_ended = append_up_to(&mut file, HEAD_BYTES, &mut head)?;
        Ok(Self { file, head, has_ended })
    }

    /// Recognizes the file's form; `requested` is the form that the caller states.
    ///
    /// # Errors
    /// When it can't be read, or not in the requested form.
    pub(in super::super) fn recognize(
        self,
        path: &Path,
        requested: Option<ArchiveForm>,
        bounds: MemoryBounds<'_>,
    ) -> io::Result<OpenedSource> {
        let Self { mut file, mut head, mut has_ended } = self;
        let compression = compression(&head, requested)?;
        let by_name = ArchiveForm::of_name(path).map(|form| form.layout).filter(|layout| *layout != Layout::Message);
        let hint = Hint { requested: requested.map(|form| form.layout), by_name };
        if compression != Compression::Plain {
            file.seek(SeekFrom::Start(0))?;
            return decompressed(Box::new(file), hint, compression, bounds);
        }
        let layout = recognize(&mut file, &mut head, &mut has_ended, hint, bounds)?;
        let source = if layout == Layout::Message && has_ended {
            SourceData::Whole(head)
        } else {
            file.seek(SeekFrom::Start(0))?;
            SourceData::File(file)
        };
        Ok(OpenedSource { form: ArchiveForm { layout, compression }, source })
    }
}

/// Recognizes stdin.
///
/// # Errors
/// When it can't be read, or not in the requested form.
pub(in super::super) fn open_stdin(
    requested: Option<ArchiveForm>,
    bounds: MemoryBounds<'_>,
    is_stopped: &'static AtomicBool,
) -> io::Result<OpenedSource> {
    let mut stdin = Stdin::new(is_stopped);
    let mut head = Vec::new();
    let result = append_up_to(&mut stdin, HEAD_BYTES, &mut head);
    let compression = compression(&head, requested)?;
    let raw = replay(head, result.map(drop), stdin);
    decompressed(raw, Hint { requested: requested.map(|form| form.layout), by_name: None }, compression, bounds)
}

/// The compression of a source, which must be the requested one, if any.
fn compression(head: &[u8], requested: Option<ArchiveForm>) -> io::Result<Compression> {
    let found = compression_of(head);
    match requested {
        Some(form) if form.compression != found => {
            let found = container(head).filter(|_| found != Compression::Plain).unwrap_or("not compressed so");
            Err(invalid(format!("it is {found}, and --input-format says otherwise")))
        }
        _ => Ok(found),
    }
}

fn decompressed(
    raw: Box<dyn Read + Send>,
    hint: Hint,
    compression: Compression,
    bounds: MemoryBounds<'_>,
) -> io::Result<OpenedSource> {
    let raw = BufReader::with_capacity(BLOCK_BYTES, raw);
    let mut inside: Box<dyn Read + Send> = match compression {
        Compression::Plain => Box::new(raw),
        _ => Box::new(Decompressor::new(raw, compression, bounds.window)?),
    };
    let mut head = Vec::new();
    let begun = append_up_to(&mut inside, HEAD_BYTES, &mut head);
    if compression_of(&head) != Compression::Plain && compression != Compression::Plain {
        let what = container(&head).unwrap_or_default();
        return Err(invalid(format!("what is compressed in it is {what} again: that isn't read")));
    }
    let recognized = match begun {
        Ok(mut has_ended) => recognize(&mut inside, &mut head, &mut has_ended, hint, bounds),
        Err(error) => Err(error),
    };
    let (layout, result) = match recognized {
        Ok(layout) => (layout, Ok(())),
        Err(error) if error.kind() == io::ErrorKind::Unsupported => return Err(error),
        Err(error) => (layout_of_truncated(&head, hint, bounds), Err(error)),
    };
    Ok(OpenedSource {
        form: ArchiveForm { layout, compression },
        source: SourceData::Stream(replay(head, result, inside)),
    })
}

/// Reads as much as it takes to recognize the layout of a source, the first bytes of which are in `head`.
fn recognize(
    source: &mut impl Read,
    head: &mut Vec<u8>,
    has_ended: &mut bool,
    hint: Hint,
    bounds: MemoryBounds<'_>,
) -> io::Result<Layout> {
    loop {
        let may_grow = !*has_ended && head.len() < bounds.max_head_bytes;
        match layout_of(SourceHead { bytes: head, has_ended: *has_ended, may_grow }, hint, bounds.limits) {
            Recognition::Is(layout) => return Ok(layout),
            Recognition::NeedMore => *has_ended = append_up_to(source, head.len(), head)?,
            Recognition::Unreadable(what) => return Err(invalid(what)),
        }
    }
}

/// The same for a source that failed: what would have followed is unknown.
fn layout_of_truncated(head: &[u8], hint: Hint, bounds: MemoryBounds<'_>) -> Layout {
    match layout_of(SourceHead { bytes: head, has_ended: false, may_grow: false }, hint, bounds.limits) {
        Recognition::Is(layout) => layout,
        Recognition::NeedMore | Recognition::Unreadable(_) => Layout::Message,
    }
}

/// An error for what can be read but not used.
fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, what)
}

/// A reader that replays `head`, then continues. An error is returned again after the head, so that it is reported at
/// its position.
fn replay(head: Vec<u8>, result: io::Result<()>, rest: impl Read + Send + 'static) -> Box<dyn Read + Send> {
    match result {
        Err(error) => Box::new(Cursor::new(head).chain(FailOnce(Some(error)))),
        Ok(()) => Box::new(Cursor::new(head).chain(rest)),
    }
}

/// Appends up to `count` bytes, and returns whether the source has ended.
fn append_up_to(source: &mut impl Read, count: usize, head: &mut Vec<u8>) -> io::Result<bool> {
    Ok(source.take(count as u64).read_to_end(head)? < count)
}

/// A reader that fails once, then ends.
struct FailOnce(Option<io::Error>);

impl Read for FailOnce {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Reads a message, `None` if it is longer than `limit`. `length` is the expected length.
pub(in super::super) fn read_at_most(source: impl Read, length: u64, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let expected = usize::try_from(length).unwrap_or(usize::MAX).min(limit);
    let mut message = Vec::with_capacity(expected.saturating_add(1));
    let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    source.take(bound).read_to_end(&mut message)?;
    Ok((message.len() <= limit).then_some(message))
}
