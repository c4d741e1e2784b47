//! Builds a unit's output: bytes for a stream, or staged files.

use std::io;
use std::path::Path;

use super::super::form::{BatchSyntax, Layout};
use super::super::line::{
    FAILED, FAILED_ELEMENT, FAILED_SUFFIX, WITHHELD_SUFFIX, trim_space, write_as_line, write_element_notice,
    write_json_line, write_notice,
};
use super::super::unit::OutputTarget;
use super::zip::{self, WrittenEntry};
use crate::files::{Delivery, Staging};
use dmv_redact::Reason;

/// The output of one unit, for the writer.
#[derive(Debug, Default)]
pub(in super::super) enum UnitOutput {
    #[default]
    Nothing,
    /// To append to the stream.
    Bytes(Vec<u8>),
    /// The same, with the entries for the zip's directory.
    Zip(Vec<u8>, Vec<WrittenEntry>),
    /// To put in place, one by one.
    Files(Vec<Delivery>),
}

/// Builds a [`UnitOutput`].
pub(in super::super) enum OutputBuilder<'s> {
    Nothing,
    Lines(Vec<u8>),
    Message(Vec<u8>),
    /// Each message after its separator.
    Batch(Vec<u8>, BatchSyntax),
    Tar(Box<tar::Builder<Vec<u8>>>),
    Zip(Vec<u8>, Vec<WrittenEntry>),
    Files(Vec<Delivery>, Staging<'s>),
}

impl<'s> OutputBuilder<'s> {
    pub(in super::super) fn new(target: OutputTarget, staging: Option<Staging<'s>>) -> Self {
        match (target, staging) {
            (OutputTarget::Files, Some(staging)) => Self::Files(Vec::new(), staging),
            (OutputTarget::Nowhere | OutputTarget::Files, _) => Self::Nothing,
            (OutputTarget::Stream(form), _) => match form.layout {
                Layout::Message => Self::Message(Vec::new()),
                Layout::Lines => Self::Lines(Vec::new()),
                Layout::Batch(syntax) => Self::Batch(Vec::new(), syntax),
                Layout::Tar => Self::Tar(Box::new(tar::Builder::new(Vec::new()))),
                Layout::Zip => Self::Zip(Vec::new(), Vec::new()),
            },
        }
    }

    /// The buffer of an output of lines, for a line that is written as it was read.
    pub(in super::super) fn lines(&mut self) -> Option<&mut Vec<u8>> {
        match self {
            Self::Lines(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Adds an item of a JSON batch that goes out: `item` as it stands there, and `output`, the message in it.
    pub(in super::super) fn release_item(&mut self, place: &Path, item: &[u8], output: &[u8]) -> io::Result<()> {
        match self {
            Self::Lines(bytes) => {
                write_json_line(trim_space(item), bytes);
                Ok(())
            }
            Self::Batch(bytes, syntax) => {
                write_item(*syntax, item, bytes);
                Ok(())
            }
            _ => self.release(place, output),
        }
    }

    /// Adds a message that goes out.
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
            Self::Batch(bytes, syntax) => {
                write_item(*syntax, output, bytes);
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

    /// Adds the notice for a message that doesn't go out, unless `is_dropped`.
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
        match self {
            Self::Batch(_, BatchSyntax::Xml) => write_element_notice(reason, &mut notice),
            _ => write_notice(reason, &mut notice),
        }
        self.append_notice(place, WITHHELD_SUFFIX, &notice)
    }

    /// Adds the notice for what could not be read.
    pub(in super::super) fn record_failure(&mut self, place: &Path) -> io::Result<()> {
        let notice = match self {
            Self::Batch(_, BatchSyntax::Xml) => FAILED_ELEMENT,
            _ => FAILED,
        };
        self.append_notice(place, FAILED_SUFFIX, notice)
    }

    /// Appends a notice to a stream.
    fn append_notice(&mut self, place: &Path, suffix: &str, notice: &[u8]) -> io::Result<()> {
        match self {
            Self::Nothing | Self::Message(..) | Self::Files(..) => Ok(()),
            Self::Lines(bytes) => {
                bytes.extend_from_slice(notice);
                Ok(())
            }
            Self::Batch(bytes, syntax) => {
                write_item(*syntax, notice, bytes);
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
                // For its owner only, and without a time, so that the same outputs give the same bytes (P10).
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

    /// Finishes the output.
    pub(in super::super) fn finish(self) -> io::Result<UnitOutput> {
        match self {
            Self::Nothing => Ok(UnitOutput::Nothing),
            Self::Lines(bytes) | Self::Message(bytes) | Self::Batch(bytes, _) => Ok(UnitOutput::of(bytes)),
            Self::Tar(builder) => {
                let mut bytes = builder.into_inner()?;
                bytes.truncate(bytes.len().saturating_sub(TAR_END_BYTES));
                Ok(UnitOutput::of(bytes))
            }
            Self::Zip(bytes, written) => Ok(UnitOutput::Zip(bytes, written)),
            Self::Files(deliveries, _) => Ok(UnitOutput::Files(deliveries)),
        }
    }
}

impl UnitOutput {
    fn of(bytes: Vec<u8>) -> Self {
        if bytes.is_empty() { Self::Nothing } else { Self::Bytes(bytes) }
    }
}

/// Appends an item of a batch on a line of its own. A comma is before each in an array; the stream drops the first.
fn write_item(syntax: BatchSyntax, item: &[u8], into: &mut Vec<u8>) {
    if syntax == BatchSyntax::Json {
        into.push(b',');
    }
    into.push(b'\n');
    into.extend_from_slice(trim_space(item));
}

/// Bytes of the empty blocks that end a tar: written once, after the last unit.
pub(super) const TAR_END_BYTES: usize = 1024;

/// The name of an entry, separated by `/` on every system.
fn entry_name(place: &Path) -> String {
    let parts: Vec<_> = place.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}
