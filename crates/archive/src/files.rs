//! Writes output files: staged first, synced together, then renamed into place.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use dmv_redact_model::files::{folder_of, private_file, private_folder};
use sha2::{Digest, Sha256};

/// A file to put in place, or to remove from there.
#[derive(Debug)]
pub(crate) struct Delivery {
    /// Its relative path below the output folder.
    pub(crate) place: PathBuf,
    /// The staged file; `None` if the message was refused: the output of an earlier run must go (P11).
    pub(crate) staged: Option<PathBuf>,
}

/// The staging folder for the files of one unit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Staging<'s> {
    pub(crate) folder: &'s Path,
    /// The unit's number, unique in this run.
    pub(crate) unit: u64,
}

impl Staging<'_> {
    /// Writes a file that is synced later with others: one sync of the file system is cheaper than one per small file.
    pub(crate) fn stage(&self, index: usize, output: &[u8]) -> io::Result<PathBuf> {
        let path = self.folder.join(format!("{STAGED}{}-{index}", self.unit));
        // Never an existing file, whose owner would be unknown.
        let mut file = private_file().create_new(true).open(&path)?;
        file.write_all(output)?;
        if cfg!(not(target_os = "linux")) {
            file.sync_all()?;
        }
        Ok(path)
    }

    /// Whether a file name is that of a staged file.
    pub(crate) fn is_staged(name: &OsStr) -> bool {
        name.as_encoded_bytes().starts_with(STAGED.as_bytes())
    }
}

/// Prefix of the names of staged files.
const STAGED: &str = "staged-";

/// Syncs the file system of `path`, where the operating system can.
pub(crate) fn sync_around(path: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::fs::syncfs(File::open(path)?)?;
    #[cfg(not(target_os = "linux"))]
    let _ = path;
    Ok(())
}

/// Creates or truncates a file with mode 0600.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    private_file().create(true).truncate(true).open(path)
}

/// Creates a folder and its parents with mode 0700.
pub(crate) fn create_private_folder(path: &Path) -> io::Result<()> {
    private_folder().create(path)
}

/// Whether `path` is a folder (not a link to one) of this process's user that nobody else can access.
pub fn is_private_folder(path: &Path) -> io::Result<bool> {
    let metadata = fs::symlink_metadata(path)?;
    #[cfg(unix)]
    let is_closed = std::os::unix::fs::MetadataExt::mode(&metadata) & 0o077 == 0;
    #[cfg(not(unix))]
    let is_closed = true;
    #[cfg(target_os = "linux")]
    let is_own = std::os::unix::fs::MetadataExt::uid(&metadata) == rustix::process::geteuid().as_raw();
    #[cfg(not(target_os = "linux"))]
    let is_own = true;
    Ok(metadata.is_dir() && is_closed && is_own)
}

/// Whether an open file is the one at `path`.
pub(crate) fn is_same_file(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        match (file.metadata(), fs::metadata(path)) {
            (Ok(file), Ok(there)) => file.dev() == there.dev() && file.ino() == there.ino(),
            _ => false,
        }
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        path.exists()
    }
}

/// Writes `bytes` to a temporary file beside `path`, syncs, and renames it into place: a partial output is never
/// visible there. The file has mode 0600. What a kill leaves of it, the next write to `path` takes away.
///
/// # Errors
/// When the folder can't be made, the file can't be written, synced or renamed, or something other than a file is at
/// `path`; nothing is left over then.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = folder_of(path);
    fs::create_dir_all(folder)?;
    if fs::symlink_metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return Err(not_a_regular_file());
    }
    let digest = Sha256::digest(path.file_name().unwrap_or_default().as_encoded_bytes());
    let number = u64::from_be_bytes(*digest.first_chunk().unwrap_or(&[0; 8]));
    let temporary = folder.join(format!(".dmv-redact-{number:016x}"));
    let written = write_new(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        drop(fs::remove_file(&temporary));
    }
    written
}

/// Writes a file that is not there yet, in place of what a kill may have left, and syncs it.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // Never an existing file, whose owner would be unknown.
    let mut file = private_file().create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// The error where something other than a file is in the way.
pub(crate) fn not_a_regular_file() -> io::Error {
    io::Error::other("what is there is no regular file, and nothing else is replaced")
}

/// Whether the next output would fail with the same error: then the run ends.
pub(crate) fn is_fatal(error: &io::Error) -> bool {
    use io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | ReadOnlyFilesystem)
}
