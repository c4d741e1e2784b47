//! The documents of an XML Schema: those that are named, and what they import and include, wherever it lies.
//!
//! An exchange package is a tree of folders, so a location is followed from the document that names it.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use super::xsd_document::locations;
use dmv_redact_model::config::{ConfigError, File};

/// The most documents of one schema: a whole release of NIEM has some 150.
const MAX_DOCUMENTS: usize = 2000;

/// These documents and all that they import and include. What isn't there is left out: the schema's reader reports it.
pub(crate) fn with_imports(mut files: Vec<File>) -> Result<Vec<File>, ConfigError> {
    let mut known: HashSet<PathBuf> = files.iter().map(|file| identity(Path::new(&file.name))).collect();
    let mut next = 0;
    while let Some(file) = files.get(next) {
        next += 1;
        let folder = Path::new(&file.name).parent().unwrap_or(Path::new("")).to_owned();
        for location in locations(&file.document()) {
            // Nothing is fetched.
            if location.contains("://") {
                continue;
            }
            let path = normal(&folder.join(location));
            if !path.is_file() || !known.insert(identity(&path)) {
                continue;
            }
            if files.len() >= MAX_DOCUMENTS {
                let message = format!("the schema has more than {MAX_DOCUMENTS} documents");
                return Err(ConfigError::of_file(path.display().to_string(), message));
            }
            files.push(File::read(&path)?);
        }
    }
    Ok(files)
}

/// The file that a path means, however it is written.
fn identity(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| normal(path))
}

/// A path without `.`, and without `..` after a folder.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(normal.components().next_back(), Some(Component::Normal(_))) => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}
