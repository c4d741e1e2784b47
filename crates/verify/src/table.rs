//! The second reading's own table of a mapping: nodes and their children by name. Built in the plainest way from what
//! the format's author wrote.

use std::collections::HashMap;
use std::sync::Arc;

use super::index::{EdgeIndex, Name, NamespaceNumber};
use super::text::TextLayout;
use dmv_redact_model::catalog::ElementId;
use dmv_redact_model::format::{Declared, Syntax};

/// The namespace of `rdf:value`, by which JSON-LD wraps a value.
const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";

/// A fact of a message that tells whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fact {
    MessageKey,
    Requester,
}

pub(super) const NO_NAMESPACE: NamespaceNumber = 0;
pub(super) const FOREIGN: NamespaceNumber = 1;
pub(super) const XSI: NamespaceNumber = 2;
const FIRST: NamespaceNumber = 3;

const XSI_URI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// An edge from a node to one below.
#[derive(Debug)]
struct Edge {
    namespace: NamespaceNumber,
    is_attribute: bool,
    local: String,
    to: usize,
}

impl Edge {
    fn name(&self) -> Name<'_> {
        Name { namespace: self.namespace, is_attribute: self.is_attribute, local: &self.local }
    }
}

/// A name that objects have or are referred to by.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ExpandedName(NamespaceNumber, String);

/// What an attribute says about its element and others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LinkKind {
    Id,
    Reference,
    /// One or the other, by a URI.
    Uri,
    Pointers,
}

impl ExpandedName {
    pub(super) fn is(&self, name: &Name<'_>) -> bool {
        self.0 == name.namespace && self.1 == name.local
    }
}

/// A node of the mapping.
#[derive(Debug, Default)]
pub(super) struct TableNode {
    /// Its last step, in the mapping's spelling.
    pub(super) name: String,
    children: Vec<Edge>,
    pub(super) element: Option<ElementId>,
    /// Everything below belongs to the element.
    pub(super) is_record: bool,
    pub(super) nillable: bool,
    /// Its value is the name of a type.
    pub(super) is_type: bool,
    /// The prefix of its name, by index among the format's.
    pub(super) prefix: Option<usize>,
    /// `nil`, `empty`, or the placeholder text that replaces it where it was denied.
    pub(super) placeholder: Option<String>,
    pub(super) fact: Option<Fact>,
    /// How its text may be laid out, if fields are extracted from it.
    pub(super) layouts: Vec<Arc<TextLayout>>,
}

impl TableNode {
    /// Whether it has a value: that is judged, and nothing else of the node is let through.
    pub(super) fn is_value(&self) -> bool {
        !self.is_record && (self.element.is_some() || self.fact.is_some())
    }

    /// Whether a value is a placeholder. `nil` says that it is written as XML's nil or JSON's null.
    pub(super) fn is_placeholder(&self, value: &str, nil: bool) -> bool {
        self.placeholder.as_deref().is_some_and(|word| match word {
            "nil" => nil,
            "empty" => value.is_empty() && !nil,
            constant => value == constant,
        })
    }
}

/// All nodes of one format in one syntax; the first is above the root.
#[derive(Debug)]
pub(super) struct Table {
    nodes: Vec<TableNode>,
    /// The edges of all nodes.
    index: EdgeIndex,
    /// The elements that a name leads to anywhere in the mapping.
    elsewhere: HashMap<String, Vec<(NamespaceNumber, ElementId)>>,
    syntax: Syntax,
    prefixes: Vec<(String, String)>,
    /// The prefix of XML Schema's instance namespace, if it isn't one of these.
    xsi: Option<String>,
    /// Whether a message is recognized by its root.
    pub(super) has_root: bool,
    /// The attributes by which objects are named and referred to.
    links: Vec<(ExpandedName, LinkKind)>,
    pub(super) json_id: Option<String>,
    pub(super) wrapped: Option<String>,
}

