//! The second reading's own table of a mapping: nodes and their children by name, built in the plainest way from what the
//! format's author wrote. An output spells every name with the format's own prefix, so names are compared as written.

use std::sync::Arc;

use foldhash::HashMap;

use super::text::TextLayout;
use dmv_redact_model::catalog::ElementId;
use dmv_redact_model::format::{Declared, Syntax};

/// The namespace of `rdf:value`, by which JSON-LD wraps a value.
const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// A fact of a message that tells whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fact {
    MessageKey,
    Requester,
}

/// What an attribute says about its element and others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LinkKind {
    Id,
    Reference,
    /// One or the other, by a URI.
    Uri,
    Pointers,
}

/// A prefix of the format, or the one for `xsi:nil`.
#[derive(Debug)]
pub(super) struct Prefix {
    name: String,
    pub(super) uri: String,
    /// How XML declares it, with the space before it.
    pub(super) declaration: String,
    /// Whether the format itself has it.
    is_own: bool,
}

impl Prefix {
    fn new(name: &str, uri: &str, is_own: bool) -> Self {
        let quoted = uri.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
        let declaration = format!(" xmlns:{name}=\"{quoted}\"");
        Self { name: name.to_owned(), uri: uri.to_owned(), declaration, is_own }
    }
}

/// A node of the mapping.
#[derive(Debug, Default)]
pub(super) struct TableNode {
    /// Its last step, in the mapping's spelling.
    pub(super) name: String,
    children: HashMap<Box<str>, usize>,
    attributes: HashMap<Box<str>, usize>,
    pub(super) element: Option<ElementId>,
    /// Everything below belongs to the element.
    pub(super) is_record: bool,
    pub(super) nillable: bool,
    /// Its value is the name of a type.
    pub(super) is_type: bool,
    pub(super) is_notice: bool,
    /// The prefix of its name, by index.
    pub(super) prefix: Option<usize>,
    /// `nil`, `empty`, or the placeholder text that replaces it where it was denied.
    placeholder: Option<String>,
    pub(super) fact: Option<Fact>,
    /// How its text may be laid out, if fields are extracted from it.
    pub(super) layouts: Vec<Arc<TextLayout>>,
}

impl TableNode {
    /// Whether it has a value: that is checked, and nothing else of the node is let through.
    pub(super) fn is_value(&self) -> bool {
        !self.is_record && (self.element.is_some() || self.fact.is_some())
    }

    /// Whether it may be written as XML's nil or JSON's null.
    pub(super) fn may_be_nil(&self) -> bool {
        self.nillable || self.placeholder.as_deref() == Some("nil")
    }

    /// Whether a value is a placeholder. `is_nil` says that it is written as XML's nil or JSON's null.
    pub(super) fn is_placeholder(&self, value: &str, is_nil: bool) -> bool {
        self.placeholder.as_deref().is_some_and(|word| match word {
            "nil" => is_nil,
            "empty" => value.is_empty() && !is_nil,
            constant => value == constant,
        })
    }
}

/// All nodes of one format in one syntax; the first is above the root.
#[derive(Debug)]
pub(super) struct Table {
    nodes: Vec<TableNode>,
    /// The elements that a name leads to anywhere in the mapping.
    elsewhere: HashMap<Box<str>, Vec<ElementId>>,
    syntax: Syntax,
    /// In the order of declarations.
    pub(super) prefixes: Vec<Prefix>,
    /// The attributes by which objects are named and referred to.
    links: Vec<(String, LinkKind)>,
    pub(super) json_id: Option<String>,
    wrapped: Option<String>,
}

impl Table {
    pub(super) fn new(declared: &Declared, layouts: &[Arc<TextLayout>], syntax: Syntax) -> Self {
        let rdf = declared.namespaces.iter().find(|(_, uri)| uri == RDF).filter(|_| syntax == Syntax::Json);
        let mut table = Self {
            nodes: vec![TableNode::default()],
            elsewhere: HashMap::default(),
            syntax,
            prefixes: prefixes(declared),
            links: Vec::new(),
            json_id: declared.json_id.clone(),
            wrapped: rdf.map(|(prefix, _)| format!("{prefix}:value")),
        };
        for (names, kind) in [
            (declared.id.as_slice(), LinkKind::Id),
            (&declared.references, LinkKind::Reference),
            (&declared.uris, LinkKind::Uri),
            (&declared.pointers, LinkKind::Pointers),
        ] {
            table.links.extend(names.iter().map(|name| (name.trim_start_matches('@').to_owned(), kind)));
        }
        let root = declared.root.as_deref().map_or(0, |root| table.insert(0, root));
        for (path, element) in &declared.paths {
            let is_record = path.ends_with("/**");
            let update = |node: &mut TableNode| (node.element, node.is_record) = (Some(*element), is_record);
            let at = table.insert(root, path.trim_end_matches("/**"));
            if let (Some(wrapped), false) = (table.wrapped.clone(), is_record) {
                let inside = table.insert(at, &wrapped);
                table.nodes.get_mut(inside).map(update);
            }
            table.nodes.get_mut(at).map(update);
        }
        for (path, fact) in [(&declared.message_type, Fact::MessageKey), (&declared.requester, Fact::Requester)] {
            path.iter().for_each(|path| table.update(root, path, &|node| node.fact = Some(fact)));
        }
        declared.notice.iter().for_each(|path| table.update(root, path, &|node| node.is_notice = true));
        for (text, layout) in declared.texts.iter().zip(layouts) {
            for path in &text.paths {
                table.update(root, path, &|node| node.layouts.push(Arc::clone(layout)));
            }
        }
        for path in &declared.nillable {
            let at = table.insert(root, path);
            table.nodes.get_mut(at).into_iter().for_each(|node| node.nillable = true);
        }
        for (path, word) in &declared.required {
            let at = table.insert(root, path);
            table.nodes.get_mut(at).into_iter().for_each(|node| node.placeholder = Some(word.clone()));
        }
        table.elsewhere = table.elements_by_name();
        table
    }

