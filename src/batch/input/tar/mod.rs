//! Reading a tar by streaming: one header after another, each held to its checksum, nothing extracted, no length believed
//! beyond a limit (CVE-2025-62518: headers whose sizes disagree are an error, not a choice).

mod header;

use std::io::{self, Read};

use tar::{EntryType, Header};

use super::super::unit::Data;
use super::archive::{Archive, Member};
use super::containers::{header_sum, nested};
use super::name::Names;
use super::open::read_at_most;
use header::{Extended, Kind, own_size};

const BLOCK: u64 = 512;
/// Bytes that are read at a time behind the end.
const END_BLOCK: usize = 1 << 16;
/// Bytes of the longest extended header that is read.
const LONGEST_EXTENSION: u64 = 1 << 20;

/// Reads the entries of a tar in order.
pub(in super::super) struct TarReader<R> {
    source: R,
    limit: usize,
    names: Names,
    /// Entries so far, folders and irregular ones included.
    count: u64,
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
        let kind = Kind::of(header, &extended);
        let name = extended.path.unwrap_or_else(|| header.path_bytes().into_owned());
        if !matches!(kind, Kind::File | Kind::List | Kind::Unreadable(_)) && size != 0 {
            // Some tars store data here and some don't: what follows is an entry for the one and data for the other.
            return Err(broken("an entry of the tar that has no data says that it has"));
        }
        let data = match kind {
            Kind::Folder | Kind::Label => return Ok((number, Member::Folder)),
            // The oldest tars have no other mark of a folder.
            Kind::File if name.ends_with(b"/") && size == 0 => return Ok((number, Member::Folder)),
            Kind::List => {
                self.pass(size)?;
                return Ok((number, Member::Irregular("a list of a folder's names")));
            }
            Kind::Without(what) => return Ok((number, Member::Irregular(what))),
            Kind::Unreadable(what) => {
                self.pass_sparse_map(header)?;
                self.pass(size)?;
                Data::Fault(what.to_owned())
            }
            Kind::File if !wants_data(number) || size > self.limit as u64 => self.too_long(size)?,
            Kind::File => {
                let data = read_at_most((&mut self.source).take(size), size, self.limit)?;
                let data = data.filter(|data| data.len() as u64 == size);
                let data = data.ok_or_else(|| broken("the tar ends within an entry"))?;
                self.skip(padding(size))?;
                Data::Whole(data)
            }
        };
        Ok((number, Member::File { place: self.names.place(&name, number), data }))
    }

    /// Passes over the blocks in which an old GNU tar continues the list of a sparse file's parts.
    fn pass_sparse_map(&mut self, header: &Header) -> io::Result<()> {
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
        match header_sum(header.as_bytes()) {
            Some((said, sum)) if said == sum => Ok(Some(header)),
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

    /// Passes over what is too long for a message, having looked whether it is a container.
    fn too_long(&mut self, size: u64) -> io::Result<Data> {
        let mut head = Vec::new();
        let read = (&mut self.source).take(size.min(BLOCK)).read_to_end(&mut head)? as u64;
        let rest = size.saturating_add(padding(size)).checked_sub(read);
        self.skip(rest.unwrap_or_default())?;
        Ok(nested(&head).map_or(Data::TooLong, Data::Fault))
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
                return match extended == Extended::default() {
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
                // A link's target: nothing that is used here.
                EntryType::GNULongLink => drop(self.extension(own_size)?),
                EntryType::XGlobalHeader => {
                    let mut of_all = Extended::default();
                    of_all.read_pax(&self.extension(own_size)?)?;
                    if of_all != Extended::default() {
                        return Err(broken("a header of the whole tar says what only one of an entry can"));
                    }
                }
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

/// Bytes up to the next whole block.
fn padding(size: u64) -> u64 {
    (BLOCK - size % BLOCK) % BLOCK
}

fn broken(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
