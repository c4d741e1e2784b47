//! An output that many messages go to, one behind the other: a file that grows beside its place and is renamed when it is
//! whole, or a pipe.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};

use super::super::form::{Compression, Form, Layout};
use super::device::open_device;
use super::files::create_private;
use super::packer::Packer;
use super::piece::TAR_END_BYTES;
use super::{Product, zip};

/// How far a stream has come: what a journal keeps of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Mark {
    /// Bytes written.
    bytes: u64,
    /// Bytes and records of a zip's directory.
    directory: u64,
    entries: u64,
    /// Bytes that are to be compressed with what comes behind them, and in which of two files they wait meanwhile: the
    /// other holds what an earlier journal speaks of.
    rest: u64,
    is_in_second: bool,
    /// Whether a message went out: a file that is to be one message is not made without it.
    has_output: bool,
    /// Which file it grows in: no two streams of a run share one.
    part: u64,
}

/// Where an output in the making grows, in the folder of its run.
pub(in super::super) fn part_path(folder: &Path, part: u64) -> PathBuf {
    folder.join(format!("part-{part}"))
}

const DIRECTORY: &str = "directory";
const RESTS: [&str; 2] = ["rest-1", "rest-2"];

/// The stream that is being written.
pub(in super::super) struct Stream {
    form: Form,
    into: Into,
    mark: Mark,
    /// What compresses it, if it is compressed.
    packer: Option<Packer>,
}

enum Into {
    /// Stdout, a device or a named pipe; and a zip's directory so far.
    Pipe(Box<dyn Write + Send>, Vec<u8>),
    File {
        /// The folder that it grows in.
        folder: PathBuf,
        part: File,
        directory: Option<File>,
        place: PathBuf,
    },
}

impl Stream {
    /// A stream to stdout. A zip's directory is kept in memory then, and is as long as the names in it.
    pub(in super::super) fn to_stdout(form: Form) -> Self {
        Self::to_pipe(form, Box::new(io::stdout()))
    }

    /// A stream to a device or a named pipe, opened when somebody reads from it, unless the run is stopped before.
    pub(in super::super) fn to_device(form: Form, path: &Path, is_stopped: &AtomicBool) -> io::Result<Self> {
        let device = open_device(path, is_stopped);
        let device = device.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
        Ok(Self::to_pipe(form, Box::new(device)))
    }

    fn to_pipe(form: Form, pipe: Box<dyn Write + Send>) -> Self {
        Self { form, into: Into::Pipe(pipe, Vec::new()), mark: Mark::default(), packer: packer(form, Vec::new()) }
    }

    /// A stream that will be at `place`, and grows in `folder`: from the beginning as part number `part`, or on from `mark`.
    pub(in super::super) fn to_file(
        form: Form,
        folder: &Path,
        place: PathBuf,
        part: u64,
        mark: Option<Mark>,
    ) -> io::Result<Self> {
        let open = |path: PathBuf, bytes: Option<u64>| match bytes {
            None => create_private(&path),
            Some(bytes) => {
                let mut file = OpenOptions::new().write(true).open(path)?;
                if file.metadata()?.len() < bytes {
                    return Err(cut());
                }
                file.set_len(bytes)?;
                file.seek(SeekFrom::End(0))?;
                Ok(file)
            }
        };
        let file = open(part_path(folder, mark.map_or(part, |mark| mark.part)), mark.map(|mark| mark.bytes))?;
        let directory = match form.layout {
            Layout::Zip => Some(open(folder.join(DIRECTORY), mark.map(|mark| mark.directory))?),
            _ => None,
        };
        let mark = mark.unwrap_or(Mark { part, ..Mark::default() });
        let mut rest = Vec::new();
        if mark.rest > 0 {
            File::open(folder.join(rest_name(mark)))?.read_to_end(&mut rest)?;
            if rest.len() as u64 != mark.rest {
                return Err(cut());
            }
        }
        let into = Into::File { folder: folder.to_owned(), part: file, directory, place };
        Ok(Self { form, into, mark, packer: packer(form, rest) })
    }