    /// Updates the node of a path, and that of the value in the object that wraps it.
    fn update(&mut self, root: usize, path: &str, update: &dyn Fn(&mut TableNode)) {
        let at = self.insert(root, path);
        let wrapped = self.wrapped.as_deref().and_then(|name| self.child(at, name));
        for at in [Some(at), wrapped].into_iter().flatten() {
            self.nodes.get_mut(at).into_iter().for_each(update);
        }
    }

    /// The node of a path, which is added if it is missing.
    fn insert(&mut self, from: usize, path: &str) -> usize {
        path.split('/').fold(from, |at, step| {
            let name = step.trim_start_matches('@');
            let to = self.nodes.len();
            let prefix = name.split_once(':').and_then(|(prefix, _)| self.prefix(prefix));
            let is_xsi = prefix.and_then(|prefix| self.prefixes.get(prefix)).is_some_and(|prefix| prefix.uri == XSI);
            let is_type = step == "@type" || is_xsi && name.ends_with(":type");
            let Some(node) = self.nodes.get_mut(at) else { return at };
            let is_attribute = self.syntax == Syntax::Xml && step.starts_with('@');
            let edges = if is_attribute { &mut node.attributes } else { &mut node.children };
            let found = *edges.entry(name.into()).or_insert(to);
            if found == to {
                self.nodes.push(TableNode { name: step.to_owned(), prefix, is_type, ..TableNode::default() });
            }
            found
        })
    }

    fn elements_by_name(&self) -> HashMap<Box<str>, Vec<ElementId>> {
        let mut elsewhere: HashMap<Box<str>, Vec<_>> = HashMap::default();
        for (name, to) in self.nodes.iter().flat_map(|node| node.children.iter().chain(&node.attributes)) {
            let elements = elsewhere.entry(name.clone()).or_default();
            let mut open = vec![*to];
            while let Some(node) = open.pop().and_then(|at| self.get(at)) {
                elements.extend(node.element);
                open.extend(node.children.values().chain(node.attributes.values()));
            }
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

    /// The node below `at` that an element or member leads to.
    pub(super) fn child(&self, at: usize, name: &str) -> Option<usize> {
        self.get(at)?.children.get(name).copied()
    }

    /// The node of an attribute of the element at `at`.
    pub(super) fn attribute(&self, at: usize, name: &str) -> Option<&TableNode> {
        self.get(*self.get(at)?.attributes.get(name)?)
    }

    /// Whether a record may contain a name that no path has here: one of the format's that says only what it names,
    /// and doesn't lead elsewhere to other elements, all of them denied. Returns its prefix.
    pub(super) fn admit(&self, name: &str, is_permitted: impl Fn(ElementId) -> bool) -> Option<Option<usize>> {
        let (prefix, local) = match name.split_once(':') {
            Some((prefix, local)) => (Some(self.own_prefix(prefix)?), local),
            None => (None, name),
        };
        let is_of_format = prefix.is_some() || self.syntax == Syntax::Json && !self.has_prefixes();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        let is_named = local.len() <= 64 && local.bytes().all(is_plain) && (prefix.is_none() || !local.is_empty());
        let elements = self.elsewhere.get(name).map_or([].as_slice(), Vec::as_slice);
        let is_admitted = elements.is_empty() || elements.iter().any(|element| is_permitted(*element));
        (is_of_format && is_named && is_admitted).then_some(prefix)
    }

    /// The index of a prefix that may be declared.
    pub(super) fn prefix(&self, name: &str) -> Option<usize> {
        self.prefixes.iter().position(|own| own.name == name)
    }

    /// The index of a prefix among the format's own.
    pub(super) fn own_prefix(&self, name: &str) -> Option<usize> {
        self.prefixes.iter().position(|own| own.is_own && own.name == name)
    }

    /// Whether the format has prefixes at all.
    pub(super) fn has_prefixes(&self) -> bool {
        self.prefixes.iter().any(|prefix| prefix.is_own)
    }

    /// Whether a name is `xsi:nil`, by the index of that prefix.
    pub(super) fn nil_prefix(&self, name: &str) -> Option<usize> {
        let prefix = name.strip_suffix(":nil").and_then(|prefix| self.prefix(prefix))?;
        self.prefixes.get(prefix).is_some_and(|own| own.uri == XSI).then_some(prefix)
    }

    /// What an attribute says about its element and others, if that is its purpose.
    pub(super) fn link(&self, name: &str) -> Option<LinkKind> {
        self.links.iter().find(|(own, _)| own == name).map(|(_, link)| *link)
    }
}

/// The prefixes of a format, and one for XML Schema's instance namespace that means nothing else.
fn prefixes(declared: &Declared) -> Vec<Prefix> {
    let own = declared.namespaces.iter().map(|(name, uri)| Prefix::new(name, uri, true));
    let mut all: Vec<_> = own.collect();
    if all.iter().all(|own| own.uri != XSI) {
        let mut name = "xsi".to_owned();
        while all.iter().any(|own| own.name == name) {
            name.push('1');
        }
        all.push(Prefix::new(&name, XSI, false));
    }
    all
}