impl Table {
    pub(super) fn new(declared: &Declared, layouts: &[Arc<TextLayout>], syntax: Syntax) -> Self {
        let rdf = declared.namespaces.iter().find(|(_, uri)| uri == RDF);
        let mut table = Self {
            nodes: vec![TableNode::default()],
            index: EdgeIndex::default(),
            elsewhere: HashMap::new(),
            syntax,
            prefixes: declared.namespaces.clone(),
            xsi: None,
            has_root: declared.root.is_some(),
            links: Vec::new(),
            json_id: declared.json_id.clone(),
            wrapped: rdf.filter(|_| syntax == Syntax::Json).map(|(prefix, _)| format!("{prefix}:value")),
        };
        table.links = table.declared_links(declared);
        table.xsi = table.free_xsi_prefix();
        let root = declared.root.as_deref().map_or(0, |root| table.insert_path(0, root));
        table.insert_elements(root, declared);
        table.insert_roles(root, declared);
        for (text, layout) in declared.texts.iter().zip(layouts) {
            for path in &text.paths {
                let at = table.insert_path(root, path);
                let inside = table.wrapped_value(at);
                for at in inside.into_iter().chain([at]) {
                    table.update(at, |node| node.layouts.push(Arc::clone(layout)));
                }
            }
        }
        table.index = EdgeIndex::new(table.edges().map(|(from, edge)| (from, edge.name(), edge.to)));
        table.elsewhere = table.elements_by_name();
        table
    }

    /// The attributes by which objects are named and referred to.
    fn declared_links(&self, declared: &Declared) -> Vec<(ExpandedName, LinkKind)> {
        let mut links = Vec::new();
        for (names, kind) in [
            (declared.id.as_slice(), LinkKind::Id),
            (&declared.references, LinkKind::Reference),
            (&declared.uris, LinkKind::Uri),
            (&declared.pointers, LinkKind::Pointers),
        ] {
            links.extend(names.iter().map(|name| (self.expanded_name(name), kind)));
        }
        links
    }

    /// A prefix for XML Schema's instance namespace that means nothing else; `None` if the format has one.
    fn free_xsi_prefix(&self) -> Option<String> {
        if self.prefixes.iter().any(|(_, uri)| uri == XSI_URI) {
            return None;
        }
        let mut prefix = "xsi".to_owned();
        while self.uri_of(&prefix).is_some() {
            prefix.push('1');
        }
        Some(prefix)
    }

    /// Adds the mapped paths with their elements.
    fn insert_elements(&mut self, root: usize, declared: &Declared) {
        for (path, element) in &declared.paths {
            let is_record = path.ends_with("/**");
            let at = self.insert_path(root, path.trim_end_matches("/**"));
            self.update(at, |node| (node.element, node.is_record) = (Some(*element), is_record));
            if let (Some(wrapped), false) = (self.wrapped.clone(), is_record) {
                let inside = self.insert_path(at, &wrapped);
                self.update(inside, |node| node.element = Some(*element));
            }
        }
    }

    /// Adds what paths are besides: facts of the envelope, nillable or required.
    fn insert_roles(&mut self, root: usize, declared: &Declared) {
        for (path, fact) in [(&declared.message_type, Fact::MessageKey), (&declared.requester, Fact::Requester)] {
            let Some(path) = path else { continue };
            let at = self.insert_path(root, path);
            self.update(at, |node| node.fact = Some(fact));
            let inside = self.wrapped_value(at);
            self.update(inside.unwrap_or(at), |node| node.fact = Some(fact));
        }
        for path in &declared.nillable {
            let at = self.insert_path(root, path);
            self.update(at, |node| node.nillable = true);
        }
        for (path, word) in &declared.required {
            let at = self.insert_path(root, path);
            self.update(at, |node| node.placeholder = Some(word.clone()));
        }
    }

    fn edges(&self) -> impl Iterator<Item = (usize, &Edge)> {
        self.nodes.iter().enumerate().flat_map(|(from, node)| node.children.iter().map(move |edge| (from, edge)))
    }

    fn elements_by_name(&self) -> HashMap<String, Vec<(NamespaceNumber, ElementId)>> {
        let mut elsewhere: HashMap<String, Vec<_>> = HashMap::new();
        for (_, edge) in self.edges() {
            let elements = elsewhere.entry(edge.local.clone()).or_default();
            elements.extend(self.elements_below(edge.to).into_iter().map(|element| (edge.namespace, element)));
        }
        for elements in elsewhere.values_mut() {
            elements.sort_unstable();
            elements.dedup();
        }
        elsewhere
    }

    pub(super) fn get(&self, at: usize) -> Option<&TableNode> {
        self.nodes.get(at)
    }

    /// The number of nodes.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The node below `at` that a name leads to.
    pub(super) fn child(&self, at: usize, name: Name<'_>) -> Option<usize> {
        self.index.find(at, name)
    }

