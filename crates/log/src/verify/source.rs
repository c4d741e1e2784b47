//! The files of a log, plain or compressed, each read from its beginning in chunks of whole lines.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use super::chunk::CHUNK_BYTES;
use crate::chain::{Hash, Link, LogLine, MAX_LINE_BYTES, RecordKind};
use crate::records::{self, StartFields};
use crate::rotation::{is_named, is_rotated_name};
use crate::{Key, LogError};

/// Magic numbers of gzip and Zstandard.
const GZIP: &[u8] = &[0x1F, 0x8B];
const ZSTD: &[u8] = &[0x28, 0xB5, 0x2F, 0xFD];

/// A file of a log, with what its first chunk says about it.
#[derive(Debug)]
pub(super) struct LogFile {
    pub(super) path: PathBuf,
    /// Its first readable line, and the hash of the line before that.
    pub(super) first: Option<(Link, Hash)>,
    /// Whether its first chunk has more than starts.
    has_records: bool,
    /// Its first start record, with its end, if that doesn't verify without a key and says that there is one.
    keyed_start: Option<Vec<u8>>,
}

impl LogFile {
    /// Reads the file's first chunk.
    fn probe(path: &Path) -> io::Result<Self> {
        let mut buffer = Vec::new();
        ChunkReader::open(path)?.next(&mut buffer)?;
        let mut lines = buffer
            .split(|byte| *byte == b'\n')
            .filter_map(|text| LogLine::parse_last(text).map(|(at, line)| (at, text, line)));
        let has_records = lines.clone().any(|(_, _, line)| line.kind != RecordKind::Start);
        let first = lines.clone().next().map(|(_, _, line)| (line.link, line.previous));
        let start =
            lines.find(|(_, _, line)| line.kind == RecordKind::Start).filter(|(_, _, line)| !line.is_intact(None));
        let keyed_start = start.and_then(|(at, text, line)| {
            let started: StartFields = records::read(&line, &mut Vec::new())?;
            Some(text.get(at..)?.to_owned()).filter(|_| started.keyed)
        });
        Ok(Self { path: path.to_owned(), first, has_records, keyed_start })
    }

    /// The files, in the order of their first lines.
    pub(super) fn in_order(paths: &[PathBuf]) -> Result<Vec<Self>, LogError> {
        let mut files = Vec::with_capacity(paths.len());
        let named_twice: Vec<PathBuf> = paths.iter().filter_map(|path| other_name(path)).collect();
        for path in paths.iter().filter(|path| !named_twice.contains(path)) {
            // A pipe can't be read twice.
            if std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
                return Err(LogError::Usage(format!("{}: it isn't a regular file", path.display())));
            }
            let file = Self::probe(path).map_err(|error| LogError::io(path, &error))?;
            if file.has_records || !is_next(path, paths) {
                files.push(file);
            }
        }
        // The hash, so that the order in which they are named makes no difference.
        files.sort_by_key(|file| (file.first.is_none(), file.first.map(|(link, _)| (link.sequence, link.hash))));
        Ok(files)
    }

    /// The sequence number of its first readable line.
    pub(super) fn sequence(&self) -> Option<u64> {
        self.first.map(|(link, _)| link.sequence)
    }

    /// The hash of the line that a log begins with, if this is its first file.
    pub(super) fn beginning(&self) -> Option<Hash> {
        self.first.filter(|(link, _)| link.sequence == 1).map(|(link, _)| link.hash)
    }

    /// The key of its hashes, of those that there are. Where there is any, a file of hashes without a key is as wrong as one of
    /// another key: whoever changed it would leave the key out.
    ///
    /// # Errors
    /// When it has a key and there is none.
    pub(super) fn key<'k>(&self, keys: &'k [Key]) -> Result<Option<&'k Key>, LogError> {
        let Some(start) = &self.keyed_start else { return Ok(keys.first()) };
        if keys.is_empty() {
            let path = self.path.display();
            let message = format!("{path}: its hashes were made with a key: it takes that to verify them");
            return Err(LogError::Usage(message));
        }
        let line = LogLine::parse(start);
        Ok(keys.iter().find(|key| line.is_some_and(|line| line.is_intact(Some(key)))).or(keys.first()))
    }
}

