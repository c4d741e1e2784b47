//! An entry's own header and what follows its data, as writers of every kind put them there, held to the directory.

use std::fs::File;

use super::super::lines::read_at;
use super::directory::{ENCRYPTED, Listed, PATCHED, Wide};
use super::{LOCAL, number};

const HEADER_BYTES: u64 = 30;
const DESCRIPTOR: [u8; 4] = *b"PK\x07\x08";
const LONGEST_DESCRIPTOR: u64 = 24;
/// The flag of an entry whose sizes and checksum follow its data, for the writer didn't know them before.
const SIZES_FOLLOW: u64 = 1 << 3;

/// What an entry says of itself.
pub(super) struct Local {
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

impl Local {
    /// Reads the header at byte `offset` of the archive.
    pub(super) fn read(file: &File, offset: u64) -> Result<Self, &'static str> {
        let mut header = [0; HEADER_BYTES as usize];
        read_at(file, &mut header, offset).map_err(|_| OUTSIDE)?;
        if !header.starts_with(&LOCAL) {
            return Err("it has no header where the archive's directory says");
        }
        let field = |at: usize, bytes: usize| number(&header, at, bytes);
        let name_bytes = usize::try_from(field(26, 2)).unwrap_or_default();
        let mut rest = vec![0; name_bytes + usize::try_from(field(28, 2)).unwrap_or_default()];
        read_at(file, &mut rest, offset + HEADER_BYTES).map_err(|_| OUTSIDE)?;
        let data_at = offset + HEADER_BYTES + rest.len() as u64;
        let extra = rest.split_off(name_bytes);
        let mut wide = Wide::of(&extra);
        let mut whole = |value| wide.or(value).map_err(|_| "its own header is malformed");
        let (size, compressed) = (whole(field(22, 4))?, whole(field(18, 4))?);
        let (flags, method, crc) = (field(6, 2), field(8, 2), field(14, 4));
        Ok(Self { flags, method, crc, size, compressed, name: rest, data_at })
    }

    /// Whether it says the same as the directory, as far as it says it.
    pub(super) fn agrees(&self, listed: &Listed) -> bool {
        let same = |own: u64, listed: u64| own == listed || own == 0 && self.flags & SIZES_FOLLOW != 0;
        self.name == listed.name
            && self.method == listed.method
            && (self.flags ^ listed.flags) & (ENCRYPTED | PATCHED) == 0
            && same(self.crc, listed.crc)
            && same(self.size, listed.size)
            && same(self.compressed, listed.compressed)
    }

    /// Bytes of what follows the data that ends at byte `at`: checksum and sizes, of 32 or 64 bits, with a signature or
    /// without, as the directory has them. `None` if that isn't there though it should be.
    pub(super) fn descriptor_bytes(&self, file: &File, at: u64, limit: u64, listed: &Listed) -> Option<u64> {
        if self.flags & SIZES_FOLLOW == 0 {
            return Some(0);
        }
        let available = usize::try_from(limit.saturating_sub(at).min(LONGEST_DESCRIPTOR)).ok()?;
        let mut bytes = vec![0; available];
        read_at(file, &mut bytes, at).ok()?;
        let matches = |(signature, width): &(&[u8], usize)| {
            let Some(rest) = bytes.strip_prefix(*signature) else { return false };
            rest.len() >= 4 + 2 * width
                && number(rest, 0, 4) == listed.crc
                && number(rest, 4, *width) == listed.compressed
                && number(rest, 4 + width, *width) == listed.size
        };
        let forms: [(&[u8], usize); 4] = [(&DESCRIPTOR, 4), (&DESCRIPTOR, 8), (&[], 4), (&[], 8)];
        let (signature, width) = forms.into_iter().find(matches)?;
        Some((signature.len() + 4 + 2 * width) as u64)
    }
}
