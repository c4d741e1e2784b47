//! Writing outputs: whole or not at all, for the owner's eyes only, and the same bytes whoever wrote them.

mod compress;
mod files;
mod piece;
mod stream;
mod zip;

pub(super) use compress::compress;
pub(super) use files::{Delivery, Staging, create_private_folder, deliver, is_of_the_run, sync_around, write_whole};
pub(super) use piece::{Piece, Product};
pub(super) use stream::{Mark, Stream, put_in_place};
