//! The policies that cases name, each made into a filter once: a filter for every policy and, where a case wants messages of
//! one format only, for that format.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::config::Spanned;
use rayon::prelude::*;

use super::Settings;
use crate::config::{ConfigError, Document};
use crate::{Filter, FilterBuilder};

/// What a filter is made for: a policy (`None`: the built-in baseline) and the only format of its messages.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wanted {
    pub(super) policy: Option<PathBuf>,
    pub(super) format: Option<String>,
}

/// The filters that cases want.
pub(super) type Filters = BTreeMap<Wanted, Filter>;

/// A filter with the catalog and the formats of the settings.
pub(super) fn builder(settings: &Settings) -> FilterBuilder {
    let builder = settings.catalogs.iter().fold(Filter::builder(), |builder, path| builder.catalog_path(path));
    settings.formats.iter().fold(builder, |builder, folder| builder.formats_dir(folder))
}

/// Makes every filter that is wanted; tells all that is wrong with them.
pub(super) fn filters(settings: &Settings, wanted: Vec<Wanted>) -> Result<Filters, Vec<ConfigError>> {
    let build = |wanted: Wanted| {
        let mut filter = builder(settings);
        if let Some(policy) = &wanted.policy {
            filter = filter.policy_path(policy);
        }
        if let Some(format) = &wanted.format {
            filter = filter.format(format);
        }
        Ok((wanted, filter.build()?))
    };
    let built: Vec<Result<(Wanted, Filter), ConfigError>> = wanted.into_par_iter().map(build).collect();
    let (mut filters, mut errors) = (Filters::new(), Vec::new());
    for result in built {
        match result {
            Ok((wanted, filter)) => drop(filters.insert(wanted, filter)),
            // One policy is wanted for several formats: what is wrong with it is said once.
            Err(error) if errors.contains(&error) => {}
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(filters) } else { Err(errors) }
}

/// Where policies are looked for.
#[derive(Debug)]
pub(super) struct Policies<'s> {
    settings: &'s Settings,
    /// The folder of policies that are named without a path.
    folder: Option<PathBuf>,
    /// Whether a case has named one.
    is_folder_used: Cell<bool>,
}

impl<'s> Policies<'s> {
    /// `cases` is the folder that cases are looked for in.
    pub(super) fn new(settings: &'s Settings, cases: &Path) -> Self {
        let upwards = || {
            let cases = std::path::absolute(cases).ok()?;
            cases.ancestors().map(|folder| folder.join("policies")).find(|folder| folder.is_dir())
        };
        let folder = settings.policies.clone().or_else(upwards);
        Self { settings, folder, is_folder_used: Cell::new(false) }
    }

    /// Whether the settings name a folder of policies for nothing.
    pub(super) fn is_folder_idle(&self) -> bool {
        self.settings.policies.is_some() && !self.is_folder_used.get()
    }

    /// The policy of a case or a matrix in `folder`: that of the settings, or the one that it names; `None` is the built-in
    /// baseline.
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
        let refuse = |message: String| Err(document.error(&named.span(), message));
        if name.contains('/') || name.ends_with(".toml") {
            let path = plain(&folder.join(name));
            return if path.is_file() {
                Ok(Some(path))
            } else {
                refuse(format!("there is no policy {}", path.display()))
            };
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

/// The names of the policies in a folder.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let name = |path: PathBuf| {
        let is_policy = path.extension().is_some_and(|ending| ending == "toml");
        path.file_stem().filter(|_| is_policy).map(|name| name.to_string_lossy().into_owned())
    };
    entries.filter_map(|entry| name(entry.path())).collect()
}

/// A path without the steps that lead into a folder and out of it again, as people would write it.
fn plain(path: &Path) -> PathBuf {
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
        for (path, wanted) in
            [("a/b/../c.toml", "a/c.toml"), ("./a/../../b", "../b"), ("../../x", "../../x"), ("/a/./b/..", "/a")]
        {
            assert_eq!(plain(Path::new(path)), Path::new(wanted));
        }
    }
}
