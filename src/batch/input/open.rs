//! Opening a source: its first bytes are looked at, once more behind its compression, and nothing of it is lost for that.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::SystemTime;

use flate2::bufread::MultiGzDecoder;

use super::super::form::{Compression, Form, Layout, compression_of, is_undecided, layout_of};

/// Bytes that are looked at first. A file that is no longer is read whole by that.
const HEAD_BYTES: usize = 1 << 16;
/// Bytes that are read from a source at a time.
const BLOCK_BYTES: usize = 1 << 18;

/// How much memory opening a source may take.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Bounds {
    /// Bytes that are looked at where the first line has not ended before.
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

    /// Tells the file's form; `as_form` is what the caller knows of it.
    pub(in super::super) fn recognise(self, path: &Path, as_form: Option<Form>, bounds: Bounds) -> io::Result<Opened> {
        let Self { mut file, mut head, mut has_ended } = self;
        let compression = as_form.map_or_else(|| compression_of(&head), |form| form.compression);
        if compression != Compression::Plain {
            file.seek(SeekFrom::Start(0))?;
            return decompressed(Box::new(file), Some(path), as_form, compression, bounds);
        }
        if as_form.is_none() && !has_ended {
            has_ended = read_until_decided(&mut file, &mut head, bounds)?;
        }
        let layout = as_form.map_or_else(|| layout_of(Some(path), &head), |form| form.layout);
        let source = if layout == Layout::Message && has_ended {
            Source::Whole(head)
        } else {
            file.seek(SeekFrom::Start(0))?;
            Source::File(file)
        };
        Ok(Opened { form: Form { layout, compression }, source })
    }
}

/// Recognises what comes on stdin.
pub(in super::super) fn open_stdin(as_form: Option<Form>, bounds: Bounds) -> io::Result<Opened> {
    let mut stdin = io::stdin();
    let mut head = Vec::new();
    let result = read_on(&mut stdin, HEAD_BYTES, &mut head);
    let compression = as_form.map_or_else(|| compression_of(&head), |form| form.compression);
    let raw = again(head, result.map(drop), stdin);
    decompressed(raw, None, as_form, compression, bounds)
}

fn decompressed(
    raw: Box<dyn Read + Send>,
    path: Option<&Path>,
    as_form: Option<Form>,
    compression: Compression,
    bounds: Bounds,
) -> io::Result<Opened> {
    let raw = BufReader::with_capacity(BLOCK_BYTES, raw);
    let mut inside: Box<dyn Read + Send> = match compression {
        Compression::Plain => Box::new(raw),
        Compression::Gzip => Box::new(MultiGzDecoder::new(raw)),
        Compression::Zstd => {
            let mut decoder = zstd::Decoder::with_buffer(raw)?;
            decoder.window_log_max(bounds.window.max(1).ilog2())?;
            Box::new(decoder)
        }
    };
    let mut head = Vec::new();
    let result = match as_form {
        Some(_) => Ok(()),
        None => read_on(&mut inside, HEAD_BYTES, &mut head).and_then(|has_ended| match has_ended {
            true => Ok(()),
            false => read_until_decided(&mut inside, &mut head, bounds).map(drop),
        }),
    };
    let layout = as_form.map_or_else(|| layout_of(path, &head), |form| form.layout);
    Ok(Opened { form: Form { layout, compression }, source: Source::Stream(again(head, result, inside)) })
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

/// Reads on as long as more could tell what the source is, and tells whether that is all of it.
fn read_until_decided(source: &mut impl Read, head: &mut Vec<u8>, bounds: Bounds) -> io::Result<bool> {
    let mut has_ended = false;
    while !has_ended && head.len() < bounds.longest_head && is_undecided(head) {
        has_ended = read_on(source, head.len(), head)?;
    }
    Ok(has_ended)
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
