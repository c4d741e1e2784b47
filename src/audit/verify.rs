//! Verifying a log: pieces of it are checked side by side, at the speed of the disk and in bounded memory, and put together
//! here: the chain from piece to piece, what each run says of itself, and what is known of the log from elsewhere.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use rayon::prelude::*;

use super::chain::{Hash, Kind, Line, read_line};
use super::counts::Counts;
use super::fault::{Fault, Wrong};
use super::piece::{self, Before, Mark, PIECE_BYTES, Piece, Says, Seen};
use super::records::{self, Started};
use super::{AuditError, Key};

/// What verifying a log came to.
#[derive(Debug, Default)]
pub(crate) struct Verification {
    /// The first faults.
    pub(crate) faults: Vec<Fault>,
    /// How many there are.
    pub(crate) fault_count: u64,
    pub(crate) lines: u64,
    pub(crate) messages: u64,
    pub(crate) runs: u64,
    /// Sequence number and hash of the last line.
    pub(crate) head: Option<(u64, String)>,
}

/// A line that is known from elsewhere, as a run told it at its end.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) sequence: u64,
    pub(crate) hash: Hash,
}

/// What is made of the messages of a log while it is verified.
pub(super) trait Tally: Default + Send {
    /// Takes a message that is as it was written.
    fn take(&mut self, line: &Line<'_>);
    /// Adds those of other pieces.
    fn add_all(&mut self, other: Self);
}

impl Tally for () {
    fn take(&mut self, _: &Line<'_>) {}
    fn add_all(&mut self, (): Self) {}
}

/// Faults that are told of.
pub(super) const MOST_FAULTS: usize = 20;
/// Runs whose messages are counted at a time. Only one that is resumed after as many others goes uncounted.
const MOST_RUNS: usize = 1 << 16;

/// Verifies the log at `path`.
///
/// # Errors
/// When it can't be read, or has a key and none is given.
pub(crate) fn verify(path: &Path, key: Option<&Key>, head: Option<&Head>) -> Result<Verification, AuditError> {
    walk::<()>(path, key, head).map(|(verification, ())| verification)
}

/// Verifies a log and makes a tally of its messages.
pub(super) fn walk<T: Tally>(
    path: &Path,
    key: Option<&Key>,
    head: Option<&Head>,
) -> Result<(Verification, T), AuditError> {
    let io = |error: io::Error| AuditError::io(path, &error);
    let file = File::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    if key.is_none() && is_keyed(&mut BufReader::new(file)).map_err(io)? {
        let message = format!("{}: its hashes were made with a key: it takes that to verify them", path.display());
        return Err(AuditError::Usage(message));
    }
    let mut chain = Chain::default();
    let mut places: Vec<(Vec<u8>, T)> =
        std::iter::repeat_with(Default::default).take(rayon::current_num_threads() * 2).collect();
    let round = places.len() as u64 * PIECE_BYTES;
    for start in (0..length).step_by(usize::try_from(round).unwrap_or(usize::MAX)) {
        let pieces = places.par_iter_mut().enumerate().map(|(number, (buffer, tally))| {
            let start = start + number as u64 * PIECE_BYTES;
            if start >= length {
                return Ok(Piece::default());
            }
            let (byte, skipped) = piece::read(path, start, length, buffer)?;
            Ok(piece::check(buffer.get(skipped..).unwrap_or_default(), byte, key, head, tally))
        });
        let pieces: io::Result<Vec<Piece>> = pieces.collect();
        for piece in pieces.map_err(io)? {
            chain.add(piece);
        }
    }
    let mut tally = T::default();
    for (_, part) in places {
        tally.add_all(part);
    }
    Ok((chain.end(length, head), tally))
}

/// Whether a log says that it has a key, and without one its first line can't be believed.
fn is_keyed(lines: &mut BufReader<File>) -> io::Result<bool> {
    let mut text = Vec::new();
    read_line(lines, &mut text)?;
    let line = text.strip_suffix(b"\n").and_then(Line::read);
    let Some(line) = line.filter(|line| line.kind == Kind::Start && !line.is_intact(None)) else { return Ok(false) };
    Ok(records::read(&line, &mut Vec::new()).is_some_and(|started: Started| started.keyed))
}

/// The pieces put together.
#[derive(Debug)]
struct Chain {
    result: Verification,
    before: Before,
    last: Option<Seen>,
    /// Messages of each run so far; `None` where they can't be known.
    runs: BTreeMap<u64, Option<Counts>>,
    /// Runs up to this one may have been forgotten.
    forgotten: u64,
    /// The run whose records are read.
    run: Option<u64>,
    has_head: bool,
}

impl Default for Chain {
    fn default() -> Self {
        Self {
            result: Verification::default(),
            before: Before::NOTHING,
            last: None,
            runs: BTreeMap::new(),
            forgotten: 0,
            run: None,
            has_head: false,
        }
    }
}

impl Chain {
    /// Takes the next piece.
    fn add(&mut self, piece: Piece) {
        let lines = self.result.lines;
        let mut faults = piece.faults;
        self.result.fault_count += piece.fault_count;
        if let Some((seen, broken)) = &piece.first {
            let before = Before { broken: self.before.broken + broken, ..self.before };
            if let Some(wrong) = before.disagrees(seen) {
                self.result.fault_count += 1;
                let Seen { line, byte, .. } = *seen;
                faults.push(Fault { line, byte, sequence: Some(seen.link.sequence), wrong });
            }
        }
        for mark in &piece.marks {
            if let Some(wrong) = self.mark(mark) {
                self.result.fault_count += 1;
                let Mark { line, byte, sequence, .. } = *mark;
                faults.push(Fault { line, byte, sequence: Some(sequence), wrong });
            }
        }
        self.count(piece.messages);
        match piece.last {
            None => self.before.broken += piece.broken,
            // A piece that is in another's place is told of at its first line.
            Some(last) if last.link.sequence <= self.before.link.sequence => {}
            Some(last) => {
                self.before = Before { link: last.link, kind: last.kind, broken: piece.broken };
                self.last = Some(Seen { line: lines + last.line, ..last });
            }
        }
        self.has_head |= piece.has_head;
        self.result.lines += piece.lines;
        faults.sort_by_key(|fault| fault.line);
        for fault in faults {
            self.tell(Fault { line: lines + fault.line, ..fault });
        }
    }

