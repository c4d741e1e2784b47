//! Files that are written: outputs beside their place, until they are synced together and renamed into it.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file that is to be put in place, or taken away from there.
#[derive(Debug)]
pub(in super::super) struct Delivery {
    /// Its place below the output folder.
    pub(in super::super) place: PathBuf,
    /// Where it waits; `None` if the message was refused: what an earlier run may have left must go.
    pub(in super::super) staged: Option<PathBuf>,
}

/// The folder in which the files of one unit wait.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Staging<'s> {
    pub(in super::super) folder: &'s Path,
    /// The unit's number in this run: no other has it.
    pub(in super::super) unit: u64,
}

impl Staging<'_> {
    /// Writes a file, to be synced with others: one sync of the file system costs less than one for each small file.
    pub(super) fn stage(&self, index: usize, output: &[u8]) -> io::Result<PathBuf> {
        let path = self.folder.join(format!("{STAGED}{}-{index}", self.unit));
        // Never one that is there: whose it is nobody would know.
        let mut file = private().create_new(true).open(&path)?;
        file.write_all(output)?;
        if cfg!(not(target_os = "linux")) {
            file.sync_all()?;
        }
        Ok(path)
    }

    /// Whether a file of the folder is one that waits.
    pub(in super::super) fn is_staged(name: &OsStr) -> bool {
        name.as_encoded_bytes().starts_with(STAGED.as_bytes())
    }
}

/// What the names of files that wait begin with.
const STAGED: &str = "staged-";

/// Syncs the file system that `path` is on, where the system can.
pub(in super::super) fn sync_around(path: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::fs::syncfs(File::open(path)?)?;
    #[cfg(not(target_os = "linux"))]
    let _ = path;
    Ok(())
}

/// Makes a file that only its owner may read; an old one is cut.
pub(in super::super) fn create_private(path: &Path) -> io::Result<File> {
    private().create(true).truncate(true).open(path)
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a folder, and those above it, that only its owner may look into.
pub(in super::super) fn create_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Whether `path` is a folder, no link to one, that nobody but this process's user may look into or work in.
pub(crate) fn is_private_folder(path: &Path) -> io::Result<bool> {
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

/// Whether an open file is the one that is at `path`.
pub(in super::super) fn is_the_file_at(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let same = |file: &fs::Metadata| (file.dev(), file.ino());
        matches!((file.metadata(), fs::metadata(path)), (Ok(file), Ok(there)) if same(&file) == same(&there))
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        path.exists()
    }
}

/// Writes `bytes` beside `path`, syncs, and renames into place: at no moment is a part of the output visible there. The
/// file is created with mode 0600.
///
/// # Errors
/// When the folder can't be made, the file can't be written, synced or renamed, or something else than a file is at `path`;
/// nothing is left behind then.
pub(in super::super) fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    if fs::symlink_metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return Err(irregular());
    }
    let mut file = tempfile::Builder::new().prefix(".dmv-redact-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Why nothing is put in place where something else than a file is.
pub(super) fn irregular() -> io::Error {
    io::Error::other("what is there is no regular file, and nothing else is replaced")
}

/// Whether the next output would meet the same: then the run ends, for nothing would come of it.
pub(in super::super) fn is_of_the_run(error: &io::Error) -> bool {
    use io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | ReadOnlyFilesystem)
}
