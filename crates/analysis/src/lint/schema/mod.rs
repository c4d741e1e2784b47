//! Checks formats against their schemas: every value and attribute of the schema is mapped, of the envelope, or
//! unmapped on purpose; every path exists; what the schema requires has a placeholder.

mod built_in;
mod compare;
mod mapping;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

pub(super) use built_in::built_in;
use compare::Comparison;
pub(super) use mapping::{MappingNode, NameResolver, PathTarget};

use super::finding::{Code, Finding};
pub(super) use crate::schema::JSON_SCHEMA;
use crate::schema::{JsonSchema, SchemaModel, Xsd};
use dmv_redact_model::catalog::Catalog;
use dmv_redact_model::config::{ConfigError, Document};
use dmv_redact_model::format::{FormatSpans, Syntax};

pub(super) const NO_SCHEMA: Code =
    Code::note("no-schema", "a format has no schema beside it: its mapping is held to nothing");
pub(super) const NOT_UNDERSTOOD: Code =
    Code::warning("schema-not-understood", "a schema says something that this check can't hold a mapping to");
pub(super) const STAND_IN_NOT_REQUIRED: Code =
    Code::warning("stand-in-not-required", "something stands for a part that the schema doesn't require");

/// All codes of findings in formats.
pub(super) const ALL: [&Code; 10] = [
    &compare::PATH_NOT_IN_SCHEMA,
    &compare::VALUE_NOT_IN_SCHEMA,
    &compare::NOT_MAPPED,
    &compare::REQUIRED_DENIED,
    &compare::REQUIRED_NOT_MAPPED,
    &compare::REQUIRED_LEFT_OUT,
    &compare::NOT_NILLABLE,
    &NO_SCHEMA,
    &NOT_UNDERSTOOD,
    &STAND_IN_NOT_REQUIRED,
];

/// A format and the schemas next to it.
#[derive(Debug, Clone)]
pub(super) struct Sources<'a> {
    pub(crate) format: Document<'a>,
    pub(crate) schemas: Vec<Document<'a>>,
}

/// Checks a format, which is known to load and may extend one of the others, against its schemas.
pub(super) fn lint(
    sources: &Sources<'_>,
    others: &[Document<'_>],
    catalog: &Catalog,
) -> Result<Vec<Finding>, ConfigError> {
    let document = &sources.format;
    let spans = FormatSpans::read(document, others)?;
    let (json, xml): (Vec<_>, Vec<_>) = sources.schemas.iter().partition(|schema| schema.file.ends_with(JSON_SCHEMA));
    let mut findings = Vec::new();
    let mut required_paths = BTreeSet::new();
    let mut left_out = BTreeSet::new();
    let mut is_compared = true;
    for syntax in &spans.syntaxes {
        let results: Vec<ComparisonResult> = match syntax {
            Syntax::Xml if xml.is_empty() => Vec::new(),
            // The documents of an XML Schema refer to each other.
            Syntax::Xml => {
                let documents: Vec<Document<'_>> = xml.iter().map(|schema: &&Document<'_>| **schema).collect();
                vec![compare_with(&Xsd::read(&documents), *syntax, sources, &spans, catalog)]
            }
            Syntax::Json => json
                .iter()
                .map(|schema| compare_with(&JsonSchema::read(schema), *syntax, sources, &spans, catalog))
                .collect(),
        };
        if results.is_empty() {
            is_compared = false;
            findings.push(no_schema(document, &spans, *syntax));
        }
        for result in results {
            findings.extend(result.findings);
            required_paths.extend(result.required_paths);
            left_out.extend(result.left_out);
        }
    }
    if let Some(first) = left_out.first() {
        let message = match left_out.len() {
            1 => format!("the schema requires `{first}`, and `unmapped` leaves it out: what goes out is not valid"),
            count => format!(
                "the schema requires {count} parts that `unmapped` leaves out, `{first}` among them: what goes out is not valid"
            ),
        };
        let help = "where the receiver validates, let the schema have them optional";
        findings.push(Finding::new(&compare::REQUIRED_LEFT_OUT, document.error(&spans.name.span, message).help(help)));
    }
    for (path, _) in spans.required.iter().filter(|(path, _)| is_compared && !required_paths.contains(&path.path)) {
        let message =
            format!("something stands for `{}` where it is denied, and the schema doesn't require it", path.path);
        let help = "leave it out: what stands there tells that something was removed";
        findings.push(Finding::new(&STAND_IN_NOT_REQUIRED, document.error(&path.span, message).help(help)));
    }
    Ok(findings)
}

fn no_schema(document: &Document<'_>, spans: &FormatSpans, syntax: Syntax) -> Finding {
    let (name, what) = match syntax {
        Syntax::Xml => ("XML", "a `.xsd`"),
        Syntax::Json => ("JSON", "a `schema.json`"),
    };
    let message = format!("format `{}` has no schema for its {name}", spans.name.path);
    Finding::new(&NO_SCHEMA, document.error(&spans.name.span, message).help(format!("put {what} beside it")))
}

/// The result of a comparison.
struct ComparisonResult {
    findings: Vec<Finding>,
    required_paths: BTreeSet<String>,
    left_out: BTreeSet<String>,
}

/// Whether a finding is of a path that the schema hasn't.
fn is_of_path(finding: &Finding) -> bool {
    [&compare::PATH_NOT_IN_SCHEMA, &compare::VALUE_NOT_IN_SCHEMA].contains(&finding.code)
}

fn compare_with<O: SchemaModel>(
    outline: &O,
    syntax: Syntax,
    sources: &Sources<'_>,
    spans: &FormatSpans,
    catalog: &Catalog,
) -> ComparisonResult {
    let document = &sources.format;
    let names = NameResolver::new(spans, syntax);
    let mapping = names.tree(catalog);
    let run = |root| {
        let (findings, required_paths, left_out) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        let mut comparison = Comparison { outline, spans, names, syntax, document, findings, required_paths, left_out };
        comparison.run(root, &mapping);
        ComparisonResult {
            findings: comparison.findings,
            required_paths: comparison.required_paths,
            left_out: comparison.left_out,
        }
    };
    let mut roots = spans.roots.iter();
    let ComparisonResult { mut findings, mut required_paths, mut left_out } = run(roots.next());
    for ComparisonResult { findings: others, required_paths: required, left_out: own } in
        roots.map(|root| run(Some(root)))
    {
        // A path may be of one root alone; what the schema has and the mapping lacks is told of any.
        findings.retain(|finding| !is_of_path(finding) || others.iter().any(|other| other.error == finding.error));
        let is_new = |other: &Finding| !is_of_path(other) && findings.iter().all(|own| own.error != other.error);
        let new: Vec<_> = others.into_iter().filter(is_new).collect();
        findings.extend(new);
        required_paths.extend(required);
        left_out.extend(own);
    }
    for fault in outline.unsupported() {
        let message = format!("this check doesn't understand {}", fault.what);
        let schema = sources.schemas.iter().find(|schema| schema.file == fault.file);
        let error = match schema.zip(fault.at) {
            Some((schema, at)) => schema.error(&(at..at), message),
            None => ConfigError::of_file(&*fault.file, message),
        };
        findings.push(Finding::new(&NOT_UNDERSTOOD, error));
    }
    ComparisonResult { findings, required_paths, left_out }
}