    /// Takes a record of a run, and gives what is wrong with it.
    fn mark(&mut self, mark: &Mark) -> Option<Wrong> {
        self.count(mark.messages);
        match &mark.says {
            Says::Started(Started { run, .. }) => {
                self.run = Some(*run);
                if *run == mark.sequence {
                    self.result.runs += 1;
                    self.remember(*run, Some(Counts::default()));
                } else if !self.runs.contains_key(run) {
                    self.remember(*run, None);
                    return (*run > self.forgotten).then_some(Wrong::UnknownRun);
                }
                None
            }
            Says::Counted(says) => {
                let counted = self.run.and_then(|run| self.runs.get_mut(&run))?;
                // From here on what it says is believed, or one fault would be told at every checkpoint.
                let counted = counted.replace(*says)?;
                (counted != *says).then_some(Wrong::Miscounted)
            }
            Says::Nothing => Some(Wrong::Incomplete),
        }
    }

    fn remember(&mut self, run: u64, counts: Option<Counts>) {
        self.runs.insert(run, counts);
        if self.runs.len() > MOST_RUNS
            && let Some((oldest, _)) = self.runs.pop_first()
        {
            self.forgotten = self.forgotten.max(oldest);
        }
    }

    /// Counts messages of the run whose records are read.
    fn count(&mut self, messages: Counts) {
        self.result.messages += messages.messages();
        if let Some(Some(counts)) = self.run.and_then(|run| self.runs.get_mut(&run)) {
            counts.add_all(messages);
        }
    }

    fn tell(&mut self, fault: Fault) {
        if self.result.faults.len() < MOST_FAULTS {
            self.result.faults.push(fault);
        }
    }

    /// Takes the end of the log, which is at byte `byte`.
    fn end(mut self, byte: u64, head: Option<&Head>) -> Verification {
        let lines = self.result.lines;
        let at_end = |wrong| Fault { line: lines, byte, sequence: None, wrong };
        let mut faults = Vec::new();
        match &self.last {
            _ if lines == 0 => faults.push(at_end(Wrong::NoRecord)),
            Some(Seen { line, byte, link, kind, .. }) if *kind != Kind::End && self.before.broken == 0 => {
                let (line, byte, sequence) = (*line, *byte, Some(link.sequence));
                faults.push(Fault { line, byte, sequence, wrong: Wrong::NoEnd });
            }
            _ => {}
        }
        if head.is_some() && !self.has_head {
            faults.push(at_end(Wrong::NoHead));
        }
        self.result.fault_count += faults.len() as u64;
        for fault in faults {
            self.tell(fault);
        }
        self.result.head = self.last.map(|last| (last.link.sequence, last.link.hash_text()));
        self.result
    }
}
