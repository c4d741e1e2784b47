//! The mapping as its author wrote it, kept for the second reading, which builds its own table from it: a bug in the
//! trie then can't affect both readings.

use std::sync::Arc;

use super::load::{PathEntry, Paths, RawFormat, RawReferences, listed};
use super::text;
use crate::catalog::{Catalog, ElementId};
use crate::config::{Origin, Spanned};

/// The content of a `format.toml`. Paths are complete, from below the root.
#[derive(Debug)]
pub struct Declared {
    /// Who wrote it.
    pub origin: Origin,
    pub root: Option<String>,
    /// Prefixes and their namespaces, in the author's order.
    pub namespaces: Vec<(String, String)>,
    pub paths: Vec<(String, ElementId)>,
    pub message_type: Option<String>,
    pub requester: Option<String>,
    pub nillable: Vec<String>,
    /// Paths, each with the placeholder that replaces it where it is denied.
    pub required: Vec<(String, String)>,
    /// The attributes that name an object, that reference one, that do either by a URI, and that point to several; the
    /// JSON member for ids.
    pub id: Option<String>,
    pub references: Vec<String>,
    pub uris: Vec<String>,
    pub pointers: Vec<String>,
    pub json_id: Option<String>,
    pub texts: Vec<Arc<DeclaredText>>,
}

/// A text layout and the paths where it may occur. Skipped parts of a text are never in an output.
#[derive(Debug)]
pub struct DeclaredText {
    pub paths: Vec<String>,
    pub heading: DeclaredPattern,
    pub fields: Vec<DeclaredPattern>,
}

/// A pattern and the elements of its named groups.
#[derive(Debug)]
pub struct DeclaredPattern {
    pub pattern: String,
    pub groups: Vec<(String, ElementId)>,
}

impl Declared {
    /// The content of `raw`, which was validated before.
    pub(super) fn new(raw: &RawFormat, origin: Origin, catalog: &Catalog) -> Self {
        let text = |text: &Option<Spanned<String>>| text.as_ref().map(|text| text.get_ref().clone());
        let mut paths = Vec::new();
        collect(&raw.paths, "", catalog, &mut paths);
        let references = raw.references.as_ref();
        Self {
            origin,
            root: text(&raw.root),
            namespaces: raw
                .namespaces_as_written()
                .into_iter()
                .map(|(prefix, uri)| (prefix.to_owned(), uri.to_owned()))
                .collect(),
            paths,
            message_type: text(&raw.message_type),
            requester: text(&raw.requester),
            nillable: raw.nillable.iter().map(|path| path.get_ref().clone()).collect(),
            required: raw
                .required
                .iter()
                .map(|required| (required.path.get_ref().clone(), required.when_denied.get_ref().clone()))
                .collect(),
            id: references.and_then(|references| text(&references.id)),
            references: references.map(|references| listed(&references.reference).to_vec()).unwrap_or_default(),
            uris: references.map(|references| listed(&references.uri).to_vec()).unwrap_or_default(),
            pointers: references.map(RawReferences::pointers).unwrap_or_default(),
            json_id: references.and_then(|references| text(&references.json)),
            texts: text::declare(&raw.text, catalog),
        }
    }
}

fn collect(paths: &Paths, above: &str, catalog: &Catalog, into: &mut Vec<(String, ElementId)>) {
    for (path, entry) in paths {
        let whole = format!("{above}{}", path.get_ref());
        match entry.get_ref() {
            PathEntry::Below(below) => collect(below, &format!("{whole}/"), catalog, into),
            PathEntry::Element(id) => into.extend(catalog.find(id).map(|element| (whole, element))),
        }
    }
}
