//! Where a run reads from and writes to: the paths in its arguments, checked against each other and the file system.

use std::io::ErrorKind;
use std::path::Path;

use super::super::Problem;
use super::{Arguments, RunRecord};
use dmv_redact_archive::{
    ArchiveForm, Destination, Inputs, Layout, Outputs, SourceError, is_private_folder, refuse_overlap, roots,
    state_around, state_beside,
};
use dmv_redact_desk::is_export_folder;

/// The inputs of a run.
pub(in super::super) fn inputs(paths: &[std::path::PathBuf]) -> Result<Inputs, Problem> {
    match paths {
        [] => Ok(Inputs::Stdin),
        [path] if is_stdin(path) => Ok(Inputs::Stdin),
        _ if paths.iter().any(|path| is_stdin(path)) => {
            Err(Problem::Usage("stdin can't be one of several inputs".to_owned()))
        }
        // The only input: nothing remains to continue with.
        [path] if let Err(error) = path.metadata() => Err(SourceError::Io(path.clone(), error).into()),
        _ => Ok(Inputs::Roots(roots(paths)?)),
    }
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// The kind of OUT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OutputKind {
    Stdout,
    /// A device or a named pipe.
    Device,
    Folder,
    /// A file, or nothing yet.
    File,
}

/// Where the outputs go, depending on OUT's name and what exists there.
pub(super) fn outputs(arguments: &Arguments, inputs: &Inputs) -> Result<Outputs, Problem> {
    if arguments.record.dry_run {
        return Ok(Outputs::Nowhere);
    }
    let is_single = match inputs {
        Inputs::Stdin => true,
        Inputs::Roots(roots) => matches!(roots.as_slice(), [root] if !root.path.is_dir()),
    };
    let form = arguments.forms.output_format;
    let kind = arguments.output.as_deref().map_or(Ok(OutputKind::Stdout), kind)?;
    let Some(out) = arguments.output.clone().filter(|_| kind != OutputKind::Stdout) else {
        return stream(arguments, Destination::Stdout, form, is_single);
    };
    let named = ArchiveForm::of_name(&out).filter(|_| kind != OutputKind::Folder);
    if kind == OutputKind::Device {
        return stream(arguments, Destination::Device(out), form.or(named), is_single);
    }
    if matches!(inputs, Inputs::Stdin) && (arguments.going.resume || arguments.going.restart) {
        return Err(Problem::Usage("what comes from stdin can't be resumed".to_owned()));
    }
    let is_folder = kind == OutputKind::Folder;
    let destination = Destination::File(out.clone());
    Ok(match form.or(named) {
        Some(ArchiveForm::MESSAGE) if is_single && !is_folder && form.is_none() => {
            Outputs::One { destination, form: None }
        }
        Some(ArchiveForm::MESSAGE) => Outputs::Files(out),
        Some(_) if is_folder => {
            return Err(Problem::Usage(format!("{} is a folder: name the file to write", name(&out))));
        }
        Some(form) if form.layout == Layout::Message && !is_single => {
            return Err(Problem::Usage(format!("several messages need a folder, and {} is named as one", name(&out))));
        }
        Some(form) => Outputs::One { destination, form: Some(form) },
        None if is_single && !is_folder => Outputs::One { destination, form: None },
        None if is_single && matches!(inputs, Inputs::Stdin) => {
            return Err(Problem::Usage(format!("{} is a folder, and what comes from stdin has no name", name(&out))));
        }
        None if kind == OutputKind::File && out.exists() => {
            return Err(Problem::Usage(format!("{} is a file, and the outputs need a folder", name(&out))));
        }
        None => Outputs::Mirror(out),
    })
}

/// Outputs to something that can't be replaced or resumed.
fn stream(
    arguments: &Arguments,
    destination: Destination,
    form: Option<ArchiveForm>,
    is_single: bool,
) -> Result<Outputs, Problem> {
    if arguments.going.resume || arguments.going.restart {
        return Err(Problem::Usage("what goes to stdout, a device or a pipe can't be resumed".to_owned()));
    }
    if !is_single && form.is_none_or(|form| form.layout == Layout::Message) {
        return Err(Problem::Usage("several messages need a folder for the outputs: add `-o OUT`".to_owned()));
    }
    Ok(Outputs::One { destination, form })
}

fn name(path: &Path) -> String {
    path.display().to_string()
}

