//! The files of the inputs in a fixed order, folder by folder: nothing is skipped silently, and a folder of millions costs
//! no more memory than the names of one of its folders.

use std::ffi::OsString;
use std::fs::{self, FileType};
use std::io;
use std::path::{Component, Path, PathBuf};

/// Something that was found.
#[derive(Debug)]
pub(crate) enum Found {
    /// A file: where it is, and its place below an output folder.
    File { path: PathBuf, place: PathBuf },
    /// Neither a file nor a folder: a link, a device, a pipe.
    Irregular(PathBuf),
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
    /// What is left of it, the next one last.
    names: Vec<(OsString, FileType)>,
}

impl Walk {
    pub(crate) fn new(roots: Vec<Root>) -> Self {
        Self { roots: roots.into_iter(), open: Vec::new() }
    }

    fn enter(&mut self, path: PathBuf, place: PathBuf) -> Result<(), Found> {
        match list(&path) {
            Ok(names) => {
                self.open.push(Folder { path, place, names });
                Ok(())
            }
            Err(error) => Err(Found::Fault(path, error)),
        }
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

/// The names in a folder, the first one last.
fn list(path: &Path) -> io::Result<Vec<(OsString, FileType)>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        names.push((entry.file_name(), entry.file_type()?));
    }
    names.sort_unstable_by(|(one, _), (other, _)| other.as_encoded_bytes().cmp(one.as_encoded_bytes()));
    Ok(names)
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

/// Refuses an output that lies in an input, or over one: it would be read again, or destroy it.
///
/// # Errors
/// When it does, or the input can't be looked at.
pub(crate) fn refuse_overlap(input: &Path, out: &Path) -> Result<(), SourceError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |error| SourceError::Io(path, error)
    };
    let input_path = input.canonicalize().map_err(io(input))?;
    // The output may not exist yet: its nearest ancestor that does decides.
    let absolute = std::path::absolute(out).map_err(io(out))?;
    let nearest = absolute.ancestors().find_map(|path| Some((path, path.canonicalize().ok()?)));
    let out_path = match nearest {
        Some((path, real)) => real.join(absolute.strip_prefix(path).unwrap_or(Path::new(""))),
        None => absolute,
    };
    if out_path == input_path {
        return Err(SourceError::Usage("the output would overwrite the input".to_owned()));
    }
    if out_path.starts_with(&input_path) || input_path.starts_with(&out_path) {
        let message = format!("the input {} and the output {} overlap", input.display(), out.display());
        return Err(SourceError::Usage(message));
    }
    Ok(())
}
