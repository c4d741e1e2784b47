//! Formats that stand in the place of others: told by `check`, so that nobody overlooks that what is built in isn't what
//! runs.
//!
//! Compared by what their paths mean: names by namespace and local name, and places by the path that covers them, a record
//! with all that is in it.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Code, Finding};
use crate::schema::Name;
use dmv_redact_model::catalog::{Catalog, Element};
use dmv_redact_model::config::{ConfigError, Document, File};
use dmv_redact_model::format::{FormatSpans, Formats, Syntax};

pub(super) const FORMAT_REPLACED: Code = Code::note("format-replaced", "a format stands in the place of another");
pub(super) const FORMAT_ROUTING_CHANGED: Code = Code::warning(
    "format-routing-changed",
    "a format finds the requester or the message key elsewhere than the one that it replaces, or has other keys",
);
pub(super) const FORMAT_KEYS_CHANGED: Code =
    Code::note("format-keys-changed", "a format says something else than the one that it replaces, beside its paths");
pub(super) const PATH_CHANGED: Code =
    Code::note("path-changed", "a path leads to another data element than in the format that is replaced");
pub(super) const PATH_LESS_RESTRICTED: Code = Code::warning(
    "path-less-restricted",
    "a path leads to a data element that is in fewer groups than that of the format that is replaced",
);

/// All codes of these findings.
pub(super) const ALL: [&Code; 5] =
    [&FORMAT_REPLACED, &FORMAT_ROUTING_CHANGED, &FORMAT_KEYS_CHANGED, &PATH_CHANGED, &PATH_LESS_RESTRICTED];

/// Tells of every format that stands in another's place; `others` are all formats.
pub(super) fn lint(
    files: &[File],
    others: &[Document<'_>],
    formats: &Formats,
    catalog: &Catalog,
) -> Result<Vec<Finding>, ConfigError> {
    let mut found = Vec::new();
    for replacement in &formats.replacements {
        let Some(file) = files.iter().find(|file| file.name == replacement.file) else { continue };
        let Some(other) = others.iter().find(|other| other.file == replacement.replaced_file) else { continue };
        let document = file.document();
        let (own, was) = (FormatSpans::read(&document, others)?, FormatSpans::read(other, others)?);
        let (format, replaced) = (&replacement.format, &replacement.replaced);
        let changes = changes(&was, &own);
        let count = |is_one: fn(&PlaceChange) -> bool| changes.iter().filter(|change| is_one(change)).count();
        let added = count(|change| change.was.is_none());
        let removed = count(|change| change.is.is_none());
        let changed = changes.len() - added - removed;
        let message = format!(
            "format `{format}` stands in the place of `{replaced}`: of its paths {added} are added, {changed} changed, \
             {removed} taken out"
        );
        let mut find = |code, message| found.push(Finding::new(code, document.error(&replacement.span, message)));
        find(&FORMAT_REPLACED, message);
        let (routing, keys): (Vec<&str>, Vec<&str>) =
            changed_keys(&was, &own).into_iter().partition(|key| ROUTING.contains(key));
        for (code, keys) in [(&FORMAT_ROUTING_CHANGED, routing), (&FORMAT_KEYS_CHANGED, keys)] {
            if !keys.is_empty() {
                let keys = keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
                find(code, format!("format `{format}` has another {keys} than `{replaced}`"));
            }
        }
        for PlaceChange { path, was, is } in &changes {
            let (Some(was), Some(is)) = (was, is) else { continue };
            let groups = |id: &str| catalog.find(id).and_then(|id| catalog.element(id)).map(Element::groups);
            let lost: Vec<&str> = groups(was)
                .into_iter()
                .flatten()
                .filter(|group| !groups(is).into_iter().flatten().any(|own| own == *group))
                .collect();
            let mut message = format!("`{path}` leads to `{is}` here, and to `{was}` in `{replaced}`");
            if was == is {
                message =
                    format!("`{path}` leads to `{is}` here as in `{replaced}`, with all that is in it or without");
            }
            if !lost.is_empty() {
                message.push_str(&format!(", which is in {} as well", lost.join(", ")));
            }
            find(if lost.is_empty() { &PATH_CHANGED } else { &PATH_LESS_RESTRICTED }, message);
        }
    }
    Ok(found)
}

/// The keys that decide whom a message is for, and which rules it is under.
const ROUTING: [&str; 4] = ["requester", "message-type", "messages", "attributes"];

/// A place, and the data elements that it leads to in two formats.
#[derive(Debug, PartialEq, Eq)]
struct PlaceChange {
    /// As the format that has a path of its own there spells it, the one that stands first.
    path: String,
    was: Option<String>,
    is: Option<String>,
}

/// A mapping by the names of its paths, in one syntax.
struct Places<'s>(BTreeMap<Vec<Name>, Place<'s>>);

