//! Splits a source into blocks that end with a line. Where splits fall depends on the bytes alone (P10).

use std::io::{self, Read};

use memchr::{memchr, memchr_iter, memrchr};

use super::super::unit::{LineBlock, UNIT_BYTES};

/// How much of a source of lines has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct LinePosition {
    /// Bytes.
    pub(in super::super) offset: u64,
    /// Lines.
    pub(in super::super) lines: u64,
}

/// Splits a source into blocks of lines.
pub(in super::super) struct LineSplitter<R> {
    source: R,
    /// Read but not returned yet.
    buffer: Vec<u8>,
    /// Where `buffer` begins.
    position: LinePosition,
    limit: usize,
    has_ended: bool,
    /// An error of the source, returned after the lines before it.
    error: Option<io::Error>,
}

impl<R: Read> LineSplitter<R> {
    /// Reads `source`, which begins at `position`, keeping up to `limit` bytes of a line.
    pub(in super::super) fn new(source: R, position: LinePosition, limit: usize) -> Self {
        Self { source, buffer: Vec::new(), position, limit, has_ended: false, error: None }
    }

    /// Returns the next lines, and where they end.
    ///
    /// # Errors
    /// An error of the source, after all lines that were whole before it.
    pub(in super::super) fn next_block(&mut self) -> io::Result<Option<(LineBlock, LinePosition)>> {
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
            let first = self.position.lines + 1;
            let is_last_open = u64::from(!bytes.ends_with(b"\n"));
            self.position.lines += memchr_iter(b'\n', &bytes).count() as u64 + is_last_open;
            self.position.offset += end as u64;
            return Ok(Some((LineBlock::Whole { bytes, first }, self.position)));
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
    fn skip_long_line(&mut self) -> (LineBlock, LinePosition) {
        self.position.lines += 1;
        let line = LineBlock::TooLong { number: self.position.lines };
        loop {
            let end = memchr(b'\n', &self.buffer).map(|at| at + 1);
            let skipped = end.unwrap_or(self.buffer.len());
            self.buffer.drain(..skipped);
            self.position.offset += skipped as u64;
            if end.is_some() || self.has_ended {
                return (line, self.position);
            }
            self.fill();
        }
    }
}

#[cfg(test)]
mod tests {
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
            let start = LinePosition { offset: 0, lines: 0 };
            let mut cut = Vec::new();
            let mut cutter = LineSplitter::new(Trickle(&text, trickle), start, limit);
            let mut reached = start;
            while let Some((lines, end)) = cutter.next_block().unwrap() {
                match lines {
                    LineBlock::TooLong { number } => cut.push((number, limit + 1)),
                    LineBlock::Whole { bytes, first } => {
                        let lines = bytes.split_inclusive(|byte| *byte == b'\n').zip(first..);
                        cut.extend(lines.map(|(line, number)| (number, line.trim_ascii_end().len().min(limit + 1))));
                    }
                }
                // A run that is resumed here reads on as this one does.
                let rest = &text[usize::try_from(end.offset).unwrap()..];
                prop_assert!(rest.is_empty() || text[..text.len() - rest.len()].ends_with(b"\n"));
                reached = end;
            }
            let lines = text.split_inclusive(|byte| *byte == b'\n').zip(1..);
            let expected: Vec<(u64, usize)> =
                lines.map(|(line, number)| (number, line.trim_ascii_end().len().min(limit + 1))).collect();
            prop_assert_eq!(&cut, &expected);
            prop_assert_eq!(reached, LinePosition { offset: text.len() as u64, lines: expected.len() as u64 });
        }
    }
}
