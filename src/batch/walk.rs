//! The files of the inputs in a fixed order, folder by folder: nothing is skipped silently, and a folder of millions costs
//! no more memory than some of its names.

use std::ffi::{OsStr, OsString};
use std::fs::{self, FileType};
use std::io;
use std::path::{Component, Path, PathBuf};

use super::state::is_state;

/// Something that was found.
#[derive(Debug)]
pub(crate) enum Found {
    /// A file: where it is, and its place below an output folder.
    File { path: PathBuf, place: PathBuf },
    /// Neither a file nor a folder: a link, a device, a pipe.
    Irregular(PathBuf),
    /// The state of an unfinished run: no messages of a source.
    State(PathBuf),
    /// It can't be looked at.
    Fault(PathBuf, io::Error),
}

/// An input as it was named.
#[derive(Debug, Clone)]
pub(crate) struct Root {
    pub(crate) path: PathBuf,
    /// Where it has its place below an output folder.
    pub(crate) place: PathBuf,
}

/// Walks the roots in their order, each folder in the order of its names' bytes. Links are not followed, except those that
/// were named themselves; hidden files are files.
#[derive(Debug)]
pub(crate) struct Walk {
    roots: std::vec::IntoIter<Root>,
    /// The folders that are open, the innermost last.
    open: Vec<Folder>,
}

#[derive(Debug)]
struct Folder {
    path: PathBuf,
    place: PathBuf,
    /// The names that come next, the first one last.
    names: Vec<(OsString, FileType)>,
    /// The last of them, if there are more behind it.
    rest_after: Option<OsString>,
}

/// How many names of a folder are kept at a time, in some twenty megabytes: of one that has more, the list is read again.
const MOST_NAMES: usize = 1 << 18;

impl Walk {
    pub(crate) fn new(roots: Vec<Root>) -> Self {
        Self { roots: roots.into_iter(), open: Vec::new() }
    }

    fn enter(&mut self, path: PathBuf, place: PathBuf) -> Result<(), Found> {
        if is_state(&path) {
            return Err(Found::State(path));
        }
        let mut folder = Folder { path, place, names: Vec::new(), rest_after: None };
        match folder.fill() {
            Ok(()) => {
                self.open.push(folder);
                Ok(())
            }
            Err(error) => Err(Found::Fault(folder.path, error)),
        }
    }
}

impl Folder {
    /// Lists the names that come next.
    fn fill(&mut self) -> io::Result<()> {
        let after = self.rest_after.take();
        let (names, is_cut) = list(&self.path, after.as_deref(), MOST_NAMES)?;
        self.rest_after = names.first().filter(|_| is_cut).map(|(name, _)| name.clone());
        self.names = names;
        Ok(())
    }
}

impl Iterator for Walk {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        loop {
            let Some(folder) = self.open.last_mut() else {
                let Root { path, place } = self.roots.next()?;
                match fs::metadata(&path) {
                    Ok(metadata) if metadata.is_dir() => {
                        if let Err(fault) = self.enter(path, place) {
                            return Some(fault);
                        }
                        continue;
                    }
                    Ok(metadata) if metadata.is_file() => return Some(Found::File { path, place }),
                    Ok(_) => {
                        let error = io::Error::new(io::ErrorKind::InvalidInput, "neither a file nor a folder");
                        return Some(Found::Fault(path, error));
                    }
                    Err(error) => return Some(Found::Fault(path, error)),
                }
            };
            let Some((name, kind)) = folder.names.pop() else {
                if folder.rest_after.is_some() {
                    match folder.fill() {
                        Ok(()) => continue,
                        Err(error) => return Some(Found::Fault(folder.path.clone(), error)),
                    }
                }
                self.open.pop();
                continue;
            };
            let (path, place) = (folder.path.join(&name), folder.place.join(&name));
            if kind.is_file() {
                return Some(Found::File { path, place });
            }
            if !kind.is_dir() {
                return Some(Found::Irregular(path));
            }
            if let Err(fault) = self.enter(path, place) {
                return Some(fault);
            }
        }
    }
}

