//! Finds a zip's directory and parses its records (APPNOTE 4.3.12 to 4.3.16). What two programs could find in two
//! places is refused (P3).

use std::fs::File;
use std::io;

use super::super::read_at::read_at;
use super::{broken, number};

const END_SIGNATURE: [u8; 4] = *b"PK\x05\x06";
const END_BYTES: usize = 22;
/// Maximum length of the comment, and of padding after the end.
const MAX_COMMENT_BYTES: u64 = 0xFFFF;
const MAX_PADDING_BYTES: u64 = 1 << 16;
const RECORD_SIGNATURE: [u8; 4] = *b"PK\x01\x02";
const RECORD_BYTES: usize = 46;
/// Values that mean "see the zip64 field".
pub(super) const ZIP64_MARKER_16: u64 = 0xFFFF;
const ZIP64_MARKER_32: u64 = 0xFFFF_FFFF;

/// Bits of an entry's flags.
pub(super) const ENCRYPTED: u64 = 1 | 1 << 6 | 1 << 13;
pub(super) const PATCHED: u64 = 1 << 5;

/// The location of the directory.
pub(super) struct CentralDirectory {
    pub(super) entries: u64,
    /// Whether the count has 16 bits: some programs let it wrap around.
    pub(super) count_wraps: bool,
    pub(super) size: u64,
    pub(super) start: u64,
}

/// The directory's record of an entry.
pub(super) struct CentralRecord {
    pub(super) flags: u64,
    pub(super) method: u64,
    pub(super) crc: u64,
    pub(super) compressed: u64,
    pub(super) size: u64,
    pub(super) offset: u64,
    /// The number of its disk, 0 except in split archives.
    pub(super) disk: u64,
    /// Its description, if it is neither a file nor a folder.
    pub(super) irregular: Option<&'static str>,
    pub(super) name: Vec<u8>,
}

impl CentralRecord {
    /// Reads the next record; `take` reads from the directory.
    pub(super) fn read(mut take: impl FnMut(&mut [u8]) -> io::Result<()>) -> io::Result<Self> {
        let mut record = [0; RECORD_BYTES];
        take(&mut record)?;
        if !record.starts_with(&RECORD_SIGNATURE) {
            return Err(broken("the zip's directory is malformed"));
        }
        // The name, the extra field and the comment, each as long as the record says.
        let [mut name, mut extra, mut comment] =
            [28, 30, 32].map(|at| vec![0; usize::try_from(number(&record, at, 2)).unwrap_or_default()]);
        for part in [&mut name, &mut extra, &mut comment] {
            take(part)?;
        }
        let mut zip64 = Zip64Extra::of(&extra);
        let size = zip64.or(number(&record, 24, 4))?;
        let compressed = zip64.or(number(&record, 20, 4))?;
        let offset = zip64.or(number(&record, 42, 4))?;
        // Unix and macOS put the file's mode here.
        let mode = if matches!(number(&record, 5, 1), 3 | 19) { number(&record, 40, 2) & 0o170_000 } else { 0 };
        let irregular = match mode {
            0o120_000 => Some("a link"),
            // A message that was piped into a zip program is marked as a pipe, but its data is there.
            0o010_000 | 0o020_000 | 0o060_000 | 0o140_000 if size == 0 => Some("a device"),
            _ => None,
        };
        Ok(Self {
            flags: number(&record, 8, 2),
            method: number(&record, 10, 2),
            crc: number(&record, 16, 4),
            compressed,
            size,
            offset,
            disk: number(&record, 34, 2),
            irregular,
            name,
        })
    }

    /// Whether it is a folder: it has no content, and its name ends with a separator of any system.
    pub(super) fn is_folder(&self) -> bool {
        self.size == 0 && matches!(self.name.last(), Some(b'/' | b'\\'))
    }

    /// Why it can't be read, if it needs an unsupported feature.
    pub(super) fn unreadable(&self) -> Option<String> {
        let method = match self.method {
            0 | 8 => None,
            1 => Some("shrunk"),
            2..=5 => Some("reduced"),
            6 | 10 => Some("imploded"),
            9 => Some("compressed with Deflate64"),
            12 => Some("compressed with bzip2"),
            14 => Some("compressed with LZMA"),
            20 | 93 => Some("compressed with Zstandard"),
            95 => Some("compressed with xz"),
            97 => Some("compressed with WavPack"),
            98 => Some("compressed with PPMd"),
            99 => Some("encrypted"),
            _ => Some("compressed in an unknown way"),
        };
        match () {
            () if self.flags & ENCRYPTED != 0 => Some("it is encrypted: that isn't read".to_owned()),
            () if self.flags & PATCHED != 0 => Some("it is a patch: that isn't read".to_owned()),
            () if !matches!(self.disk, 0 | ZIP64_MARKER_16) => {
                Some("it lies in another part of a split zip".to_owned())
            }
            () => method.map(|method| format!("it is {method}: that isn't read")),
        }
    }
}

