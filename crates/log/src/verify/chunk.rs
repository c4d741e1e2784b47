//! Checks a chunk of a log by itself: each line against its own hash and against the line before. The lines at its
//! ends, and its records of runs, are kept for the verifier, which joins the chunks.

use super::fault::{FaultKind, LogFault};
use super::{Aggregate, Checks, MAX_KEPT_FAULTS};
use crate::chain::{Hash, Link, LogLine, MAX_LINE_BYTES, RecordKind};
use crate::counts::DispositionCounts;
use crate::records::{self, StartFields};

/// Bytes of a chunk.
pub(super) const CHUNK_BYTES: u64 = 1 << 22;

/// The position and links of a line that was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct LineInfo {
    pub(super) line: u64,
    pub(super) byte: u64,
    pub(super) link: Link,
    pub(super) previous: Hash,
    pub(super) kind: RecordKind,
}

impl LineInfo {
    /// A fault of this line.
    fn fault(&self, kind: FaultKind) -> LogFault {
        LogFault { file: 0, line: self.line, byte: self.byte, sequence: Some(self.link.sequence), kind }
    }
}

/// The state before a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Predecessor {
    pub(super) link: Link,
    pub(super) kind: RecordKind,
    /// Broken lines after that one: all that is known of them is that they are wrong.
    pub(super) broken: u64,
}

/// A record of a run.
#[derive(Debug)]
pub(super) struct RunRecord {
    pub(super) line: u64,
    pub(super) byte: u64,
    pub(super) sequence: u64,
    pub(super) kind: RecordKind,
    /// The last line before it in the chunk, and how many broken ones are between them.
    pub(super) predecessor: (Option<LineInfo>, u64),
    /// Bytes of the unfinished line before it.
    pub(super) torn: u64,
    /// Messages between this record and the previous record of a run, or the beginning of the chunk.
    pub(super) messages: DispositionCounts,
    pub(super) signature: SignatureState,
    pub(super) content: RunContent,
}

/// What is known of a record's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SignatureState {
    /// No public key was given, or the line is broken: that is a fault already.
    Unchecked,
    /// It has none.
    Missing,
    /// It is of none of the given keys: that is a fault already.
    Wrong,
    Verified,
}

impl SignatureState {
    fn of(line: &LogLine<'_>, checks: &Checks<'_>) -> Self {
        match line.signature() {
            _ if checks.public_keys.is_empty() => Self::Unchecked,
            None => Self::Missing,
            Some((signed, digits)) => match checks.public_keys.iter().any(|key| key.has_signed(signed, digits)) {
                true => Self::Verified,
                false => Self::Wrong,
            },
        }
    }
}

/// The content of a record of a run.
#[derive(Debug)]
pub(super) enum RunContent {
    Start(StartFields),
    Counted(DispositionCounts),
    Malformed,
}

/// The result of checking a chunk. Lines are numbered from its own beginning.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    /// The first faults.
    pub(super) faults: Vec<LogFault>,
    pub(super) fault_count: u64,
    pub(super) lines: u64,
    /// The first line that isn't broken, and how many broken ones are before it.
    pub(super) first: Option<(LineInfo, u64)>,
    pub(super) last: Option<LineInfo>,
    /// Broken lines at the end.
    pub(super) broken: u64,
    pub(super) run_records: Vec<RunRecord>,
    /// Messages after the last record of a run.
    pub(super) messages: DispositionCounts,
    /// The lines that files begin with, as far as they are here.
    pub(super) first_lines: Vec<Link>,
    /// The lines that are known from elsewhere, by their number and their place here; with a fault if that has another hash.
    pub(super) heads: Vec<(usize, Option<LogFault>)>,
}

impl Predecessor {
    /// Before the first line of a log.
    pub(super) const GENESIS: Self = Self { link: Link::GENESIS, kind: RecordKind::End, broken: 0 };

    /// Why a line can't follow this, if it can't.
    pub(super) fn mismatch(&self, line: &LineInfo) -> Option<FaultKind> {
        let next = self.link.sequence.saturating_add(1);
        let latest = next.saturating_add(self.broken);
        match line.link.sequence {
            sequence if sequence < next => Some(FaultKind::OutOfOrder),
            sequence if sequence > latest => Some(FaultKind::Missing(sequence - latest)),
            // Unknown lines are between them, which are reported already.
            _ if self.broken > 0 => None,
            _ if line.previous != self.link.hash => Some(FaultKind::LinkMismatch),
            _ if self.kind == RecordKind::End && line.kind != RecordKind::Start => Some(FaultKind::NoStart),
            _ => None,
        }
    }
}

/// Checks lines that begin at offset `byte` of the log; intact messages and starts go to `aggregate`.
pub(super) fn check(mut rest: &[u8], mut byte: u64, checks: &Checks<'_>, aggregate: &mut impl Aggregate) -> Chunk {
    let mut chunk = Chunk::default();
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        let (text, after) = rest.split_at(end);
        if let Some(line) = chunk.line(text, byte, checks) {
            let line = LogLine { log: checks.log, ..line };
            match line.kind {
                RecordKind::Message | RecordKind::Import => aggregate.add_message(&line),
                RecordKind::Done => aggregate.add_done(&line),
                RecordKind::Desk | RecordKind::Operator => aggregate.add_step(&line),
                RecordKind::Start => aggregate.add_start(&line),
                RecordKind::Checkpoint | RecordKind::End => aggregate.add_progress(&line),
            }
        }
        byte += text.len() as u64;
        rest = after;
    }
    chunk
}

