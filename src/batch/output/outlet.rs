//! Putting outputs in place below a folder: by names looked up step by step, so that no link that somebody laid there leads
//! out of it, and a folder of many files is looked up once.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

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

    /// Makes sure that nothing is at a place: what a message left there that now has no output.
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

#[cfg(target_os = "linux")]
mod steps {
    use std::ffi::OsStr;
    use std::fs;
    use std::io;
    use std::os::fd::OwnedFd;
    use std::path::{Path, PathBuf};

    use rustix::fs::{AtFlags, CWD, Mode, OFlags, mkdirat, openat, renameat, unlinkat};

    /// The folder that was looked up last: the next file is mostly in the same.
    #[derive(Debug, Default)]
    pub(super) struct Steps(Option<(PathBuf, OwnedFd)>);

    const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

    impl Steps {
        pub(super) fn put(&mut self, root: &Path, folder: &Path, from: &Path, name: &OsStr) -> io::Result<()> {
            let at = self.enter(root, folder, true)?;
            match renameat(CWD, from, at, name) {
                // The folder was taken away since.
                Err(rustix::io::Errno::NOENT) => {
                    self.0 = None;
                    Ok(renameat(CWD, from, self.enter(root, folder, true)?, name)?)
                }
                renamed => Ok(renamed?),
            }
        }

        pub(super) fn clear(&mut self, root: &Path, folder: &Path, name: &OsStr) -> io::Result<()> {
            Ok(unlinkat(self.enter(root, folder, false)?, name, AtFlags::empty())?)
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

    fn look_up(root: &Path, folder: &Path, makes: bool) -> io::Result<OwnedFd> {
        let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
        if makes {
            fs::create_dir_all(root)?;
        }
        let mut at = openat(CWD, root, FOLDER, Mode::empty())?;
        for name in folder {
            at = match openat(&at, name, FOLDER | OFlags::NOFOLLOW, Mode::empty()) {
                Err(rustix::io::Errno::NOENT) if makes => {
                    match mkdirat(&at, name, Mode::RWXU) {
                        Ok(()) | Err(rustix::io::Errno::EXIST) => {}
                        Err(error) => return Err(error.into()),
                    }
                    openat(&at, name, FOLDER | OFlags::NOFOLLOW, Mode::empty())?
                }
                opened => opened?,
            };
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

    #[derive(Debug, Default)]
    pub(super) struct Steps;

    impl Steps {
        pub(super) fn put(&mut self, root: &Path, folder: &Path, from: &Path, name: &OsStr) -> io::Result<()> {
            fs::create_dir_all(root.join(folder))?;
            refuse_links(root, folder)?;
            fs::rename(from, root.join(folder).join(name))
        }

        pub(super) fn clear(&mut self, root: &Path, folder: &Path, name: &OsStr) -> io::Result<()> {
            refuse_links(root, folder)?;
            fs::remove_file(root.join(folder).join(name))
        }
    }

    fn refuse_links(root: &Path, folder: &Path) -> io::Result<()> {
        let mut path = root.to_owned();
        for name in folder {
            path.push(name);
            if !fs::symlink_metadata(&path)?.is_dir() {
                return Err(io::ErrorKind::NotADirectory.into());
            }
        }
        Ok(())
    }
}
