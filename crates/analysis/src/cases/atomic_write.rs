//! Files that are either replaced completely or not at all.

use std::io::{self, Write};
use std::path::Path;

use dmv_redact_model::files::folder_of;
use tempfile::NamedTempFile;

/// Writes a temporary file next to `path` and renames it over. An existing file keeps its permissions.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = NamedTempFile::new_in(folder_of(path))?;
    file.write_all(bytes)?;
    if let Ok(before) = std::fs::metadata(path) {
        file.as_file().set_permissions(before.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
