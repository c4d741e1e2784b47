//! Finding the messages of a run: files, and folders walked whole. Nothing is skipped silently.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use walkdir::WalkDir;

/// One message of a run: where it is read from and where its output goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Job {
    /// The file that holds the message.
    pub(crate) input: PathBuf,
    /// The file that will hold the output.
    pub(crate) output: PathBuf,
}

/// Why a run can't begin.
#[derive(Debug)]
pub(crate) enum SourceError {
    /// The arguments contradict each other; the text says how.
    Usage(String),
    /// An input can't be looked at.
    Io(PathBuf, io::Error),
}

/// Plans a run: every regular file of `inputs`, with its place under `out`. A single folder is mirrored from its own
/// inside; several inputs keep their paths. Also gives what was found and is no regular file, to be reported.
///
/// # Errors
/// When an input can't be looked at, lies in `out` or holds it, or when two inputs would have one output.
pub(crate) fn plan(inputs: &[PathBuf], out: &Path) -> Result<(Vec<Job>, Vec<PathBuf>), SourceError> {
    let mut jobs = Vec::new();
    let mut irregular = Vec::new();
    for input in inputs {
        refuse_overlap(input, out)?;
        let base = if inputs.len() == 1 { PathBuf::new() } else { plain_components(input) };
        for path in regular_files(input, &mut irregular)? {
            let below = path.strip_prefix(input).unwrap_or(&path);
            let name = if below.as_os_str().is_empty() && inputs.len() == 1 {
                PathBuf::from(path.file_name().unwrap_or_default())
            } else {
                base.join(below)
            };
            // Joining an empty path would leave a trailing separator behind.
            let output = out.join(name.components().collect::<PathBuf>());
            jobs.push(Job { input: path, output });
        }
    }
    let mut seen: HashMap<&Path, &Path> = HashMap::new();
    for job in &jobs {
        if let Some(other) = seen.insert(&job.output, &job.input) {
            let message = format!("{} and {} would be written to one place", other.display(), job.input.display());
            return Err(SourceError::Usage(message));
        }
    }
    Ok((jobs, irregular))
}

/// Every regular file at and below `input`, in the order of their names. What is no file and no folder is added to
/// `irregular`, to be reported.
///
/// # Errors
/// When something can't be looked at.
pub(crate) fn regular_files(input: &Path, irregular: &mut Vec<PathBuf>) -> Result<Vec<PathBuf>, SourceError> {
    let mut files = Vec::new();
    for entry in WalkDir::new(input).sort_by_file_name() {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(input).to_owned();
            SourceError::Io(path, error.into())
        })?;
        // A link that is named itself is followed; one that is found is not.
        if entry.file_type().is_file() || entry.depth() == 0 && entry.path().is_file() {
            files.push(entry.into_path());
        } else if !entry.file_type().is_dir() {
            irregular.push(entry.into_path());
        }
    }
    Ok(files)
}

/// A path without root, `.` and `..`: it stays below whatever it is joined to.
fn plain_components(path: &Path) -> PathBuf {
    path.components().filter(|component| matches!(component, Component::Normal(_))).collect()
}

/// An output inside an input would be read again, and one over an input would destroy it.
fn refuse_overlap(input: &Path, out: &Path) -> Result<(), SourceError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |error| SourceError::Io(path, error)
    };
    let input_path = input.canonicalize().map_err(io(input))?;
    // The output folder may not exist yet: its nearest ancestor that does decides.
    let absolute = std::path::absolute(out).map_err(io(out))?;
    let nearest = absolute.ancestors().find_map(|path| Some((path, path.canonicalize().ok()?)));
    let out_path = match nearest {
        Some((path, real)) => real.join(absolute.strip_prefix(path).unwrap_or(Path::new(""))),
        None => absolute,
    };
    if out_path.starts_with(&input_path) || input_path.starts_with(&out_path) {
        let message = format!("the input {} and the output {} overlap", input.display(), out.display());
        return Err(SourceError::Usage(message));
    }
    Ok(())
}

/// Reads a message, at most one byte beyond `limit`: enough for the filter to see that it is too long.
///
/// # Errors
/// When reading fails.
pub(crate) fn read_message(source: impl Read, limit: usize) -> io::Result<Vec<u8>> {
    let mut message = Vec::new();
    let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    source.take(bound).read_to_end(&mut message)?;
    Ok(message)
}

/// Reads the message of a file.
pub(crate) fn read_file(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    read_message(File::open(path)?, limit)
}
