//! A `format.toml` with the span of every path, for checking it against its schema.
//!
//! Separate from [`Declared`](super::Declared), which the message path keeps, because only the command line needs
//! spans.

use std::ops::Range;

use super::Syntax;
use super::raw::{PathEntry, Paths, RawFormat, listed};
use crate::config::{ConfigError, Document, Spanned};

/// A path and its span in the file.
#[derive(Debug, Clone)]
pub struct SpannedPath {
    /// Complete, from below the root.
    pub path: String,
    /// Where it is, in bytes of the file.
    pub span: Range<usize>,
}

/// The content of a `format.toml`, with spans.
#[derive(Debug)]
pub struct FormatSpans {
    /// The name of the format.
    pub name: SpannedPath,
    /// How its messages are written.
    pub syntaxes: Vec<Syntax>,
    /// The root.
    pub root: Option<SpannedPath>,
    /// Prefixes and their namespaces.
    pub namespaces: Vec<(String, String)>,
    /// The paths of `[paths]`, and the data element that each leads to.
    pub paths: Vec<(SpannedPath, String)>,
    /// The paths that the filter reads itself: message key, requester.
    pub read: Vec<SpannedPath>,
    /// Paths of elements that may be `xsi:nil`.
    pub nillable: Vec<SpannedPath>,
    /// Paths of required parts, each with its placeholder.
    pub required: Vec<(SpannedPath, String)>,
    /// Paths that the format names as unmapped on purpose.
    pub unmapped: Vec<SpannedPath>,
    /// The attributes by which objects refer to one another.
    pub references: Vec<String>,
}

impl FormatSpans {
    /// Reads the tables of a format; [`Formats`](super::Formats) validates its names.
    pub fn read(document: &Document<'_>) -> Result<Self, ConfigError> {
        let raw: RawFormat = document.parse()?;
        let mut paths = Vec::new();
        collect(&raw.paths, "", &mut paths);
        let mut references = Vec::new();
        if let Some(raw) = &raw.references {
            references.extend(raw.id.iter().map(|name| name.get_ref().clone()));
            references.extend([&raw.reference, &raw.uri].into_iter().flat_map(listed).cloned());
            references.extend(raw.pointers());
        }
        Ok(Self {
            name: spanned(&raw.name),
            syntaxes: raw.syntaxes().to_vec(),
            root: raw.root.as_ref().map(spanned),
            namespaces: raw
                .namespaces
                .iter()
                .map(|(prefix, uri)| (prefix.get_ref().clone(), uri.get_ref().clone()))
                .collect(),
            paths,
            read: [&raw.message_type, &raw.requester].into_iter().flatten().map(spanned).collect(),
            nillable: raw.nillable.iter().map(spanned).collect(),
            required: raw
                .required
                .iter()
                .map(|required| (spanned(&required.path), required.when_denied.get_ref().clone()))
                .collect(),
            unmapped: raw.unmapped.iter().map(spanned).collect(),
            references,
        })
    }
}

fn spanned(text: &Spanned<String>) -> SpannedPath {
    SpannedPath { path: text.get_ref().clone(), span: text.span() }
}

fn collect(paths: &Paths, above: &str, into: &mut Vec<(SpannedPath, String)>) {
    for (path, entry) in paths {
        let whole = format!("{above}{}", path.get_ref());
        match entry.get_ref() {
            PathEntry::Below(below) => collect(below, &format!("{whole}/"), into),
            PathEntry::Element(id) => into.push((SpannedPath { path: whole, span: path.span() }, id.clone())),
        }
    }
}