/// Whether a file is what a process has begun to go on with: it has no message as long as it has this name, or the other one
/// that it has while the process opens the log.
fn is_next(path: &Path, paths: &[PathBuf]) -> bool {
    let next = if has_ending(path, "link") { path.with_extension("") } else { path.to_owned() };
    has_ending(&next, "next") && paths.contains(&next.with_extension(""))
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|own| own == ending)
}

/// The log's own name, if the file is the one that has it, too: it does from when it gets the number of its last line until the
/// next one takes its place. A process may be killed then.
fn other_name(path: &Path) -> Option<PathBuf> {
    let log = path.with_extension("");
    let is_same = is_rotated_name(path) && File::open(&log).is_ok_and(|file| is_named(&file, path).unwrap_or(false));
    is_same.then_some(log)
}

/// Reads a file chunk by chunk.
pub(super) struct ChunkReader {
    input: Box<dyn Read + Send>,
    /// The beginning of the next chunk, and its offset in the file.
    carry: Vec<u8>,
    byte: u64,
}

impl ChunkReader {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut head = Vec::new();
        (&mut file).take(ZSTD.len() as u64).read_to_end(&mut head)?;
        let (is_gzip, is_zstd) = (head.starts_with(GZIP), head.starts_with(ZSTD));
        let whole = Cursor::new(head).chain(file);
        let input: Box<dyn Read + Send> = match (is_gzip, is_zstd) {
            (true, _) => Box::new(flate2::read::MultiGzDecoder::new(io::BufReader::new(whole))),
            (_, true) => Box::new(zstd::stream::read::Decoder::new(whole)?),
            _ => Box::new(whole),
        };
        Ok(Self { input, carry: Vec::new(), byte: 0 })
    }

    /// Reads the next whole lines, and returns the offset of the first; `None` at the end. Of a line that is too long,
    /// only enough is kept to detect that.
    pub(super) fn next(&mut self, buffer: &mut Vec<u8>) -> io::Result<Option<u64>> {
        buffer.clear();
        buffer.append(&mut self.carry);
        let missing = CHUNK_BYTES.saturating_sub(buffer.len() as u64);
        let at_eof = ((&mut self.input).take(missing).read_to_end(buffer)? as u64) < missing;
        let start = self.byte;
        self.byte += buffer.len() as u64;
        match memchr::memrchr(b'\n', buffer) {
            Some(at) if !at_eof => {
                self.carry = buffer.split_off(at + 1);
                self.byte -= self.carry.len() as u64;
            }
            None if !at_eof => {
                buffer.truncate(MAX_LINE_BYTES + 1);
                self.skip_line()?;
            }
            _ => {}
        }
        Ok((!buffer.is_empty()).then_some(start))
    }

    /// Bytes read so far.
    pub(super) fn bytes(&self) -> u64 {
        self.byte
    }

    /// Skips to the end of a line that is too long.
    fn skip_line(&mut self) -> io::Result<()> {
        let mut block = Vec::new();
        loop {
            block.clear();
            if (&mut self.input).take(MAX_LINE_BYTES as u64).read_to_end(&mut block)? == 0 {
                return Ok(());
            }
            if let Some(at) = memchr::memchr(b'\n', &block) {
                self.byte += at as u64 + 1;
                self.carry = block.split_off(at + 1);
                return Ok(());
            }
            self.byte += block.len() as u64;
        }
    }

    /// Skips lines up to the first with a larger sequence number; returns how many.
    pub(super) fn skip_through(&mut self, sequence: u64) -> io::Result<u64> {
        let (mut skipped, mut buffer) = (0, Vec::new());
        while let Some(start) = self.next(&mut buffer)? {
            let mut at = 0;
            for text in buffer.split_inclusive(|byte| *byte == b'\n') {
                let line = LogLine::parse_last(text.strip_suffix(b"\n").unwrap_or(text));
                if line.is_some_and(|(_, line)| line.link.sequence > sequence) {
                    let mut rest = buffer.split_off(at);
                    rest.append(&mut self.carry);
                    (self.carry, self.byte) = (rest, start + at as u64);
                    return Ok(skipped);
                }
                at += text.len();
                skipped += 1;
            }
        }
        Ok(skipped)
    }
}
