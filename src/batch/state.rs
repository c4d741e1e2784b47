//! The folder of a run's state: its journal, its lock and its outputs in the making. It lies beside OUT, where none of the
//! run's own outputs can be put, and is marked by a file that no output can equal, so that every other run recognizes it:
//! nothing in it is read as a message, and nothing is put into it, whatever names the sources hold.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::journal::{Begin, Entry, Terms};
use super::output::{Staging, create_private_folder, is_private_folder, is_the_file_at, sync_around, write_atomically};
use super::walk::real;

/// What the name of a state folder begins with.
const PREFIX: &str = ".dmv-redact-";
/// Bytes of the longest name that file systems take.
const LONGEST_NAME: usize = 255;
/// What marks a state folder, and is locked by its run.
const MARK: &str = "dmv-redact-state";
const JOURNAL: &str = "journal.json";
const WORK: &str = "work-";
/// Random characters in a name that nothing else can have.
const RANDOM: usize = 24;

/// Where a state folder lies. Its mark says so too: a folder inside of OUT may also be the state beside an OUT that is in there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Site {
    /// Beside OUT, under OUT's name.
    Beside,
    /// In OUT, under a random name: nothing can be renamed from beside OUT into it, or nothing be written there.
    Inside,
}

impl Site {
    /// The content of the mark. No message, archive or notice begins like this, so no output is a mark.
    fn mark(self) -> &'static [u8] {
        match self {
            Self::Beside => b"state of an unfinished dmv-redact run, beside its output\n",
            Self::Inside => b"state of an unfinished dmv-redact run, in its output folder\n",
        }
    }
}

/// Whether `folder` holds the state of a run.
pub(crate) fn is_state(folder: &Path) -> bool {
    site(folder).is_some()
}

/// The state folder that `path` is or lies in.
pub(crate) fn state_around(path: &Path) -> Option<PathBuf> {
    let path = real(path).ok()?;
    path.ancestors().find(|folder| is_state(folder)).map(Path::to_owned)
}

fn site(folder: &Path) -> Option<Site> {
    let mark = folder.join(MARK);
    // What is no file, or longer, is no mark: it is not opened at all.
    let metadata = fs::symlink_metadata(&mark).ok().filter(fs::Metadata::is_file)?;
    let sites = [Site::Beside, Site::Inside];
    let site = sites.into_iter().find(|site| metadata.len() == site.mark().len() as u64)?;
    // On some systems nobody else reads what is locked.
    fs::read(&mark).map_or(true, |content| content == site.mark()).then_some(site)
}

/// Where the state of a run lies that writes to `out`, if it can lie beside it.
pub(crate) fn state_beside(out: &Path) -> Option<PathBuf> {
    let out = real(out).ok()?;
    let (folder, name) = (out.parent()?, out.file_name()?);
    Some(folder.join(state_name(name)))
}

/// Two outputs in one folder never share a state: the name holds theirs, or its digest where that would be too long.
fn state_name(name: &OsStr) -> OsString {
    let mut state = OsString::from(PREFIX);
    if PREFIX.len() + name.len() <= LONGEST_NAME {
        state.push(name);
    } else {
        let digest = Sha256::digest(name.as_encoded_bytes());
        state.push(digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    }
    state
}

/// Where a run writes to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Destination<'d> {
    pub(super) out: &'d Path,
    /// Whether it is a folder, or will be one.
    pub(super) is_folder: bool,
}

/// The state folder of a run: nobody else works in it meanwhile.
#[derive(Debug)]
pub(super) struct RunFolder {
    path: PathBuf,
    /// Where outputs grow and wait: under a random name, so that nobody can know what they are called.
    work: PathBuf,
    _lock: File,
    /// Held where the state is in OUT, under a name that another run can't know.
    _out: Option<File>,
}

/// Why there is no run to begin or to go on with.
#[derive(Debug)]
pub(crate) enum StateError {
    /// The arguments don't fit what is there; the text says how.
    Usage(String),
    Io(PathBuf, io::Error),
}

