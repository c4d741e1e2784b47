//! An output stream of many messages: a file that grows in the state folder and is renamed when it is complete, or a
//! pipe.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};

use super::super::document::BatchFrame;
use super::super::form::{ArchiveForm, BatchSyntax, Compression, Layout};
use super::builder::TAR_END_BYTES;
use super::device::open_device;
use super::packer::Packer;
use super::{UnitOutput, zip};
use crate::files::create_private;

/// The progress of a stream, for the journal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct StreamPosition {
    /// Bytes written.
    bytes: u64,
    /// Bytes and records of a zip's directory.
    directory: u64,
    entries: u64,
    /// Bytes of an unfinished block to compress, and which of two files holds them: the other one belongs to the
    /// previous journal.
    #[serde(rename = "rest")]
    pending: u64,
    is_in_second: bool,
    /// Whether a message went out: without one, a single-message file isn't made.
    has_output: bool,
    /// Number of its part file, unique in a run.
    part: u64,
    /// Whether a batch has an item.
    #[serde(default)]
    has_items: bool,
}

/// The part file in which an output grows.
pub(in super::super) fn part_path(folder: &Path, part: u64) -> PathBuf {
    folder.join(format!("part-{part}"))
}

const DIRECTORY: &str = "directory";
const PENDING_FILES: [&str; 2] = ["rest-1", "rest-2"];

/// An output stream.
pub(in super::super) struct Stream {
    form: ArchiveForm,
    sink: Sink,
    position: StreamPosition,
    /// Compresses it, if it is compressed.
    packer: Option<Packer>,
    /// What ends a batch.
    tail: Vec<u8>,
}

enum Sink {
    /// Stdout, a device or a named pipe, with a zip's directory so far.
    Pipe(Box<dyn Write + Send>, Vec<u8>),
    File {
        /// The folder in which it grows.
        folder: PathBuf,
        part: File,
        directory: Option<File>,
        place: PathBuf,
    },
}

impl Stream {
    /// A stream to stdout. A zip's directory is kept in memory, as long as all its names.
    pub(in super::super) fn to_stdout(form: ArchiveForm) -> Self {
        Self::to_pipe(form, Box::new(io::stdout()))
    }

    /// A stream to a device or a named pipe, opened when it has a reader, unless the run is stopped before.
    pub(in super::super) fn to_device(form: ArchiveForm, path: &Path, is_stopped: &AtomicBool) -> io::Result<Self> {
        let device = open_device(path, is_stopped);
        let device = device.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
        Ok(Self::to_pipe(form, Box::new(device)))
    }

    fn to_pipe(form: ArchiveForm, pipe: Box<dyn Write + Send>) -> Self {
        Self {
            form,
            sink: Sink::Pipe(pipe, Vec::new()),
            position: StreamPosition::default(),
            packer: packer(form, Vec::new()),
            tail: Vec::new(),
        }
    }

    /// Writes what is around the items of a batch: the head now, unless the stream is resumed after it.
    pub(in super::super) fn frame(&mut self, frame: BatchFrame, is_resumed: bool) -> io::Result<()> {
        let (open, close): (&[u8], &[u8]) = match frame.syntax {
            BatchSyntax::Json => (b"[", b"\n]"),
            BatchSyntax::Xml => (b"", b"\n"),
        };
        self.tail = [close, &frame.tail, b"\n"].concat();
        if is_resumed { Ok(()) } else { self.take(&[&frame.head, open].concat()) }
    }

    /// A stream that ends up at `place` and grows in `folder`: a new one as part number `part`, or a resumed one from
    /// `position`.
    pub(in super::super) fn to_file(
        form: ArchiveForm,
        folder: &Path,
        place: PathBuf,
        part: u64,
        position: Option<StreamPosition>,
    ) -> io::Result<Self> {
        let file = open_growing(
            &part_path(folder, position.map_or(part, |position| position.part)),
            position.map(|position| position.bytes),
        )?;
        let directory = match form.layout {
            Layout::Zip => Some(open_growing(&folder.join(DIRECTORY), position.map(|position| position.directory))?),
            _ => None,
        };
        let position = position.unwrap_or(StreamPosition { part, ..StreamPosition::default() });
        let mut pending = Vec::new();
        if position.pending > 0 {
            File::open(folder.join(pending_file(position)))?.read_to_end(&mut pending)?;
            if pending.len() as u64 != position.pending {
                return Err(truncated());
            }
        }
        let sink = Sink::File { folder: folder.to_owned(), part: file, directory, place };
        Ok(Self { form, sink, position, packer: packer(form, pending), tail: Vec::new() })
    }

