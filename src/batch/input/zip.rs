//! Reading a zip by its directory, entry by entry, in bounded memory whatever it holds: each entry held to its own header,
//! its sizes and its checksum; nothing extracted; entries that overlap, are encrypted or tell two stories are faults.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use flate2::{Crc, read::DeflateDecoder};

use super::super::unit::Data;
use super::archive::{Archive, Member};
use super::lines::read_at;
use super::name::Names;

/// Reads the entries of a zip in the order of its directory.
pub(in super::super) struct ZipReader {
    directory: BufReader<File>,
    data: File,
    limit: usize,
    names: Names,
    /// Entries read so far, and how many there are.
    count: u64,
    entries: u64,
    /// Bytes of the directory that are left.
    left: u64,
    /// Where the directory begins: entries lie before it.
    start: u64,
    /// Where the entry before ended.
    end_of_last: u64,
}

const END: [u8; 4] = *b"PK\x05\x06";
const END_BYTES: u64 = 22;
const LONGEST_COMMENT: u64 = 0xFFFF;
const DIRECTORY: [u8; 4] = *b"PK\x01\x02";
const LOCAL: [u8; 4] = *b"PK\x03\x04";
/// A 16-bit number and a 32-bit one that say "look into the 64-bit part".
const ELSEWHERE_16: u64 = 0xFFFF;
const ELSEWHERE_32: u64 = 0xFFFF_FFFF;

/// What the directory says of an entry.
struct Listed {
    flags: u64,
    method: u64,
    crc: u32,
    compressed: u64,
    size: u64,
    offset: u64,
    is_link: bool,
    name: Vec<u8>,
}

impl ZipReader {
    /// Of a file whose messages are read up to `limit` bytes.
    pub(in super::super) fn new(mut file: File, limit: usize) -> io::Result<Self> {
        let length = file.metadata()?.len();
        let End { entries, size, start } = find_end(&mut file, length)?;
        let data = file.try_clone()?;
        file.seek(SeekFrom::Start(start))?;
        Ok(Self {
            directory: BufReader::with_capacity(1 << 16, file),
            data,
            limit,
            names: Names::default(),
            count: 0,
            entries,
            left: size,
            start,
            end_of_last: 0,
        })
    }

    /// Reads the directory's next record.
    fn listed(&mut self) -> io::Result<Listed> {
        let mut record = [0; 46];
        self.take(&mut record)?;
        if !record.starts_with(&DIRECTORY) {
            return Err(broken("the zip's directory is malformed"));
        }
        let field = |at: usize, bytes: usize| number(&record, at, bytes);
        let mut name = vec![0; usize::try_from(field(28, 2)).unwrap_or_default()];
        self.take(&mut name)?;
        let mut extra = vec![0; usize::try_from(field(30, 2)).unwrap_or_default()];
        self.take(&mut extra)?;
        let mut comment = vec![0; usize::try_from(field(32, 2)).unwrap_or_default()];
        self.take(&mut comment)?;
        let mut wide = Wide::of(&extra);
        let size = wide.or(field(24, 4))?;
        let compressed = wide.or(field(20, 4))?;
        let offset = wide.or(field(42, 4))?;
        let made_on_unix = field(5, 1) == 3;
        Ok(Listed {
            flags: field(8, 2),
            method: field(10, 2),
            crc: u32::try_from(field(16, 4)).unwrap_or_default(),
            compressed,
            size,
            offset,
            is_link: made_on_unix && field(40, 2) & 0o170_000 == 0o120_000,
            name,
        })
    }

    fn take(&mut self, into: &mut [u8]) -> io::Result<()> {
        let length = into.len() as u64;
        self.left = self.left.checked_sub(length).ok_or_else(|| broken("the zip's directory is cut"))?;
        self.directory.read_exact(into)
    }

    /// Holds the entry's own header to the directory, and gives where its data begins.
    fn check(&mut self, listed: &Listed) -> Result<u64, &'static str> {
        const ENCRYPTED: u64 = 1;
        const SIZES_FOLLOW: u64 = 8;
        if listed.flags & ENCRYPTED != 0 {
            return Err("it is encrypted");
        }
        if !matches!(listed.method, 0 | 8) {
            return Err("it is compressed in an unknown way");
        }
        let mut header = [0; 30];
        read_at(&self.data, &mut header, listed.offset).map_err(|_| "it lies outside of the archive")?;
        let field = |at: usize, bytes: usize| number(&header, at, bytes);
        let name_bytes = field(26, 2);
        let mut rest = vec![0; usize::try_from(name_bytes + field(28, 2)).unwrap_or_default()];
        read_at(&self.data, &mut rest, listed.offset + 30).map_err(|_| "it lies outside of the archive")?;
        let (name, extra) = rest.split_at(usize::try_from(name_bytes).unwrap_or_default());
        let mut wide = Wide::of(extra);
        let told = |value: u64, wide: &mut Wide<'_>| wide.or(value).unwrap_or(u64::MAX);
        let (size, compressed) = (told(field(22, 4), &mut wide), told(field(18, 4), &mut wide));
        let sizes_follow = field(6, 2) & SIZES_FOLLOW != 0;
        let agrees = header.starts_with(&LOCAL)
            && name == listed.name
            && field(8, 2) == listed.method
            && field(6, 2) & ENCRYPTED == 0
            && (sizes_follow && size == 0 && compressed == 0
                || size == listed.size && compressed == listed.compressed && field(14, 4) == u64::from(listed.crc));
        if !agrees {
            return Err("its header and the archive's directory disagree");
        }
        let at = listed.offset + 30 + rest.len() as u64;
        let end = at.checked_add(listed.compressed).filter(|end| *end <= self.start);
        let Some(end) = end else { return Err("it lies outside of the archive") };
        if listed.offset < self.end_of_last {
            return Err("it overlaps the entry before it");
        }
        self.end_of_last = end;
        Ok(at)
    }

    fn load(&self, listed: &Listed, at: u64) -> io::Result<Data> {
        // Deflate can't shrink by more than 1032 to 1, nor need it grow by more than a thousandth.
        let most = listed.size + listed.size / 1000 + 1024;
        if listed.compressed > most || listed.method == 0 && listed.compressed != listed.size {
            return Ok(Data::Fault("its sizes can't be right".to_owned()));
        }
        let mut bytes = vec![0; usize::try_from(listed.compressed).unwrap_or(usize::MAX)];
        read_at(&self.data, &mut bytes, at)?;
        if listed.method == 8 {
            return Ok(Data::Deflated { bytes, size: listed.size, crc: listed.crc });
        }
        let mut crc = Crc::new();
        crc.update(&bytes);
        match crc.sum() == listed.crc {
            true => Ok(Data::Whole(bytes)),
            false => Ok(Data::Fault("its checksum is wrong".to_owned())),
        }
    }
}

