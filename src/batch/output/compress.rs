//! Compressing a piece of an output by itself: members of a gzip file and frames of a Zstandard one may follow one another
//! (RFC 1952 2.2, RFC 8878 3.1), so workers compress side by side and a stopped run goes on where a piece ends.

use std::io::{self, Write};

use flate2::{Compression as Level, GzBuilder};

use super::super::form::Compression;

/// Compresses a piece. The same piece gives the same bytes.
pub(in super::super) fn compress(compression: Compression, piece: Vec<u8>) -> io::Result<Vec<u8>> {
    match compression {
        Compression::Plain => Ok(piece),
        Compression::Gzip => {
            let mut encoder = GzBuilder::new().write(Vec::new(), Level::default());
            encoder.write_all(&piece)?;
            encoder.finish()
        }
        Compression::Zstd => {
            let mut encoder = zstd::Encoder::new(Vec::new(), zstd::DEFAULT_COMPRESSION_LEVEL)?;
            encoder.include_checksum(true)?;
            encoder.set_pledged_src_size(Some(piece.len() as u64))?;
            encoder.write_all(&piece)?;
            encoder.finish()
        }
    }
}
