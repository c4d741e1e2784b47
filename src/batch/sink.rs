//! Writing outputs: whole or not at all, and for the owner's eyes only.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use tempfile::Builder;

/// Writes `bytes` beside `path`, syncs, and renames into place: at no moment is a part of the output visible there. The
/// file is created with mode 0600.
///
/// # Errors
/// When the folder can't be made, or the file can't be written, synced or renamed; nothing is left behind then.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = Builder::new().prefix(".dmv-redact-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Removes what an earlier run left where a message now has no output: what is withheld must not be found there.
pub(super) fn remove_stale(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
