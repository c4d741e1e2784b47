//! Reads files at an offset, whatever their cursor.

use std::fs::File;
use std::io;

/// What is said of a source that has become shorter since it was first read.
pub(in super::super) fn shortened() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "it ends earlier than it did")
}

/// Fills `into` from offset `at`, independent of the file's cursor.
pub(super) fn read_at(file: &File, mut into: &mut [u8], mut at: u64) -> io::Result<()> {
    while !into.is_empty() {
        match read_some_at(file, into, at) {
            Ok(0) => return Err(shortened()),
            Ok(count) => {
                into = into.get_mut(count..).unwrap_or_default();
                at += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(unix)]
fn read_some_at(file: &File, into: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, into, at)
}

#[cfg(windows)]
fn read_some_at(file: &File, into: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, into, at)
}
