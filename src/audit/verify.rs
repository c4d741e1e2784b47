//! Verifying a log: pieces of it are checked side by side, at the speed of the disk and in bounded memory, and put together
//! here: the chain from piece to piece, what each run says of itself, and what is known of the log from elsewhere.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::PathBuf;

use rayon::prelude::*;

use super::chain::{Hash, Kind, Line};
use super::counts::Counts;
use super::fault::{Fault, Wrong};
use super::piece::{self, Before, Mark, Piece, Says, Seen};
use super::records::Started;
use super::source::{Pieces, Source};
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
    /// The first unfinished lines that a start tells of.
    pub(crate) notes: Vec<Note>,
    /// The files in the order of the chain.
    pub(crate) files: Vec<PathBuf>,
}

/// An unfinished line that a killed run left, as the start after it says: no fault.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Note {
    /// The file, by its place in the chain.
    pub(crate) file: usize,
    /// The line of that start, from 0, and its sequence number.
    line: u64,
    sequence: u64,
    torn_bytes: u64,
    /// Whether the bytes are there still: earlier versions cut them off.
    is_kept: bool,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, sequence, torn_bytes, is_kept, .. } = self;
        let kept = if *is_kept { "are" } else { "were cut off" };
        write!(f, "line {} (sequence {sequence}): {torn_bytes} bytes of an unfinished line {kept} before it", line + 1)
    }
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

/// Verifies the log in these files, in whatever order they are named.
///
/// # Errors
/// When one can't be read, or has a key and none is given.
pub(crate) fn verify(paths: &[PathBuf], key: Option<&Key>, head: Option<&Head>) -> Result<Verification, AuditError> {
    walk::<()>(paths, key, head).map(|(verification, ())| verification)
}

/// Verifies a log and makes a tally of its messages.
pub(super) fn walk<T: Tally>(
    paths: &[PathBuf],
    key: Option<&Key>,
    head: Option<&Head>,
) -> Result<(Verification, T), AuditError> {
    let sources = Source::in_order(paths)?;
    if let (None, Some(keyed)) = (key, sources.iter().find(|source| source.is_keyed)) {
        let message =
            format!("{}: its hashes were made with a key: it takes that to verify them", keyed.path.display());
        return Err(AuditError::Usage(message));
    }
    let mut chain = Chain::default();
    let mut bytes = 0;
    let mut places: Vec<(Vec<u8>, Option<u64>, T)> =
        std::iter::repeat_with(Default::default).take(rayon::current_num_threads() * 2).collect();
    for (file, source) in sources.iter().enumerate() {
        let io = |error: io::Error| AuditError::io(&source.path, &error);
        let mut pieces = Pieces::open(&source.path).map_err(io)?;
        chain.begin(file, source, &mut pieces).map_err(io)?;
        loop {
            for (buffer, start, _) in &mut places {
                *start = pieces.next(buffer).map_err(io)?;
            }
            let check = |(buffer, start, tally): &mut (Vec<u8>, Option<u64>, T)| {
                start.map_or_else(Piece::default, |start| piece::check(buffer, start, key, head, tally))
            };
            let checked: Vec<Piece> = places.par_iter_mut().map(check).collect();
            checked.into_iter().for_each(|piece| chain.add(piece));
            if places.last().is_none_or(|(_, start, _)| start.is_none()) {
                break;
            }
        }
        chain.end_file();
        bytes = pieces.bytes();
    }
    let mut tally = T::default();
    for (_, _, part) in places {
        tally.add_all(part);
    }
    let mut verification = chain.end(bytes, head);
    verification.files = sources.into_iter().map(|source| source.path).collect();
    Ok((verification, tally))
}

/// The pieces put together.
#[derive(Debug)]
struct Chain {
    result: Verification,
    before: Before,
    /// The last line, and its file.
    last: Option<(usize, Seen)>,
    /// The newest runs.
    runs: BTreeMap<u64, Run>,
    /// Runs up to this one may have been forgotten.
    forgotten: u64,
    /// The run whose records are read.
    run: Option<u64>,
    /// Whether no end of it has been seen.
    is_open: bool,
    has_head: bool,
    /// The file that is read, and how many of its lines have been.
    file: usize,
    lines: u64,
    /// Whether the first line of a file that isn't the first is still to come.
    is_between_files: bool,
}

