//! Puts outputs in place below a folder. Paths are resolved component by component, so that no planted link leads out
//! of it, and the last folder is cached. Only regular files are replaced or removed, and nothing is put into the state
//! of a run (P11).

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use crate::marker::is_state;

/// The output folder.
#[derive(Debug)]
pub(in super::super) struct OutputFolder {
    root: PathBuf,
    lookup: lookup::FolderLookup,
}

impl OutputFolder {
    /// Puts outputs below `root`, which is created on demand. A link named as `root` itself is followed.
    pub(in super::super) fn new(root: PathBuf) -> Self {
        Self { root, lookup: lookup::FolderLookup::default() }
    }

    /// Renames the file `from` to `place` below the folder, and creates the folders between.
    pub(in super::super) fn put(&mut self, from: &Path, place: &Path) -> io::Result<()> {
        let (folder, name) = parts(place)?;
        self.lookup.put(&self.root, folder, from, name).map_err(|error| self.named(&error, place))
    }

    /// Removes the file at a place, if any: the earlier output of a message that has none now (P11).
    pub(in super::super) fn clear(&mut self, place: &Path) -> io::Result<()> {
        let (folder, name) = parts(place)?;
        match self.lookup.clear(&self.root, folder, name) {
            Err(error) if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Err(self.named(&error, place))
            }
            _ => Ok(()),
        }
    }

    fn named(&self, error: &io::Error, place: &Path) -> io::Error {
        io::Error::new(error.kind(), format!("{}: {error}", self.root.join(place).display()))
    }
}

/// The folder of a place, and its file name.
fn parts(place: &Path) -> io::Result<(&Path, &OsStr)> {
    let name = place.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "an output has no name"))?;
    Ok((place.parent().unwrap_or(Path::new("")), name))
}

/// Refuses a folder that is the state of a run.
fn refuse_state(folder: &Path) -> io::Result<()> {
    match is_state(folder) {
        true => Err(io::Error::other(format!("{} is the state of an unfinished run", folder.display()))),
        false => Ok(()),
    }
}

#[cfg(target_os = "linux")]
mod lookup {
    use std::ffi::OsStr;
    use std::fs;
    use std::io;
    use std::os::fd::OwnedFd;
    use std::path::{Path, PathBuf};

    use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, mkdirat, openat, renameat, statat, unlinkat};
    use rustix::io::Errno;

    use super::refuse_state;
    use crate::files::not_a_regular_file;

    /// The folder that was looked up last, cached because the next file is usually in the same.
    #[derive(Debug, Default)]
    pub(super) struct FolderLookup(Option<(PathBuf, OwnedFd)>);

    const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

    impl FolderLookup {
        pub(super) fn put(&mut self, root: &Path, folder: &Path, from: &Path, name: &OsStr) -> io::Result<()> {
            let at = self.enter(root, folder, true)?;
            if !is_free(at, name)? {
                return Err(not_a_regular_file());
            }
            match renameat(CWD, from, at, name) {
                // The folder was removed since.
                Err(Errno::NOENT) => {
                    self.0 = None;
                    Ok(renameat(CWD, from, self.enter(root, folder, true)?, name)?)
                }
                renamed => Ok(renamed?),
            }
        }

        pub(super) fn clear(&mut self, root: &Path, folder: &Path, name: &OsStr) -> io::Result<()> {
            let at = self.enter(root, folder, false)?;
            if is_free(at, name)? { Ok(unlinkat(at, name, AtFlags::empty())?) } else { Ok(()) }
        }

        fn enter(&mut self, root: &Path, folder: &Path, creates: bool) -> io::Result<&OwnedFd> {
            let known = self.0.take().filter(|(known, _)| known == folder);
            let (path, at) = match known {
                Some(known) => known,
                None => (folder.to_owned(), look_up(root, folder, creates)?),
            };
            Ok(&self.0.insert((path, at)).1)
        }
    }

    /// Whether a place is empty or has a regular file.
    fn is_free(at: &OwnedFd, name: &OsStr) -> io::Result<bool> {
        match statat(at, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => Ok(FileType::from_raw_mode(found.st_mode) == FileType::RegularFile),
            Err(Errno::NOENT) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    fn look_up(root: &Path, folder: &Path, creates: bool) -> io::Result<OwnedFd> {
        let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
        if creates {
            fs::create_dir_all(root)?;
        }
        let mut at = openat(CWD, root, FOLDER, Mode::empty())?;
        let mut path = root.to_owned();
        refuse_state(&path)?;
        for name in folder {
            at = match openat(&at, name, FOLDER | OFlags::NOFOLLOW, Mode::empty()) {
                Err(Errno::NOENT) if creates => {
                    match mkdirat(&at, name, Mode::RWXU) {
                        Ok(()) | Err(Errno::EXIST) => {}
                        Err(error) => return Err(error.into()),
                    }
                    openat(&at, name, FOLDER | OFlags::NOFOLLOW, Mode::empty())?
                }
                opened => opened?,
            };
            path.push(name);
            refuse_state(&path)?;
        }
        Ok(at)
    }
}

#[cfg(not(target_os = "linux"))]
mod lookup {
    use std::ffi::OsStr;
    use std::fs;
    use std::io;
    use std::path::Path;

    use super::refuse_state;
    use crate::files::not_a_regular_file;

    #[derive(Debug, Default)]
    pub(super) struct FolderLookup;

    impl FolderLookup {
        pub(super) fn put(&mut self, root: &Path, folder: &Path, from: &Path, name: &OsStr) -> io::Result<()> {
            fs::create_dir_all(root.join(folder))?;
            check(root, folder)?;
            let path = root.join(folder).join(name);
            if !is_free(&path)? {
                return Err(not_a_regular_file());
            }
            fs::rename(from, path)
        }

        pub(super) fn clear(&mut self, root: &Path, folder: &Path, name: &OsStr) -> io::Result<()> {
            check(root, folder)?;
            let path = root.join(folder).join(name);
            if is_free(&path)? { fs::remove_file(path) } else { Ok(()) }
        }
    }

    fn is_free(path: &Path) -> io::Result<bool> {
        match fs::symlink_metadata(path) {
            Ok(metadata) => Ok(metadata.is_file()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Refuses links in the path, and the state of a run.
    fn check(root: &Path, folder: &Path) -> io::Result<()> {
        let mut path = root.to_owned();
        refuse_state(&path)?;
        for name in folder {
            path.push(name);
            if !fs::symlink_metadata(&path)?.is_dir() {
                return Err(io::ErrorKind::NotADirectory.into());
            }
            refuse_state(&path)?;
        }
        Ok(())
    }
}
