//! The state folder of a run: journal, lock and growing outputs. It is beside OUT, where none of the run's outputs can
//! go, and has a marker file that no output can equal, so that every other run recognizes it: nothing in it is read as
//! a message, and nothing is written into it, whatever names the sources hold (P11).

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use dmv_redact_model::files::private_folder;
use dmv_redact_model::hex::hex;
use sha2::{Digest, Sha256};

use super::files::{Staging, create_private_folder, is_private_folder, is_same_file, sync_around, write_atomically};
use super::journal::{JournalEntry, StartMode, Terms};
use super::marker::{MARKER, Site, is_state, site};
use super::walk::real_path;

/// Prefix of a state folder's name.
const PREFIX: &str = ".dmv-redact-";
/// Maximum length of a file name.
const MAX_NAME_BYTES: usize = 255;
const JOURNAL: &str = "journal.json";
const WORK: &str = "work-";
/// Random characters in a name, so that nothing else can have it.
const RANDOM_CHARS: usize = 24;

/// The state folder that `path` is or is in.
pub fn state_around(path: &Path) -> Option<PathBuf> {
    let path = real_path(path).ok()?;
    path.ancestors().find(|folder| is_state(folder)).map(Path::to_owned)
}

/// The path of the state folder beside `out`, if there can be one.
pub fn state_beside(out: &Path) -> Option<PathBuf> {
    let out = real_path(out).ok()?;
    let (folder, name) = (out.parent()?, out.file_name()?);
    Some(folder.join(state_name(name)))
}

/// The name of a state folder: it holds the output's name, or its digest if that is too long, so that two outputs never
/// share a state.
fn state_name(name: &OsStr) -> OsString {
    let mut state = OsString::from(PREFIX);
    if PREFIX.len() + name.len() <= MAX_NAME_BYTES {
        state.push(name);
    } else {
        let digest = Sha256::digest(name.as_encoded_bytes());
        state.push(hex(&digest));
    }
    state
}

/// Where a run writes to.
#[derive(Debug, Clone, Copy)]
pub(super) struct OutputLocation<'d> {
    pub(super) out: &'d Path,
    /// Whether it is, or will be, a folder.
    pub(super) is_folder: bool,
}

/// The locked state folder of a run.
#[derive(Debug)]
pub(super) struct StateFolder {
    path: PathBuf,
    /// The folder of growing and staged outputs: its random name can't be guessed.
    work: PathBuf,
    _lock: File,
    /// Locked where the state is in OUT, under a name that another run can't know.
    _out: Option<File>,
}

/// Why a run can't be started or resumed.
#[derive(Debug)]
pub enum StateError {
    /// The arguments contradict what is there; the text says how.
    Usage(String),
    Io(PathBuf, io::Error),
}

impl StateFolder {
    /// Locks the state folder of a run, and returns the journal to resume from.
    pub(super) fn enter(
        to: OutputLocation<'_>,
        begin: StartMode,
        terms: &Terms,
    ) -> Result<(Self, Option<JournalEntry>), StateError> {
        let known = find(to)?;
        let path = match (known, begin) {
            (Some(path), _) => path,
            (None, StartMode::Resume) => return Err(nothing_to_resume(to)),
            (None, StartMode::New | StartMode::Restart) => create(to)?,
        };
        if !is_private_folder(&path).map_err(|error| StateError::Io(path.clone(), error))? {
            return Err(unusable(&path, "isn't a folder of yours alone"));
        }
        let out = match site(&path) {
            Some(Site::Inside) => File::open(to.out).ok(),
            _ => None,
        };
        let lock = fs::OpenOptions::new().write(true).open(path.join(MARKER));
        let lock = lock.map_err(|error| StateError::Io(path.clone(), error))?;
        // A run that ends removes its folder, even if another waits for its lock.
        if lock.try_lock().is_err() || out.as_ref().is_some_and(is_busy) || !is_same_file(&lock, &path.join(MARKER)) {
            return Err(unusable(&path, "is in use by another run"));
        }
        let has_journal = path.join(JOURNAL).exists();
        match begin {
            StartMode::New if has_journal => {
                return Err(unusable(
                    &path,
                    "holds a run that was not finished: add --resume to go on with it, or --restart to begin anew",
                ));
            }
            StartMode::Resume if !has_journal => return Err(nothing_to_resume(to)),
            _ => {}
        }
        let entry = match begin {
            StartMode::Resume => Some(read_journal(&path, terms)?),
            StartMode::New | StartMode::Restart => None,
        };
        let work = prepare(&path, entry.as_ref()).map_err(|error| StateError::Io(path.clone(), error))?;
        Ok((Self { path, work, _lock: lock, _out: out }, entry))
    }