impl Chunk {
    /// Adds a line with its end, and returns it if it is intact and in its place.
    fn line<'l>(&mut self, text: &'l [u8], byte: u64, checks: &Checks<'_>) -> Option<LogLine<'l>> {
        let number = self.lines;
        self.lines += 1;
        let (torn, line) = match parse(text) {
            Ok(found) => found,
            Err(kind) => {
                self.broken_line(LogFault { file: 0, line: number, byte, sequence: None, kind });
                return None;
            }
        };
        if torn > 0 && !declares_torn(&line, torn) {
            let bytes = text.get(..torn).unwrap_or_default();
            let kind = zeros(bytes).map_or(FaultKind::Torn(torn as u64), FaultKind::Zeros);
            self.fault(LogFault { file: 0, line: number, byte, sequence: None, kind });
        }
        let byte = byte + torn as u64;
        let info = LineInfo { line: number, byte, link: line.link, previous: line.previous, kind: line.kind };
        if !line.is_intact(checks.key) {
            // Still counted, so that one fault isn't reported as several.
            self.count(&line, SignatureState::Unchecked, &info, torn as u64);
            self.broken_line(info.fault(zeros(text).map_or(FaultKind::HashMismatch, FaultKind::Zeros)));
            return None;
        }
        if let Some(last) = &self.last {
            let predecessor = Predecessor { link: last.link, kind: last.kind, broken: self.broken };
            match predecessor.mismatch(&info) {
                // Reported and skipped: the lines after it are compared with those in their place.
                Some(FaultKind::OutOfOrder) => {
                    self.fault(info.fault(FaultKind::OutOfOrder));
                    return None;
                }
                Some(kind) => self.fault(info.fault(kind)),
                None => {}
            }
        } else {
            self.first = Some((info, self.broken));
        }
        let signature = match line.kind {
            RecordKind::Message | RecordKind::Import | RecordKind::Done | RecordKind::Desk | RecordKind::Operator => {
                SignatureState::Unchecked
            }
            RecordKind::Start | RecordKind::Checkpoint | RecordKind::End => SignatureState::of(&line, checks),
        };
        if signature == SignatureState::Wrong {
            self.fault(info.fault(FaultKind::WrongSignature));
        }
        self.count(&line, signature, &info, torn as u64);
        self.last = Some(info);
        self.broken = 0;
        let own = line.link;
        let from = checks.first_lines.partition_point(|first| first.sequence < own.sequence);
        let same = checks.first_lines.iter().skip(from).take_while(|first| first.sequence == own.sequence);
        self.first_lines.extend(same.filter(|first| **first == own));
        for (number, head) in checks.heads.iter().enumerate().filter(|(_, head)| head.sequence == line.link.sequence) {
            let mismatch = (head.hash != line.link.hash).then(|| info.fault(FaultKind::HeadMismatch));
            self.heads.push((number, mismatch));
        }
        Some(line)
    }

    /// Counts a message, or keeps a record of a run with the count of the messages before it.
    fn count(&mut self, line: &LogLine<'_>, signature: SignatureState, info: &LineInfo, torn: u64) {
        match line.kind {
            RecordKind::Message => self.messages.add_record(line.body),
            RecordKind::Import | RecordKind::Done | RecordKind::Desk | RecordKind::Operator => {}
            RecordKind::Start | RecordKind::Checkpoint | RecordKind::End => {
                let messages = std::mem::take(&mut self.messages);
                let LineInfo { line: number, byte, link, kind, .. } = *info;
                let (predecessor, content) = ((self.last, self.broken), RunContent::parse(line));
                self.run_records.push(RunRecord {
                    line: number,
                    byte,
                    sequence: link.sequence,
                    kind,
                    predecessor,
                    torn,
                    messages,
                    signature,
                    content,
                });
            }
        }
    }

    fn broken_line(&mut self, fault: LogFault) {
        self.broken += 1;
        self.fault(fault);
    }

    /// Keeps only as many faults as are reported: a log of nothing but faults must not exhaust memory (P8).
    fn fault(&mut self, fault: LogFault) {
        self.fault_count += 1;
        if self.faults.len() < MAX_KEPT_FAULTS {
            self.faults.push(fault);
        }
    }
}

/// Parses a line with its end, and returns where in the text it begins.
fn parse(text: &[u8]) -> Result<(usize, LogLine<'_>), FaultKind> {
    if text.len() > MAX_LINE_BYTES {
        return Err(zeros(text).map_or(FaultKind::TooLong, FaultKind::Zeros));
    }
    let Some(whole) = text.strip_suffix(b"\n") else {
        return Err(zeros(text).map_or(FaultKind::Unterminated, FaultKind::Zeros));
    };
    LogLine::parse_last(whole).ok_or_else(|| zeros(whole).map_or(FaultKind::NotALogLine, FaultKind::Zeros))
}

/// Number of zero bytes, which no line has.
fn zeros(text: &[u8]) -> Option<u64> {
    let count = memchr::memchr_iter(0, text).count() as u64;
    (count > 0).then_some(count)
}

/// Whether a line is a start record that declares `torn` bytes before it.
fn declares_torn(line: &LogLine<'_>, torn: usize) -> bool {
    let started: Option<StartFields> =
        if line.kind == RecordKind::Start { records::read(line, &mut Vec::new()) } else { None };
    started.is_some_and(|started| started.torn_bytes == torn as u64)
}

impl RunContent {
    fn parse(line: &LogLine<'_>) -> Self {
        let mut object = Vec::new();
        match line.kind {
            RecordKind::Start => records::read(line, &mut object).map(Self::Start),
            RecordKind::Checkpoint | RecordKind::End => records::read(line, &mut object).map(Self::Counted),
            RecordKind::Message | RecordKind::Import | RecordKind::Done | RecordKind::Desk | RecordKind::Operator => {
                None
            }
        }
        .unwrap_or(Self::Malformed)
    }
}
