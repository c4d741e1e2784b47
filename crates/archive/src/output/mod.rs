//! Writes outputs: atomically, readable by the owner only, and deterministic (P10).

mod builder;
mod compress;
mod device;
mod files;
mod folder;
mod packer;
mod stream;
mod zip;

pub(super) use builder::{OutputBuilder, UnitOutput};
use compress::compress;
pub use files::is_private_folder;
pub(super) use files::{
    Delivery, Staging, create_private_folder, is_fatal, is_same_file, sync_around, write_atomically,
};
pub(super) use folder::OutputFolder;
pub(super) use stream::{Stream, StreamPosition, part_path};