struct Place<'s> {
    path: &'s str,
    element: &'s str,
    is_record: bool,
}

impl<'s> Places<'s> {
    fn of(spans: &'s FormatSpans, syntax: Syntax) -> Self {
        let places = spans.paths.iter().map(|(path, element)| {
            let bare = path.path.strip_suffix("/**");
            let place = Place { path: &path.path, element, is_record: bare.is_some() };
            (steps(spans, syntax, bare.unwrap_or(&path.path)), place)
        });
        Self(places.collect())
    }

    /// What a place leads to, and whether with all that is in it: by its own path, or by that of a record around it.
    fn at(&self, steps: &[Name]) -> Option<(&'s str, bool)> {
        if let Some(own) = self.0.get(steps) {
            return Some((own.element, own.is_record));
        }
        let is_attribute = steps.last().is_some_and(|name| name.is_attribute);
        let above = (0..steps.len()).rev().filter_map(|length| self.0.get(steps.get(..length)?));
        let mut records = above.filter(|place| place.is_record && !is_attribute);
        records.next().map(|record| (record.element, true))
    }
}

/// What differs between two mappings, by place.
fn changes(was: &FormatSpans, is: &FormatSpans) -> Vec<PlaceChange> {
    let mut changes: Vec<PlaceChange> = Vec::new();
    for syntax in &is.syntaxes {
        let (before, now) = (Places::of(was, *syntax), Places::of(is, *syntax));
        let all: BTreeSet<&Vec<Name>> = before.0.keys().chain(now.0.keys()).collect();
        for steps in all {
            let (own_before, own_now) = (before.0.get(steps), now.0.get(steps));
            let (was, is) = (before.at(steps), now.at(steps));
            // A record that covers what was a value takes it whole; what one is for both isn't told of its parts.
            let are_own = own_before.is_some() && own_now.is_some();
            let is_same = if are_own { was == is } else { was.map(|(id, _)| id) == is.map(|(id, _)| id) };
            let Some(path) = own_now.or(own_before).map(|place| place.path).filter(|_| !is_same) else { continue };
            let change = PlaceChange {
                path: path.to_owned(),
                was: was.map(|(id, _)| id.to_owned()),
                is: is.map(|(id, _)| id.to_owned()),
            };
            if !changes.contains(&change) {
                changes.push(change);
            }
        }
    }
    changes.sort_by(|one, other| one.path.cmp(&other.path));
    changes
}

