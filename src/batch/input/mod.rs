//! Reading sources: what a file is, and how it is cut into units of work.

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

pub(super) use archive::{Archive, Member};
pub(super) use containers::nested;
pub(super) use lines::{LineCutter, Stretches, read_stretch};
pub(super) use name::{archive_place, own_name};
pub(super) use open::{Begun, Bounds, Opened, Source, Stamp, open_stdin, read_at_most};
pub(super) use tar::TarReader;
pub(super) use zip::{ZipReader, inflate};
