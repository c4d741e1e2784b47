//! The second reading's own picture of a mapping: places and what may stand below them, by name. Built from what the
//! author of the format wrote, in the plainest way.

use std::collections::HashMap;
use std::sync::Arc;

use super::index::Index;
use super::text::TextLayout;
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

/// A namespace as the table counts them: the format's own come behind these.
pub(super) type NamespaceNumber = usize;
pub(super) const NO_NAMESPACE: NamespaceNumber = 0;
pub(super) const FOREIGN: NamespaceNumber = 1;
pub(super) const XSI: NamespaceNumber = 2;
const FIRST: NamespaceNumber = 3;

const XSI_URI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// A name as a message has it: of an element, an attribute, or in JSON a member, which has no namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name<'a> {
    pub(super) namespace: NamespaceNumber,
    pub(super) is_attribute: bool,
    pub(super) local: &'a str,
}

/// A step from one place to one below.
#[derive(Debug)]
struct Step {
    namespace: NamespaceNumber,
    is_attribute: bool,
    local: String,
    to: usize,
}

impl Step {
    fn name(&self) -> Name<'_> {
        Name { namespace: self.namespace, is_attribute: self.is_attribute, local: &self.local }
    }
}

/// A name that objects are known or referred to by.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expanded(NamespaceNumber, String);

/// What an attribute says of its element and others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    Id,
    Reference,
    /// One or the other, by a URI.
    Uri,
    Pointers,
}

impl Expanded {
    pub(super) fn is(&self, name: &Name<'_>) -> bool {
        self.0 == name.namespace && self.1 == name.local
    }
}

/// A place in a message that the mapping knows.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// As the mapping spells its last step.
    pub(super) name: String,
    below: Vec<Step>,
    pub(super) element: Option<ElementId>,
    /// Everything below belongs to the element.
    pub(super) is_record: bool,
    pub(super) nillable: bool,
    /// Its value is the name of a type.
    pub(super) is_type: bool,
    /// The prefix of its name, by place among the format's.
    pub(super) prefix: Option<usize>,
    /// `nil`, `empty`, or the text that stands for it where it was denied.
    pub(super) placeholder: Option<String>,
    pub(super) fact: Option<Fact>,
    /// How its text may be laid out, if fields are extracted from it.
    pub(super) layouts: Vec<Arc<TextLayout>>,
}

impl Place {
    /// Whether it is a value's: what stands there is judged, and nothing else of it is let through.
    pub(super) fn is_value(&self) -> bool {
        !self.is_record && (self.element.is_some() || self.fact.is_some())
    }

    /// Whether a value is what stands for one that was denied. `nil` says that it is written as XML's nil or JSON's null.
    pub(super) fn is_placeholder(&self, value: &str, nil: bool) -> bool {
        self.placeholder.as_deref().is_some_and(|word| match word {
            "nil" => nil,
            "empty" => value.is_empty() && !nil,
            constant => value == constant,
        })
    }
}

/// All places of one format in one syntax; the first is above the root.
#[derive(Debug)]
pub(super) struct Table {
    places: Vec<Place>,
    /// The steps of all places.
    index: Index,
    /// The elements that a name leads to anywhere.
    elsewhere: HashMap<String, Vec<(NamespaceNumber, ElementId)>>,
    syntax: Syntax,
    prefixes: Vec<(String, String)>,
    /// The prefix of XML Schema's instance namespace, if it isn't one of these.
    xsi: Option<String>,
    /// Whether a message is known by its root.
    pub(super) has_root: bool,
    /// The attributes by which objects are named and referred to.
    links: Vec<(Expanded, Link)>,
    pub(super) json_id: Option<String>,
    pub(super) wrapped: Option<String>,
}

