//! Opening a source: its first bytes are looked at, once more behind its compression, and nothing of it is lost for that.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::SystemTime;

use flate2::bufread::MultiGzDecoder;

use super::super::form::{Compression, Form, Layout, compression_of, is_undecided, layout_of};

/// Bytes that are looked at to tell what a source is. A file that is no longer is read whole by that.
const HEAD_BYTES: usize = 1 << 16;
/// Bytes that are looked at where the first line has not ended before.
const LONGEST_HEAD: usize = 1 << 25;
/// Bytes that are read from a source at a time.
const BLOCK_BYTES: usize = 1 << 18;

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

/// Opens a file and tells its form; `as_form` is what the caller knows of it.
pub(in super::super) fn open(path: &Path, as_form: Option<Form>) -> io::Result<Opened> {
    let mut file = File::open(path)?;
    let (head, has_ended) = read_head(&mut file);
    let has_ended = has_ended?;
    let compression = as_form.map_or_else(|| compression_of(&head), |form| form.compression);
    if compression != Compression::Plain {
        file.seek(SeekFrom::Start(0))?;
        return decompressed(Box::new(file), Some(path), as_form, compression);
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

/// Recognises what comes on stdin.
pub(in super::super) fn open_stdin(as_form: Option<Form>) -> io::Result<Opened> {
    let (head, rest) = peek(Box::new(io::stdin()))?;
    let compression = as_form.map_or_else(|| compression_of(&head), |form| form.compression);
    if compression != Compression::Plain {
        return decompressed(rest, None, as_form, compression);
    }
    let layout = as_form.map_or_else(|| layout_of(None, &head), |form| form.layout);
    Ok(Opened { form: Form { layout, compression }, source: Source::Stream(rest) })
}

fn decompressed(
    raw: Box<dyn Read + Send>,
    path: Option<&Path>,
    as_form: Option<Form>,
    compression: Compression,
) -> io::Result<Opened> {
    let raw = BufReader::with_capacity(BLOCK_BYTES, raw);
    let inside: Box<dyn Read + Send> = match compression {
        Compression::Plain => Box::new(raw),
        Compression::Gzip => Box::new(MultiGzDecoder::new(raw)),
        Compression::Zstd => Box::new(zstd::Decoder::with_buffer(raw)?),
    };
    let (head, rest) = peek(inside)?;
    let layout = as_form.map_or_else(|| layout_of(path, &head), |form| form.layout);
    Ok(Opened { form: Form { layout, compression }, source: Source::Stream(rest) })
}

/// The first bytes, and a reader of all of them again.
fn peek(mut raw: Box<dyn Read + Send>) -> io::Result<(Vec<u8>, Box<dyn Read + Send>)> {
    // What fails within the first bytes fails again when it is read: the fault is told there, with its place.
    let (head, has_ended) = read_head(&mut raw);
    let rest: Box<dyn Read + Send> = match has_ended {
        Err(error) => Box::new(Cursor::new(head.clone()).chain(Failing(Some(error)))),
        Ok(_) => Box::new(Cursor::new(head.clone()).chain(raw)),
    };
    Ok((head, rest))
}

/// Reads as much as tells what a source is, and whether that is all of it.
fn read_head(source: &mut impl Read) -> (Vec<u8>, io::Result<bool>) {
    let mut head = Vec::new();
    let mut wanted = HEAD_BYTES;
    loop {
        let missing = wanted - head.len();
        match source.take(missing as u64).read_to_end(&mut head) {
            Err(error) => return (head, Err(error)),
            Ok(read) if read < missing => return (head, Ok(true)),
            Ok(_) if wanted < LONGEST_HEAD && is_undecided(&head) => wanted *= 2,
            Ok(_) => return (head, Ok(false)),
        }
    }
}

/// A reader that fails once, then has ended.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Reads a message, `None` if it is longer than `limit`.
pub(in super::super) fn read_at_most(source: impl Read, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let mut message = Vec::new();
    let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    source.take(bound).read_to_end(&mut message)?;
    Ok((message.len() <= limit).then_some(message))
}
