//! Outputs that are files of their own: written beside their place, synced together, and renamed into it.

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
    /// Writes a file, to be synced with the others of its unit.
    pub(super) fn stage(&self, index: usize, output: &[u8]) -> io::Result<PathBuf> {
        let path = self.folder.join(format!("{}-{index}", self.unit));
        let mut file = create_private(&path)?;
        file.write_all(output)?;
        if cfg!(not(target_os = "linux")) {
            file.sync_all()?;
        }
        Ok(path)
    }

    /// Syncs what was written: one sync of the file system for a unit costs less than one for each of its small files.
    pub(super) fn sync(&self) -> io::Result<()> {
        sync_around(self.folder)
    }
}

/// Syncs the file system that `path` is on, where the system can.
pub(in super::super) fn sync_around(path: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::fs::syncfs(File::open(path)?)?;
    #[cfg(not(target_os = "linux"))]
    let _ = path;
    Ok(())
}

/// Makes a file that only its owner may read; an old one is cut.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes a folder, and those above it, that only its owner may look into.
pub(in super::super) fn create_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Puts files in place.
///
/// # Errors
/// The first that can't be; those before it are in place.
pub(in super::super) fn deliver(delivery: &Delivery, out: &Path) -> io::Result<()> {
    let path = delivery.destination(out);
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    match &delivery.staged {
        Some(staged) => match fs::rename(staged, &path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // Its folder isn't there yet: mostly it is.
                fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(named)?;
                fs::rename(staged, &path).map_err(named)
            }
            other => other.map_err(named),
        },
        None => match fs::remove_file(&path) {
            Err(error) if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Err(named(error))
            }
            _ => Ok(()),
        },
    }
}

/// Writes `bytes` beside `path`, syncs, and renames into place: at no moment is a part of the output visible there. The
/// file is created with mode 0600.
///
/// # Errors
/// When the folder can't be made, or the file can't be written, synced or renamed; nothing is left behind then.
pub(in super::super) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(".dmv-redact-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Whether the next output would meet the same: then the run ends, for nothing would come of it.
pub(in super::super) fn is_of_the_run(error: &io::Error) -> bool {
    use io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | ReadOnlyFilesystem)
}
