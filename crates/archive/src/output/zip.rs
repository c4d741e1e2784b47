//! Writes a zip in blocks: every worker compresses its own entries, and the directory is assembled at the end. The same
//! entries give the same bytes (P10).

use std::io::{self, Write};

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

/// Version 2.0 of the format, and 4.5 for zip64 (APPNOTE 4.4.3).
const VERSION: u16 = 20;
const WIDE_VERSION: u16 = 45;
/// Names are UTF-8.
const FLAGS: u16 = 1 << 11;
/// 1980-01-01, the earliest date: a constant, so that the time of writing doesn't show.
const TIME: u16 = 0;
const DATE: u16 = 0x21;
/// A regular file, for its owner only.
const MODE: u32 = 0o100_600;
const DEFLATED: u16 = 8;

/// A written entry, for the directory.
#[derive(Debug)]
pub(in super::super) struct WrittenEntry {
    name: String,
    crc: u32,
    compressed: u32,
    size: u32,
    /// Its offset in the block.
    offset: u64,
}

/// Appends an entry to a block.
///
/// # Errors
/// When it is larger than 4 GiB, which no message is.
pub(in super::super) fn append(block: &mut Vec<u8>, name: String, data: &[u8]) -> io::Result<WrittenEntry> {
    let mut crc = Crc::new();
    crc.update(data);
    let offset = block.len();
    block.extend_from_slice(b"PK\x03\x04");
    for field in [VERSION, FLAGS, DEFLATED, TIME, DATE] {
        block.extend_from_slice(&field.to_le_bytes());
    }
    block.extend_from_slice(&crc.sum().to_le_bytes());
    let sizes = block.len();
    block.extend_from_slice(&[0; 8]);
    block.extend_from_slice(&length_of(&name).to_le_bytes());
    block.extend_from_slice(&[0; 2]);
    block.extend_from_slice(name.as_bytes());
    let start = block.len();
    let mut encoder = DeflateEncoder::new(&mut *block, Compression::default());
    encoder.write_all(data)?;
    encoder.finish()?;
    let (Ok(compressed), Ok(size)) = (u32::try_from(block.len() - start), u32::try_from(data.len())) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "an entry is too large for a zip"));
    };
    if let Some(fields) = block.get_mut(sizes..sizes + 8) {
        let (first, second) = fields.split_at_mut(4);
        first.copy_from_slice(&compressed.to_le_bytes());
        second.copy_from_slice(&size.to_le_bytes());
    }
    Ok(WrittenEntry { name, crc: crc.sum(), compressed, size, offset: offset as u64 })
}

impl WrittenEntry {
    /// Appends the directory's record of an entry whose block is at offset `base` of the zip.
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

/// The end of a zip whose directory of `size` bytes and `entries` records is at offset `start`.
pub(super) fn end(entries: u64, size: u64, start: u64) -> Vec<u8> {
    let mut end = Vec::new();
    let narrow_entries = u16::try_from(entries).unwrap_or(u16::MAX);
    let narrow_size = u32::try_from(size).unwrap_or(u32::MAX);
    let narrow_start = u32::try_from(start).unwrap_or(u32::MAX);
    if narrow_entries == u16::MAX || narrow_size == u32::MAX || narrow_start == u32::MAX {
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
    for field in [narrow_entries, narrow_entries] {
        end.extend_from_slice(&field.to_le_bytes());
    }
    for field in [narrow_size, narrow_start] {
        end.extend_from_slice(&field.to_le_bytes());
    }
    end.extend_from_slice(&[0; 2]);
    end
}

/// Names are a little more than 1,024 characters at most.
fn length_of(name: &str) -> u16 {
    u16::try_from(name.len()).unwrap_or(u16::MAX)
}