/// The keys, beside the paths, of which two formats say different things.
fn changed_keys(was: &FormatSpans, is: &FormatSpans) -> Vec<&'static str> {
    let keys = |spans: &FormatSpans, syntax: Syntax| {
        let names = |paths: &mut dyn Iterator<Item = &str>| -> BTreeSet<String> {
            paths.map(|path| format!("{:?}", steps(spans, syntax, path))).collect()
        };
        let one = |path: &Option<String>| names(&mut path.iter().map(String::as_str));
        let list =
            |paths: &[dmv_redact_model::format::SpannedPath]| names(&mut paths.iter().map(|path| path.path.as_str()));
        let sorted = |texts: &[String]| {
            let mut texts = texts.to_vec();
            texts.sort();
            texts
        };
        let marks =
            spans.marks.iter().map(|(path, values)| format!("{:?} {:?}", one(&Some(path.clone())), sorted(values)));
        let required = spans.required.iter().map(|(path, word)| format!("{:?} {word}", one(&Some(path.path.clone()))));
        let texts = (spans.texts.iter())
            .map(|(paths, content)| format!("{:?} {content:?}", names(&mut paths.iter().map(String::as_str))));
        let messages = spans.messages.iter().map(|keys| format!("{:?}", sorted(keys)));
        let attributes = spans.attributes.iter();
        let attributes =
            attributes.map(|(attribute, path)| format!("{} {:?}", attribute.name(), one(&Some(path.clone()))));
        let syntaxes = spans.syntaxes.iter().map(|syntax| format!("{syntax:?}"));
        [
            ("requester", one(&spans.requester)),
            ("message-type", one(&spans.message_type)),
            ("messages", messages.collect()),
            ("attributes", attributes.collect()),
            ("syntax", syntaxes.collect()),
            ("root", list(&spans.roots)),
            ("recognise", marks.collect()),
            ("notice", one(&spans.notice)),
            ("nillable", list(&spans.nillable)),
            ("required", required.collect()),
            ("text", texts.collect()),
            ("references", names(&mut spans.references.iter().map(String::as_str))),
        ]
    };
    let mut changed = Vec::new();
    for syntax in &is.syntaxes {
        for ((key, was), (_, is)) in keys(was, *syntax).into_iter().zip(keys(is, *syntax)) {
            if was != is && !changed.contains(&key) {
                changed.push(key);
            }
        }
    }
    changed
}

