//! Reads messages for the verbs that process one file after another.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::{Problem, print_error};
use dmv_redact_archive::{FileWalk, InputRoot, WalkEntry};
use dmv_redact_model::escape::escape;

/// Every regular file at and below `input`. Anything that is neither a file nor a folder is reported and passed over
/// (P11).
pub(super) fn regular_files(input: &Path) -> Result<Vec<PathBuf>, Problem> {
    let mut files = Vec::new();
    for found in FileWalk::new(vec![InputRoot { path: input.to_owned(), place: PathBuf::new() }]) {
        match found {
            WalkEntry::File { path, .. } => files.push(path),
            WalkEntry::Irregular(path) => {
                print_error(escape(&format!("{}: passed over: neither a file nor a folder", path.display())));
            }
            WalkEntry::State(path) => {
                print_error(escape(&format!("{}: passed over: the state of an unfinished run", path.display())))
            }
            WalkEntry::Fault(path, error) => return Err(Problem::Io(format!("{}: {error}", path.display()))),
        }
    }
    Ok(files)
}

/// Reads a message, at most one byte more than `limit`: enough for the filter to see that it is too long (P8).
pub(super) fn read_message(source: impl Read, limit: usize) -> io::Result<Vec<u8>> {
    let mut message = Vec::new();
    let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    source.take(bound).read_to_end(&mut message)?;
    Ok(message)
}

/// Reads a message from a file.
pub(super) fn read_file(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    read_message(File::open(path)?, limit)
}
