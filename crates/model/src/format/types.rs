//! Paths that are written once and stand below several parts: `[types.NAME]`, which `type:NAME` puts there.

use super::raw::{PathEntry, Paths};
use crate::config::{ConfigError, Document, Errors, Spanned, Table};

/// How often types may be used in a format, those in types included: they may double at every level (P8).
const MAX_USES: usize = 1000;

/// What a path leads to, if not to a data element.
const PREFIX: &str = "type:";

/// Puts the paths of each type where it is used. `inherited` are the types of the format that is extended.
///
/// # Errors
/// When a type that is used isn't declared or holds itself, or one that is declared here isn't used or stands twice.
pub(super) fn expanded(
    document: &Document<'_>,
    paths: &Paths,
    own: &Table<Paths>,
    inherited: &Table<Paths>,
) -> Result<Paths, ConfigError> {
    let mut expansion =
        Expansion { document, own, inherited, open: Vec::new(), used: Vec::new(), errors: Errors::default() };
    let paths = expansion.paths(paths);
    for (name, _) in own {
        if !expansion.used.contains(&name.get_ref().as_str()) {
            let message = format!("no path leads to `{PREFIX}{}`", name.get_ref());
            expansion.errors.push(document.error(&name.span(), message));
        }
    }
    expansion.errors.finish()?;
    Ok(paths)
}

struct Expansion<'a> {
    document: &'a Document<'a>,
    own: &'a Table<Paths>,
    inherited: &'a Table<Paths>,
    /// The types in which the paths are that are expanded now.
    open: Vec<&'a str>,
    used: Vec<&'a str>,
    errors: Errors,
}

impl<'a> Expansion<'a> {
    fn paths(&mut self, paths: &'a Paths) -> Paths {
        let mut expanded = Paths::default();
        expanded.prepend(paths.iter().map(|(path, entry)| {
            let inner = match entry.get_ref() {
                PathEntry::Below(below) => PathEntry::Below(self.paths(below)),
                PathEntry::Element(element) => match element.strip_prefix(PREFIX) {
                    Some(name) => PathEntry::Below(self.of_type(name, entry)),
                    None => PathEntry::Element(element.clone()),
                },
            };
            (path.clone(), Spanned::new(entry.span(), inner))
        }));
        expanded
    }

    fn of_type(&mut self, name: &'a str, at: &Spanned<PathEntry>) -> Paths {
        let mut all = self.own.iter().chain(self.inherited);
        let Some((_, paths)) = all.find(|(own, _)| own.get_ref() == name) else {
            let error = self.document.error(&at.span(), format!("unknown type `{name}`"));
            let known = self.own.iter().chain(self.inherited).map(|(name, _)| name.get_ref().as_str());
            self.errors.push(error.nearest(name, known));
            return Paths::default();
        };
        if self.used.len() > MAX_USES {
            if self.used.len() == MAX_USES + 1 {
                self.errors.push(self.document.error(&at.span(), format!("types are used more than {MAX_USES} times")));
                self.used.push(name);
            }
            return Paths::default();
        }
        if self.open.contains(&name) {
            self.errors.push(self.document.error(&at.span(), format!("type `{name}` holds itself")));
            return Paths::default();
        }
        self.used.push(name);
        self.open.push(name);
        let paths = self.paths(paths);
        self.open.pop();
        paths
    }
}
