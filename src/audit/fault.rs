//! What can be wrong with a log, and how it is told: by line, sequence number and byte, never by what a line says (P6).

use std::fmt;

use super::chain::LONGEST_LINE;

/// What is wrong, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The file, by its place in the chain.
    pub(super) file: usize,
    /// The line, from 0.
    pub(super) line: u64,
    /// The byte at which it begins.
    pub(super) byte: u64,
    /// The sequence number that it gives itself, if it can be read.
    pub(super) sequence: Option<u64>,
    pub(super) wrong: Wrong,
}

impl Fault {
    /// The file, by its place in the chain.
    pub(crate) fn file(&self) -> usize {
        self.file
    }

    /// Whether it is about how a file follows the one before it.
    pub(crate) fn is_between_files(&self) -> bool {
        matches!(self.wrong, Wrong::Gap(_) | Wrong::Overlap(_))
    }
}

/// What is wrong with a line, or before or behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It has no end.
    Cut,
    TooLong,
    /// It isn't written as lines are.
    NoLine,
    /// Its hash isn't that of its content.
    Changed,
    /// Its sequence number came before.
    Earlier,
    /// So many lines should stand before it.
    Missing(u64),
    /// Its number fits the line before it, its link doesn't.
    Unlinked,
    /// It stands behind an end, or at first, and is no start.
    NoStart,
    /// It goes on with a run that never began.
    UnknownRun,
    /// It counts other messages than there are.
    Miscounted,
    /// It lacks what a record of a run must say.
    Incomplete,
    /// The log stops after it, and it is no end.
    NoEnd,
    /// The run stops after it, and no later one goes on with that.
    Abandoned,
    /// So many bytes are the beginning of a line that was never finished.
    Torn(u64),
    /// So many bytes are zero.
    Zeros(u64),
    /// So many lines should stand between the file before and this one.
    Gap(u64),
    /// So many lines are in an earlier file, too.
    Overlap(u64),
    NoRecord,
    /// It has the number of the line that is known from elsewhere, and another hash.
    OtherHead,
    /// The line that is known from elsewhere isn't there.
    NoHead,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, byte, sequence, wrong, .. } = self;
        match sequence {
            Some(sequence) => write!(f, "line {} (sequence {sequence}, byte {byte}): {wrong}", line + 1),
            None => write!(f, "line {} (byte {byte}): {wrong}", line + 1),
        }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing(1) => "a line before it is missing",
            Self::Missing(count) => return write!(f, "{count} lines before it are missing"),
            Self::Cut => "it is cut",
            Self::TooLong => "it is longer than a line may be",
            Self::NoLine => "it is no line of an audit log",
            Self::Changed => "it was changed, or has another key",
            Self::Earlier => "its sequence number came before: it was repeated, inserted or moved",
            Self::Unlinked => "it was not written behind the line before it",
            Self::NoStart => "no start of a run stands before it",
            Self::UnknownRun => "it goes on with a run that didn't begin in this log",
            Self::Miscounted => "it counts other messages than there are",
            Self::Incomplete => "it doesn't say what such a record must say",
            Self::Abandoned => {
                "no end of its run follows, and no later run goes on with it: it was killed, or lines were cut"
            }
            Self::Torn(count) => {
                return write!(f, "{count} bytes of an unfinished line: a run was killed as it wrote them");
            }
            Self::Zeros(count) if *count > LONGEST_LINE as u64 => {
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
            Self::OtherHead => "it isn't the line that is known from elsewhere",
            Self::NoHead => "the line that is known from elsewhere isn't there: the log was cut",
        })
    }
}
