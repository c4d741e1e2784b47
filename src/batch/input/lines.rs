//! Cutting lines: a file that can be read anywhere by stretches, each read by the worker that has it; anything else by
//! blocks that end where a line does. Where the cuts fall depends on the bytes alone.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use memchr::{memchr, memrchr};

use super::super::unit::{Lines, UNIT_BYTES};

/// The stretches of a file of lines, in order.
pub(in super::super) struct Stretches {
    file: Arc<File>,
    next: u64,
    length: u64,
}

impl Stretches {
    /// Of the first `length` bytes of `file`, from `start` on: a place where an earlier stretch ended, or 0.
    pub(in super::super) fn new(file: File, start: u64, length: u64) -> Self {
        Self { file: Arc::new(file), next: start, length }
    }

    /// The next stretch, and where it ends.
    ///
    /// # Errors
    /// When the file has become shorter.
    pub(in super::super) fn cut(&mut self) -> io::Result<Option<(Lines, u64)>> {
        let start = self.next;
        if start >= self.length {
            return Ok(None);
        }
        let end = (start + UNIT_BYTES as u64).min(self.length);
        if self.file.metadata()?.len() < end {
            return Err(shortened());
        }
        self.next = end;
        Ok(Some((Lines::Stretch { file: Arc::clone(&self.file), start, end, length: self.length }, end)))
    }
}

fn shortened() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "it ends earlier than it did")
}

/// What a stretch holds once it is read: whole lines, and perhaps one behind them that is too long.
pub(in super::super) struct Stretch {
    /// Where the first line begins in the source.
    pub(in super::super) offset: u64,
    /// Whether the last line of `bytes` was longer than the limit; what is here of it is no message.
    pub(in super::super) is_last_too_long: bool,
}

/// Reads the lines that begin in a stretch into `bytes`: from behind the first line end before its start, up to the end of
/// the line that its last byte belongs to.
pub(in super::super) fn read_stretch(
    file: &File,
    (start, end, length): (u64, u64, u64),
    limit: usize,
    bytes: &mut Vec<u8>,
) -> io::Result<Stretch> {
    // The byte before tells whether a line begins at the start.
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
    // The last line may end beyond the stretch.
    let mut line = memrchr(b'\n', bytes).map_or(0, |at| at + 1);
    while !bytes.is_empty() && line < bytes.len() && read_to < length {
        if bytes.len() - line > limit {
            is_last_too_long = true;
            break;
        }
        let known = bytes.len();
        let to = (read_to + BEYOND_BYTES).min(length);
        read_exactly(file, read_to, to, bytes)?;
        read_to = to;
        if let Some(at) = bytes.get(known..).and_then(|new| memchr(b'\n', new)) {
            bytes.truncate(known + at + 1);
            line = bytes.len();
        }
    }
    Ok(Stretch { offset, is_last_too_long })
}

/// Bytes that are read at a time to find the end of a stretch's last line.
const BEYOND_BYTES: u64 = 1 << 16;

/// Appends the bytes from `from` to `to`.
fn read_exactly(file: &File, from: u64, to: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
    let known = bytes.len();
    bytes.resize(known + usize::try_from(to - from).unwrap_or(usize::MAX), 0);
    read_at(file, bytes.get_mut(known..).unwrap_or_default(), from)
}

/// Fills `into` with the bytes of a file from `at` on, wherever else it is being read.
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

/// Cuts what can only be read onwards.
pub(in super::super) struct LineCutter<R> {
    source: R,
    /// Read and not yet handed out.
    rest: Vec<u8>,
    /// Where `rest` begins in the source.
    offset: u64,
    limit: usize,
    has_ended: bool,
    /// What the source broke off with, to be told when what came before it has been cut.
    fault: Option<io::Error>,
}

impl<R: Read> LineCutter<R> {
    /// Of `source`, whose lines are kept up to `limit` bytes. The first `skip` bytes are passed over.
    pub(in super::super) fn new(mut source: R, skip: u64, limit: usize) -> io::Result<Self> {
        let skipped = io::copy(&mut (&mut source).take(skip), &mut io::sink())?;
        if skipped < skip {
            return Err(shortened());
        }
        Ok(Self { source, rest: Vec::new(), offset: skip, limit, has_ended: false, fault: None })
    }

