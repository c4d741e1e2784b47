//! `dmv-redact init`: a policy to start from, with tests from the first day.
//!
//! The files are those of `starter/`, which the project's own tests check and run like a new user, or those of a pack.

mod pack;

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::output::{print, print_text};
use super::schema::Table;
use super::{Exit, Problem};
use dmv_redact_model::escape::escape;
use pack::Pack;

/// Write a policy to start from, and its tests.
///
/// Writes message cases, matrix tests, a workflow that runs them on every change, and JSON Schemas for editors. Never
/// overwrites a file: if one exists, none is written.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The folder to write to
    #[arg(value_name = "DIR", default_value = ".", conflicts_with = "print")]
    folder: PathBuf,
    /// Start from a policy that includes this built-in one, a model and no legal advice [default: a short policy that
    /// explains itself]
    #[arg(long, value_name = "NAME")]
    pack: Option<Pack>,
    /// Print the text of that built-in policy, and write nothing
    #[arg(long, requires = "pack")]
    print: bool,
}

/// The files to start from.
struct Contents {
    /// Its files except the workflow and the schemas: path and content.
    files: Vec<(String, String)>,
    /// A request, as arguments: the message of one of its cases, and that case's requester.
    request: String,
}

/// The files of the starter.
const STARTER: [(&str, &str); 10] = [
    ("policy.toml", include_str!("../starter/policy.toml")),
    ("immigration.csv", include_str!("../starter/immigration.csv")),
    ("cases/matrix.toml", include_str!("../starter/cases/matrix.toml")),
    ("cases/in-state-police/case.toml", include_str!("../starter/cases/in-state-police/case.toml")),
    ("cases/in-state-police/expected.xml", include_str!("../starter/cases/in-state-police/expected.xml")),
    ("cases/immigration/case.toml", include_str!("../starter/cases/immigration/case.toml")),
    ("cases/immigration-approved/case.toml", include_str!("../starter/cases/immigration-approved/case.toml")),
    ("cases/immigration-approved/expected.xml", include_str!("../starter/cases/immigration-approved/expected.xml")),
    ("cases/messages/to-police.xml", include_str!("../starter/cases/messages/to-police.xml")),
    ("cases/messages/to-immigration.xml", include_str!("../starter/cases/messages/to-immigration.xml")),
];
/// Written next to every policy, like the schemas.
const WORKFLOW: (&str, &str) = (".github/workflows/policy.yml", include_str!("../starter/workflow.yml"));

impl Contents {
    fn starter() -> Self {
        let files = STARTER.map(|(file, text)| (file.to_owned(), text.to_owned())).into();
        Self { files, request: "cases/messages/to-police.xml".to_owned() }
    }

    /// The rosters of its policy.
    fn tables(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|(file, _)| file.as_str()).filter(|file| file.ends_with(".csv"))
    }
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    match init(arguments) {
        Ok(()) => Exit::Released,
        Err(problem) => problem.print_error(),
    }
}

fn init(arguments: &Arguments) -> Result<(), Problem> {
    if let Some(pack) = arguments.pack.filter(|_| arguments.print) {
        return print(pack.text());
    }
    // So that paths are printed as one types them.
    let folder = arguments.folder.strip_prefix(".").unwrap_or(&arguments.folder);
    let contents = arguments.pack.map_or_else(|| Ok(Contents::starter()), Pack::contents)?;
    let own = contents.files.iter().map(|(file, text)| (folder.join(file), text.as_str()));
    let schemas = Table::ALL.map(|table| (folder.join("schemas").join(table.file_name()), table.schema()));
    let files: Vec<(PathBuf, &str)> = own.chain([(folder.join(WORKFLOW.0), WORKFLOW.1)]).chain(schemas).collect();
    // Checks all files before writing the first; `create_new` checks each again when it is written.
    for (path, _) in &files {
        let mut folders = path.ancestors();
        if let Some(obstacle) = folders.find(|path| path.symlink_metadata().is_ok() && !path.is_dir()) {
            return Err(already_exists(obstacle));
        }
    }
    let mut created = CreatedFiles::default();
    for (path, text) in &files {
        if let Err(error) = created.write(path, text) {
            created.undo();
            return Err(match error.kind() {
                io::ErrorKind::AlreadyExists => already_exists(path),
                _ => Problem::Io(format!("{}: {error}; nothing was written", path.display())),
            });
        }
    }
    print_text(&next_steps(folder, files.len(), &contents))
}

fn already_exists(path: &Path) -> Problem {
    let path = path.display();
    Problem::Usage(format!("{path} is there already: nothing was written; name another folder, or move the file away"))
}

/// The files and folders created so far, so that a failure leaves nothing.
#[derive(Default)]
struct CreatedFiles {
    folders: Vec<PathBuf>,
    files: Vec<PathBuf>,
}

impl CreatedFiles {
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

    /// Removes what was created, the last first. Errors are ignored: there is nothing more to do.
    fn undo(self) {
        for file in self.files.iter().rev() {
            let _ = fs::remove_file(file);
        }
        for folder in self.folders.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

fn next_steps(folder: &Path, written: usize, contents: &Contents) -> String {
    let enter = match folder.as_os_str().is_empty() {
        true => String::new(),
        false => format!("  cd {}\n", escape(&folder.to_string_lossy())),
    };
    let mut tables = String::new();
    for table in contents.tables() {
        // Writing to a string can't fail.
        let _ = writeln!(tables, "  {table:<28}  the ORIs of one agency class: fill in your own");
    }
    let request = &contents.request;
    format!(
        "{written} files written:

  policy.toml                   who may have what: edit this
{tables}  cases/                        messages and what must become of them; matrix.toml: what each class may get
  schemas/                      for editors that know TOML: they complete and check as you type
  .github/workflows/policy.yml  runs all this at every change

Next, at any time and in any order:

{enter}  dmv-redact check --strict policy.toml
  dmv-redact test cases --coverage
  dmv-redact explain --policy policy.toml {request}
  dmv-redact matrix --policy policy.toml
  dmv-redact redact --policy policy.toml {request} -o redacted.xml
"
    )
}