    /// Whether `path` is the state folder, by whatever path.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        matches!((self.path.canonicalize(), path.canonicalize()), (Ok(own), Ok(path)) if own == path)
    }

    /// The state folder, which is on the same file system as the outputs.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of growing outputs.
    pub(super) fn work(&self) -> &Path {
        &self.work
    }

    /// Writes the journal, after syncing everything that it refers to.
    pub(super) fn write(&self, entry: &JournalEntry) -> io::Result<()> {
        sync_around(&self.path)?;
        write_atomically(&self.path.join(JOURNAL), &serde_json::to_vec(entry)?)
    }

    /// Removes the folder of a complete run.
    pub(super) fn remove(self) -> io::Result<()> {
        // The journal first, because without it the rest isn't taken for a run to resume; the marker last, because with
        // it the rest isn't taken for messages.
        fs::remove_file(self.path.join(JOURNAL))?;
        fs::remove_dir_all(&self.work)?;
        fs::remove_file(self.path.join(MARKER))?;
        match fs::remove_dir(&self.path) {
            // Another run has entered it already.
            Err(error) if !matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::NotFound) => Err(error),
            _ => Ok(()),
        }
    }
}

fn nothing_to_resume(to: OutputLocation<'_>) -> StateError {
    StateError::Usage(format!("{}: there is no unfinished run to resume", to.out.display()))
}

/// Finds an existing state folder.
fn find(to: OutputLocation<'_>) -> Result<Option<PathBuf>, StateError> {
    if let Some(beside) = state_beside(to.out) {
        match fs::symlink_metadata(&beside) {
            Ok(_) if site(&beside) == Some(Site::Beside) => return Ok(Some(beside)),
            Ok(metadata) if metadata.is_dir() && remove_unmarked(&beside) => {}
            Ok(_) => {
                let what = "is in the way: the state of the run would lie there, and this is none: move it, or name another OUT";
                return Err(StateError::Usage(format!("{} {what}", beside.display())));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(StateError::Io(beside, error)),
        }
    }
    if !to.is_folder {
        return Ok(None);
    }
    let Ok(names) = fs::read_dir(to.out) else { return Ok(None) };
    let mut paths = names.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    Ok(paths.find(|path| site(path) == Some(Site::Inside)))
}

fn unusable(folder: &Path, what: &str) -> StateError {
    StateError::Usage(format!("{} {what}", folder.display()))
}

/// Whether another process has locked a file.
fn is_busy(file: &File) -> bool {
    matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock))
}

/// Creates the state folder: beside OUT, or in it if that is another mount or can't be written.
fn create(to: OutputLocation<'_>) -> Result<PathBuf, StateError> {
    let can_be_inside = to.is_folder && to.out.is_dir();
    if let Some(beside) = state_beside(to.out) {
        let within = beside.parent().unwrap_or(Path::new("/"));
        create_private_folder(within).map_err(|error| StateError::Io(within.to_owned(), error))?;
        if !(can_be_inside && is_another_mount(within, to.out)) {
            // It fails if the folder exists.
            match private_folder().recursive(false).create(&beside) {
                Ok(()) => return write_marker(beside, Site::Beside),
                Err(error) if can_be_inside && is_closed(&error) => {}
                Err(error) => return Err(StateError::Io(beside, error)),
            }
        }
    }
    match random_folder(PREFIX, to.out) {
        Ok(inside) => write_marker(inside, Site::Inside),
        Err(error) => Err(StateError::Io(to.out.to_owned(), error)),
    }
}

