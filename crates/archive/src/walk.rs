//! Walks the files of the inputs in a fixed order, folder by folder: nothing is skipped silently (P11), and a folder of
//! millions of files takes bounded memory (P8).

use std::cmp::Ordering;
use std::ffi::{OsStr, OsString};
use std::fs::{self, FileType};
use std::io;
use std::path::{Component, Path, PathBuf};

use super::marker::is_state;

/// An item found by the walk.
#[derive(Debug)]
pub enum WalkEntry {
    /// A file.
    File {
        /// Its path.
        path: PathBuf,
        /// Its relative path below an output folder.
        place: PathBuf,
    },
    /// Neither a file nor a folder: a link, a device, a pipe.
    Irregular(PathBuf),
    /// The state folder of an unfinished run: it holds no messages of a source.
    State(PathBuf),
    /// It can't be inspected.
    Fault(PathBuf, io::Error),
}

/// An input as named by the caller.
#[derive(Debug, Clone)]
pub struct InputRoot {
    /// The file or folder as it was named.
    pub path: PathBuf,
    /// Its relative path below an output folder.
    pub place: PathBuf,
}

/// Walks the roots in their order, each folder in byte order of its names. Links aren't followed unless named as a
/// root; hidden files are included.
#[derive(Debug)]
pub struct FileWalk {
    roots: std::vec::IntoIter<InputRoot>,
    /// The open folders, the innermost last.
    open: Vec<OpenFolder>,
}

#[derive(Debug)]
struct OpenFolder {
    path: PathBuf,
    place: PathBuf,
    /// The next names, in reverse order.
    names: Vec<(OsString, FileType)>,
    /// The last of them, if there are more after it.
    resume_after: Option<OsString>,
}

/// Names of a folder kept at a time, in about twenty megabytes: a folder with more is listed again.
const MAX_LISTED_NAMES: usize = 1 << 18;

impl FileWalk {
    /// Starts at these roots, in their order.
    pub fn new(roots: Vec<InputRoot>) -> Self {
        Self { roots: roots.into_iter(), open: Vec::new() }
    }

    fn enter(&mut self, path: PathBuf, place: PathBuf) -> Result<(), WalkEntry> {
        if is_state(&path) {
            return Err(WalkEntry::State(path));
        }
        let mut folder = OpenFolder { path, place, names: Vec::new(), resume_after: None };
        match folder.fill() {
            Ok(()) => {
                self.open.push(folder);
                Ok(())
            }
            Err(error) => Err(WalkEntry::Fault(folder.path, error)),
        }
    }
}

impl OpenFolder {
    /// Lists the next names.
    fn fill(&mut self) -> io::Result<()> {
        let after = self.resume_after.take();
        let (names, has_more) = list(&self.path, after.as_deref(), MAX_LISTED_NAMES)?;
        self.resume_after = names.first().filter(|_| has_more).map(|(name, _)| name.clone());
        self.names = names;
        Ok(())
    }
}

impl Iterator for FileWalk {
    type Item = WalkEntry;

    fn next(&mut self) -> Option<WalkEntry> {
        loop {
            let Some(folder) = self.open.last_mut() else {
                let InputRoot { path, place } = self.roots.next()?;
                match fs::metadata(&path) {
                    Ok(metadata) if metadata.is_dir() => {
                        if let Err(fault) = self.enter(path, place) {
                            return Some(fault);
                        }
                        continue;
                    }
                    Ok(metadata) if metadata.is_file() => return Some(WalkEntry::File { path, place }),
                    Ok(_) => {
                        let error = io::Error::new(io::ErrorKind::InvalidInput, "neither a file nor a folder");
                        return Some(WalkEntry::Fault(path, error));
                    }
                    Err(error) => return Some(WalkEntry::Fault(path, error)),
                }
            };
            let Some((name, kind)) = folder.names.pop() else {
                if folder.resume_after.is_some() {
                    match folder.fill() {
                        Ok(()) => continue,
                        Err(error) => return Some(WalkEntry::Fault(folder.path.clone(), error)),
                    }
                }
                self.open.pop();
                continue;
            };
            let (path, place) = (folder.path.join(&name), folder.place.join(&name));
            if kind.is_file() {
                return Some(WalkEntry::File { path, place });
            }
            if !kind.is_dir() {
                return Some(WalkEntry::Irregular(path));
            }
            if let Err(fault) = self.enter(path, place) {
                return Some(fault);
            }
        }
    }
}

/// The first `most` names of a folder after `after`, in reverse order, and whether there are more.
fn list(path: &Path, after: Option<&OsStr>, most: usize) -> io::Result<(Vec<(OsString, FileType)>, bool)> {
    let mut names = Vec::new();
    let mut has_more = false;
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        if after.is_none_or(|after| name.as_encoded_bytes() > after.as_encoded_bytes()) {
            names.push((name, entry.file_type()?));
            if names.len() >= most.saturating_mul(2) {
                has_more |= keep_first(&mut names, most);
            }
        }
    }
    has_more |= keep_first(&mut names, most);
    names.sort_unstable_by(descending);
    Ok((names, has_more))
}

