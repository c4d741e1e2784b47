//! Splits lines: a file with random access by ranges, each read by its worker; a stream by blocks that end with a line.
//! Where splits fall depends on the bytes alone (P10).

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use memchr::{memchr, memrchr};

use super::super::unit::{LineBlock, UNIT_BYTES};

/// The ranges of a file of lines, in order.
pub(in super::super) struct FileRanges {
    file: Arc<File>,
    next: u64,
    length: u64,
}

impl FileRanges {
    /// Covers the first `length` bytes of `file` from `start` on: the end of an earlier range, or 0.
    pub(in super::super) fn new(file: File, start: u64, length: u64) -> Self {
        Self { file: Arc::new(file), next: start, length }
    }

    /// Returns the next range, and its end.
    ///
    /// # Errors
    /// When the file has become shorter.
    pub(in super::super) fn next_block(&mut self) -> io::Result<Option<(LineBlock, u64)>> {
        let start = self.next;
        if start >= self.length {
            return Ok(None);
        }
        let end = (start + UNIT_BYTES as u64).min(self.length);
        if self.file.metadata()?.len() < end {
            return Err(shortened());
        }
        self.next = end;
        Ok(Some((LineBlock::Range { file: Arc::clone(&self.file), start, end, length: self.length }, end)))
    }
}

fn shortened() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "it ends earlier than it did")
}

/// The content of a range: whole lines, and perhaps a last one that is too long.
pub(in super::super) struct LineRange {
    /// The offset of the first line in the source.
    pub(in super::super) offset: u64,
    /// Whether the last line of `bytes` is longer than the limit, and incomplete.
    pub(in super::super) is_last_too_long: bool,
}

/// Reads the lines that begin in a range into `bytes`: from after the first line end before its start, to the end of
/// the line that its last byte belongs to.
pub(in super::super) fn read_range(
    file: &File,
    (start, end, length): (u64, u64, u64),
    limit: usize,
    bytes: &mut Vec<u8>,
) -> io::Result<LineRange> {
    // The byte before shows whether a line begins at the start.
    let from = start.saturating_sub(1);
    bytes.clear();
    read_exactly(file, from, end, bytes)?;
    let skipped = match start {
        0 => 0,
        _ => memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1),
    };
    bytes.drain(..skipped);
    let offset = from + skipped as u64;
    let mut read_to = end;
    let mut is_last_too_long = false;
    // The last line may end after the range.
    let mut line = memrchr(b'\n', bytes).map_or(0, |at| at + 1);
    while !bytes.is_empty() && line < bytes.len() && read_to < length {
        if bytes.len() - line > limit {
            is_last_too_long = true;
            break;
        }
        let known = bytes.len();
        let to = (read_to + LOOKAHEAD_BYTES).min(length);
        read_exactly(file, read_to, to, bytes)?;
        read_to = to;
        if let Some(at) = bytes.get(known..).and_then(|new| memchr(b'\n', new)) {
            bytes.truncate(known + at + 1);
            line = bytes.len();
        }
    }
    Ok(LineRange { offset, is_last_too_long })
}

/// Size of a read when looking for the end of a range's last line.
const LOOKAHEAD_BYTES: u64 = 1 << 16;

/// Appends the bytes in `from..to`.
fn read_exactly(file: &File, from: u64, to: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
    let known = bytes.len();
    bytes.resize(known + usize::try_from(to - from).unwrap_or(usize::MAX), 0);
    read_at(file, bytes.get_mut(known..).unwrap_or_default(), from)
}