impl RunFolder {
    /// Enters the state folder of a run, and gives the journal that it is to go on from.
    pub(super) fn enter(to: Destination<'_>, begin: Begin, terms: &Terms) -> Result<(Self, Option<Entry>), StateError> {
        let known = find(to)?;
        let path = match (known, begin) {
            (Some(path), _) => path,
            (None, Begin::Resume) => return Err(nothing_to_resume(to)),
            (None, Begin::New | Begin::Restart) => make(to)?,
        };
        let io = |error| StateError::Io(path.clone(), error);
        let usage = |what: &str| Err(StateError::Usage(format!("{} {what}", path.display())));
        if !is_private_folder(&path).map_err(io)? {
            return usage("isn't a folder of yours alone");
        }
        let out = match site(&path) {
            Some(Site::Inside) => File::open(to.out).ok(),
            _ => None,
        };
        let lock = fs::OpenOptions::new().write(true).open(path.join(MARK)).map_err(io)?;
        // A run that ends takes its folder away, whoever waits for it there.
        let is_busy = |file: &File| matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock));
        if lock.try_lock().is_err() || out.as_ref().is_some_and(is_busy) || !is_the_file_at(&lock, &path.join(MARK)) {
            return usage("is in use by another run");
        }
        let has_journal = path.join(JOURNAL).exists();
        match begin {
            Begin::New if has_journal => {
                return usage(
                    "holds a run that was not finished: add --resume to go on with it, or --restart to begin anew",
                );
            }
            Begin::Resume if !has_journal => return Err(nothing_to_resume(to)),
            _ => {}
        }
        let entry = match begin {
            Begin::Resume => Some(read_journal(&path, terms)?),
            Begin::New | Begin::Restart => None,
        };
        let work = prepare(&path, entry.as_ref()).map_err(io)?;
        Ok((Self { path, work, _lock: lock, _out: out }, entry))
    }

    /// Whether this is the state folder, however it is reached.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        matches!((self.path.canonicalize(), path.canonicalize()), (Ok(own), Ok(path)) if own == path)
    }

    /// The state folder itself, which is where outputs go on the same disk.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where outputs grow until they are whole.
    pub(super) fn work(&self) -> &Path {
        &self.work
    }

    /// Writes the journal, after everything that it speaks of.
    pub(super) fn write(&self, entry: &Entry) -> io::Result<()> {
        sync_around(&self.path)?;
        write_atomically(&self.path.join(JOURNAL), &serde_json::to_vec(entry)?)
    }

    /// Takes the folder away: the run is whole.
    pub(super) fn remove(self) -> io::Result<()> {
        // First the journal, for without it nobody takes what is left for a run to go on with; last the mark, for with it
        // nobody takes what is left for messages.
        fs::remove_file(self.path.join(JOURNAL))?;
        fs::remove_dir_all(&self.work)?;
        fs::remove_file(self.path.join(MARK))?;
        match fs::remove_dir(&self.path) {
            // Another run has come in already.
            Err(error) if !matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::NotFound) => Err(error),
            _ => Ok(()),
        }
    }
}

fn nothing_to_resume(to: Destination<'_>) -> StateError {
    StateError::Usage(format!("{}: there is no unfinished run to resume", to.out.display()))
}

/// The state folder that is there already.
fn find(to: Destination<'_>) -> Result<Option<PathBuf>, StateError> {
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
    let is_inside = |path: &PathBuf| site(path) == Some(Site::Inside);
    Ok(names.filter_map(|entry| entry.ok().map(|entry| entry.path())).find(is_inside))
}

/// Makes the state folder: beside OUT, or in it where that is another mount or its folder can't be written.
fn make(to: Destination<'_>) -> Result<PathBuf, StateError> {
    let can_be_inside = to.is_folder && to.out.is_dir();
    if let Some(beside) = state_beside(to.out) {
        let within = beside.parent().unwrap_or(Path::new("/"));
        let io = |error| StateError::Io(within.to_owned(), error);
        create_private_folder(within).map_err(io)?;
        if !(can_be_inside && is_another_mount(within, to.out)) {
            match make_private(&beside) {
                Ok(()) => return mark(beside, Site::Beside),
                Err(error) if can_be_inside && is_closed(&error) => {}
                Err(error) => return Err(StateError::Io(beside, error)),
            }
        }
    }
    match random_folder(PREFIX, to.out) {
        Ok(inside) => mark(inside, Site::Inside),
        Err(error) => Err(StateError::Io(to.out.to_owned(), error)),
    }
}

