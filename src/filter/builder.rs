//! Builds a filter: reads files, loads tables, and checks everything before the first message.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Filter;
use crate::read::Limits;
use crate::rewrite::{FilterIdentity, Parts};
use crate::shipped;
use dmv_redact_model::catalog::Catalog;
use dmv_redact_model::catalog::Treatment;
use dmv_redact_model::config::{ConfigError, File, decode_lines};
use dmv_redact_model::date::Date;
use dmv_redact_model::format::Formats;
use dmv_redact_model::policy::{
    InMemory, Policy, PolicyFiles, PolicySources, PolicySpans, find_built_in, may_be_built_in,
};
use dmv_redact_model::token::TokenKey;
use dmv_redact_verify::Verifier;

/// The settings of a filter. Every setting is optional. What comes from a path can come from memory as well.
#[derive(Debug, Clone, Default)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct FilterBuilder {
    policy: PolicySource,
    /// Tables of ORIs in memory, by the name that the policy has for them.
    rosters: Vec<(String, Vec<u8>)>,
    /// Included policies in memory, by the name that `include` has for them.
    included: Vec<(String, Vec<u8>)>,
    catalogs: Vec<TableSource>,
    formats: Vec<FormatSource>,
    only_format: Option<String>,
    limits: Limits,
    one_reading: bool,
    as_of: Option<AsOf>,
    token_key: KeySource,
    needs_no_token_key: bool,
}

/// The day that a policy is taken as of: one, or today.
#[derive(Debug, Clone, Copy)]
struct AsOf(Option<Date>);

/// Where the key of tokens is. It is never shown.
#[derive(Clone, Default)]
enum KeySource {
    #[default]
    None,
    Path(PathBuf),
    Memory(Vec<u8>),
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Path(path) => f.debug_tuple("Path").field(path).finish(),
            Self::Memory(_) => f.write_str("Memory"),
        }
    }
}

impl KeySource {
    fn read(&self) -> Result<Option<TokenKey>, ConfigError> {
        let (name, key) = match self {
            Self::None => return Ok(None),
            Self::Path(path) => (path.display().to_string(), TokenKey::read(path)),
            Self::Memory(bytes) => ("the key of tokens".to_owned(), TokenKey::from_bytes(bytes)),
        };
        key.map(Some).map_err(|error| ConfigError::of_file(name, error.to_string()))
    }
}

#[derive(Debug, Clone, Default)]
enum PolicySource {
    #[default]
    Baseline,
    Table(TableSource),
    /// A file, or a built-in policy by its name.
    Named(PathBuf),
}

/// A table that a user wrote.
#[derive(Debug, Clone)]
enum TableSource {
    Path(PathBuf),
    Memory { name: String, bytes: Vec<u8> },
}

impl TableSource {
    fn read(&self) -> Result<File, ConfigError> {
        match self {
            Self::Path(path) => File::read(path),
            Self::Memory { name, bytes } => Ok(File { name: name.clone(), text: decode_lines(name, bytes.clone())? }),
        }
    }

    /// The folder that it is in.
    fn folder(&self) -> Option<&Path> {
        match self {
            Self::Path(path) => Some(path.parent().unwrap_or(Path::new(""))),
            Self::Memory { .. } => None,
        }
    }
}

/// Formats that a user wrote.
#[derive(Debug, Clone)]
enum FormatSource {
    /// Every format in a folder.
    Folder(PathBuf),
    One(TableSource),
}

impl FormatSource {
    fn read(&self) -> Result<Vec<File>, ConfigError> {
        match self {
            Self::Folder(folder) => read_formats(folder),
            Self::One(table) => Ok(vec![table.read()?]),
        }
    }
}

