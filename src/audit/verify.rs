//! Verifying a log: every line against its own hash and against the one before, in pieces side by side, at the speed of the
//! disk. What is found is told by line, sequence and byte; never what a line says.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use rayon::prelude::*;

use super::AuditError;
use super::chain::{HASH_DIGITS, Key, Kind, Line, NO_HASH};
use super::log::Counts;

/// What is wrong with a log, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The line, from 1.
    line: u64,
    /// The byte at which it begins.
    byte: u64,
    what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} (byte {}): {}", self.line, self.byte, self.what)
    }
}

/// What verifying a log came to.
#[derive(Debug, Default)]
pub(crate) struct Verification {
    pub(crate) faults: Vec<Fault>,
    /// How many there are, also beyond those that are told.
    pub(crate) fault_count: u64,
    pub(crate) lines: u64,
    pub(crate) messages: u64,
    pub(crate) runs: u64,
    /// Sequence number and hash of the last line.
    pub(crate) head: Option<(u64, String)>,
}

/// Faults that are told of.
const MOST_FAULTS: usize = 20;
/// Bytes of the pieces that are verified side by side.
const PIECE_BYTES: u64 = 1 << 22;
/// Bytes of the longest line there can be.
const LONGEST_LINE: usize = 1 << 20;

/// What stands at one end of a piece.
#[derive(Debug, Clone, Copy)]
struct Link {
    sequence: u64,
    hash: [u8; HASH_DIGITS],
}

/// What a piece of the log came to, by itself.
#[derive(Debug, Default)]
struct Piece {
    /// Faults by line of the piece, from 0, with where they begin in the file.
    faults: Vec<(u64, u64, String)>,
    lines: u64,
    /// The first line, and what it says comes before it.
    first: Option<(u64, u64, [u8; HASH_DIGITS])>,
    last: Option<(u64, Link, Kind)>,
    /// Records of runs, each with the messages of the piece before it.
    marks: Vec<Mark>,
    messages: Counts,
}

/// A record of a run itself.
#[derive(Debug)]
struct Mark {
    line: u64,
    byte: u64,
    kind: Kind,
    /// Messages of the piece before it.
    before: Counts,
    says: Option<Counts>,
    is_resumed: bool,
}

/// Verifies the log at `path`. `head` is what its last line is known to be, from elsewhere.
///
/// # Errors
/// When it can't be read.
pub(crate) fn verify(path: &Path, key: Option<&Key>, head: Option<(u64, &str)>) -> Result<Verification, AuditError> {
    let io = |error: io::Error| AuditError::io(path, &error);
    let file = File::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    let mut chain = Chain::default();
    let abreast = u64::try_from(rayon::current_num_threads()).unwrap_or(1) * 2;
    let pieces: Vec<u64> = (0..length.div_ceil(PIECE_BYTES)).collect();
    for some in pieces.chunks(usize::try_from(abreast).unwrap_or(1)) {
        let read =
            |piece: &u64| read_piece(path, piece * PIECE_BYTES, length).map(|(at, bytes)| check(&bytes, at, key));
        let checked: io::Result<Vec<Piece>> = some.par_iter().map(read).collect();
        for piece in checked.map_err(io)? {
            chain.add(piece);
        }
    }
    Ok(chain.end(length, head))
}

/// The lines that begin in the piece at byte `start`, and where the first of them does.
fn read_piece(path: &Path, start: u64, length: u64) -> io::Result<(u64, Vec<u8>)> {
    let from = start.saturating_sub(1);
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    let end = (start + PIECE_BYTES).min(length);
    (&mut file).take(end - from).read_to_end(&mut bytes)?;
    let skipped = match start {
        0 => 0,
        _ => memchr::memchr(b'\n', &bytes).map_or(bytes.len(), |at| at + 1),
    };
    bytes.drain(..skipped);
    // The last line ends beyond the piece; a longer one than there can be is cut, and so a fault.
    let last = memchr::memrchr(b'\n', &bytes).map_or(0, |at| at + 1);
    if last < bytes.len() {
        let known = bytes.len();
        (&mut file).take(LONGEST_LINE as u64).read_to_end(&mut bytes)?;
        if let Some(at) = bytes.get(known..).and_then(|new| memchr::memchr(b'\n', new)) {
            bytes.truncate(known + at + 1);
        }
    }
    Ok((from + skipped as u64, bytes))
}

/// Checks the lines of a piece that begins at byte `start`.
fn check(bytes: &[u8], start: u64, key: Option<&Key>) -> Piece {
    let mut piece = Piece::default();
    let mut byte = start;
    for text in bytes.split_inclusive(|byte| *byte == b'\n') {
        let number = piece.lines;
        piece.lines += 1;
        let at = byte;
        byte += text.len() as u64;
        let mut fault = |what: &str| piece.faults.push((number, at, what.to_owned()));
        let Some(text) = text.strip_suffix(b"\n") else {
            fault("it is cut");
            continue;
        };
        let Some(line) = Line::read(text) else {
            fault("it is no line of an audit log");
            continue;
        };
        if !line.is_intact(key) {
            fault("it was changed, or has another key");
        }
        let mut previous = NO_HASH;
        previous.copy_from_slice(line.previous);
        let mut hash = NO_HASH;
        hash.copy_from_slice(line.hash);
        match &piece.last {
            None => piece.first = Some((at, line.sequence, previous)),
            Some((_, before, _)) => {
                if let Some(what) = disagreement(before, line.sequence, &previous) {
                    fault(what);
                }
            }
        }
        piece.last = Some((at, Link { sequence: line.sequence, hash }, line.kind));
        if line.kind == Kind::Message {
            count(&mut piece.messages, line.body);
        } else {
            piece.marks.push(Mark::read(&line, number, at, piece.messages));
        }
    }
    piece
}

