//! `dmv-redact init`: a policy to begin with, tested from the first day.
//!
//! The files are those of `starter/`, which the project's own tests check and run as a newcomer would.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::output::say;
use super::schema::Table;
use super::{Exit, Problem};
use crate::escape::escape;

/// Write a policy to begin with, and what tests it.
///
/// Message cases, matrix tests, a workflow that runs them at every change, and JSON Schemas for editors. Nothing is ever overwritten: if one of the files is there already, none is written.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The folder that they go to
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
}

/// The files of the starter, but for the schemas: where each goes, and what is in it.
const FILES: [(&str, &str); 11] = [
    ("policy.toml", include_str!("../../starter/policy.toml")),
    ("immigration.csv", include_str!("../../starter/immigration.csv")),
    ("cases/matrix.toml", include_str!("../../starter/cases/matrix.toml")),
    ("cases/in-state-police/case.toml", include_str!("../../starter/cases/in-state-police/case.toml")),
    ("cases/in-state-police/expected.xml", include_str!("../../starter/cases/in-state-police/expected.xml")),
    ("cases/immigration/case.toml", include_str!("../../starter/cases/immigration/case.toml")),
    ("cases/immigration-approved/case.toml", include_str!("../../starter/cases/immigration-approved/case.toml")),
    ("cases/immigration-approved/expected.xml", include_str!("../../starter/cases/immigration-approved/expected.xml")),
    ("cases/messages/to-police.xml", include_str!("../../starter/cases/messages/to-police.xml")),
    ("cases/messages/to-immigration.xml", include_str!("../../starter/cases/messages/to-immigration.xml")),
    (".github/workflows/policy.yml", include_str!("../../starter/workflow.yml")),
];

pub(super) fn run(arguments: &Arguments) -> Exit {
    match init(&arguments.folder) {
        Ok(()) => Exit::Released,
        Err(problem) => problem.complain(),
    }
}

fn init(folder: &Path) -> Result<(), Problem> {
    // So that names are shown as one types them.
    let folder = folder.strip_prefix(".").unwrap_or(folder);
    let mut files: Vec<(PathBuf, &str)> = FILES.iter().map(|(name, text)| (folder.join(name), *text)).collect();
    files.extend(Table::ALL.map(|table| (folder.join("schemas").join(table.file_name()), table.schema())));
    // Asked of all before the first is written; asked again, by the system, of each as it is written.
    for (path, _) in &files {
        let is_in_the_way = |path: &&Path| path.symlink_metadata().is_ok() && !path.is_dir();
        if let Some(there) = path.ancestors().find(is_in_the_way) {
            return Err(exists(there));
        }
    }
    let mut begun = Begun::default();
    for (path, text) in &files {
        if let Err(error) = begun.write(path, text) {
            begun.undo();
            return Err(match error.kind() {
                io::ErrorKind::AlreadyExists => exists(path),
                _ => Problem::Io(format!("{}: {error}; nothing was written", path.display())),
            });
        }
    }
    say(&next_steps(folder, files.len()))
}

fn exists(path: &Path) -> Problem {
    let path = path.display();
    Problem::Usage(format!("{path} is there already: nothing was written; name another folder, or move the file away"))
}

/// What this run has made so far, so that a failure leaves nothing behind.
#[derive(Default)]
struct Begun {
    folders: Vec<PathBuf>,
    files: Vec<PathBuf>,
}

impl Begun {
    fn write(&mut self, path: &Path, text: &str) -> io::Result<()> {
        self.make_folder(path.parent().unwrap_or(Path::new("")))?;
        let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
        self.files.push(path.to_owned());
        file.write_all(text.as_bytes())
    }

    fn make_folder(&mut self, folder: &Path) -> io::Result<()> {
        if folder.as_os_str().is_empty() || folder.is_dir() {
            return Ok(());
        }
        self.make_folder(folder.parent().unwrap_or(Path::new("")))?;
        fs::create_dir(folder)?;
        self.folders.push(folder.to_owned());
        Ok(())
    }

    /// Takes back what was made, the last first. What can't be taken back stays: there is nothing more to be done.
    fn undo(self) {
        for file in self.files.iter().rev() {
            let _ = fs::remove_file(file);
        }
        for folder in self.folders.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

fn next_steps(folder: &Path, written: usize) -> String {
    let enter = match folder.as_os_str().is_empty() {
        true => String::new(),
        false => format!("  cd {}\n", escape(&folder.to_string_lossy())),
    };
    format!(
        "{written} files written:

  policy.toml                   who may have what: edit this
  immigration.csv               the ORIs of one agency class
  cases/                        messages and what must become of them; matrix.toml: what each class may get
  schemas/                      for editors that know TOML: they complete and check as you type
  .github/workflows/policy.yml  runs all this at every change

Next, at any time and in any order:

{enter}  dmv-redact check --strict policy.toml
  dmv-redact test cases --coverage
  dmv-redact explain --policy policy.toml --requester AZ0070000 --purpose C cases/messages/to-police.xml
  dmv-redact matrix --policy policy.toml
  dmv-redact redact --policy policy.toml --purpose C cases/messages/to-police.xml -o redacted.xml
"
    )
}
