//! Writes outputs: atomically, readable by the owner only, and deterministic (P10).

mod builder;
mod compress;
mod device;
mod folder;
mod packer;
mod stream;
mod zip;

pub(super) use builder::{OutputBuilder, UnitOutput};
use compress::compress;
pub(super) use folder::OutputFolder;
pub(super) use stream::{Stream, StreamPosition, part_path};
