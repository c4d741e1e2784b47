//! A unit of work from the reader to the workers: adjacent messages of a source, a few hundred kilobytes at a time.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::form::{ArchiveForm, BatchSyntax, Layout};
use dmv_redact::internal::read::Refusal;

/// Approximate size of a unit: large enough to amortize the handover, small enough that many fit in memory. Not a
/// setting, because where units end must not depend on who ran it (P10).
pub(super) const UNIT_BYTES: usize = 1 << 19;
/// Maximum entries of a unit: small files are opened, written and renamed one by one.
pub(super) const UNIT_ENTRIES: usize = 256;

/// Maximum items of a unit: each may leave a notice.
const UNIT_ITEMS: usize = 4096;

/// Adjacent messages of one source.
#[derive(Debug)]
pub(super) struct Unit {
    /// The source's name in notices and in the disclosure log.
    pub(super) source: Arc<str>,
    /// The source's identifier: its relative path. Empty if its messages have their own.
    pub(super) id: Arc<Path>,
    /// Prefix of the names of messages in lines.
    pub(super) prefix: Arc<Path>,
    /// Where its outputs go.
    pub(super) target: OutputTarget,
    pub(super) content: UnitContent,
}

#[derive(Debug)]
pub(super) enum UnitContent {
    Lines(LineBlock),
    Entries(Vec<MessageEntry>),
    Items(BatchItems),
}

/// Adjacent messages of a batch.
#[derive(Debug)]
pub(super) struct BatchItems {
    pub(super) syntax: BatchSyntax,
    /// The number of the first, from 1.
    pub(super) first: u64,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl BatchItems {
    pub(super) fn new(syntax: BatchSyntax, first: u64) -> Self {
        Self { syntax, first, bytes: Vec::new(), ends: Vec::new() }
    }

    pub(super) fn push(&mut self, item: &[u8]) {
        self.bytes.extend_from_slice(item);
        self.ends.push(self.bytes.len());
    }

    /// The number of the last; `None` if there are none.
    pub(super) fn last(&self) -> Option<u64> {
        self.ends.len().checked_sub(1).map(|index| self.first + index as u64)
    }

    /// Whether they are enough for a unit.
    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() >= UNIT_BYTES || self.ends.len() >= UNIT_ITEMS
    }

    /// Each with its number.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let mut start = 0;
        self.ends.iter().zip(self.first..).map(move |(end, number)| {
            let item = self.bytes.get(start..*end).unwrap_or_default();
            start = *end;
            (number, item)
        })
    }
}

/// Lines of a source. They are numbered from 1.
#[derive(Debug)]
pub(super) enum LineBlock {
    /// Whole lines, of which the first has the number `first`.
    Whole { bytes: Vec<u8>, first: u64 },
    /// A line longer than any message may be; it was skipped without being kept (P8).
    TooLong { number: u64 },
}

/// A message that is a file or an entry of an archive.
#[derive(Debug)]
pub(super) struct MessageEntry {
    /// Its name in notices and in the disclosure log; `None` where the source is the message.
    pub(super) origin: Option<String>,
    /// Its number in an archive, from 1.
    pub(super) number: Option<u64>,
    /// Its relative path below an output folder, and its name in an output archive.
    pub(super) place: PathBuf,
    /// Its identifier.
    pub(super) id: PathBuf,
    pub(super) data: EntryData,
}

#[derive(Debug)]
pub(super) enum EntryData {
    Whole(Vec<u8>),
    /// Longer than a message may be: never loaded (P8).
    TooLong,
    /// Compressed in a zip, for a worker to inflate: at most `size` bytes with this checksum.
    Deflated {
        bytes: Vec<u8>,
        size: u64,
        crc: u32,
    },
    /// No message may be read from it: it is withheld whole. Without its bytes if it was never loaded.
    Refused(Option<Vec<u8>>, Refusal),
    /// It can't be read; the text says why.
    Unreadable(String),
}

/// Where the outputs of a unit go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OutputTarget {
    /// Nowhere: a dry run.
    Nowhere,
    /// Each into a file of its own below the output folder.
    Files,
    /// All appended to one file or pipe.
    Stream(ArchiveForm),
}

impl OutputTarget {
    /// Whether messages have names there.
    pub(super) fn has_names(self) -> bool {
        match self {
            Self::Nowhere => false,
            Self::Files => true,
            Self::Stream(form) => matches!(form.layout, Layout::Tar | Layout::Zip),
        }
    }
}

impl Unit {
    /// Memory in bytes while the unit is in flight: itself, its output and its records.
    pub(super) fn weight(&self) -> usize {
        const FACTOR: usize = 4;
        const ENTRY: usize = 2048;
        const ITEM: usize = 256;
        match &self.content {
            UnitContent::Lines(LineBlock::Whole { bytes, .. }) => bytes.capacity() * FACTOR,
            UnitContent::Lines(LineBlock::TooLong { .. }) => ENTRY,
            UnitContent::Items(items) => items.bytes.capacity() * FACTOR + items.ends.len() * ITEM,
            UnitContent::Entries(entries) => entries.iter().map(|entry| entry.data.weight() * FACTOR + ENTRY).sum(),
        }
    }
}

impl EntryData {
    /// Length of the message. Where units end depends on it, so it must not depend on how it was read (P10).
    pub(super) fn length(&self) -> usize {
        match self {
            Self::Whole(bytes) => bytes.len(),
            Self::Deflated { size, .. } => usize::try_from(*size).unwrap_or(UNIT_BYTES),
            Self::Refused(bytes, _) => bytes.as_ref().map_or(0, Vec::len),
            Self::TooLong | Self::Unreadable(_) => 0,
        }
    }

    /// Memory in bytes.
    fn weight(&self) -> usize {
        match self {
            Self::Whole(bytes) => bytes.capacity(),
            Self::Deflated { bytes, size, .. } => bytes.capacity() + usize::try_from(*size).unwrap_or(usize::MAX / 64),
            Self::Refused(bytes, _) => bytes.as_ref().map_or(0, Vec::capacity),
            Self::TooLong | Self::Unreadable(_) => 0,
        }
    }
}
