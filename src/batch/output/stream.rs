//! An output that many messages go to, one behind the other: a file that grows beside its place and is renamed when it is
//! whole, or a pipe.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::super::form::{Compression, Form, Layout};
use super::files::create_private;
use super::piece::TAR_END_BYTES;
use super::{Product, compress, zip};

/// How far a stream has come: what a journal keeps of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Mark {
    /// Bytes written.
    bytes: u64,
    /// Bytes and records of a zip's directory.
    directory: u64,
    entries: u64,
    /// Whether a message went out: a file that is to be one message is not made without it.
    has_output: bool,
}

/// The stream that is being written.
pub(in super::super) struct Stream {
    form: Form,
    into: Into,
    mark: Mark,
}

enum Into {
    /// Stdout, and a zip's directory so far.
    Stdout(io::Stdout, Vec<u8>),
    File {
        part: File,
        part_path: PathBuf,
        directory: Option<File>,
        directory_path: PathBuf,
        destination: PathBuf,
    },
}

impl Stream {
    /// A stream to stdout. A zip's directory is kept in memory then, and is as long as the names in it.
    pub(in super::super) fn to_stdout(form: Form) -> Self {
        Self { form, into: Into::Stdout(io::stdout(), Vec::new()), mark: Mark::default() }
    }

    /// A stream that will be at `destination`, and grows in `folder`: from the beginning, or on from `mark`.
    pub(in super::super) fn to_file(
        form: Form,
        folder: &Path,
        destination: &Path,
        mark: Option<Mark>,
    ) -> io::Result<Self> {
        let (part_path, directory_path) = (folder.join("part"), folder.join("directory"));
        let open = |path: &Path, bytes: Option<u64>| match bytes {
            None => create_private(path),
            Some(bytes) => {
                let mut file = OpenOptions::new().write(true).open(path)?;
                if file.metadata()?.len() < bytes {
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the unfinished output was cut"));
                }
                file.set_len(bytes)?;
                file.seek(SeekFrom::End(0))?;
                Ok(file)
            }
        };
        let part = open(&part_path, mark.map(|mark| mark.bytes))?;
        let directory = match form.layout {
            Layout::Zip => Some(open(&directory_path, mark.map(|mark| mark.directory))?),
            _ => None,
        };
        let into = Into::File { part, part_path, directory, directory_path, destination: destination.to_owned() };
        Ok(Self { form, into, mark: mark.unwrap_or_default() })
    }

    /// Appends what a worker made.
    pub(in super::super) fn append(&mut self, product: Product) -> io::Result<()> {
        match product {
            Product::Nothing | Product::Files(_) => Ok(()),
            Product::Bytes(bytes) => self.write(&bytes),
            Product::Zip(bytes, written) => {
                let mut directory = Vec::new();
                for entry in &written {
                    entry.list(self.mark.bytes, &mut directory);
                }
                self.write(&bytes)?;
                match &mut self.into {
                    Into::File { directory: Some(file), .. } => file.write_all(&directory)?,
                    Into::File { directory: None, .. } => {}
                    Into::Stdout(_, known) => known.extend_from_slice(&directory),
                }
                self.mark.directory += directory.len() as u64;
                self.mark.entries += written.len() as u64;
                Ok(())
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.into {
            Into::Stdout(stdout, _) => match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
                // A reader that has seen enough of the one message there is has all it wanted.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe && self.form.layout == Layout::Message => {}
                written => written?,
            },
            Into::File { part, .. } => part.write_all(bytes)?,
        }
        self.mark.bytes += bytes.len() as u64;
        self.mark.has_output |= !bytes.is_empty();
        Ok(())
    }

    /// Makes sure that what was appended survives, and says how far that is.
    pub(in super::super) fn sync(&mut self) -> io::Result<Mark> {
        if let Into::File { part, directory, .. } = &self.into {
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
            Layout::Message => {}
            Layout::Lines if self.form.compression == Compression::Plain || self.mark.has_output => {}
            // No lines at all are still a compressed file.
            Layout::Lines => self.write(&compress(self.form.compression, Vec::new())?)?,
            Layout::Tar => self.write(&compress(self.form.compression, vec![0; TAR_END_BYTES])?)?,
            Layout::Zip => self.end_zip()?,
        }
        self.sync().map(|_| ())
    }

    fn end_zip(&mut self) -> io::Result<()> {
        let Mark { bytes: start, directory: size, entries, .. } = self.mark;
        if let Into::Stdout(_, directory) = &mut self.into {
            let directory = std::mem::take(directory);
            self.write(&directory)?;
        } else if let Into::File { directory_path, .. } = &self.into {
            let mut directory = File::open(directory_path)?.take(size);
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
    pub(in super::super) fn destination(&self) -> Option<PathBuf> {
        match &self.into {
            Into::File { destination, .. } => Some(destination.clone()),
            Into::Stdout(..) => None,
        }
    }

    /// Renames the finished file into its place; or makes sure that none is there.
    pub(in super::super) fn put_in_place(self) -> io::Result<()> {
        let has_output = self.has_output();
        let Into::File { part_path, destination, .. } = self.into else { return Ok(()) };
        if !has_output {
            fs::remove_file(&part_path)?;
            return match fs::remove_file(&destination) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(named(error, &destination)),
                _ => Ok(()),
            };
        }
        put_in_place(&part_path, &destination)
    }
}

/// Renames a finished file into its place.
pub(in super::super) fn put_in_place(part: &Path, destination: &Path) -> io::Result<()> {
    if let Some(folder) = destination.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(|error| named(error, destination))?;
    }
    fs::rename(part, destination).map_err(|error| named(error, destination))
}

fn named(error: io::Error, path: &Path) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
