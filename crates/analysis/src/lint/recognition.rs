//! Formats that one message can fit at once: it would be withheld.

use super::finding::{Code, Finding};
use dmv_redact_model::config::{ConfigError, Document};
use dmv_redact_model::format::{Format, FormatSpans, Formats, Syntax};

pub(super) const FORMATS_OVERLAP: Code =
    Code::note("formats-overlap", "two formats share a root: a message with the parts of both is withheld");
pub(super) const FORMAT_SHADOWED: Code =
    Code::warning("format-shadowed", "whatever is of this format is of another one as well, and withheld");

/// All codes of these findings.
pub(super) const ALL: [&Code; 2] = [&FORMATS_OVERLAP, &FORMAT_SHADOWED];

/// Tells of every pair of formats of which one message can be, at the one that a user wrote.
pub(super) fn lint(
    files: &[Document<'_>],
    others: &[Document<'_>],
    formats: &Formats,
) -> Result<Vec<Finding>, ConfigError> {
    let mut found = Vec::new();
    for file in files {
        let spans = FormatSpans::read(file, others)?;
        let mut told: Vec<(&str, bool)> = Vec::new();
        for candidates in formats.candidates() {
            let all: Vec<&Format> = candidates.formats().iter().filter_map(|index| formats.at(*index)).collect();
            let Some(own) = all.iter().find(|format| format.name == spans.name.path) else { continue };
            for other in all.iter().filter(|other| other.name != own.name) {
                let is_shadowed = implies(own, other, candidates.syntax());
                if told.contains(&(&*other.name, is_shadowed)) {
                    continue;
                }
                told.push((&other.name, is_shadowed));
                let (name, other) = (&own.name, &other.name);
                found.push(if is_shadowed {
                    let message = format!("what is of format `{name}` is of `{other}` as well, and withheld");
                    let error = file.error(&spans.name.span, message);
                    Finding::new(
                        &FORMAT_SHADOWED,
                        error.help(format!("let `{other}` recognise a part that `{name}` lacks")),
                    )
                } else {
                    let message = format!(
                        "format `{name}` shares a root with `{other}`: a message with the parts of both is withheld"
                    );
                    Finding::new(&FORMATS_OVERLAP, file.error(&spans.name.span, message))
                });
            }
        }
    }
    Ok(found)
}

/// Whether every message with the marks of one format has those of another.
fn implies(format: &Format, other: &Format, syntax: Syntax) -> bool {
    other.declared.marks.iter().all(|(path, values)| {
        let path = resolved(other, path, syntax);
        format.declared.marks.iter().any(|(own, own_values)| {
            let own = resolved(format, own, syntax);
            // A part that goes on below is there as well.
            let is_below = own.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('/'));
            let is_narrower = !own_values.is_empty() && own_values.iter().all(|value| values.contains(value));
            if values.is_empty() { own == path || is_below } else { own == path && is_narrower }
        })
    })
}

/// A path with its namespaces in place of the prefixes, which each format chooses for itself. In JSON the prefix is a part of
/// the name.
fn resolved(format: &Format, path: &str, syntax: Syntax) -> String {
    let namespaces = &format.declared.namespaces;
    let step = |step: &str| {
        let (at, name) = step.strip_prefix('@').map_or(("", step), |name| ("@", name));
        let bound = name.split_once(':').filter(|_| syntax == Syntax::Xml);
        let bound =
            bound.and_then(|(prefix, local)| Some((&namespaces.iter().find(|(own, _)| own == prefix)?.1, local)));
        // A namespace may have slashes.
        bound.map_or(step.to_owned(), |(uri, local)| format!("{at}{{{}}}{local}", uri.replace('/', "|")))
    };
    path.split('/').map(step).collect::<Vec<_>>().join("/")
}
