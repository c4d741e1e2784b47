//! What every kind of archive gives, entry by entry.

use std::io;
use std::path::PathBuf;

use super::super::unit::Data;

/// A source of entries.
pub(in super::super) trait Archive {
    /// The next entry and its number, from 1; `None` at the end. `wants_data` is asked whether it is to be loaded.
    ///
    /// # Errors
    /// When the archive breaks off or contradicts itself: nothing behind that is read.
    fn next(&mut self, wants_data: &dyn Fn(u64) -> bool) -> io::Result<Option<(u64, Member)>>;
}

/// An entry of an archive.
#[derive(Debug)]
pub(in super::super) enum Member {
    /// A regular file, with a name that leads nowhere else.
    File {
        place: PathBuf,
        data: Data,
    },
    Folder,
    /// What holds no message: a link, a device...
    Irregular(&'static str),
}
