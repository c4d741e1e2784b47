//! Reads sources: recognizes files, and splits them for units of work.

mod archive;
mod compressed;
mod containers;
mod lines;
mod name;
mod open;
mod read_at;
mod recognize;
mod stdin;
mod tar;
mod zip;

pub(super) use archive::{ArchiveMember, ArchiveReader};
pub(super) use containers::nested;
pub(super) use lines::{LinePosition, LineSplitter};
pub(super) use name::{archive_place, generated_name};
pub(super) use open::{FileStamp, MemoryBounds, OpenedSource, ProbedFile, SourceData, open_stdin, read_at_most};
pub(super) use read_at::shortened;
pub(super) use tar::TarReader;
pub(super) use zip::{ZipReader, inflate};