/// The names that the steps of a path mean. In JSON an attribute is a member like any other.
fn steps(spans: &FormatSpans, syntax: Syntax, path: &str) -> Vec<Name> {
    let step = |step: &str| {
        let bare = step.strip_prefix('@');
        let name = bare.unwrap_or(step);
        let bound = name.split_once(':').and_then(|(prefix, local)| {
            let (_, uri) = spans.namespaces.iter().find(|(own, _)| own == prefix)?;
            Some(Name::element(uri, local))
        });
        let name = bound.unwrap_or_else(|| Name::element("", name));
        Name { is_attribute: bare.is_some() && syntax == Syntax::Xml, ..name }
    };
    path.split('/').map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(keys: &str, paths: &str) -> FormatSpans {
        let text = format!("name = 'x'\n{keys}\n[namespaces]\n{paths}");
        FormatSpans::read(&Document { file: "x.toml", text: &text }, &[]).unwrap()
    }

    /// What changes, as `path: was > is`.
    fn changed(keys: &str, was: &str, is: &str) -> Vec<String> {
        let text = |element: Option<String>| element.unwrap_or_default();
        let changes = changes(&format(keys, was), &format(keys, is));
        changes
            .into_iter()
            .map(|change| format!("{}: {} > {}", change.path, text(change.was), text(change.is)))
            .collect()
    }

    const XML: &str = "syntax = 'xml'\nroot = 'r'";
    const JSON: &str = "syntax = 'json'";

    #[test]
    fn paths_are_compared_by_what_they_mean() {
        let none: [&str; 0] = [];
        // Another prefix, and in JSON an attribute.
        let prefixed = |prefix: &str, element: &str| format!("{prefix} = 'urn:n'\n[paths]\n'{prefix}:Q' = '{element}'");
        assert_eq!(changed(XML, &prefixed("a", "person.ssn"), &prefixed("b", "person.ssn")), none);
        let found = changed(XML, &prefixed("a", "person.ssn"), &prefixed("b", "license.number"));
        assert_eq!(found, ["b:Q: person.ssn > license.number"]);
        assert_eq!(changed(JSON, &prefixed("a", "person.ssn"), &prefixed("b", "license.number")), found);
        let one = |path: &str, element: &str| format!("[paths]\n'{path}' = '{element}'");
        assert_eq!(changed(JSON, &one("@Q", "person.ssn"), &one("Q", "person.name")), ["Q: person.ssn > person.name"]);
        assert_eq!(changed(JSON, &one("@Q", "person.ssn"), &one("Q", "person.ssn")), none);
        let apart = changed(XML, &one("a/@Q", "person.ssn"), &one("a/Q", "person.name"));
        assert_eq!(apart, ["a/@Q: person.ssn > ", "a/Q:  > person.name"]);
    }

    #[test]
    fn a_place_is_compared_by_what_covers_it() {
        let one = |path: &str, element: &str| format!("[paths]\n'{path}' = '{element}'");
        let two = |first: (&str, &str), second: (&str, &str)| {
            format!("{}\n'{}' = '{}'", one(first.0, first.1), second.0, second.1)
        };
        for (was, is, expected) in [
            (one("a", "person.ssn"), one("a/**", "person.name"), vec!["a/**: person.ssn > person.name"]),
            (one("a/**", "person.ssn"), one("a", "person.name"), vec!["a: person.ssn > person.name"]),
            (one("a", "person.ssn"), one("a/**", "person.ssn"), vec!["a/**: person.ssn > person.ssn"]),
            (
                one("a/b", "person.ssn"),
                one("a/**", "person.name"),
                vec!["a/**:  > person.name", "a/b: person.ssn > person.name"],
            ),
            (
                one("a/**", "person.ssn"),
                one("a/b", "person.name"),
                vec!["a/**: person.ssn > ", "a/b: person.ssn > person.name"],
            ),
            (one("a/**", "person.ssn"), two(("a/**", "person.ssn"), ("a/b", "person.ssn")), vec![]),
            (
                one("a/**", "person.ssn"),
                two(("a/**", "person.ssn"), ("a/b", "person.name")),
                vec!["a/b: person.ssn > person.name"],
            ),
        ] {
            assert_eq!(changed(XML, &was, &is), expected, "{was} {is}");
            assert_eq!(changed(JSON, &was, &is), expected, "{was} {is}");
        }
    }

    #[test]
    fn other_keys_are_compared_by_what_they_mean() {
        let base = "syntax = 'xml'\nroot = 'a:r'\nrequester = 'a:To'\nmessage-type = 'a:Key'\nmessages = ['DR', 'RR']\nnotice = 'a:N'\n\
                    nillable = ['a:X', 'a:Y']\nrecognise = ['a:X']";
        let rest = "a = 'urn:n'\n[paths]\n'a:X' = 'person.ssn'\n[[required]]\npath = 'a:X'\nwhen-denied = 'nil'\n\
                    [references]\nid = 'a:id'\n[[text]]\nname = 't'\npaths = ['a:X']\nrecognise = 'A'\nfield = []";
        let keys = |base: &str, rest: &str| changed_keys(&format(&base.replace("KEEP", ""), rest), &format(base, rest));
        assert_eq!(keys(base, rest), [""; 0]);
        let was = format(base, rest);
        let other =
            |from: &str, to: &str| changed_keys(&was, &format(&base.replace(from, to), &rest.replace(from, to)));
        // Another prefix for the same namespace, and another order.
        let renamed = format(&base.replace("a:", "b:"), &rest.replace("a:", "b:").replace("a = 'urn", "b = 'urn"));
        assert_eq!(changed_keys(&was, &renamed), [""; 0]);
        assert_eq!(other("['DR', 'RR']", "['RR', 'DR']"), [""; 0]);
        assert_eq!(other("['a:X', 'a:Y']", "['a:Y', 'a:X']"), [""; 0]);
        for (from, to, key) in [
            ("requester = 'a:To'\n", "", "requester"),
            ("'a:Key'", "'a:To'", "message-type"),
            ("messages = ['DR', 'RR']\n", "", "messages"),
            ("'xml'", "['xml', 'json']", "syntax"),
            ("'a:r'", "'a:s'", "root"),
            ("recognise = ['a:X']", "recognise = [{ path = 'a:X', is = ['1'] }]", "recognise"),
            ("'a:N'", "'a:M'", "notice"),
            ("['a:X', 'a:Y']", "['a:X']", "nillable"),
            ("'nil'", "'empty'", "required"),
            ("recognise = 'A'", "recognise = 'B'", "text"),
            ("'a:id'", "'a:di'", "references"),
        ] {
            assert_eq!(other(from, to), [key], "{from}");
        }
    }
}
