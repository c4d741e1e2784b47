//! A log in several files: one chain, which goes on in a new file when the one so far is long or old enough.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use super::chain::{LogLine, read_line};
use super::log::{create, sync_folder};
use super::records::day_of;

/// When a log goes on in a new file. The one so far keeps its name, with the number of its last line behind it:
/// `disclosures.ndjson.0000000000020003`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rotation {
    bytes: Option<u64>,
    is_daily: bool,
}

impl Rotation {
    /// With the first record of each day, in UTC.
    #[must_use]
    pub fn daily() -> Self {
        Self { bytes: None, is_daily: true }
    }

    /// With the first record after a file has as many bytes.
    #[must_use]
    pub fn after_bytes(bytes: u64) -> Self {
        Self { bytes: Some(bytes), is_daily: false }
    }

    /// Whichever of both comes first.
    #[must_use]
    pub fn or_after_bytes(self, bytes: u64) -> Self {
        Self { bytes: Some(bytes), ..self }
    }

    /// Whether a file of as many bytes, begun today or before, is done.
    pub(super) fn is_due(self, bytes: u64, is_of_another_day: bool) -> bool {
        self.is_daily && is_of_another_day || self.bytes.is_some_and(|most| bytes >= most)
    }
}

/// The file with which a log goes on, and how it takes the place of the one so far.
pub(super) struct NextFile {
    path: PathBuf,
    next: PathBuf,
}

impl NextFile {
    /// Creates it beside the log at `path`. What a killed process left of one is gone: nothing of it was recorded.
    pub(super) fn create(path: &Path) -> io::Result<(File, Self)> {
        let next = with_ending(path, "next");
        remove(&next)?;
        let file = create(&next)?;
        Ok((file, Self { path: path.to_owned(), next }))
    }

    /// Puts it in the place of the file so far, which ends with the line of this number and stays under another name. There is
    /// a log under its name at any moment.
    pub(super) fn put_in_place(self, sequence: u64) -> io::Result<()> {
        fs::hard_link(&self.path, rotated(&self.path, sequence))?;
        fs::rename(&self.next, &self.path)?;
        sync_folder(&self.path)
    }
}

/// Takes back what a process did that was killed while it rotated: the log whose last line has this number went on then, and it
/// is what is under the other name.
pub(super) fn finish_rotation(path: &Path, sequence: u64) -> io::Result<()> {
    remove(&with_ending(path, "next"))?;
    let other = rotated(path, sequence);
    match is_same_file(path, &other) {
        Ok(true) => remove(&other),
        Ok(false) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// The day on which a log was begun, as its first line says; `None` if that says none.
pub(super) fn first_day(path: &Path) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    read_line(&mut BufReader::new(File::open(path)?), &mut line)?;
    let line = line.strip_suffix(b"\n").and_then(LogLine::parse_last);
    Ok(line.and_then(|(_, line)| day_of(&line)))
}

fn rotated(path: &Path, sequence: u64) -> PathBuf {
    with_ending(path, &format!("{sequence:016}"))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".");
    name.push(ending);
    name.into()
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Whether two names are of one file.
fn is_same_file(one: &Path, other: &Path) -> io::Result<bool> {
    let (one, other) = (fs::metadata(one)?, fs::metadata(other)?);
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        Ok((one.dev(), one.ino()) == (other.dev(), other.ino()))
    }
    // Nothing else puts a log of this length under this name.
    #[cfg(not(unix))]
    Ok(one.len() == other.len())
}