/// The first `most` names in a folder behind `after`, the first one last, and whether there are more.
fn list(path: &Path, after: Option<&OsStr>, most: usize) -> io::Result<(Vec<(OsString, FileType)>, bool)> {
    let descending =
        |(one, _): &(OsString, _), (other, _): &(OsString, _)| other.as_encoded_bytes().cmp(one.as_encoded_bytes());
    let mut names = Vec::new();
    let mut is_cut = false;
    let mut cut = |names: &mut Vec<_>| {
        if names.len() > most {
            is_cut = true;
            let more = names.len() - most;
            names.select_nth_unstable_by(more, descending);
            names.drain(..more);
        }
    };
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        if after.is_none_or(|after| name.as_encoded_bytes() > after.as_encoded_bytes()) {
            names.push((name, entry.file_type()?));
            if names.len() >= most.saturating_mul(2) {
                cut(&mut names);
            }
        }
    }
    cut(&mut names);
    names.sort_unstable_by(descending);
    Ok((names, is_cut))
}

/// Why a run can't begin.
#[derive(Debug)]
pub(crate) enum SourceError {
    /// The arguments contradict each other; the text says how.
    Usage(String),
    /// An input can't be looked at.
    Io(PathBuf, io::Error),
}

/// Gives every input its place below an output folder: a single folder is mirrored from its own inside, a single file
/// keeps its name, several keep their paths.
///
/// # Errors
/// When two inputs would have one place, or one lies in another.
pub(crate) fn roots(inputs: &[PathBuf]) -> Result<Vec<Root>, SourceError> {
    if let [input] = inputs {
        let place = if input.is_dir() { PathBuf::new() } else { input.file_name().unwrap_or_default().into() };
        return Ok(vec![Root { path: input.clone(), place }]);
    }
    let roots: Vec<Root> =
        inputs.iter().map(|path| Root { path: path.clone(), place: plain_components(path) }).collect();
    let mut places: Vec<&Root> = roots.iter().collect();
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

/// A path without root, `.` and `..`: it stays below whatever it is joined to.
fn plain_components(path: &Path) -> PathBuf {
    path.components().filter(|component| matches!(component, Component::Normal(_))).collect()
}

/// Refuses two places of a run, each with what it is, one of which is the other or lies in it: what is written to one would
/// be read again, or destroy the other, or go out with it.
///
/// # Errors
/// When they do, or the place of one can't be told.
pub(crate) fn refuse_overlap((what, path): (&str, &Path), (other, beside): (&str, &Path)) -> Result<(), SourceError> {
    let (real, real_beside) = (real(path)?, real(beside)?);
    if real.starts_with(&real_beside) || real_beside.starts_with(&real) {
        let (path, beside) = (path.display(), beside.display());
        let message =
            format!("{what} {path} and {other} {beside} overlap: one would be written over, or into, the other");
        return Err(SourceError::Usage(message));
    }
    Ok(())
}

/// Where a path leads, without links; of what isn't there yet, where it would be.
pub(super) fn real(path: &Path) -> Result<PathBuf, SourceError> {
    let absolute = std::path::absolute(path).map_err(|error| SourceError::Io(path.to_owned(), error))?;
    let nearest = absolute.ancestors().find_map(|path| Some((path, path.canonicalize().ok()?)));
    let Some((nearest, mut real)) = nearest else { return Ok(absolute) };
    // In what isn't there nothing is a link.
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
                let (mut names, is_cut) = list(folder.path(), after.as_deref(), most).unwrap();
                assert!(names.len() <= most);
                while let Some((name, _)) = names.pop() {
                    found.push(name.to_str().unwrap().to_owned());
                    after = Some(name);
                }
                if !is_cut {
                    break;
                }
            }
            assert_eq!(found, expected, "{most}");
        }
    }

    #[test]
    fn places_that_are_not_there_yet_overlap_too() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("in")).unwrap();
        let overlap = |one: &str, other: &str| refuse_overlap(("the input", &path(one)), ("the output", &path(other)));
        for (one, other) in
            [("in", "in"), ("in", "in/out"), ("in/x", "in"), ("in", "new/../in"), ("new/./a/..", "new/b")]
        {
            assert!(overlap(one, other).is_err(), "{one} {other}");
        }
        for (one, other) in [("in", "in.out"), ("new/a", "new/b"), ("in", "in/../out")] {
            assert!(overlap(one, other).is_ok(), "{one} {other}");
        }
    }
}
