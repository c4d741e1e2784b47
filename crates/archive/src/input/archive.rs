//! The common interface of archive readers.

use std::io;
use std::path::PathBuf;

use super::super::unit::EntryData;

/// Reads an archive entry by entry.
pub(in super::super) trait ArchiveReader {
    /// Returns the next entry and its number, from 1; `None` at the end. `wants_data` says whether to load it.
    ///
    /// # Errors
    /// When the archive is truncated or contradicts itself: nothing after that is read.
    fn next(&mut self, wants_data: &dyn Fn(u64) -> bool) -> io::Result<Option<(u64, ArchiveMember)>>;
}

/// An entry of an archive.
#[derive(Debug)]
pub(in super::super) enum ArchiveMember {
    /// A regular file, with a name that stays below its folder.
    File {
        place: PathBuf,
        data: EntryData,
    },
    Folder,
    /// Something that holds no message: a link, a device...
    Irregular(&'static str),
}