/// How a line and the one before it don't fit, if they don't.
fn disagreement(before: &Link, sequence: u64, previous: &[u8; HASH_DIGITS]) -> Option<&'static str> {
    match sequence {
        _ if sequence <= before.sequence => Some("its sequence number came before: it was repeated, inserted or moved"),
        _ if sequence > before.sequence + 1 => Some("lines before it are missing"),
        _ if *previous != before.hash => Some("it was not written behind the line before it"),
        _ => None,
    }
}

/// Counts a message by its disposition.
fn count(counts: &mut Counts, body: &[u8]) {
    const BEFORE: &[u8] = b"\"disposition\":\"";
    counts.messages += 1;
    let word = memchr::memmem::find(body, BEFORE).and_then(|at| body.get(at + BEFORE.len()..)).unwrap_or_default();
    let known = [
        (&b"released\""[..], &mut counts.released),
        (b"redacted\"", &mut counts.redacted),
        (b"held\"", &mut counts.held),
        (b"withheld\"", &mut counts.withheld),
    ];
    for (name, number) in known {
        *number += u64::from(word.starts_with(name));
    }
}

impl Mark {
    fn read(line: &Line<'_>, number: u64, byte: u64, before: Counts) -> Self {
        let mut object = Vec::with_capacity(line.body.len() + 2);
        object.push(b'{');
        object.extend_from_slice(line.body);
        object.push(b'}');
        let members: serde_json::Value = serde_json::from_slice(&object).unwrap_or_default();
        let is_resumed = members.get("is-resumed").and_then(serde_json::Value::as_bool).unwrap_or_default();
        let says = serde_json::from_value(members).ok();
        Self { line: number, byte, kind: line.kind, before, says, is_resumed }
    }
}

/// The pieces put together.
#[derive(Debug, Default)]
struct Chain {
    result: Verification,
    last: Option<(u64, Link, Kind)>,
    /// Messages of the run so far, if all of it was seen.
    run: Option<Counts>,
    faults: BTreeMap<(u64, u64), Vec<String>>,
}

impl Chain {
    fn add(&mut self, piece: Piece) {
        let lines = self.result.lines;
        if let Some((at, sequence, previous)) = piece.first {
            let nothing = Link { sequence: 0, hash: NO_HASH };
            let before = self.last.map_or(nothing, |(_, link, _)| link);
            if let Some(what) = disagreement(&before, sequence, &previous) {
                self.fault(lines, at, what.to_owned());
            }
        }
        for (line, at, what) in piece.faults {
            self.fault(lines + line, at, what);
        }
        let mut counted = Counts::default();
        for mark in &piece.marks {
            self.mark(mark, lines, counted);
            counted = mark.before;
        }
        if let Some(run) = &mut self.run {
            run.add_all(piece.messages.less(counted));
        }
        self.result.messages += piece.messages.messages;
        self.result.lines += piece.lines;
        self.last = piece.last.or(self.last);
    }

    /// Takes a record of a run; `counted` of the piece's messages are in the run's count already.
    fn mark(&mut self, mark: &Mark, lines: u64, counted: Counts) {
        if let Some(run) = &mut self.run {
            run.add_all(mark.before.less(counted));
        }
        match mark.kind {
            Kind::Start => {
                self.result.runs += 1;
                // A resumed run counts on from where its journal was: its records say how many before, not here.
                self.run = (!mark.is_resumed).then(Counts::default);
            }
            Kind::Checkpoint | Kind::End => {
                if let (Some(run), Some(says)) = (&self.run, &mark.says)
                    && run != says
                {
                    self.fault(lines + mark.line, mark.byte, "it counts other messages than there are".to_owned());
                }
                if mark.says.is_none() {
                    self.fault(lines + mark.line, mark.byte, "it counts no messages".to_owned());
                }
            }
            Kind::Message => {}
        }
    }

    fn fault(&mut self, line: u64, byte: u64, what: String) {
        self.result.fault_count += 1;
        if self.result.fault_count <= MOST_FAULTS as u64 {
            self.faults.entry((line + 1, byte)).or_default().push(what);
        }
    }

    fn end(mut self, length: u64, head: Option<(u64, &str)>) -> Verification {
        match self.last {
            None => self.fault(0, 0, "there is no record".to_owned()),
            Some((at, _, kind)) if kind != Kind::End => {
                let lines = self.result.lines - 1;
                self.fault(lines, at, "no end follows: the log was cut, or a run didn't end or goes on".to_owned());
            }
            Some(_) => {}
        }
        self.result.head =
            self.last.map(|(_, link, _)| (link.sequence, String::from_utf8_lossy(&link.hash).into_owned()));
        if let Some((sequence, hash)) = head {
            let is_same = self.result.head.as_ref().is_some_and(|own| own.0 == sequence && own.1 == hash);
            if !is_same {
                let lines = self.result.lines;
                self.fault(lines, length, "the log doesn't end with the line that it is known to end with".to_owned());
            }
        }
        for ((line, byte), what) in std::mem::take(&mut self.faults) {
            self.result.faults.push(Fault { line, byte, what: what.join("; ") });
        }
        self.result
    }
}
