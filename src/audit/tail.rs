//! What a killed run had recorded beyond its journal: the same messages are done again, and their records compared with these
//! rather than written twice. Streamed from the file; every line of it is verified on the way.

use std::fs::File;
use std::io::{self, BufReader, Seek, SeekFrom};
use std::path::Path;

use super::Key;
use super::chain::{Kind, Line, Link, read_line};
use super::counts::Counts;
use super::records::{self, Started};

/// A place between two lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// The line before it.
    pub(super) link: Link,
    /// Where that line ends.
    pub(super) bytes: u64,
}

/// Records behind the journal's position, up to the end of the log.
#[derive(Debug)]
pub(super) struct Tail {
    lines: BufReader<File>,
    line: Vec<u8>,
    /// The run whose messages are wanted: others may have used the log since it was killed.
    run: u64,
    is_own: bool,
    /// How far it was read.
    read: Place,
    /// Behind the last message that was taken: a journal may keep this.
    taken: Place,
}

impl Tail {
    /// The tail of the log at `path` from `place` on, which stands behind a record of the run `run`.
    pub(super) fn open(path: &Path, place: Place, run: u64) -> io::Result<Self> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(place.bytes))?;
        let lines = BufReader::new(file);
        Ok(Self { lines, line: Vec::new(), run, is_own: true, read: place, taken: place })
    }

    /// How far messages were taken.
    pub(super) fn place(&self) -> Place {
        self.taken
    }

    /// The rest of it, to be read without being taken.
    pub(super) fn rest(&self, path: &Path) -> io::Result<Self> {
        Self::open(path, self.taken, self.run)
    }

    /// Takes the next message of the run, and gives what `read` makes of its body; `None` behind the last one.
    ///
    /// # Errors
    /// When the log can't be read, or isn't what the run wrote; `end` is its last line.
    pub(super) fn take<T>(
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
            let line = self.line.strip_suffix(b"\n").and_then(Line::find).ok_or_else(changed)?.1;
            if !line.follows(&self.read.link) || !line.is_intact(key) {
                return Err(changed());
            }
            self.read = Place { link: line.link, bytes: self.read.bytes + bytes as u64 };
            match line.kind {
                Kind::Message if self.is_own => {
                    self.taken = self.read;
                    return Ok(Some(read(line.body)));
                }
                Kind::Start => {
                    let started: Started = records::read(&line, &mut Vec::new()).ok_or_else(changed)?;
                    self.is_own = started.run == self.run;
                }
                Kind::Message | Kind::Checkpoint | Kind::End => {}
            }
        }
    }

    /// Counts the messages that are left of the run.
    pub(super) fn count(mut self, key: Option<&Key>, end: &Link) -> io::Result<Counts> {
        let mut counts = Counts::default();
        while self.take(key, end, |body| counts.add_record(body))?.is_some() {}
        Ok(counts)
    }
}

fn changed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the log was changed since the run was stopped")
}