    /// The next lines, and where they end.
    ///
    /// # Errors
    /// What the source broke off with, behind all lines that were whole before that.
    pub(in super::super) fn cut(&mut self) -> io::Result<Option<(Lines, u64)>> {
        let mut searched = 0;
        loop {
            self.fill();
            let window = self.rest.len().min(UNIT_BYTES.max(searched));
            let newline = match searched {
                0 => self.rest.get(..window).and_then(|window| memrchr(b'\n', window)),
                // Beyond the first window the first end of a line is wanted, wherever blocks of the source end.
                _ => self.rest.get(searched..).and_then(|new| memchr(b'\n', new)).map(|at| searched + at),
            };
            let end = match newline {
                Some(at) => at + 1,
                None if self.rest.len() > self.limit => return Ok(Some(self.pass_over())),
                None if let Some(fault) = self.fault.take() => return Err(fault),
                None if self.has_ended && self.rest.is_empty() => return Ok(None),
                None if self.has_ended => self.rest.len(),
                None => {
                    searched = self.rest.len();
                    self.read(UNIT_BYTES);
                    continue;
                }
            };
            let rest = self.rest.split_off(end);
            let bytes = std::mem::replace(&mut self.rest, rest);
            let offset = self.offset;
            self.offset += end as u64;
            return Ok(Some((Lines::Read { bytes, offset }, self.offset)));
        }
    }

    /// Reads until a unit is there or the source has ended.
    fn fill(&mut self) {
        self.read(UNIT_BYTES.saturating_sub(self.rest.len()));
    }

    fn read(&mut self, count: usize) {
        if self.has_ended || count == 0 {
            return;
        }
        self.rest.reserve_exact(count);
        match (&mut self.source).take(count as u64).read_to_end(&mut self.rest) {
            Ok(read) => self.has_ended = read < count,
            Err(error) => {
                self.has_ended = true;
                self.fault = Some(error);
            }
        }
    }

    /// Passes over the line that is too long without keeping it.
    fn pass_over(&mut self) -> (Lines, u64) {
        let line = Lines::TooLong { offset: self.offset };
        loop {
            if let Some(at) = memchr(b'\n', &self.rest) {
                self.rest.drain(..=at);
                self.offset += at as u64 + 1;
                return (line, self.offset);
            }
            self.offset += self.rest.len() as u64;
            self.rest.clear();
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

    /// A source that gives a few bytes at a time.
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
            let mut stretched = Vec::new();
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(&text).unwrap();
            let mut stretches = Stretches::new(file, 0, text.len() as u64);
            while let Some((lines, _)) = stretches.cut().unwrap() {
                let Lines::Stretch { file, start, end, length } = lines else { panic!() };
                let mut bytes = Vec::new();
                let stretch = read_stretch(&file, (start, end, length), limit, &mut bytes).unwrap();
                let mut offset = stretch.offset;
                for line in bytes.split_inclusive(|byte| *byte == b'\n') {
                    stretched.push((offset, line.trim_ascii_end().len().min(limit + 1)));
                    offset += line.len() as u64;
                }
                let is_long = stretched.last().is_some_and(|(_, length)| *length > limit) && !bytes.ends_with(b"\n");
                prop_assert!(is_long || !stretch.is_last_too_long);
            }
            let mut cut = Vec::new();
            let mut cutter = LineCutter::new(Trickle(&text, trickle), 0, limit).unwrap();
            while let Some((lines, _)) = cutter.cut().unwrap() {
                match lines {
                    Lines::TooLong { offset } => cut.push((offset, limit + 1)),
                    Lines::Read { bytes, mut offset } => for line in bytes.split_inclusive(|byte| *byte == b'\n') {
                        cut.push((offset, line.trim_ascii_end().len().min(limit + 1)));
                        offset += line.len() as u64;
                    },
                    Lines::Stretch { .. } => panic!(),
                }
            }
            let mut expected = Vec::new();
            let mut offset = 0;
            for line in text.split_inclusive(|byte| *byte == b'\n') {
                expected.push((offset, line.trim_ascii_end().len().min(limit + 1)));
                offset += line.len() as u64;
            }
            prop_assert_eq!(&stretched, &expected);
            prop_assert_eq!(&cut, &expected);
        }
    }
}