/// The kind of OUT; anything that can be neither written to nor replaced is refused (P11).
fn kind(out: &Path) -> Result<OutputKind, Problem> {
    if out == Path::new("-") {
        return Ok(OutputKind::Stdout);
    }
    let is_link = match out.symlink_metadata() {
        Ok(metadata) => metadata.is_symlink(),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let ends_as_folder = out.as_os_str().to_string_lossy().ends_with(std::path::MAIN_SEPARATOR);
            return Ok(if ends_as_folder { OutputKind::Folder } else { OutputKind::File });
        }
        Err(error) => return Err(SourceError::Io(out.to_owned(), error).into()),
    };
    let Ok(metadata) = out.metadata() else { return Err(unusable(out, "a link that leads nowhere")) };
    if metadata.is_dir() {
        return Ok(OutputKind::Folder);
    }
    if is_link && is_stdout(&metadata) {
        return Ok(OutputKind::Stdout);
    }
    if is_device(&metadata) {
        return Ok(OutputKind::Device);
    }
    match metadata.is_file() {
        _ if is_link => Err(unusable(out, "a link: name the file that it leads to")),
        true => Ok(OutputKind::File),
        false => Err(unusable(out, "a socket, and outputs go to a file, a folder, a device or a named pipe")),
    }
}

fn unusable(out: &Path, what: &str) -> Problem {
    Problem::Usage(format!("{} is {what}", name(out)))
}

/// Whether this is stdout's file: `/dev/stdout` is a link to it, also if it is a pipe or a device.
#[cfg(unix)]
fn is_stdout(metadata: &std::fs::Metadata) -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;
    let stdout = std::io::stdout().as_fd().try_clone_to_owned().map(std::fs::File::from);
    let stdout = stdout.and_then(|stdout| stdout.metadata());
    stdout.is_ok_and(|stdout| (stdout.dev(), stdout.ino()) == (metadata.dev(), metadata.ino()))
}

#[cfg(unix)]
fn is_device(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    kind.is_char_device() || kind.is_block_device() || kind.is_fifo()
}

#[cfg(not(unix))]
fn is_stdout(_: &std::fs::Metadata) -> bool {
    false
}

#[cfg(not(unix))]
fn is_device(_: &std::fs::Metadata) -> bool {
    false
}

/// Refuses paths inside one another, or inside the state of a run, and a folder for originals that others can read.
pub(super) fn refuse_mixed_places(arguments: &Arguments, outputs: &Outputs) -> Result<(), Problem> {
    let RunRecord { log, log_key, log_signing_key, withheld, compare, approved, hold, .. } = &arguments.record;
    let out = match outputs {
        Outputs::Mirror(out) | Outputs::Files(out) => Some(out.as_path()),
        Outputs::One { destination: Destination::File(out), .. } => Some(out.as_path()),
        Outputs::One { .. } | Outputs::Nowhere => None,
    };
    let (state, queue) = (out.and_then(state_beside), hold.files());
    let written = [
        ("the output", out),
        ("the state of the run", state.as_deref()),
        ("the folder for what is withheld", withheld.as_deref()),
        ("the disclosure log", log.as_deref()),
    ];
    let written = written.into_iter().filter_map(|(what, path)| Some((what, path?)));
    let written: Vec<_> = written.chain(queue.iter().map(|file| ("the queue of reviews", file.as_path()))).collect();
    let inputs: Vec<_> = arguments.inputs.iter().filter(|input| *input != Path::new("-")).collect();
    let read = inputs.iter().map(|input| ("the input", input.as_path()));
    let read = read.chain(arguments.filter.files());
    let read = read.chain(compare.iter().map(|policy| ("the policy", policy.as_path())));
    let read = read.chain(approved.iter().map(|list| ("the list of approvals", list.as_path())));
    let read = read.chain(log_key.iter().map(|key| ("the key of the disclosure log", key.as_path())));
    let read = read.chain(hold.keys().iter().map(|key| ("the key of the queue of reviews", key.as_path())));
    let signing_key = log_signing_key.iter().map(|key| ("the signing key of the disclosure log", key.as_path()));
    let read: Vec<_> = read.chain(signing_key).collect();
    for (number, (what, path)) in written.iter().enumerate() {
        let apart = written.iter().skip(number + 1);
        for (other, beside) in read.iter().chain(apart) {
            refuse_overlap((other, beside), (what, path))?;
        }
    }
    let places = written.iter().filter(|(_, path)| Some(*path) != state.as_deref()).map(|(_, path)| *path);
    for path in places.chain(inputs.iter().map(|input| input.as_path())) {
        if let Some(state) = state_around(path) {
            let state = name(&state);
            return Err(Problem::Usage(format!("{} lies in {state}, the state of an unfinished run", name(path))));
        }
    }
    if let Some(out) = out.filter(|out| arguments.going.prune && is_export_folder(out)) {
        let out = name(out);
        return Err(Problem::Usage(format!("--prune would remove from {out} what `review export` has put there")));
    }
    match withheld {
        Some(folder) if folder.exists() && !is_private_folder(folder).unwrap_or(false) => Err(Problem::Usage(format!(
            "--withheld {}: others may look into it: `chmod 700` it, or name another folder",
            name(folder)
        ))),
        _ => Ok(()),
    }
}
