//! Compressing a stream: cut into blocks by what goes out alone, for blocks cut where the source was would tell how much of
//! it did not (P5). The blocks are members of a gzip file or frames of a Zstandard one, which may follow one another (RFC 1952
//! 2.2, RFC 8878 3.1), so they are compressed side by side, and a stopped run goes on between two.

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, sync_channel};

use super::super::form::Compression;
use super::compress;

/// Bytes of a block before it is compressed. Never a setting: the same outputs give the same bytes.
const BLOCK_BYTES: usize = 1 << 19;
/// Blocks that are being compressed at most, for each thread that does it.
const BLOCKS_PER_THREAD: usize = 2;

/// What is on its way to being compressed.
#[derive(Debug)]
pub(super) struct Packer {
    compression: Compression,
    /// What isn't a block yet.
    rest: Vec<u8>,
    /// Blocks at work, in order.
    blocks: VecDeque<Receiver<io::Result<Vec<u8>>>>,
}

impl Packer {
    /// Goes on behind `rest`, which was taken before.
    pub(super) fn new(compression: Compression, rest: Vec<u8>) -> Self {
        Self { compression, rest, blocks: VecDeque::new() }
    }

    /// Takes what goes out next.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        while self.rest.len() >= BLOCK_BYTES {
            let rest = self.rest.split_off(BLOCK_BYTES);
            let block = std::mem::replace(&mut self.rest, rest);
            self.begin(block);
        }
    }

    /// Makes a block of what is left. Nothing at all is one too, for no bytes are no compressed file.
    pub(super) fn end(&mut self) {
        let block = std::mem::take(&mut self.rest);
        self.begin(block);
    }

    /// What isn't in a block yet.
    pub(super) fn rest(&self) -> &[u8] {
        &self.rest
    }

    /// The next block that is compressed; `None` if there is none that need be waited for. With `wants_all` that is every one.
    pub(super) fn next(&mut self, wants_all: bool) -> io::Result<Option<Vec<u8>>> {
        let Some(first) = self.blocks.front() else { return Ok(None) };
        let is_full = self.blocks.len() > BLOCKS_PER_THREAD * rayon::current_num_threads();
        let block = match wants_all || is_full {
            true => first.recv().ok(),
            false => first.try_recv().ok(),
        };
        match block {
            Some(block) => {
                self.blocks.pop_front();
                block.map(Some)
            }
            None if wants_all || is_full => Err(io::Error::other("a block was never compressed")),
            None => Ok(None),
        }
    }

    fn begin(&mut self, block: Vec<u8>) {
        let (done, result) = sync_channel(1);
        let compression = self.compression;
        self.blocks.push_back(result);
        rayon::spawn(move || {
            // Nobody waits for it if the run has ended.
            let _ = done.send(compress(compression, &block));
        });
    }
}
