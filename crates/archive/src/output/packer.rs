//! Compresses a stream in blocks. Only the output decides where a block ends: ends at those of the source would reveal
//! how much was removed (P5). Blocks are gzip members or Zstandard frames, which may be concatenated (RFC 1952 2.2, RFC
//! 8878 3.1), so they are compressed in parallel, and a stopped run resumes between two.

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, sync_channel};

use super::super::form::Compression;
use super::compress;

/// Bytes of a block before compression. Not a setting: the same outputs give the same bytes (P10).
const BLOCK_BYTES: usize = 1 << 19;
/// Maximum blocks in flight per thread.
const BLOCKS_PER_THREAD: usize = 2;

/// Splits a stream into blocks and compresses them.
#[derive(Debug)]
pub(super) struct Packer {
    compression: Compression,
    /// Bytes that aren't in a block yet.
    pending: Vec<u8>,
    /// Blocks in flight, in order.
    blocks: VecDeque<Receiver<io::Result<Vec<u8>>>>,
}

impl Packer {
    /// Continues after `pending`, the bytes of an unfinished block.
    pub(super) fn new(compression: Compression, pending: Vec<u8>) -> Self {
        Self { compression, pending, blocks: VecDeque::new() }
    }

    /// Adds bytes of the output.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        while self.pending.len() >= BLOCK_BYTES {
            let pending = self.pending.split_off(BLOCK_BYTES);
            let block = std::mem::replace(&mut self.pending, pending);
            self.begin(block);
        }
    }

    /// Compresses the last block, even if it is empty, because a compressed file of no bytes is invalid.
    pub(super) fn end(&mut self) {
        let block = std::mem::take(&mut self.pending);
        self.begin(block);
    }

    pub(super) fn pending(&self) -> &[u8] {
        &self.pending
    }

    /// Returns the next compressed block, without waiting unless too many are in flight; waits for every block with
    /// `wait_for_all`.
    pub(super) fn next(&mut self, wait_for_all: bool) -> io::Result<Option<Vec<u8>>> {
        let Some(first) = self.blocks.front() else { return Ok(None) };
        let is_full = self.blocks.len() > BLOCKS_PER_THREAD * rayon::current_num_threads();
        let block = match wait_for_all || is_full {
            true => first.recv().ok(),
            false => first.try_recv().ok(),
        };
        match block {
            Some(block) => {
                self.blocks.pop_front();
                block.map(Some)
            }
            None if wait_for_all || is_full => Err(io::Error::other("a block was never compressed")),
            None => Ok(None),
        }
    }

    fn begin(&mut self, block: Vec<u8>) {
        let (done, result) = sync_channel(1);
        let compression = self.compression;
        self.blocks.push_back(result);
        rayon::spawn(move || {
            // The receiver is gone if the run has ended.
            let _ = done.send(compress(compression, &block));
        });
    }
}
