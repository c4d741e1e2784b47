//! Finds the cases of a folder and reads them all, before any is run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::matrix::{MATRIX_FILE, MatrixRowTest, MatrixTest};
use super::message_case::{CASE_FILE, MessageCase};
use super::policies::{FilterKey, Filters, PolicyFinder, builder, filters};
use super::settings::{CasesError, Settings, undeclared};
use dmv_redact::Filter;
use dmv_redact_archive::{FileWalk, InputRoot, WalkEntry};
use dmv_redact_model::config::{ConfigError, Document, read_file};
use dmv_redact_model::policy::Undeclared;

/// Every case found, each with its filter, in the order of their files.
#[derive(Debug)]
pub struct Cases {
    pub(super) tests: Vec<(Case, Filter)>,
}

/// One case.
#[derive(Debug)]
pub(super) enum Case {
    Message(Box<MessageCase>),
    Row(Box<MatrixRowTest>),
}

/// A file of cases, read except for what depends on its policy.
enum CaseFile {
    Message(Box<MessageCase>),
    Matrix(MatrixTest),
}

impl CaseFile {
    fn load(name: String, file: &Path, policies: &PolicyFinder<'_>, base_filter: &Filter) -> Result<Self, ConfigError> {
        let text = read_file(file)?;
        if file.file_name().is_some_and(|name| name == MATRIX_FILE) {
            return MatrixTest::load(name, file, text, policies).map(Self::Matrix);
        }
        let case = MessageCase::load(name, file, &text, policies, base_filter)?;
        Ok(Self::Message(Box::new(case)))
    }

    fn filter_keys(&self) -> Vec<FilterKey> {
        match self {
            Self::Message(case) => vec![case.filter_key.clone()],
            Self::Matrix(matrix) => matrix.filter_keys().cloned().collect(),
        }
    }

    /// The cases in it, resolved by the policy, if that could be loaded.
    fn tests(self, filters: &Filters) -> Result<Vec<Case>, ConfigError> {
        match self {
            Self::Message(case) => {
                let Some(filter) = filters.get(&case.filter_key) else { return Ok(Vec::new()) };
                check_request(&case, filter)?;
                if filter.lacks_token_key() {
                    let message = "its policy releases values as tokens, and there is no key for them";
                    let error = ConfigError::of_file(case.file.display().to_string(), message);
                    return Err(error.help("name the file of the key with `--token-key FILE`"));
                }
                Ok(vec![Case::Message(case)])
            }
            Self::Matrix(matrix) => Ok(matrix.rows(filters)?.into_iter().map(|row| Case::Row(Box::new(row))).collect()),
        }
    }
}

impl Case {
    fn filter_key(&self) -> &FilterKey {
        match self {
            Self::Message(case) => &case.filter_key,
            Self::Row(row) => &row.filter_key,
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Message(case) => &case.name,
            Self::Row(row) => &row.name,
        }
    }
}

/// Reads every case in and below `folder`.
///
/// # Errors
/// When there is none, or any of them is wrong.
pub fn load(folder: &Path, settings: &Settings) -> Result<Cases, CasesError> {
    let files = case_files(folder)?;
    if files.is_empty() {
        let message = "there is no case in it: a folder with case.toml or matrix.toml is wanted";
        return Err(CasesError::Nothing(format!("{}: {message}", folder.display())));
    }
    let base_filter = builder(settings).build()?;
    let policies = PolicyFinder::new(settings, folder);
    let (mut read, mut errors) = (Vec::new(), Vec::new());
    for file in &files {
        match CaseFile::load(name(folder, file), file, &policies, &base_filter) {
            Ok(cases) => read.push(cases),
            Err(error) => errors.push(error),
        }
    }
    if policies.is_folder_unused() && errors.is_empty() {
        let message = "--policies: it has no effect, for no case names a policy without a path";
        return Err(CasesError::Nothing(message.to_owned()));
    }
    let keys: BTreeSet<FilterKey> = read.iter().flat_map(CaseFile::filter_keys).collect();
    let filters = filters(settings, keys.into_iter().collect()).unwrap_or_else(|more| {
        errors.extend(more);
        Filters::new()
    });
    let mut tests = Vec::new();
    for cases in read {
        match cases.tests(&filters) {
            Ok(more) => {
                tests.extend(more.into_iter().filter_map(|test| {
                    let filter = filters.get(test.filter_key())?.clone();
                    Some((test, filter))
                }));
            }
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(CasesError::Wrong(errors));
    }
    let uses_key = |(test, filter): &(Case, Filter)| matches!(test, Case::Message(_)) && filter.decider().has_tokens();
    if settings.token_key.is_some() && !tests.iter().any(uses_key) {
        let message = "--token-key: it has no effect, for no case has a message under a policy with tokens";
        return Err(CasesError::Nothing(message.to_owned()));
    }
    if let Some(text) = &settings.filter {
        tests.retain(|(test, _)| test.name().contains(text));
    }
    if tests.is_empty() {
        let text = settings.filter.as_deref().unwrap_or_default();
        return Err(CasesError::Nothing(format!("{}: no case has `{text}` in its name", folder.display())));
    }
    Ok(Cases { tests })
}

/// The files that contain cases, in the order of their paths.
fn case_files(folder: &Path) -> Result<Vec<PathBuf>, CasesError> {
    if !folder.is_dir() {
        return Err(CasesError::Nothing(format!("{}: no folder", folder.display())));
    }
    let mut files = Vec::new();
    for found in FileWalk::new(vec![InputRoot { path: folder.to_owned(), place: PathBuf::new() }]) {
        match found {
            WalkEntry::File { path, .. } if is_case_file(&path) => files.push(path),
            WalkEntry::File { .. } | WalkEntry::Irregular(_) | WalkEntry::State(_) => {}
            WalkEntry::Fault(path, error) => return Err(CasesError::Io(format!("{}: {error}", path.display()))),
        }
    }
    Ok(files)
}

fn is_case_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == CASE_FILE || name == MATRIX_FILE)
}

/// The name of a case: its folder's path relative to the searched one, or that folder's own name.
fn name(searched: &Path, file: &Path) -> String {
    let folder = file.parent().unwrap_or(Path::new(""));
    let below = folder.strip_prefix(searched).unwrap_or(folder);
    if below.as_os_str().is_empty() {
        let own = std::path::absolute(searched).ok();
        return own.and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned())).unwrap_or_default();
    }
    below.display().to_string()
}

/// Refuses a case whose request states something undeclared: no rule could release its message.
fn check_request(case: &MessageCase, filter: &Filter) -> Result<(), ConfigError> {
    let Err(error) = filter.check_request(&case.requester) else { return Ok(()) };
    let named = match error.what() {
        Undeclared::Value(attribute) | Undeclared::Values(attribute) => {
            case.stated.iter().find(|(own, _)| *own == attribute).map(|(_, value)| value)
        }
        // Claims are those of instruments, too.
        Undeclared::Claim(place) | Undeclared::NoInstrument(place) => {
            case.claims.iter().chain(&case.instruments).nth(place)
        }
        Undeclared::Instrument(place, _) => case.instruments.get(place),
    };
    let file = case.file.display().to_string();
    let text = read_file(&case.file)?;
    match named {
        Some(name) => Err(undeclared(&Document { file: &file, text: &text }, name, &error)),
        None => Err(ConfigError::of_file(file, error.to_string())),
    }
}