fn is_closed(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}

/// Whether nothing can be renamed from one folder into the other. No folder can be renamed by its `.`, so nothing happens;
/// but that the two are on different mounts is found out before.
fn is_another_mount(folder: &Path, out: &Path) -> bool {
    let renamed = fs::rename(folder.join("."), out.join("."));
    renamed.is_err_and(|error| error.kind() == ErrorKind::CrossesDevices)
}

/// Makes a folder for its owner only, where none is.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn mark(folder: PathBuf, site: Site) -> Result<PathBuf, StateError> {
    let file = fs::OpenOptions::new().write(true).create_new(true).open(folder.join(MARK));
    match file.and_then(|mut file| file.write_all(site.mark())) {
        Ok(()) => Ok(folder),
        Err(error) => Err(StateError::Io(folder, error)),
    }
}

/// Removes what a run left that was killed before its state was marked, or after it was all but gone: nothing, or the
/// beginning of a mark.
fn remove_unmarked(folder: &Path) -> bool {
    let mark = folder.join(MARK);
    let is_part = |content: Vec<u8>| Site::Beside.mark().starts_with(&content);
    let is_alone = || fs::read_dir(folder).is_ok_and(|names| names.count() == 1);
    let is_file = fs::symlink_metadata(&mark).is_ok_and(|metadata| metadata.is_file());
    if is_file && is_alone() && fs::read(&mark).is_ok_and(is_part) {
        // Whether it is gone shows next.
        let _ = fs::remove_file(&mark);
    }
    fs::remove_dir(folder).is_ok()
}

/// A new folder with a random name, for its owner only.
fn random_folder(prefix: &str, within: &Path) -> io::Result<PathBuf> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).rand_bytes(RANDOM);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    Ok(builder.tempdir_in(within)?.keep())
}

fn read_journal(folder: &Path, terms: &Terms) -> Result<Entry, StateError> {
    let text = fs::read(folder.join(JOURNAL)).map_err(|error| StateError::Io(folder.to_owned(), error))?;
    let malformed = |_| StateError::Usage(format!("{}: the journal can't be read: --restart", folder.display()));
    let entry: Entry = serde_json::from_slice(&text).map_err(malformed)?;
    let changed: Vec<&str> = entry.differences(terms).collect();
    if !changed.is_empty() {
        let what = changed.join(", ");
        return Err(StateError::Usage(format!("changed since the run began: {what}; --restart begins anew")));
    }
    Ok(entry)
}

/// Clears away what isn't gone on with, and gives the folder for outputs in the making.
fn prepare(folder: &Path, entry: Option<&Entry>) -> io::Result<PathBuf> {
    let work = entry.and_then(|entry| Some(folder.join(Path::new(&entry.work).file_name()?)));
    let work = work.filter(|work| work.is_dir());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let goes_on = work.as_ref().is_some_and(|work| entry.file_name() == JOURNAL || entry.path() == *work);
        if goes_on || entry.file_name() == MARK {
            continue;
        }
        // A journal that was being written when the run was killed, for one: with it the folder would stay for good.
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    if let Some(work) = work {
        for file in fs::read_dir(&work)? {
            let file = file?;
            // Outputs that waited: what the journal doesn't speak of is made again.
            if Staging::is_staged(&file.file_name()) {
                fs::remove_file(file.path())?;
            }
        }
        return Ok(work);
    }
    random_folder(WORK, folder)
}

/// Makes a state in `out`, as a run leaves it that is killed at once.
#[cfg(test)]
pub(super) fn begin_inside(out: &Path) {
    let folder = random_folder(PREFIX, out).map_err(|error| StateError::Io(out.to_owned(), error));
    assert!(folder.and_then(|folder| mark(folder, Site::Inside)).is_ok());
}
