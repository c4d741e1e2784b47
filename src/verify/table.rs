//! The second reading's own picture of a mapping: places and what may stand below them, by name. Built from what the
//! author of the format wrote, in the plainest way.

use std::collections::HashMap;

use crate::catalog::ElementId;
use crate::format::{Declared, Syntax};

/// The namespace of `rdf:value`, by which JSON-LD wraps a value.
const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";

/// What is read of a message to know whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fact {
    MessageKey,
    Requester,
}

/// A place in a message that the mapping knows.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// As the mapping spells its last step.
    pub(super) name: String,
    pub(super) below: HashMap<String, usize>,
    pub(super) element: Option<ElementId>,
    /// Everything below belongs to the element.
    pub(super) is_record: bool,
    pub(super) nillable: bool,
    /// `nil`, `empty`, or the text that stands for it where it was denied.
    pub(super) stand_in: Option<String>,
    pub(super) fact: Option<Fact>,
}

impl Place {
    /// Whether it is a value's: what stands there is judged, and nothing else of it is let through.
    pub(super) fn is_value(&self) -> bool {
        !self.is_record && (self.element.is_some() || self.fact.is_some())
    }
}

/// All places of one format in one syntax; the first is above the root.
#[derive(Debug)]
pub(super) struct Table {
    places: Vec<Place>,
    syntax: Syntax,
    prefixes: Vec<(String, String)>,
    /// Whether a message is known by its root.
    pub(super) has_root: bool,
    /// How objects are named and referred to.
    pub(super) id: Option<String>,
    pub(super) reference: Option<String>,
    pub(super) uri: Option<String>,
    pub(super) json_id: Option<String>,
    pub(super) wrapped: Option<String>,
}

impl Table {
    pub(super) fn new(declared: &Declared, syntax: Syntax) -> Self {
        let rdf = declared.namespaces.iter().find(|(_, uri)| uri == RDF);
        let mut table = Self {
            places: vec![Place::default()],
            syntax,
            prefixes: declared.namespaces.clone(),
            has_root: declared.root.is_some(),
            id: None,
            reference: None,
            uri: None,
            json_id: declared.json_id.clone(),
            wrapped: rdf.filter(|_| syntax == Syntax::Json).map(|(prefix, _)| format!("{prefix}:value")),
        };
        table.id = declared.id.as_deref().map(|name| table.key(name));
        table.reference = declared.reference.as_deref().map(|name| table.key(name));
        table.uri = declared.uri.as_deref().map(|name| table.key(name));
        let root = declared.root.as_deref().map_or(0, |root| table.walk(0, root));
        for (path, element) in &declared.paths {
            let is_record = path.ends_with("/**");
            let at = table.walk(root, path.trim_end_matches("/**"));
            table.change(at, |place| (place.element, place.is_record) = (Some(*element), is_record));
            if let (Some(wrapped), false) = (table.wrapped.clone(), is_record) {
                let inside = table.walk(at, &wrapped);
                table.change(inside, |place| place.element = Some(*element));
            }
        }
        for (path, fact) in [(&declared.message_type, Fact::MessageKey), (&declared.requester, Fact::Requester)] {
            let Some(path) = path else { continue };
            let at = table.walk(root, path);
            table.change(at, |place| place.fact = Some(fact));
            let inside = table.wrapped.clone().and_then(|wrapped| table.get(at)?.below.get(&wrapped).copied());
            table.change(inside.unwrap_or(at), |place| place.fact = Some(fact));
        }
        for path in &declared.nillable {
            let at = table.walk(root, path);
            table.change(at, |place| place.nillable = true);
        }
        for (path, word) in &declared.required {
            let at = table.walk(root, path);
            table.change(at, |place| place.stand_in = Some(word.clone()));
        }
        table
    }

    pub(super) fn get(&self, at: usize) -> Option<&Place> {
        self.places.get(at)
    }

    /// The place below `at` whose key this is.
    pub(super) fn below(&self, at: usize, key: &str) -> Option<(usize, &Place)> {
        let at = *self.get(at)?.below.get(key)?;
        Some((at, self.get(at)?))
    }

    /// The namespace that a prefix of the format means.
    pub(super) fn uri_of(&self, prefix: &str) -> Option<&str> {
        self.prefixes.iter().find(|(own, _)| own == prefix).map(|(_, uri)| uri.as_str())
    }

    /// Whether a namespace is one of the format's.
    pub(super) fn has_namespace(&self, uri: &str) -> bool {
        self.prefixes.iter().any(|(_, own)| own == uri)
    }

    /// Whether the format has prefixes at all.
    pub(super) fn has_prefixes(&self) -> bool {
        !self.prefixes.is_empty()
    }

    fn change(&mut self, at: usize, change: impl FnOnce(&mut Place)) {
        if let Some(place) = self.places.get_mut(at) {
            change(place);
        }
    }

    fn walk(&mut self, from: usize, path: &str) -> usize {
        path.split('/').fold(from, |at, step| {
            let key = self.key(step);
            let next = self.places.len();
            let found = self.places.get_mut(at).map(|place| *place.below.entry(key).or_insert(next));
            if found == Some(next) {
                self.places.push(Place { name: step.to_owned(), ..Place::default() });
            }
            found.unwrap_or(at)
        })
    }

    /// A step as it is looked up: `{namespace}local` or `@{namespace}local` in XML, the member's name in JSON.
    fn key(&self, step: &str) -> String {
        let name = step.trim_start_matches('@');
        if self.syntax == Syntax::Json {
            return name.to_owned();
        }
        let (uri, local) = match name.split_once(':') {
            Some((prefix, local)) => (self.uri_of(prefix).unwrap_or_default(), local),
            None => ("", name),
        };
        let mut key = String::new();
        xml_key(step.starts_with('@'), uri, local, &mut key);
        key
    }
}

/// Writes the key of an XML name.
pub(super) fn xml_key(is_attribute: bool, uri: &str, local: &str, into: &mut String) {
    into.clear();
    if is_attribute {
        into.push('@');
    }
    into.push('{');
    into.push_str(uri);
    into.push('}');
    into.push_str(local);
}
