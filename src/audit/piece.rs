//! A piece of a log, checked by itself: each line against its own hash and against the line before. What stands at
//! its ends, and the records of runs in it, are kept for the verifier that puts the pieces together.

use super::Key;
use super::chain::{Hash, Kind, LONGEST_LINE, Line, Link};
use super::counts::Counts;
use super::fault::{Fault, Wrong};
use super::records::{self, Started};
use super::verify::{Head, MOST_FAULTS, Tally};

/// Bytes of a piece.
pub(super) const PIECE_BYTES: u64 = 1 << 22;

/// A line that was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) line: u64,
    pub(super) byte: u64,
    pub(super) link: Link,
    pub(super) previous: Hash,
    pub(super) kind: Kind,
}

/// What stands before a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Before {
    pub(super) link: Link,
    pub(super) kind: Kind,
    /// Lines behind that one of which only that they are wrong is known.
    pub(super) broken: u64,
}

/// A record of a run.
#[derive(Debug)]
pub(super) struct Mark {
    pub(super) line: u64,
    pub(super) byte: u64,
    pub(super) sequence: u64,
    pub(super) kind: Kind,
    /// The last line before it in the piece, and how many broken ones are between them.
    pub(super) before: (Option<Seen>, u64),
    /// Bytes of an unfinished line before it.
    pub(super) torn: u64,
    /// Messages between the record of a run before it, or the beginning of the piece, and this one.
    pub(super) messages: Counts,
    pub(super) says: Says,
}

/// What a record of a run says.
#[derive(Debug)]
pub(super) enum Says {
    Started(Started),
    Counted(Counts),
    Nothing,
}

/// What a piece came to. Its lines are numbered from its own beginning.
#[derive(Debug, Default)]
pub(super) struct Piece {
    /// The first faults.
    pub(super) faults: Vec<Fault>,
    pub(super) fault_count: u64,
    pub(super) lines: u64,
    /// The first line that isn't broken, and how many before it are.
    pub(super) first: Option<(Seen, u64)>,
    pub(super) last: Option<Seen>,
    /// Broken lines at the end.
    pub(super) broken: u64,
    pub(super) marks: Vec<Mark>,
    /// Messages behind the last mark.
    pub(super) messages: Counts,
    /// Whether there is a line with the number of the one that is known from elsewhere.
    pub(super) has_head: bool,
}

impl Before {
    /// What stands before the first line.
    pub(super) const NOTHING: Self = Self { link: Link::NOTHING, kind: Kind::End, broken: 0 };

    /// How a line doesn't fit behind this, if it doesn't.
    pub(super) fn disagrees(&self, line: &Seen) -> Option<Wrong> {
        let next = self.link.sequence.saturating_add(1);
        let latest = next.saturating_add(self.broken);
        match line.link.sequence {
            sequence if sequence < next => Some(Wrong::Earlier),
            sequence if sequence > latest => Some(Wrong::Missing(sequence - latest)),
            // What the broken lines were nobody knows; that they are wrong is told.
            _ if self.broken > 0 => None,
            _ if line.previous != self.link.hash => Some(Wrong::Unlinked),
            _ if self.kind == Kind::End && line.kind != Kind::Start => Some(Wrong::NoStart),
            _ => None,
        }
    }
}

/// Checks lines, the first of which begins at byte `byte` of the log; messages that are as they were written go to `tally`.
pub(super) fn check(
    mut rest: &[u8],
    mut byte: u64,
    key: Option<&Key>,
    head: Option<&Head>,
    tally: &mut impl Tally,
) -> Piece {
    let mut piece = Piece::default();
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        let (text, behind) = rest.split_at(end);
        if let Some(line) = piece.line(text, byte, key, head)
            && line.kind == Kind::Message
        {
            tally.take(&line);
        }
        byte += text.len() as u64;
        rest = behind;
    }
    piece
}

