//! Writing outputs: whole or not at all, for the owner's eyes only, and the same bytes whoever wrote them.

mod compress;
mod device;
mod files;
mod outlet;
mod packer;
mod piece;
mod stream;
mod zip;

use compress::compress;
pub(crate) use files::is_private_folder;
pub(super) use files::{
    Delivery, Staging, create_private_folder, is_of_the_run, is_the_file_at, sync_around, write_atomically,
};
pub(super) use outlet::Outlet;
pub(super) use piece::{Piece, Product};
pub(super) use stream::{Mark, Stream, part_path};