fn is_closed(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}

/// Whether the two folders are on different mounts. Renaming a folder by its `.` always fails, but the error for
/// different mounts comes first.
fn is_another_mount(folder: &Path, out: &Path) -> bool {
    let renamed = fs::rename(folder.join("."), out.join("."));
    renamed.is_err_and(|error| error.kind() == ErrorKind::CrossesDevices)
}

fn write_marker(folder: PathBuf, site: Site) -> Result<PathBuf, StateError> {
    let file = fs::OpenOptions::new().write(true).create_new(true).open(folder.join(MARKER));
    match file.and_then(|mut file| file.write_all(site.marker())) {
        Ok(()) => Ok(folder),
        Err(error) => Err(StateError::Io(folder, error)),
    }
}

/// Removes what a run left that was killed before it wrote its marker, or during removal: nothing, or a partial marker.
fn remove_unmarked(folder: &Path) -> bool {
    let marker = folder.join(MARKER);
    if fs::symlink_metadata(&marker).is_ok_and(|metadata| metadata.is_file())
        && fs::read_dir(folder).is_ok_and(|names| names.count() == 1)
        && fs::read(&marker).is_ok_and(|content| Site::Beside.marker().starts_with(&content))
    {
        // Checked by the next call.
        let _ = fs::remove_file(&marker);
    }
    fs::remove_dir(folder).is_ok()
}

/// Creates a folder with a random name and mode 0700.
fn random_folder(prefix: &str, within: &Path) -> io::Result<PathBuf> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).rand_bytes(RANDOM_CHARS);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    Ok(builder.tempdir_in(within)?.keep())
}

fn read_journal(folder: &Path, terms: &Terms) -> Result<JournalEntry, StateError> {
    let text = fs::read(folder.join(JOURNAL)).map_err(|error| StateError::Io(folder.to_owned(), error))?;
    let entry: JournalEntry = serde_json::from_slice(&text)
        .map_err(|_| StateError::Usage(format!("{}: the journal can't be read: --restart", folder.display())))?;
    let changed: Vec<&str> = entry.differences(terms).collect();
    if !changed.is_empty() {
        let what = changed.join(", ");
        return Err(StateError::Usage(format!("changed since the run began: {what}; --restart begins anew")));
    }
    Ok(entry)
}

/// Removes everything that isn't resumed, and returns the folder for growing outputs.
fn prepare(folder: &Path, entry: Option<&JournalEntry>) -> io::Result<PathBuf> {
    let work = entry.and_then(|entry| Some(folder.join(Path::new(&entry.work).file_name()?)));
    let work = work.filter(|work| work.is_dir());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let goes_on = work.as_ref().is_some_and(|work| entry.file_name() == JOURNAL || entry.path() == *work);
        if goes_on || entry.file_name() == MARKER {
            continue;
        }
        // For example a temporary journal of a killed run, which would keep the folder from being removed.
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    if let Some(work) = work {
        for file in fs::read_dir(&work)? {
            let file = file?;
            // Staged outputs: what the journal doesn't cover is made again.
            if Staging::is_staged(&file.file_name()) {
                fs::remove_file(file.path())?;
            }
        }
        return Ok(work);
    }
    random_folder(WORK, folder)
}

/// Creates a state in `out`, like a run that is killed at once.
#[cfg(test)]
pub(super) fn begin_inside(out: &Path) {
    let folder = random_folder(PREFIX, out).map_err(|error| StateError::Io(out.to_owned(), error));
    assert!(folder.and_then(|folder| write_marker(folder, Site::Inside)).is_ok());
}
