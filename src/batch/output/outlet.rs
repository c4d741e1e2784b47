//! Putting outputs in place below a folder: by names looked up step by step, so that no link that somebody laid there leads
//! out of it, and a folder of many files is looked up once. Nothing but a regular file is replaced or removed, and nothing is
//! put into the state of a run (P11).

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use super::super::state::is_state;

/// The folder that outputs are put into.
#[derive(Debug)]
pub(in super::super) struct Outlet {
    root: PathBuf,
    steps: steps::Steps,
}

impl Outlet {
    /// Below `root`, which is made when it is needed. A link that was named itself is followed.
    pub(in super::super) fn new(root: PathBuf) -> Self {
        Self { root, steps: steps::Steps::default() }
    }

    /// Renames the file at `from` to its place below the folder, and makes the folders on the way to it.
    pub(in super::super) fn put(&mut self, from: &Path, place: &Path) -> io::Result<()> {
        let (folder, name) = parts(place)?;
        self.steps.put(&self.root, folder, from, name).map_err(|error| self.named(&error, place))
    }

    /// Makes sure that no file is at a place: what a message left there that now has no output.
    pub(in super::super) fn clear(&mut self, place: &Path) -> io::Result<()> {
        let (folder, name) = parts(place)?;
        match self.steps.clear(&self.root, folder, name) {
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

/// The folder of a place, and its name there.
fn parts(place: &Path) -> io::Result<(&Path, &OsStr)> {
    let name = place.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "an output has no name"))?;
    Ok((place.parent().unwrap_or(Path::new("")), name))
}

/// Refuses a folder that holds the state of a run.
fn refuse_state(folder: &Path) -> io::Result<()> {
    match is_state(folder) {
        true => Err(io::Error::other(format!("{} is the state of an unfinished run", folder.display()))),
        false => Ok(()),
    }
}

#[cfg(target_os = "linux")]
mod steps {
    use std::ffi::OsStr;
    use std::fs;
    use std::io;
    use std::os::fd::OwnedFd;
    use std::path::{Path, PathBuf};

    use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, mkdirat, openat, renameat, statat, unlinkat};
    use rustix::io::Errno;

    use super::super::files::irregular;
    use super::refuse_state;

    /// The folder that was looked up last: the next file is mostly in the same.
    #[derive(Debug, Default)]
    pub(super) struct Steps(Option<(PathBuf, OwnedFd)>);

    const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

    impl Steps {
        pub(super) fn put(&mut self, root: &Path, folder: &Path, from: &Path, name: &OsStr) -> io::Result<()> {
            let at = self.enter(root, folder, true)?;
            if !is_free(at, name)? {
                return Err(irregular());
            }
            match renameat(CWD, from, at, name) {
                // The folder was taken away since.
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

        fn enter(&mut self, root: &Path, folder: &Path, makes: bool) -> io::Result<&OwnedFd> {
            let known = self.0.take().filter(|(known, _)| known == folder);
            let (path, at) = match known {
                Some(known) => known,
                None => (folder.to_owned(), look_up(root, folder, makes)?),
            };
            Ok(&self.0.insert((path, at)).1)
        }
    }

    /// Whether a place holds nothing or a regular file.
    fn is_free(at: &OwnedFd, name: &OsStr) -> io::Result<bool> {
        match statat(at, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => Ok(FileType::from_raw_mode(found.st_mode) == FileType::RegularFile),
            Err(Errno::NOENT) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    fn look_up(root: &Path, folder: &Path, makes: bool) -> io::Result<OwnedFd> {
        let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
        if makes {
            fs::create_dir_all(root)?;
        }
        let mut at = openat(CWD, root, FOLDER, Mode::empty())?;
        let mut path = root.to_owned();
        refuse_state(&path)?;
        for name in folder {
            at = match openat(&at, name, FOLDER | OFlags::NOFOLLOW, Mode::empty()) {
                Err(Errno::NOENT) if makes => {
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
mod steps {
    use std::ffi::OsStr;
    use std::fs;
    use std::io;
    use std::path::Path;

    use super::super::files::irregular;
    use super::refuse_state;

    #[derive(Debug, Default)]
    pub(super) struct Steps;

    impl Steps {
        pub(super) fn put(&mut self, root: &Path, folder: &Path, from: &Path, name: &OsStr) -> io::Result<()> {
            fs::create_dir_all(root.join(folder))?;
            check(root, folder)?;
            let path = root.join(folder).join(name);
            if !is_free(&path)? {
                return Err(irregular());
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

    /// Refuses links on the way, and the state of a run.
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
