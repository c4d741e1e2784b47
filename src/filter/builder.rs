//! Builds a filter: reads files, loads tables, and checks everything before the first message.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Filter;
use crate::read::Limits;
use crate::rewrite::Parts;
use crate::shipped;
use dmv_redact_model::catalog::Catalog;
use dmv_redact_model::config::{ConfigError, File, decode_lines};
use dmv_redact_model::format::Formats;
use dmv_redact_model::policy::Policy;
use dmv_redact_verify::Verifier;

/// The settings of a filter. Every setting is optional.
#[derive(Debug, Clone, Default)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct FilterBuilder {
    policy: PolicySource,
    catalogs: Vec<PathBuf>,
    formats_dirs: Vec<PathBuf>,
    only_format: Option<String>,
    limits: Limits,
    one_reading: bool,
}

#[derive(Debug, Clone, Default)]
enum PolicySource {
    #[default]
    Baseline,
    Path(PathBuf),
    Text {
        name: String,
        text: String,
    },
}

impl FilterBuilder {
    /// Reads the policy from this file; its ORI files are relative to its folder.
    pub fn policy_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.policy = PolicySource::Path(path.into());
        self
    }

    /// Takes the policy from `text`; `name` is its name in errors. Such a policy can't have ORI files.
    pub fn policy_text(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.policy = PolicySource::Text { name: name.into(), text: text.into() };
        self
    }

    /// Adds the data elements of this file to the catalog.
    pub fn catalog_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.catalogs.push(path.into());
        self
    }

    /// Adds every format in this folder: `<folder>/<name>/format.toml`.
    pub fn formats_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.formats_dirs.push(folder.into());
        self
    }

    /// Accepts messages of this format only; required for a JSON format without a root member.
    pub fn format(mut self, name: impl Into<String>) -> Self {
        self.only_format = Some(name.into());
        self
    }

    /// Sets the limits on messages.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Whether every output is read a second time, by independent code, before it is released. On by default; a switch
    /// may turn it off if measurements require it.
    pub fn second_reading(mut self, on: bool) -> Self {
        self.one_reading = !on;
        self
    }

    /// Reads all files and builds the filter.
    ///
    /// Files are checked and compiled here. What is built in is compiled lazily: the first message of each kind takes
    /// milliseconds, later ones microseconds. To avoid this latency, redact a message of each kind as a warm-up.
    ///
    /// # Errors
    /// When a file can't be read or is wrong; the error names file, line, column and the nearest known spelling.
    pub fn build(self) -> Result<Filter, ConfigError> {
        let (catalog, formats) = self.load_catalog_and_formats()?;
        let policy = self.policy(&catalog, &formats)?;
        let verifier = Arc::new(Verifier::new(&catalog, &formats)?);
        let parts = Parts { catalog, formats, policy, limits: self.limits, only_format: self.only_format };
        Ok(Filter { parts: Arc::new(parts), verifier, reads_twice: !self.one_reading, scratch: Arc::default() })
    }

    /// Loads what a policy refers to: the catalog, and the formats with their message keys.
    #[doc(hidden)]
    pub fn load_catalog_and_formats(&self) -> Result<(Arc<Catalog>, Formats), ConfigError> {
        let catalogs = self.catalogs.iter().map(|path| File::read(path)).collect::<Result<Vec<_>, _>>()?;
        let catalog =
            Arc::new(Catalog::load(shipped::CATALOG, &catalogs.iter().map(File::document).collect::<Vec<_>>())?);
        let mut files = Vec::new();
        for folder in &self.formats_dirs {
            files.extend(read_formats(folder)?);
        }
        let formats = Formats::load(shipped::FORMATS, &files.iter().map(File::document).collect::<Vec<_>>(), &catalog)?;
        if let Some(name) = self.only_format.as_deref()
            && formats.by_name(name).is_none()
        {
            let error = ConfigError::of_file("--format", format!("unknown format `{name}`"));
            return Err(error.nearest(name, formats.names()));
        }
        Ok((catalog, formats))
    }

    /// The policy's text, and its name in errors.
    #[doc(hidden)]
    pub fn policy_file(&self) -> Result<File, ConfigError> {
        Ok(match &self.policy {
            PolicySource::Baseline => File::of(&shipped::BASELINE),
            PolicySource::Path(path) => File::read(path)?,
            PolicySource::Text { name, text } => {
                File { name: name.clone(), text: decode_lines(name, text.clone().into_bytes())? }
            }
        })
    }

    /// Loads the policy alone, for uses without messages.
    #[doc(hidden)]
    pub fn policy(&self, catalog: &Catalog, formats: &Formats) -> Result<Policy, ConfigError> {
        let file = self.policy_file()?;
        let folder = match &self.policy {
            PolicySource::Path(path) => Some(path.parent().unwrap_or(Path::new(""))),
            PolicySource::Baseline | PolicySource::Text { .. } => None,
        };
        Policy::load(&file.document(), folder, catalog, formats.keys())
    }
}

/// The `format.toml` of every folder in `folder`, sorted by name, so that errors have a stable order.
pub fn read_formats(folder: &Path) -> Result<Vec<File>, ConfigError> {
    let unreadable = |error: std::io::Error| {
        ConfigError::of_file(folder.display().to_string(), format!("can't be read: {error}").to_lowercase())
    };
    let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(unreadable)?;
    let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path().join("format.toml")).collect();
    paths.retain(|path| path.is_file());
    paths.sort();
    if paths.is_empty() {
        let message = "holds no format: `<name>/format.toml` is wanted";
        return Err(ConfigError::of_file(folder.display().to_string(), message));
    }
    paths.iter().map(|path| File::read(path)).collect()
}