    /// Appends what a worker made.
    pub(in super::super) fn append(&mut self, product: Product) -> io::Result<()> {
        match product {
            Product::Nothing | Product::Files(_) => Ok(()),
            Product::Bytes(bytes) => self.take(&bytes),
            Product::Zip(bytes, written) => {
                let mut directory = Vec::new();
                for entry in &written {
                    entry.list(self.mark.bytes, &mut directory);
                }
                self.take(&bytes)?;
                match &mut self.into {
                    Into::File { directory: Some(file), .. } => file.write_all(&directory)?,
                    Into::File { directory: None, .. } => {}
                    Into::Pipe(_, known) => known.extend_from_slice(&directory),
                }
                self.mark.directory += directory.len() as u64;
                self.mark.entries += written.len() as u64;
                Ok(())
            }
        }
    }

    /// Takes what goes out, compressed or not.
    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.mark.has_output |= !bytes.is_empty();
        match &mut self.packer {
            Some(packer) => {
                packer.take(bytes);
                self.write_blocks(false)
            }
            None => self.write(bytes),
        }
    }

    /// Writes the blocks that are compressed, or all there are.
    fn write_blocks(&mut self, wants_all: bool) -> io::Result<()> {
        while let Some(packer) = &mut self.packer
            && let Some(block) = packer.next(wants_all)?
        {
            self.write(&block)?;
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.into {
            Into::Pipe(pipe, _) => match pipe.write_all(bytes).and_then(|()| pipe.flush()) {
                // A reader that has seen enough of the one message there is has all it wanted.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe && self.form.layout == Layout::Message => {}
                written => written?,
            },
            Into::File { part, .. } => part.write_all(bytes)?,
        }
        self.mark.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Makes sure that what was appended survives, and says how far that is.
    pub(in super::super) fn sync(&mut self) -> io::Result<Mark> {
        self.write_blocks(true)?;
        if let Into::File { folder, part, directory, .. } = &self.into {
            if let Some(packer) = &self.packer {
                self.mark.rest = packer.rest().len() as u64;
                self.mark.is_in_second = !self.mark.is_in_second;
                let mut file = create_private(&folder.join(rest_name(self.mark)))?;
                file.write_all(packer.rest())?;
                file.sync_data()?;
            }
            part.sync_data()?;
            if let Some(directory) = directory {
                directory.sync_data()?;
            }
        }
        Ok(self.mark)
    }

    /// Writes what ends the stream and syncs it. It still has to be put in place.
    pub(in super::super) fn end(&mut self) -> io::Result<()> {
        match self.form.layout {
            Layout::Message | Layout::Lines => {}
            Layout::Tar => self.take(&[0; TAR_END_BYTES])?,
            Layout::Zip => self.end_zip()?,
        }
        // No lines at all are still a compressed file.
        if let Some(packer) = &mut self.packer
            && (self.form.layout != Layout::Message || self.mark.has_output)
        {
            packer.end();
        }
        self.sync().map(|_| ())
    }

    fn end_zip(&mut self) -> io::Result<()> {
        let Mark { bytes: start, directory: size, entries, .. } = self.mark;
        if let Into::Pipe(_, directory) = &mut self.into {
            let directory = std::mem::take(directory);
            self.write(&directory)?;
        } else if let Into::File { folder, .. } = &self.into {
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

    /// Whether there will be an output: where it is to be one message and that was refused, there is none.
    pub(in super::super) fn has_output(&self) -> bool {
        self.form.layout != Layout::Message || self.mark.has_output
    }

    /// Where the stream will be, if it is to be a file.
    pub(in super::super) fn place(&self) -> Option<PathBuf> {
        match &self.into {
            Into::File { place, .. } => Some(place.clone()),
            Into::Pipe(..) => None,
        }
    }

    /// The number of the file that it grows in.
    pub(in super::super) fn part(&self) -> u64 {
        self.mark.part
    }
}

fn packer(form: Form, rest: Vec<u8>) -> Option<Packer> {
    (form.compression != Compression::Plain).then(|| Packer::new(form.compression, rest))
}

fn rest_name(mark: Mark) -> &'static str {
    let [first, second] = RESTS;
    if mark.is_in_second { second } else { first }
}

fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the unfinished output was cut")
}
