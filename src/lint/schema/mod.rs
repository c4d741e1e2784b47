//! Formats held to their schemas: every value and attribute of the schema is mapped, of the envelope, or unmapped on
//! purpose; every path leads somewhere; what the schema requires has something to stand for it.

mod built_in;
mod compare;
mod json_schema;
mod mapping;
mod outline;
#[cfg(test)]
mod tests;
mod xsd;
mod xsd_document;

use std::collections::BTreeSet;

pub(crate) use built_in::built_in;
use compare::Comparison;
use json_schema::JsonSchema;
use mapping::Names;
use outline::Outline;
use xsd::Xsd;

use super::finding::{Code, Finding};
use crate::catalog::Catalog;
use crate::config::{ConfigError, Document};
use crate::format::{FormatSpans, Syntax};

pub(crate) const NO_SCHEMA: Code =
    Code::note("no-schema", "a format has no schema beside it: its mapping is held to nothing");
pub(crate) const NOT_UNDERSTOOD: Code =
    Code::warning("schema-not-understood", "a schema says something that this check can't hold a mapping to");
pub(crate) const STAND_IN_NOT_REQUIRED: Code =
    Code::warning("stand-in-not-required", "something stands for a part that the schema doesn't require");

/// All codes of what is found in formats.
pub(crate) const ALL: [&Code; 9] = [
    &compare::PATH_NOT_IN_SCHEMA,
    &compare::VALUE_NOT_IN_SCHEMA,
    &compare::NOT_MAPPED,
    &compare::REQUIRED_DENIED,
    &compare::REQUIRED_NOT_MAPPED,
    &compare::NOT_NILLABLE,
    &NO_SCHEMA,
    &NOT_UNDERSTOOD,
    &STAND_IN_NOT_REQUIRED,
];

/// What every file of a folder that holds JSON Schema is called; every `.xsd` is XML Schema.
pub(crate) const JSON_SCHEMA: &str = "schema.json";

/// A format and the schemas that lie beside it.
#[derive(Debug, Clone)]
pub(crate) struct Sources<'a> {
    pub(crate) format: Document<'a>,
    pub(crate) schemas: Vec<Document<'a>>,
}

/// Holds a format, which is known to load, to its schemas.
pub(crate) fn lint(sources: &Sources<'_>, catalog: &Catalog) -> Result<Vec<Finding>, ConfigError> {
    let document = &sources.format;
    let written = FormatSpans::read(document)?;
    let (json, xml): (Vec<_>, Vec<_>) = sources.schemas.iter().partition(|schema| schema.file.ends_with(JSON_SCHEMA));
    let mut found = Vec::new();
    let mut wanted = BTreeSet::new();
    let mut is_held = true;
    for syntax in &written.syntaxes {
        let mut run = |held: Option<Held>| match held {
            Some(held) => {
                found.extend(held.found);
                wanted.extend(held.wanted);
            }
            None => {
                is_held = false;
                let (name, what) = match syntax {
                    Syntax::Xml => ("XML", "a `.xsd`"),
                    Syntax::Json => ("JSON", "a `schema.json`"),
                };
                let message = format!("format `{}` has no schema for its {name}", written.name.path);
                let said = document.error(&written.name.span, message).help(format!("put {what} beside it"));
                found.push(Finding::new(&NO_SCHEMA, said));
            }
        };
        match syntax {
            Syntax::Xml if xml.is_empty() => run(None),
            Syntax::Json if json.is_empty() => run(None),
            Syntax::Xml => {
                let documents: Vec<Document<'_>> = xml.iter().map(|schema: &&Document<'_>| **schema).collect();
                run(Some(hold(&Xsd::read(&documents), *syntax, sources, &written, catalog)));
            }
            Syntax::Json => {
                for schema in &json {
                    run(Some(hold(&JsonSchema::read(schema), *syntax, sources, &written, catalog)));
                }
            }
        }
    }
    for (path, _) in written.required.iter().filter(|(path, _)| is_held && !wanted.contains(&path.path)) {
        let message =
            format!("something stands for `{}` where it is denied, and the schema doesn't require it", path.path);
        let help = "leave it out: what stands there tells that something was removed";
        found.push(Finding::new(&STAND_IN_NOT_REQUIRED, document.error(&path.span, message).help(help)));
    }
    Ok(found)
}

/// What came of a comparison.
struct Held {
    found: Vec<Finding>,
    wanted: BTreeSet<String>,
}

fn hold<O: Outline>(
    outline: &O,
    syntax: Syntax,
    sources: &Sources<'_>,
    written: &FormatSpans,
    catalog: &Catalog,
) -> Held {
    let document = &sources.format;
    let names = Names::new(written, syntax);
    let mapping = names.tree(catalog);
    let mut comparison =
        Comparison { outline, written, names, syntax, document, found: Vec::new(), wanted: BTreeSet::new() };
    comparison.run(&mapping);
    let Comparison { mut found, wanted, .. } = comparison;
    for fault in outline.not_understood() {
        let message = format!("this check doesn't understand {}", fault.what);
        let schema = sources.schemas.iter().find(|schema| schema.file == fault.file);
        let said = match schema.zip(fault.at) {
            Some((schema, at)) => schema.error(&(at..at), message),
            None => ConfigError::of_file(&*fault.file, message),
        };
        found.push(Finding::new(&NOT_UNDERSTOOD, said));
    }
    Held { found, wanted }
}
