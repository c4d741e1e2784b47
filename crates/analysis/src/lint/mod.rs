//! Lints for policies, catalogs and formats that load: what is wrong, or probably not meant. Each has a stable code.
//!
//! Above everything that is linted, below the command line that prints it.

mod catalog;
mod discriminators;
mod finding;
mod output;
mod policy;
mod recognition;
mod replacements;
mod schema;
mod unmapped;
mod untold;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use finding::{Code, Finding, Severity};
pub use output::{annotations, json, sarif};
use schema::{JSON_SCHEMA, Sources, built_in};
pub use unmapped::{UnmappedParts, unmapped};

use crate::schema::with_imports;

use dmv_redact::internal::filter::read_formats;
use dmv_redact::{Date, FilterBuilder};
use dmv_redact_model::catalog::Catalog;
use dmv_redact_model::config::{ConfigError, Document, File};
use dmv_redact_model::format::Formats;

/// The codes of all possible findings, sorted by name.
pub(crate) fn codes() -> Vec<&'static Code> {
    let mut codes: Vec<_> = [
        &[&finding::INVALID][..],
        &policy::ALL,
        &catalog::ALL,
        &discriminators::ALL,
        &recognition::ALL,
        &replacements::ALL,
        &schema::ALL,
    ]
    .concat();
    codes.sort_by_key(|code| code.name);
    codes
}

/// What is checked, in addition to what is built in.
#[derive(Debug, Default)]
pub struct Subjects {
    /// Catalogs, by path.
    pub catalogs: Vec<PathBuf>,
    /// Folders of formats.
    pub formats: Vec<PathBuf>,
    /// The policy; by default the built-in baseline.
    pub policy: Option<PathBuf>,
    /// The day that the policy is checked as of.
    pub date: Option<Date>,
}

/// Every finding, sorted by file and position. A table that can't be used is a finding too.
pub fn check(subjects: &Subjects) -> Vec<Finding> {
    let mut findings = Vec::new();
    let checked = lint_formats(subjects, &mut findings).and_then(|(catalog, formats)| {
        let mut builder = FilterBuilder::default();
        if let Some(policy) = &subjects.policy {
            builder = builder.policy_named(policy);
        }
        let builder = builder.as_of(subjects.date);
        let files = builder.policy_files()?;
        let policy = builder.policy_of(&files, &catalog, &formats)?;
        let mut of_policy = policy::lint(&files, &policy, &catalog, &formats)?;
        if let Some(date) = subjects.date.or_else(Date::today) {
            of_policy.extend(policy::lint_dates(&files, &policy, date)?);
        }
        findings.extend(of_policy.into_iter().map(|finding| policy::of_included(finding, &files)));
        for included in files.included() {
            let included = builder.policy_of(&included, &catalog, &formats)?;
            findings.extend(policy::lint_beyond(&files, [&included, &policy], &catalog)?);
        }
        let catalogs = read_catalogs(subjects)?;
        findings.extend(catalog::lint_permits(&documents(&catalogs), &catalog, &files, &policy)?);
        Ok(())
    });
    sorted(findings, checked)
}

/// The findings in formats and catalogs alone, in the same order: formats can be checked before there is a policy.
pub fn check_formats(subjects: &Subjects) -> Vec<Finding> {
    let mut findings = Vec::new();
    let checked = lint_formats(subjects, &mut findings).map(drop);
    sorted(findings, checked)
}

fn sorted(mut findings: Vec<Finding>, checked: Result<(), ConfigError>) -> Vec<Finding> {
    if let Err(error) = checked {
        findings.extend(error.iter().map(|error| Finding::from(error.clone())));
    }
    findings.sort_by_key(|finding| {
        (
            finding.error.file().to_owned(),
            finding.error.position(),
            finding.code.severity,
            finding.error.message().to_owned(),
        )
    });
    findings
}

fn lint_formats(subjects: &Subjects, findings: &mut Vec<Finding>) -> Result<(Arc<Catalog>, Formats), ConfigError> {
    let catalogs = read_catalogs(subjects)?;
    let catalog = Arc::new(Catalog::load(dmv_redact::shipped::CATALOG, &documents(&catalogs))?);
    let formats = read_added_formats(subjects)?;
    let all_formats = Formats::load(dmv_redact::shipped::FORMATS, &documents(&formats), &catalog)?;
    for document in documents(&catalogs) {
        findings.extend(catalog::lint(&document, &catalog, &all_formats)?);
    }
    let others = [dmv_redact::shipped::FORMATS, &documents(&formats)].concat();
    findings.extend(replacements::lint(&formats, &others, &all_formats, &catalog)?);
    findings.extend(recognition::lint(&documents(&formats), &others, &all_formats)?);
    for sources in built_in() {
        findings.extend(schema::lint(&sources, &others, &catalog)?);
    }
    for format in &formats {
        let schemas = with_imports(schemas_beside(Path::new(&format.name))?)?;
        findings.extend(discriminators::lint(&format.document(), &others, &catalog)?);
        let sources = Sources { format: format.document(), schemas: documents(&schemas) };
        findings.extend(schema::lint(&sources, &others, &catalog)?);
    }
    Ok((catalog, all_formats))
}

fn read_catalogs(subjects: &Subjects) -> Result<Vec<File>, ConfigError> {
    subjects.catalogs.iter().map(|path| File::read(path)).collect()
}

fn read_added_formats(subjects: &Subjects) -> Result<Vec<File>, ConfigError> {
    let folders = subjects.formats.iter().map(|folder| read_formats(folder));
    Ok(folders.collect::<Result<Vec<_>, _>>()?.concat())
}

fn documents(files: &[File]) -> Vec<Document<'_>> {
    files.iter().map(File::document).collect()
}

/// The schemas in the folder of a format, by name.
fn schemas_beside(format: &Path) -> Result<Vec<File>, ConfigError> {
    let folder = format.parent().unwrap_or(Path::new(""));
    let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(|error| {
        ConfigError::of_file(folder.display().to_string(), format!("can't be read: {error}").to_lowercase())
    })?;
    let mut paths: Vec<PathBuf> =
        entries.into_iter().map(|entry| entry.path()).filter(|path| is_schema(path)).collect();
    paths.sort();
    paths.iter().map(|path| File::read(path)).collect()
}

fn is_schema(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "xsd")
        || path.file_name().is_some_and(|name| name == JSON_SCHEMA)
}