    /// Whether a record may contain a name that no path has here: not one that leads elsewhere to other elements, all
    /// of them denied.
    pub(super) fn admits_in_record(&self, name: Name<'_>, is_permitted: impl Fn(ElementId) -> bool) -> bool {
        let all = self.elsewhere.get(name.local).into_iter().flatten();
        let mut elements = all.filter(|(namespace, _)| *namespace == name.namespace).map(|(_, element)| *element);
        elements.clone().next().is_none() || elements.any(is_permitted)
    }

    /// The elements at a node and below it.
    fn elements_below(&self, at: usize) -> Vec<ElementId> {
        let mut elements = Vec::new();
        let mut open = vec![at];
        while let Some(node) = open.pop().and_then(|at| self.get(at)) {
            elements.extend(node.element);
            open.extend(node.children.iter().map(|edge| edge.to));
        }
        elements
    }

    /// The node below `at` that a member leads to.
    pub(super) fn member(&self, at: usize, name: &str) -> Option<usize> {
        self.child(at, Name { namespace: NO_NAMESPACE, is_attribute: false, local: name })
    }

    /// The number of a namespace.
    pub(super) fn namespace(&self, uri: &str) -> NamespaceNumber {
        match uri {
            "" => NO_NAMESPACE,
            XSI_URI => XSI,
            _ => self.prefixes.iter().position(|(_, own)| own == uri).map_or(FOREIGN, |index| FIRST + index),
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

    /// The index of a prefix among the format's.
    pub(super) fn prefix_index(&self, prefix: &str) -> Option<usize> {
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

    /// What an attribute says about its element and others, if that is its purpose.
    pub(super) fn link(&self, name: &Name<'_>) -> Option<LinkKind> {
        self.links.iter().find(|(own, _)| own.is(name)).map(|(_, link)| *link)
    }

    /// Whether the format has prefixes at all.
    pub(super) fn has_prefixes(&self) -> bool {
        !self.prefixes.is_empty()
    }

    fn update(&mut self, at: usize, update: impl FnOnce(&mut TableNode)) {
        if let Some(node) = self.nodes.get_mut(at) {
            update(node);
        }
    }

    /// The node below `at` that a name leads to, while the table is being built.
    fn child_by_name(&self, at: usize, name: Name<'_>) -> Option<usize> {
        self.get(at)?.children.iter().find(|edge| edge.name() == name).map(|edge| edge.to)
    }

    /// The node of the value in the object that wraps it.
    fn wrapped_value(&self, at: usize) -> Option<usize> {
        let local = self.wrapped.as_deref()?;
        self.child_by_name(at, Name { namespace: NO_NAMESPACE, is_attribute: false, local })
    }

    fn insert_path(&mut self, from: usize, path: &str) -> usize {
        path.split('/').fold(from, |at, step| {
            let ExpandedName(namespace, local) = self.expanded_name(step);
            let is_attribute = self.syntax == Syntax::Xml && step.starts_with('@');
            let existing = self.child_by_name(at, Name { namespace, is_attribute, local: &local });
            existing.unwrap_or_else(|| {
                let to = self.nodes.len();
                let is_type = step == "@type" || namespace == XSI && local == "type";
                let (prefix, is_xsi_type) = match step.trim_start_matches('@').split_once(':') {
                    Some((prefix, last)) => {
                        (self.prefix_index(prefix), last == "type" && self.uri_of(prefix) == Some(XSI_URI))
                    }
                    None => (None, false),
                };
                let is_type = is_type || is_xsi_type;
                self.nodes.push(TableNode { name: step.to_owned(), is_type, prefix, ..TableNode::default() });
                self.update(at, |node| node.children.push(Edge { namespace, is_attribute, local, to }));
                to
            })
        })
    }

    /// A step of a path as it is compared: by namespace and local name in XML, by the member's whole name in JSON.
    fn expanded_name(&self, step: &str) -> ExpandedName {
        let name = step.trim_start_matches('@');
        match name.split_once(':') {
            Some((prefix, local)) if self.syntax == Syntax::Xml => {
                ExpandedName(self.namespace(self.uri_of(prefix).unwrap_or_default()), local.to_owned())
            }
            _ => ExpandedName(NO_NAMESPACE, name.to_owned()),
        }
    }
}
