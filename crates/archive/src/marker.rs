//! The marker file by which a state folder is recognized, whatever its name.

use std::fs;
use std::path::Path;

/// The marker file of a state folder, locked by its run.
pub(crate) const MARKER: &str = "dmv-redact-state";

/// The location of a state folder. Its marker says so too, because a folder inside OUT may also be the state beside an
/// OUT in there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Site {
    /// Beside OUT, under OUT's name.
    Beside,
    /// In OUT, under a random name: for when beside OUT is another mount or can't be written.
    Inside,
}

impl Site {
    /// The content of the marker. No message, archive or notice begins like this, so no output is a marker.
    pub(crate) fn marker(self) -> &'static [u8] {
        match self {
            Self::Beside => b"state of an unfinished dmv-redact run, beside its output\n",
            Self::Inside => b"state of an unfinished dmv-redact run, in its output folder\n",
        }
    }
}

/// Whether `folder` is the state folder of a run.
pub(crate) fn is_state(folder: &Path) -> bool {
    site(folder).is_some()
}

/// The location of a state folder, if `folder` is one.
pub(crate) fn site(folder: &Path) -> Option<Site> {
    let marker = folder.join(MARKER);
    // Anything else than a file of this length isn't a marker, and isn't opened.
    let metadata = fs::symlink_metadata(&marker).ok().filter(fs::Metadata::is_file)?;
    let sites = [Site::Beside, Site::Inside];
    let site = sites.into_iter().find(|site| metadata.len() == site.marker().len() as u64)?;
    // On some systems, a locked file can't be read by others.
    fs::read(&marker).map_or(true, |content| content == site.marker()).then_some(site)
}