/// Keeps the first `most` names, in any order, and returns whether there were more.
fn keep_first(names: &mut Vec<(OsString, FileType)>, most: usize) -> bool {
    let Some(more) = names.len().checked_sub(most).filter(|more| *more > 0) else { return false };
    names.select_nth_unstable_by(more, descending);
    names.drain(..more);
    true
}

fn descending((one, _): &(OsString, FileType), (other, _): &(OsString, FileType)) -> Ordering {
    other.as_encoded_bytes().cmp(one.as_encoded_bytes())
}

/// Why a run can't start.
#[derive(Debug)]
pub enum SourceError {
    /// The arguments contradict each other; the text says how.
    Usage(String),
    /// An input can't be inspected.
    Io(PathBuf, io::Error),
}

/// Assigns every input its relative path below an output folder: a single folder is mirrored from its own inside, a
/// single file keeps its name, several inputs keep their paths.
///
/// # Errors
/// When two inputs would have the same path, or one is inside another.
pub fn roots(inputs: &[PathBuf]) -> Result<Vec<InputRoot>, SourceError> {
    if let [input] = inputs {
        let place = if input.is_dir() { PathBuf::new() } else { input.file_name().unwrap_or_default().into() };
        return Ok(vec![InputRoot { path: input.clone(), place }]);
    }
    let roots: Vec<InputRoot> =
        inputs.iter().map(|path| InputRoot { path: path.clone(), place: plain_components(path) }).collect();
    let mut places: Vec<&InputRoot> = roots.iter().collect();
    places.sort_by(|one, other| one.place.cmp(&other.place));
    for pair in places.windows(2) {
        if let [one, other] = pair
            && other.place.starts_with(&one.place)
        {
            let (one, other) = (one.path.display(), other.path.display());
            return Err(SourceError::Usage(format!("{one} and {other} would be written to one place")));
        }
    }
    Ok(roots)
}

/// Drops root, `.` and `..` from a path, so that it stays below whatever it is joined to.
fn plain_components(path: &Path) -> PathBuf {
    path.components().filter(|component| matches!(component, Component::Normal(_))).collect()
}

/// Refuses two paths of a run, each with its description, if one is or contains the other: what is written to one would
/// be read again, destroy the other, or go out with it.
///
/// # Errors
/// When they overlap, or one can't be resolved.
pub fn refuse_overlap((what, path): (&str, &Path), (other, beside): (&str, &Path)) -> Result<(), SourceError> {
    let (real, real_beside) = (real_path(path)?, real_path(beside)?);
    if real.starts_with(&real_beside) || real_beside.starts_with(&real) {
        let (path, beside) = (path.display(), beside.display());
        let message =
            format!("{what} {path} and {other} {beside} overlap: one would be written over, or into, the other");
        return Err(SourceError::Usage(message));
    }
    Ok(())
}

/// Resolves links in a path; the part that doesn't exist yet is appended.
///
/// # Errors
/// When the path is relative and there is no current folder.
pub fn real_path(path: &Path) -> Result<PathBuf, SourceError> {
    let absolute = std::path::absolute(path).map_err(|error| SourceError::Io(path.to_owned(), error))?;
    let nearest = absolute.ancestors().find_map(|path| Some((path, path.canonicalize().ok()?)));
    let Some((nearest, mut real)) = nearest else { return Ok(absolute) };
    // A path that doesn't exist has no links.
    for component in absolute.strip_prefix(nearest).unwrap_or(Path::new("")).components() {
        match component {
            Component::ParentDir => drop(real.pop()),
            component => real.push(component),
        }
    }
    Ok(real)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p8_a_folder_is_listed_by_stretches_in_one_order() {
        let folder = tempfile::TempDir::new().unwrap();
        for number in 0..100 {
            fs::write(folder.path().join(format!("{}", number * 37 % 100)), "").unwrap();
        }
        let mut expected: Vec<String> = (0..100).map(|number| number.to_string()).collect();
        expected.sort();
        for most in [1, 7, 99, 100, 101] {
            let mut found = Vec::new();
            let mut after: Option<OsString> = None;
            loop {
                let (mut names, has_more) = list(folder.path(), after.as_deref(), most).unwrap();
                assert!(names.len() <= most);
                while let Some((name, _)) = names.pop() {
                    found.push(name.to_str().unwrap().to_owned());
                    after = Some(name);
                }
                if !has_more {
                    break;
                }
            }
            assert_eq!(found, expected, "{most}");
        }
    }

    fn overlap(folder: &Path, one: &str, other: &str) -> Result<(), SourceError> {
        refuse_overlap(("the input", &folder.join(one)), ("the output", &folder.join(other)))
    }

    #[test]
    fn places_that_are_not_there_yet_overlap_too() {
        let folder = tempfile::TempDir::new().unwrap();
        fs::create_dir(folder.path().join("in")).unwrap();
        for (one, other) in
            [("in", "in"), ("in", "in/out"), ("in/x", "in"), ("in", "new/../in"), ("new/./a/..", "new/b")]
        {
            assert!(overlap(folder.path(), one, other).is_err(), "{one} {other}");
        }
        for (one, other) in [("in", "in.out"), ("new/a", "new/b"), ("in", "in/../out")] {
            assert!(overlap(folder.path(), one, other).is_ok(), "{one} {other}");
        }
    }
}
