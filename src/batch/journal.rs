//! The journal of a run: how far it has come, so that it can be stopped or killed and go on. It lies in a folder of the
//! run's own, beside the outputs in the making, and both are gone when the run is whole.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::input::Stamp;
use super::output::{
    Mark, PART, create_private, create_private_folder, is_private_folder, is_the_file_at, sync_around, write_whole,
};
use crate::audit;
use crate::report::{Comparison, Summary};

/// What must be as it was for a run to go on: each as text or digest, with what it is called.
pub(crate) type Terms = Vec<(String, String)>;

/// How far a run has come.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Position {
    /// Files and other things that the walk found and that are done with, and the last of them.
    pub(super) found: u64,
    #[serde(with = "exact")]
    pub(super) last: Option<PathBuf>,
    /// Of the paths of all of them: a run goes on only where it finds the same.
    pub(super) digest: Vec<u8>,
    /// How far the file behind them has been read, if it holds many messages.
    pub(super) inside: Option<Inside>,
    /// How far the output that many messages go to has been written.
    pub(super) stream: Option<Mark>,
    /// The output that is whole and about to be put in place.
    #[serde(with = "exact")]
    pub(super) closing: Option<PathBuf>,
    /// Whether nothing is left to be read.
    pub(super) is_read: bool,
}

/// How far a source has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Inside {
    /// Bytes, or entries of an archive, that are done with.
    pub(super) cut: u64,
    /// Lines that were in them.
    pub(super) lines: u64,
    pub(super) stamp: Option<Stamp>,
}

/// What a journal says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) terms: Terms,
    pub(super) position: Position,
    pub(super) summary: Summary,
    pub(super) comparison: Comparison,
    pub(super) audit: Option<audit::Position>,
}

/// The folder of a run: nobody else works in it meanwhile.
#[derive(Debug)]
pub(super) struct RunFolder {
    path: PathBuf,
    _lock: File,
}

/// Why there is no run to begin or to go on with.
#[derive(Debug)]
pub(crate) enum JournalError {
    /// The arguments don't fit what is there; the text says how.
    Usage(String),
    Io(PathBuf, io::Error),
}

/// What to do about a run that was not finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    /// There must be none.
    New,
    /// Go on with it.
    Resume,
    /// Begin anew.
    Restart,
}

const JOURNAL: &str = "journal.json";
const LOCK: &str = "lock";

impl RunFolder {
    /// Enters the folder of a run at `path`, and gives the journal that it is to go on from.
    pub(super) fn enter(path: &Path, begin: Begin, terms: &Terms) -> Result<(Self, Option<Entry>), JournalError> {
        let io = |error| JournalError::Io(path.to_owned(), error);
        let usage = |what: &str| Err(JournalError::Usage(format!("{} {what}", path.display())));
        let has_journal = || path.join(JOURNAL).exists();
        if begin == Begin::Resume && !has_journal() {
            return usage("isn't there: there is no unfinished run to resume");
        }
        create_private_folder(path).map_err(io)?;
        if !is_private_folder(path).map_err(io)? {
            return usage("isn't a folder of yours alone");
        }
        let lock = create_private(&path.join(LOCK)).map_err(io)?;
        // A run that ends takes its folder away, whoever waits for it there.
        if lock.try_lock().is_err() || !is_the_file_at(&lock, &path.join(LOCK)) {
            return usage("is in use by another run");
        }
        if begin == Begin::New && has_journal() {
            return usage(
                "holds a run that was not finished: add --resume to go on with it, or --restart to begin anew",
            );
        }
        let folder = Self { path: path.to_owned(), _lock: lock };
        if begin != Begin::Resume {
            return Ok((folder, None));
        }
        let text = fs::read(path.join(JOURNAL)).map_err(io)?;
        let malformed = |_| JournalError::Usage(format!("{}: the journal can't be read: --restart", path.display()));
        let entry: Entry = serde_json::from_slice(&text).map_err(malformed)?;
        let changed: Vec<&str> = differences(&entry.terms, terms).collect();
        if !changed.is_empty() {
            let what = changed.join(", ");
            let message = format!("changed since the run began: {what}; --restart begins anew");
            return Err(JournalError::Usage(message));
        }
        Ok((folder, Some(entry)))
    }

    /// Where outputs grow until they are whole.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the journal, behind everything that it speaks of.
    pub(super) fn write(&self, entry: &Entry) -> io::Result<()> {
        sync_around(&self.path)?;
        write_whole(&self.path.join(JOURNAL), &serde_json::to_vec(entry)?)
    }

    /// Takes the folder away: the run is whole.
    pub(super) fn remove(self) -> io::Result<()> {
        // First the journal: without it nobody takes what is left for a run to go on with.
        for name in [JOURNAL, PART] {
            match fs::remove_file(self.path.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        match fs::remove_dir_all(&self.path) {
            // Another run has come in already.
            Err(error) if error.kind() != io::ErrorKind::DirectoryNotEmpty => Err(error),
            _ => Ok(()),
        }
    }
}

/// Paths as they are: on some systems they are bytes that need be no text.
mod exact {
    use std::ffi::OsString;
    use std::path::PathBuf;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
        path.as_ref().map(|path| path.as_os_str().as_encoded_bytes()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
        Ok(Option::<Vec<u8>>::deserialize(deserializer)?.map(|bytes| os_string(bytes).into()))
    }

    #[cfg(unix)]
    fn os_string(bytes: Vec<u8>) -> OsString {
        std::os::unix::ffi::OsStringExt::from_vec(bytes)
    }

    #[cfg(not(unix))]
    fn os_string(bytes: Vec<u8>) -> OsString {
        String::from_utf8_lossy(&bytes).into_owned().into()
    }
}

/// What two runs differ in.
fn differences<'t>(before: &'t Terms, now: &'t Terms) -> impl Iterator<Item = &'t str> {
    let both = now.iter().filter(|term| !before.contains(term));
    both.map(|(what, _)| what.as_str())
}
