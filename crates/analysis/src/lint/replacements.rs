//! Formats that stand in the place of others: told by `check`, so that nobody overlooks that what is built in isn't what
//! runs.

use super::finding::{Code, Finding};
use dmv_redact_model::catalog::{Catalog, Element};
use dmv_redact_model::config::File;
use dmv_redact_model::format::{Formats, PathChange};

pub(super) const FORMAT_REPLACED: Code = Code::note("format-replaced", "a format stands in the place of another");
pub(super) const PATH_CHANGED: Code =
    Code::note("path-changed", "a path leads to another data element than in the format that is replaced");
pub(super) const PATH_LESS_RESTRICTED: Code = Code::warning(
    "path-less-restricted",
    "a path leads to a data element that is in fewer groups than that of the format that is replaced",
);

/// All codes of these findings.
pub(super) const ALL: [&Code; 3] = [&FORMAT_REPLACED, &PATH_CHANGED, &PATH_LESS_RESTRICTED];

/// Tells of every format that stands in another's place.
pub(super) fn lint(files: &[File], formats: &Formats, catalog: &Catalog) -> Vec<Finding> {
    let mut found = Vec::new();
    for replacement in &formats.replacements {
        let Some(file) = files.iter().find(|file| file.name == replacement.file) else { continue };
        let (format, replaced) = (&replacement.format, &replacement.replaced);
        let count =
            |is_one: fn(&PathChange) -> bool| replacement.changes.iter().filter(|change| is_one(change)).count();
        let added = count(|change| change.was.is_none());
        let removed = count(|change| change.is.is_none());
        let changed = replacement.changes.len() - added - removed;
        let message = format!(
            "format `{format}` stands in the place of `{replaced}`: of its paths {added} are added, {changed} changed, \
             {removed} taken out"
        );
        let document = file.document();
        found.push(Finding::new(&FORMAT_REPLACED, document.error(&replacement.span, message)));
        for change in &replacement.changes {
            let (Some(was), Some(is)) = (&change.was, &change.is) else { continue };
            let mut message = format!("`{}` leads to `{is}` here, and to `{was}` in `{replaced}`", change.path);
            let groups = |id: &str| catalog.find(id).and_then(|id| catalog.element(id)).map(Element::groups);
            let lost: Vec<&str> = groups(was)
                .into_iter()
                .flatten()
                .filter(|group| !groups(is).into_iter().flatten().any(|own| own == *group))
                .collect();
            let code = if lost.is_empty() { &PATH_CHANGED } else { &PATH_LESS_RESTRICTED };
            if !lost.is_empty() {
                message.push_str(&format!(", which is in {} as well", lost.join(", ")));
            }
            found.push(Finding::new(code, document.error(&replacement.span, message)));
        }
    }
    found
}
