//! Reading a tar by streaming: one header after another, each held to its checksum, nothing extracted, no length believed
//! beyond a limit (CVE-2025-62518: headers whose sizes disagree are an error, not a choice).

use std::io::{self, Read};

use tar::{EntryType, Header};

use super::super::unit::Data;
use super::archive::{Archive, Member};
use super::name::Names;
use super::open::read_at_most;

const BLOCK: u64 = 512;
/// Bytes that are read at a time behind the end.
const END_BLOCK: usize = 1 << 16;
/// Bytes of the longest extended header that is read.
const LONGEST_EXTENSION: u64 = 1 << 16;

/// Reads the entries of a tar in order.
pub(in super::super) struct TarReader<R> {
    source: R,
    limit: usize,
    names: Names,
    /// Entries so far, folders and irregular ones included.
    count: u64,
}

/// What extended headers said of the entry behind them.
#[derive(Debug, Default)]
struct Extended {
    path: Option<Vec<u8>>,
    size: Option<u64>,
}

impl<R: Read> TarReader<R> {
    /// Of a source whose messages are read up to `limit` bytes.
    pub(in super::super) fn new(source: R, limit: usize) -> Self {
        Self { source, limit, names: Names::default(), count: 0 }
    }

    fn entry(
        &mut self,
        header: &Header,
        own_size: u64,
        extended: Extended,
        wants_data: &dyn Fn(u64) -> bool,
    ) -> io::Result<(u64, Member)> {
        let size = extended.size.unwrap_or(own_size);
        // Writers leave the header's own size at zero where an extended header tells a larger one, or repeat it.
        if size != own_size && own_size != 0 {
            return Err(broken("two headers of the tar disagree on a size"));
        }
        self.count += 1;
        let number = self.count;
        let kind = header.entry_type();
        let file = matches!(kind, EntryType::Regular | EntryType::Continuous);
        let name = extended.path.unwrap_or_else(|| header.path_bytes().into_owned());
        let is_folder = kind == EntryType::Directory || file && name.ends_with(b"/");
        if !file || is_folder {
            // A link has no data, whatever its header says.
            if !matches!(kind, EntryType::Link | EntryType::Symlink) {
                self.pass(size)?;
            }
            let what = match kind {
                _ if is_folder => return Ok((number, Member::Folder)),
                EntryType::Symlink | EntryType::Link => "a link",
                EntryType::Char | EntryType::Block | EntryType::Fifo => "a device",
                EntryType::GNUSparse => "a sparse file",
                _ => "an entry of an unknown kind",
            };
            return Ok((number, Member::Irregular(what)));
        }
        let place = self.names.place(&name, number);
        let data = if !wants_data(number) || size > self.limit as u64 {
            self.pass(size)?;
            Data::TooLong
        } else {
            let data = read_at_most((&mut self.source).take(size), size, self.limit)?;
            let data = data.filter(|data| data.len() as u64 == size);
            let data = data.ok_or_else(|| broken("the tar ends within an entry"))?;
            self.skip(padding(size))?;
            Data::Whole(data)
        };
        Ok((number, Member::File { place, data }))
    }

    /// The next header, `None` where empty blocks end the archive.
    fn header(&mut self) -> io::Result<Option<Header>> {
        let mut header = Header::new_old();
        let read = (&mut self.source).take(BLOCK).read_to_end_of(header.as_mut_bytes())?;
        match read {
            // Cut between two entries it looks whole but for this.
            0 => return Err(broken("the tar has no end: it was cut")),
            512 => {}
            _ => return Err(broken("the tar ends within a header")),
        }
        if header.as_bytes().iter().all(|byte| *byte == 0) {
            return self.end().map(|()| None);
        }
        let sum = header.as_bytes().iter().enumerate().map(|(at, byte)| match at {
            // The checksum itself counts as spaces.
            148..156 => 32,
            _ => u32::from(*byte),
        });
        match header.cksum() {
            Ok(told) if told == sum.sum::<u32>() => Ok(Some(header)),
            _ => Err(broken("a header of the tar has a wrong checksum")),
        }
    }

    /// Reads what is behind the archive: nothing, for what would be passed over there would be passed over silently. A
    /// compression's checksum is at the end too.
    fn end(&mut self) -> io::Result<()> {
        let mut block = vec![0; END_BLOCK];
        loop {
            let read = (&mut self.source).read_to_end_of(&mut block)?;
            if read == 0 {
                return Ok(());
            }
            if block.get(..read).unwrap_or_default().iter().any(|byte| *byte != 0) {
                return Err(broken("something follows the end of the tar"));
            }
        }
    }

