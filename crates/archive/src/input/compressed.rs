//! Decompresses sources: concatenated gzip members or Zstandard frames. Zeros after them are padding, as tapes and
//! block devices leave it; anything else is an error.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

use super::super::form::Compression;

/// The compressed input.
type Raw = BufReader<Box<dyn Read + Send>>;

/// The compression of a file, by its first bytes (RFC 1952, RFC 8878; skippable Zstandard frames too).
pub(super) fn compression_of(head: &[u8]) -> Compression {
    match head {
        [0x1F, 0x8B, ..] => Compression::Gzip,
        [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => Compression::Zstd,
        _ => Compression::Plain,
    }
}

/// Decompresses to the end of the last member.
pub(super) struct Decompressor {
    compression: Compression,
    /// Maximum window of a Zstandard frame.
    window: usize,
    member: StreamMember,
}

enum StreamMember {
    Gzip(Box<GzDecoder<Raw>>),
    Zstd(zstd::Decoder<'static, Raw>),
    /// After the last member.
    Ended,
}

impl Decompressor {
    /// Reads a source that begins with a member; `compression` is gzip or Zstandard.
    pub(super) fn new(raw: Raw, compression: Compression, window: usize) -> io::Result<Self> {
        let mut decompressor = Self { compression, window, member: StreamMember::Ended };
        decompressor.begin(raw)?;
        Ok(decompressor)
    }

    fn begin(&mut self, raw: Raw) -> io::Result<()> {
        self.member = match self.compression {
            Compression::Plain => StreamMember::Ended,
            Compression::Gzip => StreamMember::Gzip(Box::new(GzDecoder::new(raw))),
            Compression::Zstd => {
                let mut decoder = zstd::Decoder::with_buffer(raw)?.single_frame();
                decoder.window_log_max(self.window.max(1).ilog2())?;
                StreamMember::Zstd(decoder)
            }
        };
        Ok(())
    }

    /// Skips padding and starts the next member. `false` if there is none.
    fn next_member(&mut self) -> io::Result<bool> {
        let mut raw = match std::mem::replace(&mut self.member, StreamMember::Ended) {
            StreamMember::Gzip(decoder) => decoder.into_inner(),
            StreamMember::Zstd(decoder) => decoder.finish(),
            StreamMember::Ended => return Ok(false),
        };
        loop {
            let next = raw.fill_buf()?;
            if next.is_empty() {
                return Ok(false);
            }
            let zeros = next.iter().take_while(|byte| **byte == 0).count();
            match (self.compression, next.get(zeros)) {
                (_, None) => raw.consume(zeros),
                (Compression::Gzip, Some(0x1F)) | (Compression::Zstd, Some(0x28 | 0x50..=0x5F)) => {
                    raw.consume(zeros);
                    self.begin(raw)?;
                    return Ok(true);
                }
                (_, Some(_)) => {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "something follows what is compressed"));
                }
            }
        }
    }
}

impl Read for Decompressor {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = match &mut self.member {
                StreamMember::Gzip(decoder) => decoder.read(into)?,
                StreamMember::Zstd(decoder) => decoder.read(into)?,
                StreamMember::Ended => 0,
            };
            if count > 0 || into.is_empty() || !self.next_member()? {
                return Ok(count);
            }
        }
    }
}