impl Archive for ZipReader {
    fn next(&mut self, wants_data: &dyn Fn(u64) -> bool) -> io::Result<Option<(u64, Member)>> {
        if self.left == 0 {
            return match self.count == self.entries {
                true => Ok(None),
                false => Err(broken("the zip's directory has other entries than it says")),
            };
        }
        let listed = self.listed()?;
        self.count += 1;
        let number = self.count;
        if listed.name.ends_with(b"/") && listed.size == 0 {
            return Ok(Some((number, Member::Folder)));
        }
        if listed.is_link {
            return Ok(Some((number, Member::Irregular("a link"))));
        }
        let place = self.names.place(&listed.name, number);
        let data = match self.check(&listed) {
            Err(what) => Data::Fault(what.to_owned()),
            Ok(_) if !wants_data(number) || listed.size > self.limit as u64 => Data::TooLong,
            Ok(at) => self.load(&listed, at)?,
        };
        Ok(Some((number, Member::File { place, data })))
    }
}

/// Inflates an entry; no more than it is said to be is ever written.
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

/// Where the directory is.
struct End {
    entries: u64,
    size: u64,
    start: u64,
}

/// Finds the end record: it must end the file, its comment included.
fn find_end(file: &mut File, length: u64) -> io::Result<End> {
    let tail_bytes = length.min(END_BYTES + LONGEST_COMMENT);
    let mut tail = vec![0; usize::try_from(tail_bytes).unwrap_or_default()];
    read_at(file, &mut tail, length - tail_bytes)?;
    let at = memchr::memmem::rfind_iter(&tail, &END).find(|at| {
        let comment = number(&tail, at + 20, 2);
        (at + 22) as u64 + comment == tail_bytes
    });
    let at = at.ok_or_else(|| broken("the zip has no end"))?;
    let record = tail.get(at..).unwrap_or_default();
    let (entries, size, start) = (number(record, 10, 2), number(record, 12, 4), number(record, 16, 4));
    let end_at = length - tail_bytes + at as u64;
    let needs_wide = entries == ELSEWHERE_16 || size == ELSEWHERE_32 || start == ELSEWHERE_32;
    let (end, limit) = match needs_wide {
        true => find_wide_end(file, end_at)?,
        false => (End { entries, size, start }, end_at),
    };
    match end.start.checked_add(end.size) {
        Some(directory_end) if directory_end <= limit => Ok(end),
        _ => Err(broken("the zip's directory lies outside of it")),
    }
}

/// The end record of zips with more than 65,535 entries or 4 GiB, and where that begins.
fn find_wide_end(file: &File, end_at: u64) -> io::Result<(End, u64)> {
    let wrong = || broken("the zip's 64-bit end is malformed");
    let mut locator = [0; 20];
    read_at(file, &mut locator, end_at.checked_sub(20).ok_or_else(wrong)?)?;
    let at = number(&locator, 8, 8);
    let mut record = [0; 56];
    if !locator.starts_with(b"PK\x06\x07") || at > end_at {
        return Err(wrong());
    }
    read_at(file, &mut record, at)?;
    if !record.starts_with(b"PK\x06\x06") {
        return Err(wrong());
    }
    let end = End { entries: number(&record, 32, 8), size: number(&record, 40, 8), start: number(&record, 48, 8) };
    Ok((end, at))
}

/// The 64-bit values of an extra field, in their order.
struct Wide<'a>(&'a [u8]);

impl<'a> Wide<'a> {
    fn of(extra: &'a [u8]) -> Self {
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

    /// The 32-bit value, or the next wide one where it stands for that.
    fn or(&mut self, value: u64) -> io::Result<u64> {
        if value != ELSEWHERE_32 {
            return Ok(value);
        }
        let (wide, rest) = self.0.split_at_checked(8).ok_or_else(|| broken("the zip's directory is malformed"))?;
        self.0 = rest;
        Ok(number(wide, 0, 8))
    }
}

/// The little-endian number of `bytes` bytes at `at`; 0 where there is none.
fn number(record: &[u8], at: usize, bytes: usize) -> u64 {
    let field = record.get(at..at + bytes).unwrap_or_default();
    field.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

fn broken(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