impl Piece {
    /// Takes a line with its end, and gives it if it is as it was written and in its place.
    fn line<'l>(&mut self, text: &'l [u8], byte: u64, key: Option<&Key>, head: Option<&Head>) -> Option<Line<'l>> {
        let number = self.lines;
        self.lines += 1;
        let (torn, line) = match read(text) {
            Ok(found) => found,
            Err(wrong) => {
                self.broken_line(Fault { file: 0, line: number, byte, sequence: None, wrong });
                return None;
            }
        };
        let sequence = line.link.sequence;
        if torn > 0 && !declares(&line, torn) {
            let bytes = text.get(..torn).unwrap_or_default();
            let wrong = zeros(bytes).map_or(Wrong::Torn(torn as u64), Wrong::Zeros);
            self.fault(Fault { file: 0, line: number, byte, sequence: None, wrong });
        }
        let byte = byte + torn as u64;
        let fault = |wrong| Fault { file: 0, line: number, byte, sequence: Some(sequence), wrong };
        if !line.is_intact(key) {
            // It counts all the same, so that one fault isn't told as several.
            self.count(&line, number, byte, torn as u64);
            self.broken_line(fault(zeros(text).map_or(Wrong::Changed, Wrong::Zeros)));
            return None;
        }
        let seen = Seen { line: number, byte, link: line.link, previous: line.previous, kind: line.kind };
        if let Some(last) = &self.last {
            let before = Before { link: last.link, kind: last.kind, broken: self.broken };
            match before.disagrees(&seen) {
                // It is told of and left out: what comes behind it is held against the lines in their place.
                Some(Wrong::Earlier) => {
                    self.fault(fault(Wrong::Earlier));
                    return None;
                }
                Some(wrong) => self.fault(fault(wrong)),
                None => {}
            }
        } else {
            self.first = Some((seen, self.broken));
        }
        self.count(&line, number, byte, torn as u64);
        self.last = Some(seen);
        self.broken = 0;
        if let Some(head) = head.filter(|head| head.sequence == sequence) {
            self.has_head = true;
            if head.hash != line.link.hash {
                self.fault(fault(Wrong::OtherHead));
            }
        }
        Some(line)
    }

    /// Counts a message, or notes what a record of a run says of those before it.
    fn count(&mut self, line: &Line<'_>, number: u64, byte: u64, torn: u64) {
        if line.kind == Kind::Message {
            self.messages.add_record(line.body);
        } else {
            let messages = std::mem::take(&mut self.messages);
            let (sequence, kind) = (line.link.sequence, line.kind);
            let (before, says) = ((self.last, self.broken), Says::read(line));
            self.marks.push(Mark { line: number, byte, sequence, kind, before, torn, messages, says });
        }
    }

    fn broken_line(&mut self, fault: Fault) {
        self.broken += 1;
        self.fault(fault);
    }

    /// Keeps as many as are told: a log of nothing but faults is no reason to run out of memory.
    fn fault(&mut self, fault: Fault) {
        self.fault_count += 1;
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(fault);
        }
    }
}

/// Takes a line with its end apart, and gives where in the text it begins.
fn read(text: &[u8]) -> Result<(usize, Line<'_>), Wrong> {
    if text.len() > LONGEST_LINE {
        return Err(zeros(text).map_or(Wrong::TooLong, Wrong::Zeros));
    }
    let Some(whole) = text.strip_suffix(b"\n") else { return Err(zeros(text).map_or(Wrong::Cut, Wrong::Zeros)) };
    Line::find(whole).ok_or_else(|| zeros(whole).map_or(Wrong::NoLine, Wrong::Zeros))
}

/// How many bytes are zero, as none of a log is.
fn zeros(text: &[u8]) -> Option<u64> {
    let count = memchr::memchr_iter(0, text).count() as u64;
    (count > 0).then_some(count)
}

/// Whether a line is a start that tells of so many bytes before it.
fn declares(line: &Line<'_>, torn: usize) -> bool {
    let started: Option<Started> = if line.kind == Kind::Start { records::read(line, &mut Vec::new()) } else { None };
    started.is_some_and(|started| started.torn_bytes == torn as u64)
}

impl Says {
    fn read(line: &Line<'_>) -> Self {
        let mut object = Vec::new();
        match line.kind {
            Kind::Start => records::read(line, &mut object).map(Self::Started),
            Kind::Checkpoint | Kind::End => records::read(line, &mut object).map(Self::Counted),
            Kind::Message => None,
        }
        .unwrap_or(Self::Nothing)
    }
}
