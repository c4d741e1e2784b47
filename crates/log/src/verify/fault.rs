//! Faults of a log and how they are reported: by line, sequence number and byte, never with the content of a line (P6).

use std::fmt;

use crate::chain::MAX_LINE_BYTES;

/// A fault and its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogFault {
    /// The file, by its place in the chain.
    pub(super) file: usize,
    /// The line, from 0.
    pub(super) line: u64,
    /// The offset at which it begins.
    pub(super) byte: u64,
    /// The line's own sequence number, if it can be read.
    pub(super) sequence: Option<u64>,
    pub(super) kind: FaultKind,
}

impl LogFault {
    /// The file, by its place in the chain.
    pub fn file(&self) -> usize {
        self.file
    }

    /// Whether it is about the boundary between two files.
    pub fn is_between_files(&self) -> bool {
        matches!(self.kind, FaultKind::Gap(_) | FaultKind::Overlap(_))
    }
}

/// What is wrong with a line, or around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FaultKind {
    /// It has no end.
    Unterminated,
    TooLong,
    /// It doesn't have the layout of a line.
    NotALogLine,
    /// Its hash doesn't match its content.
    HashMismatch,
    /// Its sequence number came before.
    OutOfOrder,
    /// This many lines are missing before it.
    Missing(u64),
    /// Its sequence number follows the previous one, but its link doesn't match.
    LinkMismatch,
    /// It comes first, or after an end, and is no start.
    NoStart,
    /// It resumes a run that isn't in the log.
    UnknownRun,
    /// Its count differs from the messages in the log.
    Miscounted,
    /// Its signature fits no given key.
    WrongSignature,
    /// It has no signature, and the start of its run says that it would.
    Unsigned,
    /// It is a start that says nothing of signatures, and one before it does.
    SigningStopped,
    /// No start says that its run is signed, and nothing is.
    NeverSigned,
    /// It lacks a required member.
    Incomplete,
    /// The log stops after it, and it is no end record.
    NoEnd,
    /// The run stops after it, and no later run resumes it.
    Abandoned,
    /// This many bytes are the beginning of a line that was never finished.
    Torn(u64),
    /// This many bytes are zero.
    Zeros(u64),
    /// This many lines are missing between the previous file and this one.
    Gap(u64),
    /// This many lines are in an earlier file, too.
    Overlap(u64),
    NoRecord,
    /// It has the sequence number of the line that is known from elsewhere, but another hash.
    HeadMismatch,
    /// The line that is known from elsewhere is missing.
    HeadMissing {
        has_several: bool,
    },
}

impl fmt::Display for LogFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, byte, sequence, kind: wrong, .. } = self;
        match sequence {
            Some(sequence) => write!(f, "line {} (sequence {sequence}, byte {byte}): {wrong}", line + 1),
            None => write!(f, "line {} (byte {byte}): {wrong}", line + 1),
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing(1) => "a line before it is missing",
            Self::Missing(count) => return write!(f, "{count} lines before it are missing"),
            Self::Unterminated => "it is cut",
            Self::TooLong => "it is longer than a line may be",
            Self::NotALogLine => "it is no line of a disclosure log",
            Self::HashMismatch => "it was changed, or has another key",
            Self::OutOfOrder => "its sequence number came before: it was repeated, inserted or moved",
            Self::LinkMismatch => "it was not written behind the line before it",
            Self::NoStart => "no start of a run stands before it",
            Self::UnknownRun => "it goes on with a run that didn't begin in this log",
            Self::Miscounted => "it counts other messages than there are",
            Self::WrongSignature => "its signature is of none of the given keys",
            Self::Unsigned => "it isn't signed, and its run began with a signing key",
            Self::SigningStopped => "its run began without a signing key, and one before it with one",
            Self::NeverSigned => "nothing is signed, and no run began with a signing key",
            Self::Incomplete => "it doesn't say what such a record must say",
            Self::Abandoned => {
                "no end of its run follows, and no later run goes on with it: it was killed, or lines were cut"
            }
            Self::Torn(count) => {
                return write!(f, "{count} bytes of an unfinished line: a run was killed as it wrote them");
            }
            Self::Zeros(count) if *count > MAX_LINE_BYTES as u64 => {
                "zero bytes, more than a line may have: the system lost what was written there"
            }
            Self::Zeros(count) => return write!(f, "{count} zero bytes: the system lost what was written there"),
            Self::Gap(count) => {
                return write!(f, "{count} lines before this file are missing: lines were cut, or a file");
            }
            Self::Overlap(count) => {
                return write!(f, "{count} lines of this file have sequence numbers of the file before");
            }
            Self::NoEnd => "no end follows: the log was cut, or the run was killed or goes on",
            Self::NoRecord => "there is no record",
            Self::HeadMismatch => "it isn't the line that is known from elsewhere",
            Self::HeadMissing { has_several: false } => {
                "the line that is known from elsewhere isn't there: the log was cut"
            }
            Self::HeadMissing { has_several: true } => {
                "a line that is known from elsewhere is in none of these logs: one was cut"
            }
        })
    }
}