/// What is known of a run.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// Its messages so far; `None` where they can't be known.
    counts: Option<Counts>,
    /// Its last line, where another run came after it before it had ended: a fault unless a later run goes on with it.
    abandoned: Option<Fault>,
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
            is_open: false,
            has_head: false,
            file: 0,
            lines: 0,
            is_between_files: false,
        }
    }
}

impl Chain {
    /// Goes on with another file; lines of it that an earlier one has too are left out.
    fn begin(&mut self, file: usize, source: &Source, pieces: &mut Pieces) -> io::Result<()> {
        (self.file, self.lines, self.is_between_files) = (file, 0, self.last.is_some());
        if self.is_between_files && source.first.is_some_and(|first| first <= self.before.link.sequence) {
            let skipped = pieces.skip_through(self.before.link.sequence)?;
            self.fault(0, 0, Wrong::Overlap(skipped));
            self.lines = skipped;
            self.result.lines += skipped;
        }
        Ok(())
    }

    /// Takes the next piece.
    fn add(&mut self, piece: Piece) {
        let lines = self.lines;
        let mut faults = piece.faults;
        self.result.fault_count += piece.fault_count;
        if let Some((seen, broken)) = &piece.first {
            let before = Before { broken: self.before.broken + broken, ..self.before };
            if let Some(wrong) = before.disagrees(seen) {
                let wrong = match wrong {
                    Wrong::Missing(count) if self.is_between_files => Wrong::Gap(count),
                    wrong => wrong,
                };
                self.result.fault_count += 1;
                let Seen { line, byte, .. } = *seen;
                faults.push(Fault { file: 0, line, byte, sequence: Some(seen.link.sequence), wrong });
            }
            self.is_between_files = false;
        }
        for mark in &piece.marks {
            if let Some(wrong) = self.mark(mark) {
                self.result.fault_count += 1;
                let Mark { line, byte, sequence, .. } = *mark;
                faults.push(Fault { file: 0, line, byte, sequence: Some(sequence), wrong });
            }
        }
        self.count(piece.messages);
        match piece.last {
            None => self.before.broken += piece.broken,
            // A piece that is in another's place is told of at its first line.
            Some(last) if last.link.sequence <= self.before.link.sequence => {}
            Some(last) => {
                self.before = Before { link: last.link, kind: last.kind, broken: piece.broken };
                self.last = Some((self.file, Seen { line: lines + last.line, ..last }));
            }
        }
        self.has_head |= piece.has_head;
        self.lines += piece.lines;
        self.result.lines += piece.lines;
        faults.sort_by_key(|fault| fault.line);
        for fault in faults {
            self.keep(Fault { file: self.file, line: lines + fault.line, ..fault });
        }
    }

    /// Takes a record of a run, and gives what is wrong with it.
    fn mark(&mut self, mark: &Mark) -> Option<Wrong> {
        self.count(mark.messages);
        match &mark.says {
            Says::Started(started) => self.started(mark, started),
            Says::Counted(says) => {
                self.is_open &= mark.kind != Kind::End;
                let run = self.run.and_then(|run| self.runs.get_mut(&run))?;
                // From here on what it says is believed, or one fault would be told at every checkpoint.
                let counted = run.counts.replace(*says)?;
                (counted != *says).then_some(Wrong::Miscounted)
            }
            Says::Nothing => {
                self.is_open &= mark.kind != Kind::End;
                Some(Wrong::Incomplete)
            }
        }
    }