    /// Appends the output of a unit.
    pub(in super::super) fn append(&mut self, product: UnitOutput) -> io::Result<()> {
        match product {
            UnitOutput::Nothing | UnitOutput::Files(_) => Ok(()),
            UnitOutput::Bytes(bytes) => {
                let is_first = !std::mem::replace(&mut self.position.has_items, true);
                let separator: &[u8] = match self.form.layout {
                    Layout::Batch(BatchSyntax::Json) if is_first => b",",
                    _ => b"",
                };
                self.take(bytes.strip_prefix(separator).unwrap_or(&bytes))
            }
            UnitOutput::Zip(bytes, written) => {
                let mut directory = Vec::new();
                for entry in &written {
                    entry.list(self.position.bytes, &mut directory);
                }
                self.take(&bytes)?;
                match &mut self.sink {
                    Sink::File { directory: Some(file), .. } => file.write_all(&directory)?,
                    Sink::File { directory: None, .. } => {}
                    Sink::Pipe(_, known) => known.extend_from_slice(&directory),
                }
                self.position.directory += directory.len() as u64;
                self.position.entries += written.len() as u64;
                Ok(())
            }
        }
    }

    /// Appends bytes, compressed or not.
    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.position.has_output |= !bytes.is_empty();
        match &mut self.packer {
            Some(packer) => {
                packer.take(bytes);
                self.write_blocks(false)
            }
            None => self.write(bytes),
        }
    }

    /// Writes the blocks that are compressed; waits for all of them with `wait_for_all`.
    fn write_blocks(&mut self, wait_for_all: bool) -> io::Result<()> {
        while let Some(packer) = &mut self.packer
            && let Some(block) = packer.next(wait_for_all)?
        {
            self.write(&block)?;
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.sink {
            Sink::Pipe(pipe, _) => match pipe.write_all(bytes).and_then(|()| pipe.flush()) {
                // A reader may close the pipe early after a single message.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe && self.form.layout == Layout::Message => {}
                written => written?,
            },
            Sink::File { part, .. } => part.write_all(bytes)?,
        }
        self.position.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Syncs what was appended, and returns the position.
    pub(in super::super) fn sync(&mut self) -> io::Result<StreamPosition> {
        self.write_blocks(true)?;
        if let Sink::File { folder, part, directory, .. } = &self.sink {
            if let Some(packer) = &self.packer {
                self.position.pending = packer.pending().len() as u64;
                self.position.is_in_second = !self.position.is_in_second;
                let mut file = create_private(&folder.join(pending_file(self.position)))?;
                file.write_all(packer.pending())?;
                file.sync_data()?;
            }
            part.sync_data()?;
            if let Some(directory) = directory {
                directory.sync_data()?;
            }
        }
        Ok(self.position)
    }

    /// Writes the end of the stream and syncs it. It isn't in place yet.
    pub(in super::super) fn end(&mut self) -> io::Result<()> {
        match self.form.layout {
            Layout::Message | Layout::Lines => {}
            Layout::Batch(_) => {
                let tail = std::mem::take(&mut self.tail);
                self.take(&tail)?;
            }
            Layout::Tar => self.take(&[0; TAR_END_BYTES])?,
            Layout::Zip => self.end_zip()?,
        }
        // An output without lines is still a valid compressed file.
        if let Some(packer) = &mut self.packer
            && (self.form.layout != Layout::Message || self.position.has_output)
        {
            packer.end();
        }
        self.sync().map(|_| ())
    }

    fn end_zip(&mut self) -> io::Result<()> {
        let StreamPosition { bytes: start, directory: size, entries, .. } = self.position;
        if let Sink::Pipe(_, directory) = &mut self.sink {
            let directory = std::mem::take(directory);
            self.write(&directory)?;
        } else if let Sink::File { folder, .. } = &self.sink {
            let mut directory = File::open(folder.join(DIRECTORY))?.take(size);
            let mut block = vec![0; 1 << 16];
            loop {
                let count = directory.read(&mut block)?;
                if count == 0 {
                    break;
                }
                self.write(block.get(..count).unwrap_or_default())?;
            }
        }
        self.write(&zip::end(entries, size, start))
    }

    /// Whether there is an output: for a single message that was refused, there is none.
    pub(in super::super) fn has_output(&self) -> bool {
        self.form.layout != Layout::Message || self.position.has_output
    }

    /// Its final path, if it is a file.
    pub(in super::super) fn place(&self) -> Option<PathBuf> {
        match &self.sink {
            Sink::File { place, .. } => Some(place.clone()),
            Sink::Pipe(..) => None,
        }
    }

    /// The number of its part file.
    pub(in super::super) fn part(&self) -> u64 {
        self.position.part
    }
}

fn packer(form: ArchiveForm, pending: Vec<u8>) -> Option<Packer> {
    (form.compression != Compression::Plain).then(|| Packer::new(form.compression, pending))
}

fn pending_file(position: StreamPosition) -> &'static str {
    let [first, second] = PENDING_FILES;
    if position.is_in_second { second } else { first }
}

fn truncated() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the unfinished output was cut")
}

/// Opens a file to append to: a new one, or one that is cut to the bytes that a journal knows.
fn open_growing(path: &Path, bytes: Option<u64>) -> io::Result<File> {
    let Some(bytes) = bytes else { return create_private(path) };
    let mut file = OpenOptions::new().write(true).open(path)?;
    if file.metadata()?.len() < bytes {
        return Err(truncated());
    }
    file.set_len(bytes)?;
    file.seek(SeekFrom::End(0))?;
    Ok(file)
}
