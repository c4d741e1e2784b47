//! Opening a source: its first bytes are looked at, once more behind its compression, and nothing of it is lost for that.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::SystemTime;

use super::super::form::{Compression, Form, Layout};
use super::compressed::{Decompressor, compression_of};
use super::containers::container;
use super::recognize::{Head, Hint, Verdict, layout_of};
use super::stdin::Stdin;
use crate::Limits;

/// Bytes that are looked at first. A file that is no longer is read whole by that.
const HEAD_BYTES: usize = 1 << 16;
/// Bytes that are read from a source at a time.
const BLOCK_BYTES: usize = 1 << 18;

/// How much memory opening a source may take.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Bounds<'l> {
    /// Of messages.
    pub(in super::super) limits: &'l Limits,
    /// Bytes that are looked at where less doesn't tell what it is.
    pub(in super::super) longest_head: usize,
    /// Bytes of what came before that a Zstandard source may refer to.
    pub(in super::super) window: usize,
}

/// A source that has been opened and recognised.
pub(in super::super) struct Opened {
    pub(in super::super) form: Form,
    pub(in super::super) source: Source,
}

/// What there is to read.
pub(in super::super) enum Source {
    /// All of it, for it is short, is one message and is not compressed.
    Whole(Vec<u8>),
    /// A file that can be read anywhere, not compressed.
    File(File),
    /// Something that can only be read onwards, behind its compression if it had any.
    Stream(Box<dyn Read + Send>),
}

/// What tells that a file is still the one it was: bytes, and when it was changed last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(in super::super) struct Stamp {
    pub(in super::super) length: u64,
    pub(in super::super) changed: Option<SystemTime>,
}

impl Stamp {
    pub(in super::super) fn of(file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self { length: metadata.len(), changed: metadata.modified().ok() })
    }
}

/// A file whose first bytes have been read, so that reading them can be done for many files side by side; what may take
/// more memory comes later, for one after the other.
pub(in super::super) struct Begun {
    file: File,
    head: Vec<u8>,
    has_ended: bool,
}

impl Begun {
    /// Opens a file and reads its first bytes.
    pub(in super::super) fn open(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        // One byte more, so that the end shows.
        let bytes = file.metadata()?.len().saturating_add(1).min(HEAD_BYTES as u64);
        let mut head = Vec::with_capacity(usize::try_from(bytes).unwrap_or(HEAD_BYTES));
        let has_ended = read_on(&mut file, HEAD_BYTES, &mut head)?;
        Ok(Self { file, head, has_ended })
    }

    /// Tells the file's form; `asked` is what the caller says of it.
    ///
    /// # Errors
    /// When it can't be read, or not as what it is said to be.
    pub(in super::super) fn recognize(
        self,
        path: &Path,
        asked: Option<Form>,
        bounds: Bounds<'_>,
    ) -> io::Result<Opened> {
        let Self { mut file, mut head, mut has_ended } = self;
        let compression = compression(&head, asked)?;
        let named = Form::of_name(path).map(|form| form.layout).filter(|layout| *layout != Layout::Message);
        let hint = Hint { asked: asked.map(|form| form.layout), named };
        if compression != Compression::Plain {
            file.seek(SeekFrom::Start(0))?;
            return decompressed(Box::new(file), hint, compression, bounds);
        }
        let layout = recognize(&mut file, &mut head, &mut has_ended, hint, bounds)?;
        let source = if layout == Layout::Message && has_ended {
            Source::Whole(head)
        } else {
            file.seek(SeekFrom::Start(0))?;
            Source::File(file)
        };
        Ok(Opened { form: Form { layout, compression }, source })
    }
}

/// Recognizes what comes on stdin.
///
/// # Errors
/// When it can't be read, or not as what it is said to be.
pub(in super::super) fn open_stdin(
    asked: Option<Form>,
    bounds: Bounds<'_>,
    is_stopped: &'static AtomicBool,
) -> io::Result<Opened> {
    let mut stdin = Stdin::new(is_stopped);
    let mut head = Vec::new();
    let result = read_on(&mut stdin, HEAD_BYTES, &mut head);
    let compression = compression(&head, asked)?;
    let raw = again(head, result.map(drop), stdin);
    decompressed(raw, Hint { asked: asked.map(|form| form.layout), named: None }, compression, bounds)
}

/// How a source is compressed, which is what the caller says of it if that says something.
fn compression(head: &[u8], asked: Option<Form>) -> io::Result<Compression> {
    let found = compression_of(head);
    match asked {
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
    bounds: Bounds<'_>,
) -> io::Result<Opened> {
    let raw = BufReader::with_capacity(BLOCK_BYTES, raw);
    let mut inside: Box<dyn Read + Send> = match compression {
        Compression::Plain => Box::new(raw),
        _ => Box::new(Decompressor::new(raw, compression, bounds.window)?),
    };
    let mut head = Vec::new();
    let begun = read_on(&mut inside, HEAD_BYTES, &mut head);
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
        Err(error) => (layout_of_cut(&head, hint, bounds), Err(error)),
    };
    Ok(Opened { form: Form { layout, compression }, source: Source::Stream(again(head, result, inside)) })
}

/// Reads on as far as it takes to tell how messages lie in a source of which `head` was read.
fn recognize(
    source: &mut impl Read,
    head: &mut Vec<u8>,
    has_ended: &mut bool,
    hint: Hint,
    bounds: Bounds<'_>,
) -> io::Result<Layout> {
    loop {
        let may_grow = !*has_ended && head.len() < bounds.longest_head;
        match layout_of(Head { bytes: head, has_ended: *has_ended, may_grow }, hint, bounds.limits) {
            Verdict::Is(layout) => return Ok(layout),
            Verdict::Undecided => *has_ended = read_on(source, head.len(), head)?,
            Verdict::Unreadable(what) => return Err(invalid(what)),
        }
    }
}

/// The same for a source that broke off: what would have followed is unknown.
fn layout_of_cut(head: &[u8], hint: Hint, bounds: Bounds<'_>) -> Layout {
    match layout_of(Head { bytes: head, has_ended: false, may_grow: false }, hint, bounds.limits) {
        Verdict::Is(layout) => layout,
        Verdict::Undecided | Verdict::Unreadable(_) => Layout::Message,
    }
}

/// What is read well and can't be used.
fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, what)
}

/// A reader of all of a source again of which `head` was read. What failed there fails again behind it: the fault is told
/// when it is come to, with its place.
fn again(head: Vec<u8>, result: io::Result<()>, rest: impl Read + Send + 'static) -> Box<dyn Read + Send> {
    match result {
        Err(error) => Box::new(Cursor::new(head).chain(Failing(Some(error)))),
        Ok(()) => Box::new(Cursor::new(head).chain(rest)),
    }
}

/// Appends up to `count` bytes, and tells whether the source has ended.
fn read_on(source: &mut impl Read, count: usize, head: &mut Vec<u8>) -> io::Result<bool> {
    Ok(source.take(count as u64).read_to_end(head)? < count)
}

/// A reader that fails once, then has ended.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Reads a message, `None` if it is longer than `limit`. `length` is how long it is said to be.
pub(in super::super) fn read_at_most(source: impl Read, length: u64, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let expected = usize::try_from(length).unwrap_or(usize::MAX).min(limit);
    let mut message = Vec::with_capacity(expected.saturating_add(1));
    let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    source.take(bound).read_to_end(&mut message)?;
    Ok((message.len() <= limit).then_some(message))
}