    fn extension(&mut self, size: u64) -> io::Result<Vec<u8>> {
        if size > LONGEST_EXTENSION {
            return Err(broken("an extended header of the tar is too long"));
        }
        let mut data = Vec::new();
        (&mut self.source).take(size).read_to_end(&mut data)?;
        if data.len() as u64 != size {
            return Err(broken("the tar ends within an extended header"));
        }
        self.skip(padding(size))?;
        Ok(data)
    }

    fn pass(&mut self, size: u64) -> io::Result<()> {
        let padded = size.checked_add(padding(size)).ok_or_else(|| broken("a size in the tar is none"))?;
        self.skip(padded)
    }

    fn skip(&mut self, count: u64) -> io::Result<()> {
        let skipped = io::copy(&mut (&mut self.source).take(count), &mut io::sink())?;
        if skipped == count { Ok(()) } else { Err(broken("the tar ends within an entry")) }
    }
}

impl<R: Read> Archive for TarReader<R> {
    fn next(&mut self, wants_data: &dyn Fn(u64) -> bool) -> io::Result<Option<(u64, Member)>> {
        let mut extended = Extended::default();
        loop {
            let Some(header) = self.header()? else {
                return match extended {
                    Extended { path: None, size: None } => Ok(None),
                    _ => Err(broken("the tar ends behind an extended header")),
                };
            };
            let kind = header.entry_type();
            let own_size = header.entry_size().map_err(|_| broken("a header of the tar has no readable size"))?;
            match kind {
                EntryType::XHeader => extended.read_pax(&self.extension(own_size)?)?,
                EntryType::GNULongName => {
                    let mut name = self.extension(own_size)?;
                    while name.last() == Some(&0) {
                        name.pop();
                    }
                    extended.path = Some(name);
                }
                // Of the link's target or of the whole archive: nothing that is used here.
                EntryType::GNULongLink | EntryType::XGlobalHeader => drop(self.extension(own_size)?),
                _ => return self.entry(&header, own_size, extended, wants_data).map(Some),
            }
        }
    }
}

/// Fills a buffer as far as a source goes.
trait ReadUpTo {
    fn read_to_end_of(self, into: &mut [u8]) -> io::Result<usize>;
}

impl<R: Read> ReadUpTo for R {
    fn read_to_end_of(mut self, mut into: &mut [u8]) -> io::Result<usize> {
        let wanted = into.len();
        while !into.is_empty() {
            match self.read(into) {
                Ok(0) => break,
                Ok(count) => into = into.get_mut(count..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(wanted - into.len())
    }
}

impl Extended {
    /// Records of an extended header (POSIX.1-2017, pax): `LENGTH NAME=VALUE` and a newline each.
    fn read_pax(&mut self, data: &[u8]) -> io::Result<()> {
        let malformed = || broken("an extended header of the tar is malformed");
        let mut rest = data;
        while !rest.is_empty() {
            let space = memchr::memchr(b' ', rest).ok_or_else(malformed)?;
            let digits = rest.get(..space).and_then(|digits| std::str::from_utf8(digits).ok()).ok_or_else(malformed)?;
            let length: usize = digits.parse().map_err(|_| malformed())?;
            let record = rest.get(space + 1..length).and_then(|record| record.strip_suffix(b"\n"));
            let record = record.ok_or_else(malformed)?;
            let equals = memchr::memchr(b'=', record).ok_or_else(malformed)?;
            let (name, value) = record.split_at(equals);
            let value = value.get(1..).unwrap_or_default();
            match name {
                b"path" => self.path = Some(value.to_owned()),
                b"size" => {
                    let size = std::str::from_utf8(value).ok().and_then(|size| size.parse().ok());
                    self.size = Some(size.ok_or_else(malformed)?);
                }
                // A sparse file's data isn't the file.
                _ if name.starts_with(b"GNU.sparse") => return Err(broken("the tar holds a sparse file")),
                _ => {}
            }
            rest = rest.get(length..).unwrap_or_default();
        }
        Ok(())
    }
}

/// Bytes up to the next whole block.
fn padding(size: u64) -> u64 {
    (BLOCK - size % BLOCK) % BLOCK
}

fn broken(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
