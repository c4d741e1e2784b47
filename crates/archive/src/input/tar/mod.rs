//! Reads a tar as a stream: each header is checked against its checksum, nothing is extracted, no length is trusted
//! beyond a limit (CVE-2025-62518: headers whose sizes disagree are an error, not a choice).

mod header;

use std::io::{self, Read};

use tar::{EntryType, Header};

use super::super::unit::EntryData;
use super::archive::{ArchiveMember, ArchiveReader};
use super::containers::{header_sum, nested};
use super::name::EntryNames;
use super::open::read_at_most;
use header::{EntryKind, ExtendedHeader, own_size};

const BLOCK: u64 = 512;
/// Size of a read after the end.
const END_BLOCK: usize = 1 << 16;
/// Maximum length of an extended header.
const MAX_EXTENSION_BYTES: u64 = 1 << 20;

/// Reads the entries of a tar in order.
pub(in super::super) struct TarReader<R> {
    source: R,
    limit: usize,
    names: EntryNames,
    /// Entries so far, folders and irregular ones included.
    count: u64,
}

impl<R: Read> TarReader<R> {
    /// Reads messages of up to `limit` bytes.
    pub(in super::super) fn new(source: R, limit: usize) -> Self {
        Self { source, limit, names: EntryNames::default(), count: 0 }
    }

    fn entry(
        &mut self,
        header: &Header,
        own_size: u64,
        extended: ExtendedHeader,
        wants_data: &dyn Fn(u64) -> bool,
    ) -> io::Result<(u64, ArchiveMember)> {
        let size = extended.size.unwrap_or(own_size);
        // Writers leave the header's own size at zero where an extended header has a larger one, or repeat it.
        if size != own_size && own_size != 0 {
            return Err(broken("two headers of the tar disagree on a size"));
        }
        self.count += 1;
        let number = self.count;
        let kind = EntryKind::of(header, &extended);
        let name = extended.path.unwrap_or_else(|| header.path_bytes().into_owned());
        if !matches!(kind, EntryKind::File | EntryKind::FolderList | EntryKind::Unreadable(_)) && size != 0 {
            // Whether data follows differs between tar programs: what follows is an entry for one and data for another
            // (P3).
            return Err(broken("an entry of the tar that has no data says that it has"));
        }
        let data = match kind {
            EntryKind::Folder | EntryKind::VolumeLabel => return Ok((number, ArchiveMember::Folder)),
            // The oldest tars mark a folder only by its name.
            EntryKind::File if name.ends_with(b"/") && size == 0 => return Ok((number, ArchiveMember::Folder)),
            EntryKind::FolderList => {
                self.skip_padded(size)?;
                return Ok((number, ArchiveMember::Irregular("a list of a folder's names")));
            }
            EntryKind::NoData(what) => return Ok((number, ArchiveMember::Irregular(what))),
            EntryKind::Unreadable(what) => {
                self.skip_sparse_map(header)?;
                self.skip_padded(size)?;
                EntryData::Unreadable(what.to_owned())
            }
            EntryKind::File if !wants_data(number) || size > self.limit as u64 => self.too_long(size)?,
            EntryKind::File => {
                let data = read_at_most((&mut self.source).take(size), size, self.limit)?;
                let data = data.filter(|data| data.len() as u64 == size);
                let data = data.ok_or_else(|| broken("the tar ends within an entry"))?;
                self.skip(padding(size))?;
                EntryData::Whole(data)
            }
        };
        Ok((number, ArchiveMember::File { place: self.names.place(&name, number), data }))
    }

    /// Skips the blocks in which an old GNU tar continues a sparse file's map.
    fn skip_sparse_map(&mut self, header: &Header) -> io::Result<()> {
        const CONTINUES: usize = 504;
        if header.entry_type() != EntryType::GNUSparse {
            return Ok(());
        }
        let header = header.as_gnu().ok_or_else(|| broken("a sparse file of the tar has an unknown header"))?;
        let mut block = [0; BLOCK as usize];
        let mut continues = header.is_extended();
        while continues {
            if (&mut self.source).read_to_end_of(&mut block)? < block.len() {
                return Err(broken("the tar ends within a header"));
            }
            continues = block.get(CONTINUES).is_some_and(|flag| *flag != 0);
        }
        Ok(())
    }