impl Table {
    /// # Errors
    /// When a pattern of a text mapping is too large for the `regex` crate.
    pub(super) fn new(declared: &Declared, layouts: &[Arc<TextLayout>], syntax: Syntax) -> Self {
        let rdf = declared.namespaces.iter().find(|(_, uri)| uri == RDF);
        let mut table = Self {
            places: vec![Place::default()],
            index: Index::default(),
            elsewhere: HashMap::new(),
            syntax,
            prefixes: declared.namespaces.clone(),
            xsi: None,
            has_root: declared.root.is_some(),
            links: Vec::new(),
            json_id: declared.json_id.clone(),
            wrapped: rdf.filter(|_| syntax == Syntax::Json).map(|(prefix, _)| format!("{prefix}:value")),
        };
        let ids: Vec<String> = declared.id.iter().cloned().collect();
        let kinds = [
            (&ids, Link::Id),
            (&declared.references, Link::Reference),
            (&declared.uris, Link::Uri),
            (&declared.pointers, Link::Pointers),
        ];
        for (names, kind) in kinds {
            let names = names.iter().map(|name| (table.expanded(name), kind)).collect::<Vec<_>>();
            table.links.extend(names);
        }
        if !declared.namespaces.iter().any(|(_, uri)| uri == XSI_URI) {
            let mut prefix = "xsi".to_owned();
            while table.uri_of(&prefix).is_some() {
                prefix.push('1');
            }
            table.xsi = Some(prefix);
        }
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
            let inside = table.wrap(at);
            table.change(inside.unwrap_or(at), |place| place.fact = Some(fact));
        }
        for path in &declared.nillable {
            let at = table.walk(root, path);
            table.change(at, |place| place.nillable = true);
        }
        for (path, word) in &declared.required {
            let at = table.walk(root, path);
            table.change(at, |place| place.placeholder = Some(word.clone()));
        }
        for (text, layout) in declared.texts.iter().zip(layouts) {
            for path in &text.paths {
                let at = table.walk(root, path);
                let inside = table.wrap(at);
                for at in inside.into_iter().chain([at]) {
                    table.change(at, |place| place.layouts.push(Arc::clone(layout)));
                }
            }
        }
        table.index = Index::new(table.steps().map(|(from, step)| (from, step.name(), step.to)));
        table.elsewhere = table.elements_by_name();
        table
    }

    fn steps(&self) -> impl Iterator<Item = (usize, &Step)> {
        self.places.iter().enumerate().flat_map(|(from, place)| place.below.iter().map(move |step| (from, step)))
    }

    fn elements_by_name(&self) -> HashMap<String, Vec<(NamespaceNumber, ElementId)>> {
        let mut elsewhere: HashMap<String, Vec<_>> = HashMap::new();
        for (_, step) in self.steps() {
            let elements = elsewhere.entry(step.local.clone()).or_default();
            elements.extend(self.elements_below(step.to).into_iter().map(|element| (step.namespace, element)));
        }
        for elements in elsewhere.values_mut() {
            elements.sort_unstable();
            elements.dedup();
        }
        elsewhere
    }

    pub(super) fn get(&self, at: usize) -> Option<&Place> {
        self.places.get(at)
    }

    /// How many places there are.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// The place below `at` that a name leads to.
    pub(super) fn below(&self, at: usize, name: Name<'_>) -> Option<usize> {
        self.index.find(at, name)
    }

    /// Whether a name that no path has here may stand in a record: not one that leads to other elements elsewhere, all of
    /// them denied.
    pub(super) fn admits_in_record(&self, name: Name<'_>, is_permitted: impl Fn(ElementId) -> bool) -> bool {
        let all = self.elsewhere.get(name.local).into_iter().flatten();
        let mut elements = all.filter(|(namespace, _)| *namespace == name.namespace).map(|(_, element)| *element);
        elements.clone().next().is_none() || elements.any(is_permitted)
    }

    /// The elements at a place and below it.
    fn elements_below(&self, at: usize) -> Vec<ElementId> {
        let mut elements = Vec::new();
        let mut open = vec![at];
        while let Some(place) = open.pop().and_then(|at| self.get(at)) {
            elements.extend(place.element);
            open.extend(place.below.iter().map(|step| step.to));
        }
        elements
    }

    /// The place below `at` that a member leads to.
    pub(super) fn member(&self, at: usize, name: &str) -> Option<usize> {
        self.below(at, Name { namespace: NO_NAMESPACE, is_attribute: false, local: name })
    }

    /// The number of a namespace.
    pub(super) fn namespace(&self, uri: &str) -> NamespaceNumber {
        match uri {
            "" => NO_NAMESPACE,
            XSI_URI => XSI,
            _ => self.prefixes.iter().position(|(_, own)| own == uri).map_or(FOREIGN, |place| FIRST + place),
        }
    }

    /// Whether a namespace is one of the format's.
    pub(super) fn is_own(&self, namespace: NamespaceNumber) -> bool {
        namespace >= FIRST
    }

    /// The namespace that a prefix of the format means.
    pub(super) fn uri_of(&self, prefix: &str) -> Option<&str> {
        self.prefixes.iter().find(|(own, _)| own == prefix).map(|(_, uri)| uri.as_str())
    }

    /// The place of a prefix among the format's.
    pub(super) fn place_of(&self, prefix: &str) -> Option<usize> {
        self.prefixes.iter().position(|(own, _)| own == prefix)
    }

    /// The format's prefixes and what they mean, in their order.
    pub(super) fn prefixes(&self) -> &[(String, String)] {
        &self.prefixes
    }

    /// The prefixes that an output of XML may declare, in this order, and what they mean.
    pub(super) fn declarations(&self) -> impl Iterator<Item = (&str, &str)> {
        let own = self.prefixes.iter().map(|(prefix, uri)| (prefix.as_str(), uri.as_str()));
        own.chain(self.xsi.as_deref().map(|prefix| (prefix, XSI_URI)))
    }

    /// Whether a name has no prefix, or one of the format's.
    pub(super) fn has_own_prefix(&self, name: &str) -> bool {
        name.split_once(':').is_none_or(|(prefix, _)| self.uri_of(prefix).is_some())
    }

    /// What an attribute says of its element and others, if that is what it is for.
    pub(super) fn link(&self, name: &Name<'_>) -> Option<Link> {
        self.links.iter().find(|(own, _)| own.is(name)).map(|(_, link)| *link)
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

    /// The place below `at` that a name leads to, while the table is being made.
    fn declared(&self, at: usize, name: Name<'_>) -> Option<usize> {
        self.get(at)?.below.iter().find(|step| step.name() == name).map(|step| step.to)
    }

    /// The place of the value in the object that wraps it.
    fn wrap(&self, at: usize) -> Option<usize> {
        let local = self.wrapped.as_deref()?;
        self.declared(at, Name { namespace: NO_NAMESPACE, is_attribute: false, local })
    }

    fn walk(&mut self, from: usize, path: &str) -> usize {
        path.split('/').fold(from, |at, step| {
            let Expanded(namespace, local) = self.expanded(step);
            let is_attribute = self.syntax == Syntax::Xml && step.starts_with('@');
            let known = self.declared(at, Name { namespace, is_attribute, local: &local });
            known.unwrap_or_else(|| {
                let to = self.places.len();
                let is_type = step == "@type" || namespace == XSI && local == "type";
                let (prefix, is_xsi_type) = match step.trim_start_matches('@').split_once(':') {
                    Some((prefix, last)) => {
                        (self.place_of(prefix), last == "type" && self.uri_of(prefix) == Some(XSI_URI))
                    }
                    None => (None, false),
                };
                let is_type = is_type || is_xsi_type;
                self.places.push(Place { name: step.to_owned(), is_type, prefix, ..Place::default() });
                self.change(at, |place| place.below.push(Step { namespace, is_attribute, local, to }));
                to
            })
        })
    }

    /// A step of a path as it is compared: by namespace and local name in XML, by the member's whole name in JSON.
    fn expanded(&self, step: &str) -> Expanded {
        let name = step.trim_start_matches('@');
        match name.split_once(':') {
            Some((prefix, local)) if self.syntax == Syntax::Xml => {
                Expanded(self.namespace(self.uri_of(prefix).unwrap_or_default()), local.to_owned())
            }
            _ => Expanded(NO_NAMESPACE, name.to_owned()),
        }
    }
}