/// Fills `into` from offset `at`, independent of the file's cursor.
pub(super) fn read_at(file: &File, mut into: &mut [u8], mut at: u64) -> io::Result<()> {
    while !into.is_empty() {
        match read_some_at(file, into, at) {
            Ok(0) => return Err(shortened()),
            Ok(count) => {
                into = into.get_mut(count..).unwrap_or_default();
                at += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(unix)]
fn read_some_at(file: &File, into: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, into, at)
}

#[cfg(windows)]
fn read_some_at(file: &File, into: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, into, at)
}

/// Splits a stream into blocks of lines.
pub(in super::super) struct LineSplitter<R> {
    source: R,
    /// Read but not returned yet.
    buffer: Vec<u8>,
    /// The offset of `buffer` in the source.
    offset: u64,
    limit: usize,
    has_ended: bool,
    /// An error of the source, returned after the lines before it.
    error: Option<io::Error>,
}

impl<R: Read> LineSplitter<R> {
    /// Reads `source`, keeping up to `limit` bytes of a line. The first `skip` bytes are skipped.
    pub(in super::super) fn new(mut source: R, skip: u64, limit: usize) -> io::Result<Self> {
        let skipped = io::copy(&mut (&mut source).take(skip), &mut io::sink())?;
        if skipped < skip {
            return Err(shortened());
        }
        Ok(Self { source, buffer: Vec::new(), offset: skip, limit, has_ended: false, error: None })
    }

    /// Returns the next lines, and where they end.
    ///
    /// # Errors
    /// An error of the source, after all lines that were whole before it.
    pub(in super::super) fn next_block(&mut self) -> io::Result<Option<(LineBlock, u64)>> {
        let mut searched = 0;
        loop {
            self.fill();
            let window = self.buffer.len().min(UNIT_BYTES.max(searched));
            let newline = match searched {
                0 => self.buffer.get(..window).and_then(|window| memrchr(b'\n', window)),
                // After the first window, split at the first line end, wherever blocks of the source end (P10).
                _ => self.buffer.get(searched..).and_then(|new| memchr(b'\n', new)).map(|at| searched + at),
            };
            let end = match newline {
                Some(at) => at + 1,
                None if self.buffer.len() > self.limit => return Ok(Some(self.skip_long_line())),
                None if let Some(error) = self.error.take() => return Err(error),
                None if self.has_ended && self.buffer.is_empty() => return Ok(None),
                None if self.has_ended => self.buffer.len(),
                None => {
                    searched = self.buffer.len();
                    self.read(UNIT_BYTES);
                    continue;
                }
            };
            let rest = self.buffer.split_off(end);
            let bytes = std::mem::replace(&mut self.buffer, rest);
            let offset = self.offset;
            self.offset += end as u64;
            return Ok(Some((LineBlock::Buffered { bytes, offset }, self.offset)));
        }
    }

    /// Reads until there are enough bytes for a unit, or the source has ended.
    fn fill(&mut self) {
        self.read(UNIT_BYTES.saturating_sub(self.buffer.len()));
    }

    fn read(&mut self, count: usize) {
        if self.has_ended || count == 0 {
            return;
        }
        self.buffer.reserve_exact(count);
        match (&mut self.source).take(count as u64).read_to_end(&mut self.buffer) {
            Ok(read) => self.has_ended = read < count,
            Err(error) => {
                self.has_ended = true;
                self.error = Some(error);
            }
        }
    }

    /// Skips a line that is too long without keeping it (P8).
    fn skip_long_line(&mut self) -> (LineBlock, u64) {
        let line = LineBlock::TooLong { offset: self.offset };
        loop {
            if let Some(at) = memchr(b'\n', &self.buffer) {
                self.buffer.drain(..=at);
                self.offset += at as u64 + 1;
                return (line, self.offset);
            }
            self.offset += self.buffer.len() as u64;
            self.buffer.clear();
            if self.has_ended {
                return (line, self.offset);
            }
            self.fill();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    /// A source that returns a few bytes at a time.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(into.len()).min(self.1);
            let (now, rest) = self.0.split_at(count);
            into[..count].copy_from_slice(now);
            self.0 = rest;
            Ok(count)
        }
    }

    /// Lines of the lengths given, and whether the last one ends.
    fn text(lengths: &[usize], ends: bool) -> Vec<u8> {
        let mut text = Vec::new();
        for (at, length) in lengths.iter().enumerate() {
            text.extend(std::iter::repeat_n(b'a' + (at % 26) as u8, *length));
            text.push(b'\n');
        }
        if !ends {
            text.pop();
        }
        text
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn p4_every_line_is_cut_once_and_whole(
            lengths in prop::collection::vec(prop_oneof![0usize..20, 200_000usize..700_000], 0..12),
            ends in any::<bool>(),
            trickle in 1usize..100_000,
        ) {
            let text = text(&lengths, ends);
            let limit = 600_000;
            let mut from_ranges = Vec::new();
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(&text).unwrap();
            let mut ranges = FileRanges::new(file, 0, text.len() as u64);
            while let Some((lines, _)) = ranges.next_block().unwrap() {
                let LineBlock::Range { file, start, end, length } = lines else { panic!() };
                let mut bytes = Vec::new();
                let range = read_range(&file, (start, end, length), limit, &mut bytes).unwrap();
                let mut offset = range.offset;
                for line in bytes.split_inclusive(|byte| *byte == b'\n') {
                    from_ranges.push((offset, line.trim_ascii_end().len().min(limit + 1)));
                    offset += line.len() as u64;
                }
                let is_long = from_ranges.last().is_some_and(|(_, length)| *length > limit) && !bytes.ends_with(b"\n");
                prop_assert!(is_long || !range.is_last_too_long);
            }
            let mut cut = Vec::new();
            let mut cutter = LineSplitter::new(Trickle(&text, trickle), 0, limit).unwrap();
            while let Some((lines, _)) = cutter.next_block().unwrap() {
                match lines {
                    LineBlock::TooLong { offset } => cut.push((offset, limit + 1)),
                    LineBlock::Buffered { bytes, mut offset } => for line in bytes.split_inclusive(|byte| *byte == b'\n') {
                        cut.push((offset, line.trim_ascii_end().len().min(limit + 1)));
                        offset += line.len() as u64;
                    },
                    LineBlock::Range { .. } => panic!(),
                }
            }
            let mut expected = Vec::new();
            let mut offset = 0;
            for line in text.split_inclusive(|byte| *byte == b'\n') {
                expected.push((offset, line.trim_ascii_end().len().min(limit + 1)));
                offset += line.len() as u64;
            }
            prop_assert_eq!(&from_ranges, &expected);
            prop_assert_eq!(&cut, &expected);
        }
    }
}
