//! What the reader of a source hands to the workers: some messages that lie together, a few hundred kilobytes at a time.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::form::{Form, Layout};

/// Bytes of a unit, about: large enough that handing it over costs nothing, small enough that many fit in memory. Never a
/// setting: outputs are compressed by units, and must not depend on who made them.
pub(super) const UNIT_BYTES: usize = 1 << 19;
/// Entries of a unit at most: small files are opened, written and renamed one by one.
pub(super) const UNIT_ENTRIES: usize = 256;

/// Messages that lie together in one source.
#[derive(Debug)]
pub(super) struct Unit {
    /// What the source is called in notices and in the audit log.
    pub(super) source: Arc<str>,
    /// The source's place below a folder in which originals are kept apart; empty if its messages have places of their own.
    pub(super) place: Arc<Path>,
    /// What stands before the names of its lines' messages.
    pub(super) prefix: Arc<Path>,
    /// Where its outputs go.
    pub(super) target: Target,
    pub(super) content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    Lines(Lines),
    Entries(Vec<Entry>),
}

/// Lines of a source, as bytes or as a stretch of a file that is still to be read.
#[derive(Debug)]
pub(super) enum Lines {
    /// Whole lines; the first begins at byte `offset` of the source.
    Read { bytes: Vec<u8>, offset: u64 },
    /// A line longer than any message may be; it was passed over without being kept.
    TooLong { offset: u64 },
    /// The lines that begin from `start` to before `end`, of a file of which `length` bytes are looked at.
    Stretch { file: Arc<File>, start: u64, end: u64, length: u64 },
}

/// A message that is a file or an entry of an archive.
#[derive(Debug)]
pub(super) struct Entry {
    /// What it is called in notices and in the audit log; left out where the source is the message.
    pub(super) origin: Option<String>,
    /// Its number in an archive, from 1.
    pub(super) number: Option<u64>,
    /// Its place below an output folder, and its name in an archive that is written.
    pub(super) place: PathBuf,
    pub(super) data: Data,
}

#[derive(Debug)]
pub(super) enum Data {
    Whole(Vec<u8>),
    /// Longer than a message may be: never loaded.
    TooLong,
    /// Compressed in a zip, to be inflated by a worker: at most `size` bytes with this checksum.
    Deflated {
        bytes: Vec<u8>,
        size: u64,
        crc: u32,
    },
    /// It can't be read; the text says why.
    Fault(String),
}

/// Where the outputs of a unit go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// Nowhere: a dry run.
    Nowhere,
    /// Each into a file of its own below the output folder.
    Files,
    /// Behind one another into one file or pipe.
    Stream(Form),
}

impl Target {
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
    /// Bytes of memory that the unit takes while it is worked on: itself, its output and its records.
    pub(super) fn weight(&self) -> usize {
        const FACTOR: usize = 4;
        const ENTRY: usize = 2048;
        match &self.content {
            Content::Lines(Lines::Read { bytes, .. }) => bytes.capacity() * FACTOR,
            Content::Lines(Lines::TooLong { .. }) => ENTRY,
            Content::Lines(Lines::Stretch { start, end, .. }) => {
                usize::try_from(end - start).unwrap_or(UNIT_BYTES) * FACTOR
            }
            Content::Entries(entries) => entries.iter().map(|entry| entry.data.weight() * FACTOR + ENTRY).sum(),
        }
    }
}

impl Data {
    /// Bytes of the message. Units are cut by it, so it must not depend on how it was read.
    pub(super) fn length(&self) -> usize {
        match self {
            Self::Whole(bytes) => bytes.len(),
            Self::Deflated { size, .. } => usize::try_from(*size).unwrap_or(UNIT_BYTES),
            Self::TooLong | Self::Fault(_) => 0,
        }
    }

    /// Bytes of memory that it takes.
    fn weight(&self) -> usize {
        match self {
            Self::Whole(bytes) => bytes.capacity(),
            Self::Deflated { bytes, size, .. } => bytes.capacity() + usize::try_from(*size).unwrap_or(usize::MAX / 64),
            Self::TooLong | Self::Fault(_) => 0,
        }
    }
}
