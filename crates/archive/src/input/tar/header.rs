//! Parses tar headers: an entry's kind, size and name.

use std::io;

use tar::{EntryType, Header};

use super::broken;

/// Values of the extended headers before an entry.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ExtendedHeader {
    pub(super) path: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    /// Whether only a part of the file is stored: the rest is holes.
    is_sparse: bool,
}

/// The kind of an entry.
pub(super) enum EntryKind {
    File,
    Folder,
    /// Nothing: skipped and reported.
    NoData(&'static str),
    /// Metadata of the archive.
    VolumeLabel,
    /// The list of a folder's names in an incremental archive.
    FolderList,
    /// Unsupported.
    Unreadable(&'static str),
}

impl EntryKind {
    pub(super) fn of(header: &Header, extended: &ExtendedHeader) -> Self {
        match header.entry_type() {
            EntryType::Regular | EntryType::Continuous if extended.is_sparse => Self::Unreadable(SPARSE),
            EntryType::Regular | EntryType::Continuous => Self::File,
            EntryType::Directory => Self::Folder,
            EntryType::Symlink | EntryType::Link => Self::NoData("a link"),
            EntryType::Char | EntryType::Block | EntryType::Fifo => Self::NoData("a device"),
            EntryType::GNUSparse => Self::Unreadable(SPARSE),
            kind => match kind.as_byte() {
                b'V' => Self::VolumeLabel,
                b'D' => Self::FolderList,
                b'M' => Self::Unreadable("it is a part of a file that begins in another volume: that isn't read"),
                _ => Self::Unreadable("it is an entry of an unknown kind"),
            },
        }
    }
}

const SPARSE: &str = "it is a sparse file: that isn't read";

impl ExtendedHeader {
    /// Parses the records of an extended header (POSIX.1-2017, pax): `LENGTH NAME=VALUE` and a newline each.
    pub(super) fn read_pax(&mut self, data: &[u8]) -> io::Result<()> {
        let mut rest = data;
        while !rest.is_empty() {
            let (name, value, after) = pax_record(rest).ok_or_else(malformed)?;
            match name {
                b"path" if !self.is_sparse || self.path.is_none() => self.path = Some(value.to_owned()),
                // The `path` beside it is for a tar without support for sparse files.
                b"GNU.sparse.name" => (self.path, self.is_sparse) = (Some(value.to_owned()), true),
                b"size" => {
                    let size = std::str::from_utf8(value).ok().and_then(|size| size.parse().ok());
                    let size = size.ok_or_else(malformed)?;
                    if self.size.replace(size).is_some_and(|other| other != size) {
                        return Err(broken("an extended header of the tar says two sizes"));
                    }
                }
                _ if name.starts_with(b"GNU.sparse") => self.is_sparse = true,
                _ => {}
            }
            rest = after;
        }
        Ok(())
    }
}

fn malformed() -> io::Error {
    broken("an extended header of the tar is malformed")
}

/// The name and the value of the first record, and what follows it.
fn pax_record(data: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = memchr::memchr(b' ', data)?;
    let length: usize = std::str::from_utf8(data.get(..space)?).ok()?.parse().ok()?;
    let record = data.get(space + 1..length)?.strip_suffix(b"\n")?;
    let (name, value) = record.split_at(memchr::memchr(b'=', record)?);
    Some((name, value.get(1..)?, data.get(length..)?))
}

/// The size in a header; some entries without data leave it blank.
pub(super) fn own_size(header: &Header) -> io::Result<u64> {
    let is_blank = header.as_old().size.iter().all(|byte| matches!(byte, 0 | b' '));
    match header.entry_type() {
        EntryType::Regular | EntryType::Continuous => {}
        _ if is_blank => return Ok(0),
        _ => {}
    }
    header.entry_size().map_err(|_| broken("a header of the tar has no readable size"))
}