impl FilterBuilder {
    /// Reads the policy from this file; its rosters (`ori-file`) and the files that it includes are relative to its folder.
    pub fn policy_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.policy = PolicySource::Table(TableSource::Path(path.into()));
        self
    }

    /// The same, for what people type: without a slash and `.toml`, and if there is no such file, it is the name of a built-in
    /// policy, as in `include`.
    #[doc(hidden)]
    pub fn policy_named(mut self, path: impl Into<PathBuf>) -> Self {
        self.policy = PolicySource::Named(path.into());
        self
    }

    /// Takes the policy from the bytes of a `policy.toml`; `name` is its name in errors. Its rosters come from
    /// [`roster_bytes`](Self::roster_bytes).
    pub fn policy_bytes(mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        self.policy = PolicySource::Table(TableSource::Memory { name: name.into(), bytes: bytes.into() });
        self
    }

    /// The same from a text.
    pub fn policy_text(self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.policy_bytes(name, text.into())
    }

    /// Takes a roster from the bytes of its CSV table: that of the agency classes whose `ori-file` is `name`. It is
    /// taken before a file of that name. `build` fails if no class names it.
    pub fn roster_bytes(mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        self.rosters.push((name.into(), bytes.into()));
        self
    }

    /// Takes a policy that the policy includes from the bytes of a `policy.toml`: that whose name in `include` is `name`. It
    /// is taken before a file and before a built-in policy of that name; `build` fails if nothing includes it. Its own
    /// rosters and includes come from memory too, by their paths from the including policy: if `name` is
    /// `shared/agreement.toml`, its `ori-file = "a.csv"` is `shared/a.csv`.
    ///
    /// ```
    /// # use dmv_redact::Filter;
    /// let policy = "[policy]\nname = 'mine'\nversion = '1'\ninclude = ['massachusetts', 'agreement.toml']";
    /// let agreement = "[policy]\nname = 'agreement'\nversion = '1'";
    /// let filter = Filter::builder().policy_bytes("mine.toml", policy).include_bytes("agreement.toml", agreement).build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn include_bytes(mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        self.included.push((name.into(), bytes.into()));
        self
    }

    /// Adds the data elements of this file to the catalog.
    pub fn catalog_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.catalogs.push(TableSource::Path(path.into()));
        self
    }

    /// Adds the data elements of the bytes of a `catalog.toml`; `name` is its name in errors.
    pub fn catalog_bytes(mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        self.catalogs.push(TableSource::Memory { name: name.into(), bytes: bytes.into() });
        self
    }

    /// Adds every format in this folder: `<folder>/<name>/format.toml`.
    pub fn formats_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.formats.push(FormatSource::Folder(folder.into()));
        self
    }

    /// Adds the format of the bytes of a `format.toml`; `name` is its name in errors. The filter doesn't need the
    /// schemas beside it: `dmv-redact check` does.
    pub fn format_bytes(mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        self.formats.push(FormatSource::One(TableSource::Memory { name: name.into(), bytes: bytes.into() }));
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

    /// Reads the key of tokens from this file: its content without the final line end, 32 bytes at least. A policy that
    /// releases something as a token needs one; for any other it makes no difference. It is as secret as the data.
    pub fn token_key_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.token_key = KeySource::Path(path.into());
        self
    }

    /// Takes the key of tokens from the bytes of its file.
    pub fn token_key_bytes(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.token_key = KeySource::Memory(bytes.into());
        self
    }

    /// Builds the filter even if its policy has tokens and there is no key: for what is about no message. No value becomes a
    /// token then; it is removed.
    #[doc(hidden)]
    pub fn without_token_key(mut self) -> Self {
        self.needs_no_token_key = true;
        self
    }

    /// Takes the policy as it is on this day, today in UTC without one, whatever the date of a request: for reports, which
    /// are about no request.
    #[doc(hidden)]
    pub fn as_of(mut self, date: Option<Date>) -> Self {
        self.as_of = Some(AsOf(date));
        self
    }

    /// Reads all files and builds the filter.
    ///
    /// Files are checked and compiled here. What ships with the filter is compiled when a message first needs it: the
    /// first message of each kind takes milliseconds, later ones microseconds. [`Filter::warm`] compiles all of it.
    ///
    /// # Errors
    /// When a file can't be read or is wrong; the error names file, line, column and the nearest known spelling.
    pub fn build(self) -> Result<Filter, ConfigError> {
        let (catalog, formats) = self.load_catalog_and_formats()?;
        let policy = self.policy(&catalog, &formats)?;
        let token_key = self.token_key.read()?;
        if token_key.is_none() && !self.needs_no_token_key && policy.has_tokens() {
            return Err(self.no_token_key()?);
        }
        self.assemble((catalog, Arc::new(formats)), policy, token_key, None)
    }

    /// Builds the filter of these files of a policy, with everything else as `before` has it: catalog, formats, the key of tokens,
    /// and what was compiled of them. Whoever calls it knows that none of these has changed.
    ///
    /// # Errors
    /// As [`build`](Self::build), of the policy.
    #[doc(hidden)]
    pub fn build_beside(self, before: &Filter, files: &PolicyFiles) -> Result<Filter, ConfigError> {
        let (catalog, formats) = (Arc::clone(&before.parts.catalog), Arc::clone(&before.parts.formats));
        let policy = self.policy_of(files, &catalog, &formats)?;
        let token_key = before.parts.token_key.clone();
        if token_key.is_none() && policy.has_tokens() {
            return Err(self.no_token_key()?);
        }
        let old = &before.parts.policy;
        let is_same = old.told_apart() == policy.told_apart() && old.token_scope() == policy.token_scope();
        let verifier = is_same.then(|| Arc::clone(&before.verifier));
        self.assemble((catalog, formats), policy, token_key, verifier)
    }

    fn assemble(
        self,
        (catalog, formats): (Arc<Catalog>, Arc<Formats>),
        policy: Policy,
        token_key: Option<TokenKey>,
        verifier: Option<Arc<Verifier>>,
    ) -> Result<Filter, ConfigError> {
        let told_apart = policy.told_apart();
        let verifier = match verifier {
            Some(verifier) => verifier,
            None => {
                let verifier = Verifier::new(&catalog, &formats, told_apart)?;
                Arc::new(match &token_key {
                    Some(key) => verifier.with_tokens(key.clone(), policy.token_scope()),
                    None => verifier,
                })
            }
        };
        let Self { limits, only_format, .. } = self;
        let identity = Arc::new(FilterIdentity::new(policy.identity(), &formats, &catalog));
        let parts = Parts { catalog, formats, policy, told_apart, limits, only_format, token_key, identity };
        Ok(Filter { parts: Arc::new(parts), verifier, reads_twice: !self.one_reading, scratch: Arc::default() })
    }

    /// The error that the policy has tokens and there is no key for them, at the first place that asks for one.
    fn no_token_key(&self) -> Result<ConfigError, ConfigError> {
        let files = self.policy_files()?;
        let spans = PolicySpans::read(&files)?;
        let tokens = spans.rules.iter().flat_map(|rule| {
            let treatments = rule.treatments.iter().filter(|(_, treatment)| *treatment == Treatment::Token);
            treatments.map(|(key, _)| (&rule.id.name, key))
        });
        let first = tokens.min_by_key(|(_, key)| key.span.start);
        let error = match first {
            Some((id, key)) => {
                let message = format!("rule `{id}` releases `{}` as a token, and there is no key for tokens", key.name);
                files.located().error(&key.span, message)
            }
            None => ConfigError::of_file(files.own().file, "it has tokens, and there is no key for them"),
        };
        Ok(error.help("name the file of the key with `--token-key FILE`, or give the builder a `token_key_path`"))
    }

    /// Loads what a policy refers to: the catalog, and the formats with their message keys.
    #[doc(hidden)]
    pub fn load_catalog_and_formats(&self) -> Result<(Arc<Catalog>, Formats), ConfigError> {
        let catalogs = self.catalogs.iter().map(TableSource::read).collect::<Result<Vec<_>, _>>()?;
        let catalog =
            Arc::new(Catalog::load(shipped::CATALOG, &catalogs.iter().map(File::document).collect::<Vec<_>>())?);
        let mut files = Vec::new();
        for format in &self.formats {
            files.extend(format.read()?);
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

    /// The policy's text, and all that it names: rosters, and the policies that it includes.
    #[doc(hidden)]
    pub fn policy_files(&self) -> Result<PolicyFiles, ConfigError> {
        let (file, folder) = match &self.policy {
            PolicySource::Baseline => (File::of(&shipped::BASELINE), None),
            PolicySource::Table(table) => (table.read()?, table.folder()),
            PolicySource::Named(path) => match path.to_str() {
                Some(name) if may_be_built_in(name) && path.symlink_metadata().is_err() => {
                    let no_such = |message| ConfigError::of_file(name, format!("there is no such file, and {message}"));
                    (File::of(find_built_in(name, shipped::PACKS, no_such)?), None)
                }
                _ if path.is_dir() => {
                    let error = ConfigError::of_file(path.display().to_string(), "this is a folder, and no policy");
                    return Err(error.help("name the policy that is in it"));
                }
                _ => (File::read(path)?, path.parent()),
            },
        };
        let rosters = by_name(&self.rosters, "this table of ORIs is given twice")?;
        let included = by_name(&self.included, "this policy is given twice")?;
        let sources = PolicySources {
            folder,
            is_built_in: !matches!(self.policy, PolicySource::Table(_)),
            rosters: Some(&rosters),
            included: Some(&included),
            built_in: shipped::PACKS,
        };
        Ok(PolicyFiles::read(&file.document(), sources))
    }

    /// Loads the policy alone, for uses without messages.
    #[doc(hidden)]
    pub fn policy(&self, catalog: &Catalog, formats: &Formats) -> Result<Policy, ConfigError> {
        self.policy_of(&self.policy_files()?, catalog, formats)
    }

    /// Loads the policy of these files.
    #[doc(hidden)]
    pub fn policy_of(&self, files: &PolicyFiles, catalog: &Catalog, formats: &Formats) -> Result<Policy, ConfigError> {
        let policy = Policy::load(files, catalog, formats.keys())?;
        let Some(AsOf(date)) = self.as_of else { return Ok(policy) };
        match date.or_else(Date::today) {
            // Even where the policy depends on no date, the instruments of a request may.
            Some(date) => Ok(policy.as_of(date)),
            None if policy.depends_on_date() => {
                Err(ConfigError::of_file(policy.file(), "depends on dates, and the clock tells none"))
            }
            None => Ok(policy),
        }
    }
}

/// Files in memory by their names.
fn by_name<'f>(files: &'f [(String, Vec<u8>)], twice: &str) -> Result<InMemory<'f>, ConfigError> {
    let mut by_name = InMemory::new();
    for (name, bytes) in files {
        if by_name.insert(name.as_str(), bytes.as_slice()).is_some() {
            return Err(ConfigError::of_file(name, twice));
        }
    }
    Ok(by_name)
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
