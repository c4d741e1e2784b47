//! What a worker makes of a unit's outputs: a piece of the stream that they go to, or files that wait to be put in place.

use std::io;
use std::path::Path;

use super::super::form::Layout;
use super::super::line::{FAILED, FAILED_SUFFIX, WITHHELD_SUFFIX, write_as_line, write_notice};
use super::super::unit::Target;
use super::zip::{self, Written};
use super::{Delivery, Staging};
use crate::Reason;

/// The outputs of one unit, as the writer takes them.
#[derive(Debug, Default)]
pub(in super::super) enum Product {
    #[default]
    Nothing,
    /// To be appended to the stream.
    Bytes(Vec<u8>),
    /// The same, and what of it belongs in the zip's directory.
    Zip(Vec<u8>, Vec<Written>),
    /// To be put in place, one by one.
    Files(Vec<Delivery>),
}

/// A product in the making.
pub(in super::super) enum Piece<'s> {
    Nothing,
    Lines(Vec<u8>),
    Message(Vec<u8>),
    Tar(Box<tar::Builder<Vec<u8>>>),
    Zip(Vec<u8>, Vec<Written>),
    Files(Vec<Delivery>, Staging<'s>),
}

impl<'s> Piece<'s> {
    pub(in super::super) fn new(target: Target, staging: Option<Staging<'s>>) -> Self {
        match (target, staging) {
            (Target::Files, Some(staging)) => Self::Files(Vec::new(), staging),
            (Target::Nowhere | Target::Files, _) => Self::Nothing,
            (Target::Stream(form), _) => match form.layout {
                Layout::Message => Self::Message(Vec::new()),
                Layout::Lines => Self::Lines(Vec::new()),
                Layout::Tar => Self::Tar(Box::new(tar::Builder::new(Vec::new()))),
                Layout::Zip => Self::Zip(Vec::new(), Vec::new()),
            },
        }
    }

    /// The buffer of a piece of lines, which a line is written into as it was read.
    pub(in super::super) fn lines(&mut self) -> Option<&mut Vec<u8>> {
        match self {
            Self::Lines(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Takes a message that goes out.
    pub(in super::super) fn release(&mut self, place: &Path, output: &[u8]) -> io::Result<()> {
        match self {
            Self::Nothing => Ok(()),
            Self::Lines(bytes) => {
                write_as_line(output, bytes);
                Ok(())
            }
            Self::Message(bytes) => {
                bytes.extend_from_slice(output);
                Ok(())
            }
            Self::Files(deliveries, staging) => {
                let staged = staging.stage(deliveries.len(), output)?;
                deliveries.push(Delivery { place: place.to_owned(), staged: Some(staged) });
                Ok(())
            }
            Self::Tar(..) | Self::Zip(..) => self.append(place, output),
        }
    }

    /// Takes a message that doesn't: with a notice, unless `is_dropped`.
    pub(in super::super) fn refuse(
        &mut self,
        place: &Path,
        reason: Option<Reason>,
        is_dropped: bool,
    ) -> io::Result<()> {
        if let Self::Files(deliveries, _) = self {
            deliveries.push(Delivery { place: place.to_owned(), staged: None });
            return Ok(());
        }
        if is_dropped {
            return Ok(());
        }
        let mut notice = Vec::new();
        write_notice(reason, &mut notice);
        self.notify(place, WITHHELD_SUFFIX, &notice)
    }

    /// Takes note of what could not be read.
    pub(in super::super) fn miss(&mut self, place: &Path) -> io::Result<()> {
        self.notify(place, FAILED_SUFFIX, FAILED)
    }

    /// Appends a notice where messages lie behind one another.
    fn notify(&mut self, place: &Path, suffix: &str, notice: &[u8]) -> io::Result<()> {
        match self {
            Self::Nothing | Self::Message(..) | Self::Files(..) => Ok(()),
            Self::Lines(bytes) => {
                bytes.extend_from_slice(notice);
                Ok(())
            }
            Self::Tar(..) | Self::Zip(..) => {
                let mut name = place.as_os_str().to_owned();
                name.push(suffix);
                self.append(Path::new(&name), notice)
            }
        }
    }

    /// Appends an entry to an archive.
    fn append(&mut self, place: &Path, data: &[u8]) -> io::Result<()> {
        match self {
            Self::Tar(builder) => {
                let mut header = tar::Header::new_gnu();
                header.set_size(data.len() as u64);
                // For its owner only; when it was written is nobody's matter.
                header.set_mode(0o600);
                builder.append_data(&mut header, place, data)
            }
            Self::Zip(bytes, written) => {
                written.push(zip::append(bytes, entry_name(place), data)?);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The finished product.
    pub(in super::super) fn finish(self) -> io::Result<Product> {
        let product = |bytes: Vec<u8>| if bytes.is_empty() { Product::Nothing } else { Product::Bytes(bytes) };
        match self {
            Self::Nothing => Ok(Product::Nothing),
            Self::Lines(bytes) | Self::Message(bytes) => Ok(product(bytes)),
            Self::Tar(builder) => {
                let mut bytes = builder.into_inner()?;
                bytes.truncate(bytes.len().saturating_sub(TAR_END_BYTES));
                Ok(product(bytes))
            }
            Self::Zip(bytes, written) => Ok(Product::Zip(bytes, written)),
            Self::Files(deliveries, _) => Ok(Product::Files(deliveries)),
        }
    }
}

/// Bytes of the empty blocks that end a tar: they come once, behind the last piece.
pub(super) const TAR_END_BYTES: usize = 1024;

/// The name of an entry, with `/` between its parts on every system.
fn entry_name(place: &Path) -> String {
    let parts: Vec<_> = place.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}
