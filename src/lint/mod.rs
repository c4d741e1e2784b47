//! What is wrong, or probably not meant, in policies, catalogs and formats that load: lints, each with a stable code.
//!
//! Above everything that is linted, below the command line that shows it.

mod catalog;
mod finding;
mod output;
mod policy;
mod schema;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use finding::{Code, Finding, Severity};
pub(crate) use output::{annotations, json, sarif};
use schema::{JSON_SCHEMA, Sources, built_in};

use crate::catalog::Catalog;
use crate::config::{ConfigError, Document, File};
use crate::filter::{FilterBuilder, read_formats};
use crate::format::Formats;

/// The codes of everything that can be found, by name.
pub(crate) fn codes() -> Vec<&'static Code> {
    let mut codes: Vec<_> = [&[&finding::INVALID][..], &policy::ALL, &catalog::ALL, &schema::ALL].concat();
    codes.sort_by_key(|code| code.name);
    codes
}

/// What is checked: what is built in, and these.
#[derive(Debug, Default)]
pub(crate) struct Subjects {
    pub(crate) catalogs: Vec<PathBuf>,
    pub(crate) formats: Vec<PathBuf>,
    /// The policy; left out: the built-in baseline.
    pub(crate) policy: Option<PathBuf>,
}

/// Every finding, in the order of files and places. A table that can't be used is a finding too.
pub(crate) fn check(subjects: &Subjects) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Err(error) = look(subjects, &mut found) {
        found.extend(error.iter().map(|error| Finding::from(error.clone())));
    }
    found.sort_by_key(|finding| {
        (
            finding.said.file().to_owned(),
            finding.said.position(),
            finding.code.severity,
            finding.said.message().to_owned(),
        )
    });
    found
}

fn look(subjects: &Subjects, found: &mut Vec<Finding>) -> Result<(), ConfigError> {
    let catalogs = subjects.catalogs.iter().map(|path| File::read(path)).collect::<Result<Vec<_>, _>>()?;
    let catalog = Arc::new(Catalog::load(&documents(&catalogs))?);
    let mut formats = Vec::new();
    for folder in &subjects.formats {
        formats.extend(read_formats(folder)?);
    }
    let known = Formats::load(&documents(&formats), &catalog)?;
    for document in documents(&catalogs) {
        found.extend(catalog::lint(&document, &catalog, &known)?);
    }
    for sources in built_in() {
        found.extend(schema::lint(&sources, &catalog)?);
    }
    for format in &formats {
        let schemas = schemas_beside(Path::new(&format.name))?;
        let sources = Sources { format: format.document(), schemas: documents(&schemas) };
        found.extend(schema::lint(&sources, &catalog)?);
    }
    let mut builder = FilterBuilder::default();
    if let Some(policy) = &subjects.policy {
        builder = builder.policy_path(policy);
    }
    let file = builder.policy_file()?;
    let policy = builder.policy(&catalog, &known)?;
    found.extend(policy::lint(&file.document(), &policy, &catalog, &known)?);
    Ok(())
}

fn documents(files: &[File]) -> Vec<Document<'_>> {
    files.iter().map(File::document).collect()
}

/// The schemas in the folder of a format, by name.
fn schemas_beside(format: &Path) -> Result<Vec<File>, ConfigError> {
    let folder = format.parent().unwrap_or(Path::new(""));
    let unreadable = |error: std::io::Error| {
        ConfigError::of_file(folder.display().to_string(), format!("can't be read: {error}").to_lowercase())
    };
    let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(unreadable)?;
    let is_schema = |path: &PathBuf| {
        path.extension().is_some_and(|extension| extension == "xsd")
            || path.file_name().is_some_and(|name| name == JSON_SCHEMA)
    };
    let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).filter(is_schema).collect();
    paths.sort();
    paths.iter().map(|path| File::read(path)).collect()
}
