//! Reads sources: recognizes files, and splits them for units of work.

mod archive;
mod compressed;
mod containers;
mod lines;
mod name;
mod open;
mod recognize;
mod stdin;
mod tar;
mod zip;

pub(super) use archive::{ArchiveMember, ArchiveReader};
pub(super) use containers::nested;
pub(super) use lines::{FileRanges, LineSplitter, read_range};
pub(super) use name::{archive_place, generated_name};
pub(super) use open::{FileStamp, MemoryBounds, OpenedSource, ProbedFile, SourceData, open_stdin, read_at_most};
pub(super) use tar::TarReader;
pub(super) use zip::{ZipReader, inflate};
