//! The policies that cases name, each built once: one filter per policy and, where a case allows only one message
//! format, per format.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dmv_redact_model::config::Spanned;
use rayon::prelude::*;

use super::Settings;
use dmv_redact::{Date, Filter, FilterBuilder};
use dmv_redact_model::config::{ConfigError, Document};

/// The key of a filter: its policy (`None`: the built-in baseline), the only format of its messages, and the date of
/// their requests.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FilterKey {
    pub(super) policy: Option<PathBuf>,
    pub(super) format: Option<String>,
    /// The date of the request; `None` is that of the settings, or today.
    pub(super) date: Option<Date>,
}

/// The filters that cases need.
pub(super) type Filters = BTreeMap<FilterKey, Filter>;

/// A filter with the catalog and the formats of the settings.
pub(super) fn builder(settings: &Settings) -> FilterBuilder {
    let builder = settings.catalogs.iter().fold(Filter::builder(), |builder, path| builder.catalog_path(path));
    settings.formats.iter().fold(builder, |builder, folder| builder.formats_dir(folder))
}

/// Builds every filter for these keys; reports all errors.
pub(super) fn filters(settings: &Settings, keys: Vec<FilterKey>) -> Result<Filters, Vec<ConfigError>> {
    let built: Vec<Result<(FilterKey, Filter), ConfigError>> =
        keys.into_par_iter().map(|key| build(settings, &key).map(|filter| (key, filter))).collect();
    let (mut filters, mut errors) = (Filters::new(), Vec::new());
    for result in built {
        match result {
            Ok((key, filter)) => drop(filters.insert(key, filter)),
            // A policy is built for several formats: its errors are reported once.
            Err(error) if errors.contains(&error) => {}
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(filters) } else { Err(errors) }
}

fn build(settings: &Settings, key: &FilterKey) -> Result<Filter, ConfigError> {
    // Matrices ask for no tokens; what has messages is refused without a key.
    let mut filter = builder(settings).as_of(key.date.or(settings.date)).without_token_key();
    if let Some(key) = &settings.token_key {
        filter = filter.token_key_path(key);
    }
    if let Some(policy) = &key.policy {
        filter = filter.policy_named(policy);
    }
    if let Some(format) = &key.format {
        filter = filter.format(format);
    }
    filter.build()
}

/// Finds policies by name or path.
#[derive(Debug)]
pub(super) struct PolicyFinder<'s> {
    settings: &'s Settings,
    /// The folder of policies that are named without a path.
    folder: Option<PathBuf>,
    /// Whether a case has used it.
    is_folder_used: Cell<bool>,
}

impl<'s> PolicyFinder<'s> {
    /// `cases` is the folder that cases are looked for in.
    pub(super) fn new(settings: &'s Settings, cases: &Path) -> Self {
        let folder = settings.policies.clone().or_else(|| policies_above(cases));
        Self { settings, folder, is_folder_used: Cell::new(false) }
    }

    /// Whether the settings name a folder of policies that no case uses.
    pub(super) fn is_folder_unused(&self) -> bool {
        self.settings.policies.is_some() && !self.is_folder_used.get()
    }

    /// The policy of a case or a matrix in `folder`: that of the settings, or the one that it names; `None` is the
    /// built-in baseline.
    pub(super) fn find(
        &self,
        document: &Document<'_>,
        folder: &Path,
        named: Option<&Spanned<String>>,
    ) -> Result<Option<PathBuf>, ConfigError> {
        if self.settings.policy.is_some() {
            return Ok(self.settings.policy.clone());
        }
        let Some(named) = named else { return Ok(None) };
        let name = named.get_ref();
        if name.contains('/') || name.ends_with(".toml") {
            let path = normalized(&folder.join(name));
            if path.is_file() {
                return Ok(Some(path));
            }
            return Err(document.error(&named.span(), format!("there is no policy {}", path.display())));
        }
        self.is_folder_used.set(true);
        let Some(policies) = &self.folder else {
            let error = document.error(&named.span(), format!("policy `{name}` is nowhere to be found"));
            return Err(error.help("name its folder with `--policies DIR`, or write a path that ends in `.toml`"));
        };
        let path = policies.join(format!("{name}.toml"));
        if path.is_file() {
            return Ok(Some(path));
        }
        let error = document.error(&named.span(), format!("there is no policy `{name}` in {}", policies.display()));
        let known = names_in(policies);
        Err(error.nearest(name, known.iter().map(String::as_str)))
    }
}

/// The nearest folder `policies` beside or above a folder of cases.
fn policies_above(cases: &Path) -> Option<PathBuf> {
    let cases = std::path::absolute(cases).ok()?;
    cases.ancestors().map(|folder| folder.join("policies")).find(|folder| folder.is_dir())
}

/// The names of the policies in a folder.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| policy_name(&entry.path())).collect()
}

/// The name by which a case can refer to a file; `None` if it isn't a policy.
fn policy_name(file: &Path) -> Option<String> {
    let is_policy = file.extension().is_some_and(|extension| extension == "toml");
    file.file_stem().filter(|_| is_policy).map(|name| name.to_string_lossy().into_owned())
}

/// Normalizes a path: removes steps into a folder and out again, as people would write it.
fn normalized(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut plain = PathBuf::new();
    for component in path.components() {
        let goes_back =
            component == Component::ParentDir && matches!(plain.components().next_back(), Some(Component::Normal(_)));
        match component {
            _ if goes_back => drop(plain.pop()),
            Component::CurDir => {}
            _ => plain.push(component),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_back_are_taken_back() {
        for (path, expected) in
            [("a/b/../c.toml", "a/c.toml"), ("./a/../../b", "../b"), ("../../x", "../../x"), ("/a/./b/..", "/a")]
        {
            assert_eq!(normalized(Path::new(path)), Path::new(expected));
        }
    }
}
