//! A log in several files: one chain, which goes on in a new file when the one so far is long or old enough.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use super::chain::{LogLine, OPENING, RecordKind, read_line};
use super::log::create;
use dmv_redact_model::files::sync_folder_of;

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
    /// Creates it beside the log at `path`, if nothing is in its way.
    pub(super) fn create(path: &Path) -> io::Result<(File, Self)> {
        let next = with_ending(path, "next");
        let file = create(&next, true)?;
        Ok((file, Self { path: path.to_owned(), next }))
    }

    /// Puts it in the place of the file so far, which ends with the line of this number and stays under another name. There is
    /// a log under its name at any moment.
    pub(super) fn put_in_place(self, before: &File, sequence: u64) -> io::Result<()> {
        self.link(before, &rotated(&self.path, sequence))?;
        // Else a machine that loses power could keep the second step alone.
        sync_folder_of(&self.path)?;
        fs::rename(&self.next, &self.path)?;
        sync_folder_of(&self.path)
    }

    /// Removes it, once it is known that a file here can have two names.
    pub(super) fn give_up(self) -> io::Result<()> {
        let other = second_name(&self.next);
        let linked = fs::hard_link(&self.next, &other).and_then(|()| fs::remove_file(&other));
        fs::remove_file(&self.next).and(linked)
    }

    /// Gives the file so far another name. On a network it may have it already, though that is told as an error.
    fn link(&self, before: &File, name: &Path) -> io::Result<()> {
        match fs::hard_link(&self.path, name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_named(before, name)? => Ok(()),
            linked => linked,
        }
    }
}

/// Takes back what a process did that was killed while it rotated: the log at `path`, whose last line has this number, is what
/// is under the other name, and it goes on.
pub(super) fn finish_rotation(path: &Path, log: &File, sequence: u64) -> io::Result<()> {
    let (next, other) = (with_ending(path, "next"), rotated(path, sequence));
    let mut is_changed = false;
    for begun in [&next, &second_name(&next)] {
        if is_beginning(begun)? {
            fs::remove_file(begun)?;
            is_changed = true;
        }
    }
    if is_named(log, &other)? {
        fs::remove_file(&other)?;
        is_changed = true;
    }
    if is_changed { sync_folder_of(path) } else { Ok(()) }
}

/// Whether a file is one that a process began to go on with and that has no message: nothing, or the start of a run. Anything
/// else of this name is somebody's.
fn is_beginning(path: &Path) -> io::Result<bool> {
    // A pipe would never open.
    let is_file = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file());
    let Some(file) = is_file.then(|| File::open(path).ok()).flatten() else { return Ok(false) };
    let (mut lines, mut first, mut second) = (BufReader::new(file), Vec::new(), Vec::new());
    read_line(&mut lines, &mut first)?;
    read_line(&mut lines, &mut second)?;
    let line = first.strip_suffix(b"\n").and_then(LogLine::parse_last);
    let is_start = line.is_some_and(|(_, line)| line.kind == RecordKind::Start);
    let is_torn = !first.ends_with(b"\n") && (first.starts_with(OPENING) || OPENING.starts_with(&first));
    Ok(second.is_empty() && (is_start || is_torn))
}

/// Whether a path leads to an open file.
pub(super) fn is_named(file: &File, path: &Path) -> io::Result<bool> {
    let named = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        named => named?,
    };
    let own = file.metadata()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        Ok((own.dev(), own.ino()) == (named.dev(), named.ino()))
    }
    // Without numbers of files: as long, and created and changed at the same time.
    #[cfg(not(unix))]
    Ok(own.len() == named.len() && own.created()? == named.created()? && own.modified()? == named.modified()?)
}

/// Whether a file has the name of one that a rotated log went on from: that of the log, and 16 digits.
#[must_use]
pub fn is_rotated_name(path: &Path) -> bool {
    let number = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    number.len() == 16 && number.bytes().all(|digit| digit.is_ascii_digit())
}

fn rotated(path: &Path, sequence: u64) -> PathBuf {
    with_ending(path, &format!("{sequence:016}"))
}

/// The other name that the next file gets to see whether a file can have two. A process that is killed meanwhile leaves it, and
/// the next one couldn't rotate if it stayed.
fn second_name(next: &Path) -> PathBuf {
    with_ending(next, "link")
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".");
    name.push(ending);
    name.into()
}
