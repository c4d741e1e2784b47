//! The mapping as its author wrote it, kept for the second reading, which builds its own table from it: a bug in the
//! trie then can't affect both readings.

use std::sync::Arc;

use super::raw::{RawEncoding, RawFormat, RawReferences, listed, written_paths};
use super::{DISCRIMINATOR_ELEMENT, Embedded, text};
use crate::catalog::{Catalog, ElementId};
use crate::config::{Origin, Spanned};
use crate::policy::Attribute;

/// The content of a `format.toml`. Paths are complete, from below the root.
#[derive(Debug)]
pub struct Declared {
    /// Who wrote it.
    pub origin: Origin,
    /// The root elements or members; none for JSON without one.
    pub roots: Vec<String>,
    /// The parts that its messages have, each with the values it may have; no values, any.
    pub marks: Vec<(String, Vec<String>)>,
    /// Prefixes and their namespaces, in the author's order.
    pub namespaces: Vec<(String, String)>,
    /// The URLs that `@context` may be in JSON.
    pub contexts: Vec<String>,
    /// Paths whose arrays may hold arrays in JSON.
    pub arrays: Vec<String>,
    /// Each path with its data element.
    pub paths: Vec<(String, ElementId)>,
    /// The data element of what the predicates of paths ask for.
    pub discriminator: Option<ElementId>,
    /// The path of the message key.
    pub message_type: Option<String>,
    /// The path of the requester's ORI.
    pub requester: Option<String>,
    /// The attributes of the request that the envelope states, each with its path.
    pub attributes: Vec<(Attribute, String)>,
    /// The path of the notice.
    pub notice: Option<String>,
    /// The path of the legal notice.
    pub legal_notice: Option<String>,
    /// Paths of elements that may be `xsi:nil`.
    pub nillable: Vec<String>,
    /// Paths, each with the placeholder that replaces it where it is denied.
    pub required: Vec<(String, String)>,
    /// The attribute that names an object.
    pub id: Option<String>,
    /// Attributes that refer to an object.
    pub references: Vec<String>,
    /// Attributes that name or refer to an object by a URI.
    pub uris: Vec<String>,
    /// Attributes that list the names of objects.
    pub pointers: Vec<String>,
    /// The JSON member that names an object.
    pub json_id: Option<String>,
    /// The texts that are messages themselves, each with its paths.
    pub embedded: Vec<(Vec<String>, Embedded)>,
    /// The text mappings.
    pub texts: Vec<Arc<DeclaredText>>,
}

/// A text layout and the paths where it may occur.
#[derive(Debug)]
pub struct DeclaredText {
    /// The paths whose texts have this layout.
    pub paths: Vec<String>,
    /// Parts without fields, which are never in an output: a pattern of what each begins with, and of what follows it.
    pub skips: Vec<(String, Option<String>)>,
    /// The first line.
    pub heading: DeclaredPattern,
    /// The fields, in the order of the file.
    pub fields: Vec<DeclaredPattern>,
}

/// A pattern and the elements of its named groups.
#[derive(Debug)]
pub struct DeclaredPattern {
    /// A regular expression.
    pub pattern: String,
    /// Its named groups, each with its data element.
    pub groups: Vec<(String, ElementId)>,
}

impl Declared {
    /// Whether a JSON message may be a list.
    pub fn may_be_list(&self) -> bool {
        self.roots.is_empty() && !self.has_context()
    }

    /// Whether a JSON message may have `@context`.
    pub fn has_context(&self) -> bool {
        !self.namespaces.is_empty() || !self.contexts.is_empty()
    }

    /// Whether names without a prefix are the format's: it has no prefixes, or its paths have such names.
    pub fn has_plain_names(&self) -> bool {
        let is_plain =
            |step: &str| !step.starts_with(['@', '*']) && !step.split('[').next().unwrap_or_default().contains(':');
        self.namespaces.is_empty() || self.paths.iter().any(|(path, _)| path.split('/').any(is_plain))
    }

    /// The content of `raw`, which was validated before.
    pub(super) fn new(raw: &RawFormat, origin: Origin, catalog: &Catalog) -> Self {
        let paths = written_paths(&raw.paths).into_iter();
        let paths = paths.filter_map(|written| Some((written.path, catalog.find(&written.element)?))).collect();
        let references = raw.references.as_ref();
        Self {
            origin,
            roots: listed(&raw.root).to_vec(),
            marks: raw
                .marks()
                .iter()
                .map(|mark| (mark.get_ref().path().to_owned(), mark.get_ref().values().unwrap_or_default().to_vec()))
                .collect(),
            namespaces: raw
                .namespaces
                .iter()
                .map(|(prefix, uri)| (prefix.get_ref().clone(), uri.get_ref().clone()))
                .collect(),
            contexts: listed(&raw.context).to_vec(),
            arrays: raw.nested_arrays.iter().map(|path| path.get_ref().clone()).collect(),
            paths,
            discriminator: catalog.find(DISCRIMINATOR_ELEMENT),
            message_type: cloned(raw.message_type.as_ref()),
            requester: cloned(raw.requester.as_ref()),
            attributes: raw.attributes.iter().map(|(own, path)| (own, path.get_ref().clone())).collect(),
            notice: cloned(raw.notice.as_ref()),
            legal_notice: cloned(raw.legal_notice.as_ref()),
            nillable: raw.nillable.iter().map(|path| path.get_ref().clone()).collect(),
            required: raw
                .required
                .iter()
                .map(|required| (required.path.get_ref().clone(), required.when_denied.get_ref().clone()))
                .collect(),
            id: cloned(references.and_then(|references| references.id.as_ref())),
            references: references.map(|references| listed(&references.reference).to_vec()).unwrap_or_default(),
            uris: references.map(|references| listed(&references.uri).to_vec()).unwrap_or_default(),
            pointers: references.map(RawReferences::pointers).unwrap_or_default(),
            json_id: cloned(references.and_then(|references| references.json.as_ref())),
            embedded: raw
                .embedded
                .iter()
                .map(|embedded| {
                    let paths = embedded.paths.iter().map(|path| path.get_ref().clone()).collect();
                    let formats = embedded.format.get_ref().all().to_vec();
                    (paths, Embedded { formats, is_base64: embedded.encoding == Some(RawEncoding::Base64) })
                })
                .collect(),
            texts: text::declare(&raw.text, catalog),
        }
    }
}

fn cloned(text: Option<&Spanned<String>>) -> Option<String> {
    text.map(|text| text.get_ref().clone())
}
