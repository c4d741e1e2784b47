//! Checks an entry's local header and data descriptor, as written by any program, against the directory.

use std::fs::File;

use super::super::read_at::read_at;
use super::directory::{CentralRecord, ENCRYPTED, PATCHED, Zip64Extra};
use super::{LOCAL_SIGNATURE, number};

const HEADER_BYTES: u64 = 30;
const DESCRIPTOR_SIGNATURE: [u8; 4] = *b"PK\x07\x08";
const MAX_DESCRIPTOR_BYTES: u64 = 24;
/// The flag of an entry whose sizes and checksum follow its data, because the writer didn't know them before.
const HAS_DESCRIPTOR: u64 = 1 << 3;

/// The local header of an entry.
pub(super) struct LocalHeader {
    flags: u64,
    method: u64,
    crc: u64,
    size: u64,
    compressed: u64,
    name: Vec<u8>,
    /// Where its data begins.
    pub(super) data_at: u64,
}

const OUTSIDE: &str = "it lies outside of the archive";
const MALFORMED: &str = "its own header is malformed";

impl LocalHeader {
    /// Reads the header at offset `offset` of the archive.
    pub(super) fn read(file: &File, offset: u64) -> Result<Self, &'static str> {
        let mut header = [0; HEADER_BYTES as usize];
        read_at(file, &mut header, offset).map_err(|_| OUTSIDE)?;
        if !header.starts_with(&LOCAL_SIGNATURE) {
            return Err("it has no header where the archive's directory says");
        }
        let name_bytes = usize::try_from(number(&header, 26, 2)).unwrap_or_default();
        let mut rest = vec![0; name_bytes + usize::try_from(number(&header, 28, 2)).unwrap_or_default()];
        read_at(file, &mut rest, offset + HEADER_BYTES).map_err(|_| OUTSIDE)?;
        let data_at = offset + HEADER_BYTES + rest.len() as u64;
        let extra = rest.split_off(name_bytes);
        let mut zip64 = Zip64Extra::of(&extra);
        // The size comes first there.
        let [size, compressed] = [22, 18].map(|at| zip64.or(number(&header, at, 4)));
        Ok(Self {
            flags: number(&header, 6, 2),
            method: number(&header, 8, 2),
            crc: number(&header, 14, 4),
            size: size.map_err(|_| MALFORMED)?,
            compressed: compressed.map_err(|_| MALFORMED)?,
            name: rest,
            data_at,
        })
    }

    /// Whether it agrees with the directory, in the fields that it fills.
    pub(super) fn matches_record(&self, listed: &CentralRecord) -> bool {
        let has_descriptor = self.flags & HAS_DESCRIPTOR != 0;
        self.name == listed.name
            && self.method == listed.method
            && (self.flags ^ listed.flags) & (ENCRYPTED | PATCHED) == 0
            && [(self.crc, listed.crc), (self.size, listed.size), (self.compressed, listed.compressed)]
                .into_iter()
                .all(|(own, listed)| own == listed || own == 0 && has_descriptor)
    }

    /// Length of the descriptor after the data that ends at `at`: checksum and sizes, of 32 or 64 bits, with or without
    /// a signature, equal to the directory. `None` if it is missing.
    pub(super) fn descriptor_bytes(&self, file: &File, at: u64, limit: u64, listed: &CentralRecord) -> Option<u64> {
        if self.flags & HAS_DESCRIPTOR == 0 {
            return Some(0);
        }
        let available = usize::try_from(limit.saturating_sub(at).min(MAX_DESCRIPTOR_BYTES)).ok()?;
        let mut bytes = vec![0; available];
        read_at(file, &mut bytes, at).ok()?;
        let forms: [(&[u8], usize); 4] = [(&DESCRIPTOR_SIGNATURE, 4), (&DESCRIPTOR_SIGNATURE, 8), (&[], 4), (&[], 8)];
        for (signature, width) in forms {
            let Some(rest) = bytes.strip_prefix(signature) else { continue };
            if rest.len() >= 4 + 2 * width
                && number(rest, 0, 4) == listed.crc
                && number(rest, 4, width) == listed.compressed
                && number(rest, 4 + width, width) == listed.size
            {
                return Some((signature.len() + 4 + 2 * width) as u64);
            }
        }
        None
    }
}
