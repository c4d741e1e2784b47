//! The records of a killed run after its journal: the same messages are done again, and their records are compared with
//! these instead of written twice. Streamed from the file; every line is verified.

use std::fs::File;
use std::io::{self, BufReader, Seek, SeekFrom};
use std::path::Path;

use super::Key;
use super::chain::{Link, LogLine, RecordKind, read_line};
use super::counts::DispositionCounts;
use super::records::{self, StartFields};

/// A position between two lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct LineBoundary {
    /// The line before it.
    pub(super) link: Link,
    /// Where that line ends.
    pub(super) bytes: u64,
}

/// Records after the journal's position, up to the end of the log.
#[derive(Debug)]
pub(super) struct Tail {
    lines: BufReader<File>,
    line: Vec<u8>,
    /// The run whose messages are returned: others may have used the log since it was killed.
    run: u64,
    is_own_run: bool,
    /// The position up to which it was read.
    read: LineBoundary,
    /// After the last message that was returned: a journal may keep this.
    consumed: LineBoundary,
}

impl Tail {
    /// Opens the tail of the log at `path` from `boundary` on, which is after a record of the run `run`.
    pub(super) fn open(path: &Path, boundary: LineBoundary, run: u64) -> io::Result<Self> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(boundary.bytes))?;
        let lines = BufReader::new(file);
        Ok(Self { lines, line: Vec::new(), run, is_own_run: true, read: boundary, consumed: boundary })
    }

    /// The position after the last message that was returned.
    pub(super) fn boundary(&self) -> LineBoundary {
        self.consumed
    }

    /// A second reader over the remaining records, which leaves this one where it is.
    pub(super) fn remaining(&self, path: &Path) -> io::Result<Self> {
        Self::open(path, self.consumed, self.run)
    }

    /// Passes the body of the run's next message to `read`, and returns the result; `None` after the last one.
    ///
    /// # Errors
    /// When the log can't be read, or isn't what the run wrote; `end` is its last line.
    pub(super) fn next_body<T>(
        &mut self,
        key: Option<&Key>,
        end: &Link,
        read: impl FnOnce(&[u8]) -> T,
    ) -> io::Result<Option<T>> {
        loop {
            let bytes = read_line(&mut self.lines, &mut self.line)?;
            if bytes == 0 {
                return if self.read.link == *end { Ok(None) } else { Err(changed()) };
            }
            let line = self.line.strip_suffix(b"\n").and_then(LogLine::parse_last).ok_or_else(changed)?.1;
            if !line.follows(&self.read.link) || !line.is_intact(key) {
                return Err(changed());
            }
            self.read = LineBoundary { link: line.link, bytes: self.read.bytes + bytes as u64 };
            match line.kind {
                RecordKind::Message if self.is_own_run => {
                    self.consumed = self.read;
                    return Ok(Some(read(line.body)));
                }
                RecordKind::Start => {
                    let started: StartFields = records::read(&line, &mut Vec::new()).ok_or_else(changed)?;
                    self.is_own_run = started.run == self.run;
                }
                RecordKind::Message
                | RecordKind::Import
                | RecordKind::Done
                | RecordKind::Desk
                | RecordKind::Operator
                | RecordKind::Checkpoint
                | RecordKind::End => {}
            }
        }
    }

    /// Counts the remaining messages of the run.
    pub(super) fn count(mut self, key: Option<&Key>, end: &Link) -> io::Result<DispositionCounts> {
        let mut counts = DispositionCounts::default();
        while self.next_body(key, end, |body| counts.add_record(body))?.is_some() {}
        Ok(counts)
    }
}

fn changed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the log was changed since the run was stopped")
}