    /// Reads the next header; `None` where empty blocks end the archive.
    fn header(&mut self) -> io::Result<Option<Header>> {
        let mut header = Header::new_old();
        let read = (&mut self.source).take(BLOCK).read_to_end_of(header.as_mut_bytes())?;
        match read {
            // A tar truncated between two entries lacks only its end.
            0 => return Err(broken("the tar has no end: it was cut")),
            512 => {}
            _ => return Err(broken("the tar ends within a header")),
        }
        if header.as_bytes().iter().all(|byte| *byte == 0) {
            return self.end().map(|()| None);
        }
        match header_sum(header.as_bytes()) {
            Some((stated, sum)) if stated == sum => Ok(Some(header)),
            _ => Err(broken("a header of the tar has a wrong checksum")),
        }
    }

    /// Reads up to the end of the source, because anything after the archive would be dropped silently (P11), and a
    /// compression's checksum is at its end.
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
        if size > MAX_EXTENSION_BYTES {
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

    /// Skips an entry that is too long for a message, after checking whether it is a container.
    fn too_long(&mut self, size: u64) -> io::Result<EntryData> {
        let mut head = Vec::new();
        let read = (&mut self.source).take(size.min(BLOCK)).read_to_end(&mut head)? as u64;
        let rest = size.saturating_add(padding(size)).checked_sub(read);
        self.skip(rest.unwrap_or_default())?;
        Ok(nested(&head).map_or(EntryData::TooLong, EntryData::Unreadable))
    }

    fn skip_padded(&mut self, size: u64) -> io::Result<()> {
        let padded = size.checked_add(padding(size)).ok_or_else(|| broken("a size in the tar is none"))?;
        self.skip(padded)
    }

    fn skip(&mut self, count: u64) -> io::Result<()> {
        let skipped = io::copy(&mut (&mut self.source).take(count), &mut io::sink())?;
        if skipped == count { Ok(()) } else { Err(broken("the tar ends within an entry")) }
    }
}

impl<R: Read> ArchiveReader for TarReader<R> {
    fn next(&mut self, wants_data: &dyn Fn(u64) -> bool) -> io::Result<Option<(u64, ArchiveMember)>> {
        let mut extended = ExtendedHeader::default();
        loop {
            let Some(header) = self.header()? else {
                return match extended == ExtendedHeader::default() {
                    true => Ok(None),
                    false => Err(broken("the tar ends after an extended header")),
                };
            };
            let kind = header.entry_type();
            let own_size = own_size(&header)?;
            match kind {
                EntryType::XHeader => extended.read_pax(&self.extension(own_size)?)?,
                EntryType::GNULongName => {
                    let mut name = self.extension(own_size)?;
                    while name.last() == Some(&0) {
                        name.pop();
                    }
                    extended.path = Some(name);
                }
                // A link's target isn't used.
                EntryType::GNULongLink => drop(self.extension(own_size)?),
                EntryType::XGlobalHeader => {
                    let mut global = ExtendedHeader::default();
                    global.read_pax(&self.extension(own_size)?)?;
                    if global != ExtendedHeader::default() {
                        return Err(broken("a header of the whole tar says what only one of an entry can"));
                    }
                }
                _ => return self.entry(&header, own_size, extended, wants_data).map(Some),
            }
        }
    }
}

/// Fills a buffer until it is full or the source ends.
trait ReadUpTo {
    fn read_to_end_of(self, into: &mut [u8]) -> io::Result<usize>;
}

impl<R: Read> ReadUpTo for R {
    fn read_to_end_of(mut self, mut into: &mut [u8]) -> io::Result<usize> {
        let requested = into.len();
        while !into.is_empty() {
            match self.read(into) {
                Ok(0) => break,
                Ok(count) => into = into.get_mut(count..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(requested - into.len())
    }
}

/// Bytes up to the next block boundary.
fn padding(size: u64) -> u64 {
    (BLOCK - size % BLOCK) % BLOCK
}

fn broken(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
