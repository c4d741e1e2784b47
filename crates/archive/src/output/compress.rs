//! Compresses a block of an output by itself.

use std::io::{self, Write};

use flate2::{Compression as Level, GzBuilder};

use super::super::form::Compression;

/// Compresses a block, deterministically (P10).
pub(super) fn compress(compression: Compression, block: &[u8]) -> io::Result<Vec<u8>> {
    match compression {
        Compression::Plain => Ok(block.to_owned()),
        Compression::Gzip => {
            let mut encoder = GzBuilder::new().write(Vec::new(), Level::default());
            encoder.write_all(block)?;
            encoder.finish()
        }
        Compression::Zstd => {
            let mut encoder = zstd::Encoder::new(Vec::new(), zstd::DEFAULT_COMPRESSION_LEVEL)?;
            encoder.include_checksum(true)?;
            encoder.set_pledged_src_size(Some(block.len() as u64))?;
            encoder.write_all(block)?;
            encoder.finish()
        }
    }
}
