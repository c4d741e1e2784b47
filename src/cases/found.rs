//! Finding the cases of a folder and reading them all, before any is run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::matrix::{MATRIX_FILE, Matrix, Row};
use super::message_case::{CASE_FILE, MessageCase};
use super::policies::{Filters, Policies, Wanted, builder, filters};
use super::settings::{CasesError, Settings};
use crate::batch::{FileWalk, InputRoot, WalkEntry};
use crate::config::{ConfigError, Document, Spanned, read_file};
use crate::policy::Undeclared;
use crate::{Filter, RequestError};

/// Every case that was found, each with its filter, in the order of their files.
#[derive(Debug)]
pub(crate) struct Cases {
    pub(super) tests: Vec<(Test, Filter)>,
}

/// One case.
#[derive(Debug)]
pub(super) enum Test {
    Message(MessageCase),
    Row(Row),
}

/// A file of cases, read but for what only its policy can tell.
enum Read {
    Message(Box<MessageCase>),
    Matrix(Matrix),
}

impl Read {
    fn wanted(&self) -> &Wanted {
        match self {
            Self::Message(case) => &case.wanted,
            Self::Matrix(matrix) => &matrix.wanted,
        }
    }

    /// The cases in it, as the policy understands them.
    fn tests(self, filter: &Filter) -> Result<Vec<Test>, ConfigError> {
        match self {
            Self::Message(case) => {
                check_request(&case, filter)?;
                Ok(vec![Test::Message(*case)])
            }
            Self::Matrix(matrix) => Ok(matrix.rows(filter)?.into_iter().map(Test::Row).collect()),
        }
    }
}

impl Test {
    fn name(&self) -> &str {
        match self {
            Self::Message(case) => &case.name,
            Self::Row(row) => &row.name,
        }
    }
}

/// Reads every case in `folder` and below it.
///
/// # Errors
/// When there is none, or anything is wrong with any of them.
pub(crate) fn load(folder: &Path, settings: &Settings) -> Result<Cases, CasesError> {
    let files = case_files(folder)?;
    if files.is_empty() {
        let message = "there is no case in it: a folder with case.toml or matrix.toml is wanted";
        return Err(CasesError::Nothing(format!("{}: {message}", folder.display())));
    }
    let known = builder(settings).build()?;
    let policies = Policies::new(settings, folder);
    let (mut read, mut errors) = (Vec::new(), Vec::new());
    for file in &files {
        let name = name(folder, file);
        let load = |text: String| match file.file_name().is_some_and(|name| name == MATRIX_FILE) {
            true => Matrix::load(name, file, text, &policies).map(Read::Matrix),
            false => MessageCase::load(name, file, &text, &policies, &known).map(|case| Read::Message(Box::new(case))),
        };
        match read_file(file).and_then(load) {
            Ok(cases) => read.push(cases),
            Err(error) => errors.push(error),
        }
    }
    if policies.is_folder_idle() && errors.is_empty() {
        let message = "--policies: it has no effect, for no case names a policy without a path";
        return Err(CasesError::Nothing(message.to_owned()));
    }
    let wanted: BTreeSet<Wanted> = read.iter().map(|cases| cases.wanted().clone()).collect();
    let filters = filters(settings, wanted.into_iter().collect()).unwrap_or_else(|more| {
        errors.extend(more);
        Filters::new()
    });
    let mut tests = Vec::new();
    for cases in read {
        let Some(filter) = filters.get(cases.wanted()) else { continue };
        match cases.tests(filter) {
            Ok(more) => tests.extend(more.into_iter().map(|test| (test, filter.clone()))),
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(CasesError::Wrong(errors));
    }
    let is_wanted = |test: &Test| settings.filter.as_ref().is_none_or(|text| test.name().contains(text));
    tests.retain(|(test, _)| is_wanted(test));
    if tests.is_empty() {
        let text = settings.filter.as_deref().unwrap_or_default();
        return Err(CasesError::Nothing(format!("{}: no case has `{text}` in its name", folder.display())));
    }
    Ok(Cases { tests })
}

/// The files that hold cases, in the order of their paths.
fn case_files(folder: &Path) -> Result<Vec<PathBuf>, CasesError> {
    if !folder.is_dir() {
        return Err(CasesError::Nothing(format!("{}: no folder", folder.display())));
    }
    let is_case = |path: &Path| path.file_name().is_some_and(|name| name == CASE_FILE || name == MATRIX_FILE);
    let mut files = Vec::new();
    for found in FileWalk::new(vec![InputRoot { path: folder.to_owned(), place: PathBuf::new() }]) {
        match found {
            WalkEntry::File { path, .. } if is_case(&path) => files.push(path),
            WalkEntry::File { .. } | WalkEntry::Irregular(_) | WalkEntry::State(_) => {}
            WalkEntry::Fault(path, error) => return Err(CasesError::Io(format!("{}: {error}", path.display()))),
        }
    }
    Ok(files)
}

/// What a case is called: its folder below the one that was searched, or that one's own name.
fn name(searched: &Path, file: &Path) -> String {
    let folder = file.parent().unwrap_or(Path::new(""));
    let below = folder.strip_prefix(searched).unwrap_or(folder);
    if below.as_os_str().is_empty() {
        let own = std::path::absolute(searched).ok();
        return own.and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned())).unwrap_or_default();
    }
    below.display().to_string()
}

/// Refuses a case whose request says what its policy doesn't declare: its message would be withheld whatever the rules.
fn check_request(case: &MessageCase, filter: &Filter) -> Result<(), ConfigError> {
    let Err(error) = filter.check_request(&case.requester) else { return Ok(()) };
    let named = match error.what() {
        Undeclared::Purpose | Undeclared::Purposes => case.purpose.as_ref(),
        Undeclared::Claim(place) => case.claims.get(place),
    };
    let file = case.file.display().to_string();
    let text = read_file(&case.file)?;
    match named {
        Some(name) => Err(undeclared(&Document { file: &file, text: &text }, name, &error)),
        None => Err(ConfigError::of_file(file, error.to_string())),
    }
}

/// The error that a name of a request isn't declared by the policy.
pub(super) fn undeclared(document: &Document<'_>, name: &Spanned<String>, error: &RequestError) -> ConfigError {
    document.error(&name.span(), format!("{} `{}`", error.what().heading(), name.get_ref())).help(error.help())
}