impl CentralDirectory {
    /// Finds the end record, which must end the file (comment and padding included), and the directory, which must be
    /// right before it.
    pub(super) fn find(file: &File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        let tail_bytes = length.min(END_BYTES as u64 + MAX_COMMENT_BYTES + MAX_PADDING_BYTES);
        let mut tail = vec![0; usize::try_from(tail_bytes).unwrap_or_default()];
        read_at(file, &mut tail, length - tail_bytes)?;
        let mut ends = memchr::memmem::rfind_iter(&tail, &END_SIGNATURE);
        let at = ends.next().ok_or_else(|| broken("the zip has no end: it was cut, or is no zip"))?;
        if !ends_file(&tail, at) {
            return Err(broken("the zip was cut at its end, or something follows that"));
        }
        if ends.any(|at| ends_file(&tail, at)) {
            return Err(broken("the zip has two ends"));
        }
        Self::from_end(file, tail.get(at..).unwrap_or_default(), length - tail_bytes + at as u64)
    }

    fn from_end(file: &File, record: &[u8], end_at: u64) -> io::Result<Self> {
        let narrow = [(10, 2), (12, 4), (16, 4)].map(|(at, bytes)| number(record, at, bytes));
        let [entries, size, start] = narrow;
        let is_split = [4, 6].iter().any(|at| !matches!(number(record, *at, 2), 0 | ZIP64_MARKER_16));
        if is_split || number(record, 8, 2) != entries {
            return Err(broken("it is a part of a split zip archive: that isn't read"));
        }
        let mut locator = [0; 20];
        let zip64 = end_at.checked_sub(20).map(|at| read_at(file, &mut locator, at).map(|()| at)).transpose()?;
        let (directory, limit) = match zip64.filter(|_| locator.starts_with(b"PK\x06\x07")) {
            Some(locator_at) => Self::from_zip64_end(file, &locator, locator_at, narrow)?,
            None => (Self { entries, count_wraps: true, size, start }, end_at),
        };
        match directory.start.checked_add(directory.size) {
            Some(end) if end == limit => Ok(directory),
            _ => Err(broken("the zip's directory isn't where its end says: something was put before or into it")),
        }
    }

    /// Reads the zip64 end record, of zips with more than 65,535 entries or 4 GiB, and returns its offset.
    fn from_zip64_end(file: &File, locator: &[u8], locator_at: u64, narrow: [u64; 3]) -> io::Result<(Self, u64)> {
        let at = number(locator, 8, 8);
        let mut record = [0; 56];
        if number(locator, 4, 4) != 0 || number(locator, 16, 4) > 1 {
            return Err(broken("it is a part of a split zip archive: that isn't read"));
        }
        if at.checked_add(56).is_none_or(|end| end > locator_at) {
            return Err(broken(WRONG_ZIP64_END));
        }
        read_at(file, &mut record, at)?;
        let ends_at = number(&record, 4, 8).checked_add(at + 12);
        let zip64 = [(32, 8), (40, 8), (48, 8)].map(|(at, bytes)| number(&record, at, bytes));
        let markers = [ZIP64_MARKER_16, ZIP64_MARKER_32, ZIP64_MARKER_32];
        let mut pairs = narrow.into_iter().zip(zip64).zip(markers);
        if !record.starts_with(b"PK\x06\x06")
            || ends_at != Some(locator_at)
            || number(&record, 24, 8) != number(&record, 32, 8)
            || !pairs.all(|((narrow, zip64), marker)| narrow == marker || narrow == zip64)
        {
            return Err(broken(WRONG_ZIP64_END));
        }
        let [entries, size, start] = zip64;
        Ok((Self { entries, count_wraps: false, size, start }, at))
    }
}

const WRONG_ZIP64_END: &str = "the zip's 64-bit end is malformed, or contradicts the other";

/// Whether the end record at `at`, with its comment and padding, ends the file.
fn ends_file(tail: &[u8], at: usize) -> bool {
    let end = at + END_BYTES + usize::try_from(number(tail, at + 20, 2)).unwrap_or_default();
    tail.get(end..).is_some_and(|rest| rest.iter().all(|byte| *byte == 0))
}

/// The 64-bit values of a zip64 extra field, in order.
pub(super) struct Zip64Extra<'a>(&'a [u8]);

impl<'a> Zip64Extra<'a> {
    pub(super) fn of(extra: &'a [u8]) -> Self {
        let mut rest = extra;
        while rest.len() >= 4 {
            let length = usize::try_from(number(rest, 2, 2)).unwrap_or_default();
            let end = (4 + length).min(rest.len());
            if number(rest, 0, 2) == 1 {
                return Self(rest.get(4..end).unwrap_or_default());
            }
            rest = rest.get(end..).unwrap_or_default();
        }
        Self(&[])
    }

    /// The 32-bit value, or the next 64-bit one if it is the marker.
    pub(super) fn or(&mut self, value: u64) -> io::Result<u64> {
        if value != ZIP64_MARKER_32 {
            return Ok(value);
        }
        let (zip64, rest) = self.0.split_at_checked(8).ok_or_else(|| broken("the zip's directory is malformed"))?;
        self.0 = rest;
        Ok(number(zip64, 0, 8))
    }
}
