//! Writing a zip by pieces: every worker compresses its own entries, and the directory is put together at the end. The
//! same entries give the same bytes, whoever wrote them and when.

use std::io::{self, Write};

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

/// Version 2.0 of the format, and 4.5 where 64-bit numbers are needed (APPNOTE 4.4.3).
const VERSION: u16 = 20;
const WIDE_VERSION: u16 = 45;
/// Names are UTF-8.
const FLAGS: u16 = 1 << 11;
/// The first of January 1980, the earliest date that there is: when it was written is nobody's matter.
const TIME: u16 = 0;
const DATE: u16 = 0x21;
/// A regular file, for its owner only.
const MODE: u32 = 0o100_600;
const DEFLATED: u16 = 8;

/// An entry that has been written, for the directory.
#[derive(Debug)]
pub(in super::super) struct Written {
    name: String,
    crc: u32,
    compressed: u32,
    size: u32,
    /// Where it begins, from the beginning of the piece.
    offset: u64,
}

/// Appends an entry to a piece.
///
/// # Errors
/// When it is larger than 4 GiB, which no message is.
pub(in super::super) fn append(piece: &mut Vec<u8>, name: String, data: &[u8]) -> io::Result<Written> {
    let too_large = |_| io::Error::new(io::ErrorKind::InvalidInput, "an entry is too large for a zip");
    let mut crc = Crc::new();
    crc.update(data);
    let offset = piece.len();
    piece.extend_from_slice(b"PK\x03\x04");
    for field in [VERSION, FLAGS, DEFLATED, TIME, DATE] {
        piece.extend_from_slice(&field.to_le_bytes());
    }
    piece.extend_from_slice(&crc.sum().to_le_bytes());
    let sizes = piece.len();
    piece.extend_from_slice(&[0; 8]);
    piece.extend_from_slice(&length_of(&name).to_le_bytes());
    piece.extend_from_slice(&[0; 2]);
    piece.extend_from_slice(name.as_bytes());
    let start = piece.len();
    let mut encoder = DeflateEncoder::new(&mut *piece, Compression::default());
    encoder.write_all(data)?;
    encoder.finish()?;
    let compressed = u32::try_from(piece.len() - start).map_err(too_large)?;
    let size = u32::try_from(data.len()).map_err(too_large)?;
    if let Some(fields) = piece.get_mut(sizes..sizes + 8) {
        let (first, second) = fields.split_at_mut(4);
        first.copy_from_slice(&compressed.to_le_bytes());
        second.copy_from_slice(&size.to_le_bytes());
    }
    Ok(Written { name, crc: crc.sum(), compressed, size, offset: offset as u64 })
}

impl Written {
    /// Appends the directory's record of an entry whose piece begins at byte `base` of the zip.
    pub(super) fn list(&self, base: u64, directory: &mut Vec<u8>) {
        let offset = base + self.offset;
        let narrow = u32::try_from(offset).ok().filter(|offset| *offset != u32::MAX);
        directory.extend_from_slice(b"PK\x01\x02");
        let version = if narrow.is_some() { VERSION } else { WIDE_VERSION };
        let made_by = 3 << 8 | version;
        for field in [made_by, version, FLAGS, DEFLATED, TIME, DATE] {
            directory.extend_from_slice(&field.to_le_bytes());
        }
        for field in [self.crc, self.compressed, self.size] {
            directory.extend_from_slice(&field.to_le_bytes());
        }
        let extra: u16 = if narrow.is_some() { 0 } else { 12 };
        for field in [length_of(&self.name), extra, 0, 0, 0] {
            directory.extend_from_slice(&field.to_le_bytes());
        }
        directory.extend_from_slice(&(MODE << 16).to_le_bytes());
        directory.extend_from_slice(&narrow.unwrap_or(u32::MAX).to_le_bytes());
        directory.extend_from_slice(self.name.as_bytes());
        if narrow.is_none() {
            directory.extend_from_slice(&1u16.to_le_bytes());
            directory.extend_from_slice(&8u16.to_le_bytes());
            directory.extend_from_slice(&offset.to_le_bytes());
        }
    }
}

/// The end of a zip whose directory of `size` bytes and `entries` records begins at byte `start`.
pub(super) fn end(entries: u64, size: u64, start: u64) -> Vec<u8> {
    let mut end = Vec::new();
    let narrow_16 = |value: u64| u16::try_from(value).unwrap_or(u16::MAX);
    let narrow_32 = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
    if narrow_16(entries) == u16::MAX || narrow_32(size) == u32::MAX || narrow_32(start) == u32::MAX {
        end.extend_from_slice(b"PK\x06\x06");
        end.extend_from_slice(&44u64.to_le_bytes());
        end.extend_from_slice(&(3 << 8 | WIDE_VERSION).to_le_bytes());
        end.extend_from_slice(&WIDE_VERSION.to_le_bytes());
        end.extend_from_slice(&[0; 8]);
        for field in [entries, entries, size, start] {
            end.extend_from_slice(&field.to_le_bytes());
        }
        end.extend_from_slice(b"PK\x06\x07");
        end.extend_from_slice(&[0; 4]);
        end.extend_from_slice(&(start + size).to_le_bytes());
        end.extend_from_slice(&1u32.to_le_bytes());
    }
    end.extend_from_slice(b"PK\x05\x06");
    end.extend_from_slice(&[0; 4]);
    for field in [narrow_16(entries), narrow_16(entries)] {
        end.extend_from_slice(&field.to_le_bytes());
    }
    for field in [narrow_32(size), narrow_32(start)] {
        end.extend_from_slice(&field.to_le_bytes());
    }
    end.extend_from_slice(&[0; 2]);
    end
}

/// Names that are written are at most 1,024 characters long, and a little.
fn length_of(name: &str) -> u16 {
    u16::try_from(name.len()).unwrap_or(u16::MAX)
}
