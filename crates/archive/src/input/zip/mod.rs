//! Reads a zip by its directory, entry by entry, in bounded memory (P8). Each entry is checked against its local
//! header, sizes and checksum; nothing is extracted. Entries that overlap, are encrypted or contradict themselves are
//! failures, and so is what the directory doesn't list (P11).

mod covered;
mod directory;
mod local;

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use flate2::{Crc, read::DeflateDecoder};

use super::super::unit::EntryData;
use super::archive::{ArchiveMember, ArchiveReader};
use super::containers::nested;
use super::name::EntryNames;
use super::read_at::read_at;
use covered::EntryRanges;
use directory::{CentralDirectory, CentralRecord};
use local::LocalHeader;

/// Reads the entries of a zip in the order of its directory.
pub(in super::super) struct ZipReader {
    records: BufReader<File>,
    data: File,
    limit: usize,
    names: EntryNames,
    directory: CentralDirectory,
    /// Entries read so far.
    count: u64,
    /// Remaining bytes of the directory.
    left: u64,
    covered: EntryRanges,
}

/// Enough bytes to recognize a container.
const HEAD_BYTES: u64 = 1 << 10;
/// The signature of a local header.
const LOCAL_SIGNATURE: [u8; 4] = *b"PK\x03\x04";

impl ZipReader {
    /// Reads messages of up to `limit` bytes.
    ///
    /// # Errors
    /// When its directory can't be found, or is found in two places.
    pub(in super::super) fn new(mut file: File, limit: usize) -> io::Result<Self> {
        let directory = CentralDirectory::find(&file)?;
        let data = file.try_clone()?;
        file.seek(SeekFrom::Start(directory.start))?;
        let records = BufReader::with_capacity(1 << 16, file);
        let left = directory.size;
        Ok(Self {
            records,
            data,
            limit,
            names: EntryNames::default(),
            directory,
            count: 0,
            left,
            covered: EntryRanges::default(),
        })
    }

    /// Reads the directory's next record.
    fn listed(&mut self) -> io::Result<CentralRecord> {
        CentralRecord::read(|into| {
            let length = into.len() as u64;
            self.left = self.left.checked_sub(length).ok_or_else(|| broken("the zip's directory is cut"))?;
            self.records.read_exact(into)
        })
    }

    /// Checks an entry against its local header, and returns where its data begins.
    fn locate(&mut self, listed: &CentralRecord) -> Result<u64, String> {
        let local = LocalHeader::read(&self.data, listed.offset)?;
        let limit = self.directory.start;
        let data_end = local.data_at.checked_add(listed.compressed).filter(|end| *end <= limit);
        let data_end = data_end.ok_or("it lies outside of the archive")?;
        let descriptor = local.descriptor_bytes(&self.data, data_end, limit, listed);
        if !local.matches_record(listed) {
            return Err("its header and the archive's directory disagree".to_owned());
        }
        let descriptor = descriptor.ok_or("what follows its data and the archive's directory disagree")?;
        self.covered.add(listed.offset, data_end + descriptor)?;
        listed.unreadable().map_or(Ok(local.data_at), Err)
    }

    fn load(&self, listed: &CentralRecord, at: u64) -> io::Result<EntryData> {
        // Deflate shrinks by at most 1032 to 1, and grows by at most a thousandth.
        let most = listed.size + listed.size / 1000 + 1024;
        if listed.compressed > most || listed.method == 0 && listed.compressed != listed.size {
            return Ok(EntryData::Unreadable("its sizes can't be right".to_owned()));
        }
        let mut bytes = vec![0; usize::try_from(listed.compressed).unwrap_or(usize::MAX)];
        read_at(&self.data, &mut bytes, at)?;
        let crc = u32::try_from(listed.crc).unwrap_or_default();
        if listed.method == 8 {
            return Ok(EntryData::Deflated { bytes, size: listed.size, crc });
        }
        let mut sum = Crc::new();
        sum.update(&bytes);
        match sum.sum() == crc {
            true => Ok(EntryData::Whole(bytes)),
            false => Ok(EntryData::Unreadable("its checksum is wrong".to_owned())),
        }
    }

    /// The first bytes of an entry that is too long for a message, as far as they can be read.
    fn head(&self, listed: &CentralRecord, at: u64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(listed.compressed.min(HEAD_BYTES)).unwrap_or_default()];
        read_at(&self.data, &mut bytes, at)?;
        if listed.method == 8 {
            let mut head = Vec::new();
            // The input is partial, so this always ends in an error.
            let _ = DeflateDecoder::new(bytes.as_slice()).take(HEAD_BYTES).read_to_end(&mut head);
            return Ok(head);
        }
        Ok(bytes)
    }

    /// Checks, after the last record, that the directory lists everything (P11).
    fn end(&self) -> io::Result<()> {
        let CentralDirectory { entries, count_wraps, start, .. } = self.directory;
        let is_count = self.count == entries || count_wraps && self.count % (1 << 16) == entries;
        if !is_count {
            return Err(broken("the zip's directory has other entries than it says"));
        }
        self.covered.check_gaps(&self.data, start)
    }
}

impl ArchiveReader for ZipReader {
    fn next(&mut self, wants_data: &dyn Fn(u64) -> bool) -> io::Result<Option<(u64, ArchiveMember)>> {
        if self.left == 0 {
            return self.end().map(|()| None);
        }
        let listed = self.listed()?;
        self.count += 1;
        let number = self.count;
        let located = self.locate(&listed);
        if located.is_ok() && listed.is_folder() {
            return Ok(Some((number, ArchiveMember::Folder)));
        }
        if let (Ok(_), Some(what)) = (&located, listed.irregular) {
            return Ok(Some((number, ArchiveMember::Irregular(what))));
        }
        let place = self.names.place(&listed.name, number);
        let data = match located {
            Err(what) => EntryData::Unreadable(what),
            Ok(at) if !wants_data(number) || listed.size > self.limit as u64 => {
                nested(&self.head(&listed, at)?).map_or(EntryData::TooLong, EntryData::Unreadable)
            }
            Ok(at) => self.load(&listed, at)?,
        };
        Ok(Some((number, ArchiveMember::File { place, data })))
    }
}

/// Inflates an entry; writes at most its stated size.
pub(in super::super) fn inflate(bytes: &[u8], size: u64, crc: u32) -> Result<Vec<u8>, &'static str> {
    let mut message = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    let mut decoder = DeflateDecoder::new(bytes);
    let read = (&mut decoder).take(size + 1).read_to_end(&mut message);
    let is_whole = read.is_ok() && message.len() as u64 == size && decoder.total_in() == bytes.len() as u64;
    if !is_whole {
        return Err("its data isn't what its sizes say");
    }
    let mut sum = Crc::new();
    sum.update(&message);
    if sum.sum() == crc { Ok(message) } else { Err("its checksum is wrong") }
}

/// The little-endian number of `bytes` bytes at `at`; 0 if out of range.
fn number(record: &[u8], at: usize, bytes: usize) -> u64 {
    let field = record.get(at..at + bytes).unwrap_or_default();
    field.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

fn broken(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