    /// Takes the start of a run, or of going on with one.
    fn started(&mut self, mark: &Mark, started: &Started) -> Option<Wrong> {
        if started.torn_bytes > 0 && self.result.notes.len() < MOST_FAULTS {
            let Mark { line, sequence, torn, .. } = *mark;
            let (line, torn_bytes, is_kept) = (self.lines + line, started.torn_bytes, torn > 0);
            self.result.notes.push(Note { file: self.file, line, sequence, torn_bytes, is_kept });
        }
        self.leave_open(mark);
        let id = started.run;
        (self.run, self.is_open) = (Some(id), true);
        if id == mark.sequence {
            self.result.runs += 1;
            self.remember(id, Some(Counts::default()));
        } else if let Some(run) = self.runs.get_mut(&id) {
            run.abandoned = None;
        } else {
            self.remember(id, None);
            return (id > self.forgotten).then_some(Wrong::UnknownRun);
        }
        None
    }

    /// Notes that the run before a start has no end, if it hasn't. Where lines between them are missing or broken, that is
    /// told, and one of them may have been the end.
    fn leave_open(&mut self, mark: &Mark) {
        let (before, broken) = match mark.before {
            (Some(seen), broken) => (Some((self.file, Seen { line: self.lines + seen.line, ..seen })), broken),
            (None, broken) => (self.last, self.before.broken + broken),
        };
        if let (true, 0, Some((file, seen))) = (self.is_open, broken, before)
            && seen.link.sequence + 1 == mark.sequence
            && let Some(run) = self.run.and_then(|run| self.runs.get_mut(&run))
        {
            let Seen { line, byte, link, .. } = seen;
            run.abandoned = Some(Fault { file, line, byte, sequence: Some(link.sequence), wrong: Wrong::Abandoned });
        }
    }

    fn remember(&mut self, run: u64, counts: Option<Counts>) {
        self.runs.insert(run, Run { counts, abandoned: None });
        if self.runs.len() > MOST_RUNS
            && let Some((oldest, Run { abandoned, .. })) = self.runs.pop_first()
        {
            self.forgotten = self.forgotten.max(oldest);
            self.abandoned(abandoned);
        }
    }

    /// Notes that a run was left without an end.
    fn abandoned(&mut self, fault: Option<Fault>) {
        if let Some(fault) = fault {
            self.result.fault_count += 1;
            self.keep(fault);
        }
    }

    /// Counts messages of the run whose records are read.
    fn count(&mut self, messages: Counts) {
        self.result.messages += messages.messages();
        if let Some(Run { counts: Some(counts), .. }) = self.run.and_then(|run| self.runs.get_mut(&run)) {
            counts.add_all(messages);
        }
    }

    /// Notes a fault of the file that is read, at no line of it.
    fn fault(&mut self, line: u64, byte: u64, wrong: Wrong) {
        self.result.fault_count += 1;
        self.keep(Fault { file: self.file, line, byte, sequence: None, wrong });
    }

    /// Keeps the first faults by place: what is found at the end may be about a line far before.
    fn keep(&mut self, fault: Fault) {
        let faults = &mut self.result.faults;
        let at = faults.partition_point(|other| (other.file, other.line) <= (fault.file, fault.line));
        faults.insert(at, fault);
        faults.truncate(MOST_FAULTS);
    }

    /// Takes the end of a file.
    fn end_file(&mut self) {
        if self.lines == 0 {
            self.fault(0, 0, Wrong::NoRecord);
        }
    }

    /// Takes the end of the log, whose last file has so many bytes.
    fn end(mut self, bytes: u64, head: Option<&Head>) -> Verification {
        for run in std::mem::take(&mut self.runs).into_values() {
            self.abandoned(run.abandoned);
        }
        if let Some((file, Seen { line, byte, link, kind, .. })) = self.last
            && kind != Kind::End
            && self.before.broken == 0
        {
            self.result.fault_count += 1;
            self.keep(Fault { file, line, byte, sequence: Some(link.sequence), wrong: Wrong::NoEnd });
        }
        if head.is_some() && !self.has_head {
            self.fault(self.lines, bytes, Wrong::NoHead);
        }
        self.result.head = self.last.map(|(_, last)| (last.link.sequence, last.link.hash_text()));
        self.result
    }
}
