//! A table of its own of a mapping: a tree of nodes. An output spells names with the format's prefixes, so they are compared so.

use std::sync::Arc;
use std::{iter, mem};

use foldhash::HashMap;

use super::step::{Asked, Pattern, Predicate, Step};
use super::text::TextLayout;
use dmv_redact_model::catalog::ElementId;
use dmv_redact_model::format::{Declared, Format, RDF_URI, Syntax};
use dmv_redact_model::policy::{Attribute, AttributeSet};

/// What begins the path of an attribute that every part may have.
const ANYWHERE: &str = "**/@";

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// A list that hardly any node has: a node is read for every value, so it is small.
#[derive(Debug)]
#[expect(clippy::box_collection, reason = "one pointer in a node, where a list would be three")]
pub(super) struct Rare<T>(Option<Box<Vec<T>>>);

impl<T> Default for Rare<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Rare<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.as_deref().map_or(&[][..], Vec::as_slice).iter()
    }

    fn push(&mut self, item: T) {
        self.0.get_or_insert_default().push(item);
    }
}

/// White space of XML and JSON.
fn is_white(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

/// What the envelope tells of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EnvelopeFact {
    /// Message key or requester, by its place among the facts.
    Named(usize),
    /// An attribute of the request.
    Stated(Attribute),
}

#[derive(Debug, Default)]
pub(super) struct TableNode {
    /// Its last step, as the mapping spells it.
    pub(super) name: String,
    children: HashMap<String, usize>,
    attributes: HashMap<String, usize>,
    /// The prefix of its name, by index.
    pub(super) prefix: Option<usize>,
    pub(super) element: Option<ElementId>,
    /// Everything below belongs to the element.
    pub(super) is_record: bool,
    nillable: bool,
    /// Whether an array may be an item of an array.
    pub(super) is_nested: bool,
    pub(super) is_type: bool,
    pub(super) is_notice: bool,
    pub(super) is_legal_notice: bool,
    /// Whether it ends with a legal notice.
    pub(super) takes_legal_notice: bool,
    /// `nil`, `empty`, or the placeholder text that replaces it where it was denied.
    placeholder: Option<String>,
    /// Which fact of the envelope it tells.
    pub(super) fact: Option<EnvelopeFact>,
    pub(super) layouts: Vec<Arc<TextLayout>>,
    /// The index of what its text is among the messages in texts.
    pub(super) embedded: Option<usize>,
    /// What the part is where predicates hold.
    variants: Rare<(Vec<Predicate>, usize)>,
    patterns: Rare<(bool, Pattern, usize)>,
    /// The values with which it tells what the part around it is.
    pub(super) tells: Rare<String>,
}

impl TableNode {
    /// Whether it has a value: that is checked, and nothing else of the node is let through.
    pub(super) fn is_value(&self) -> bool {
        !self.is_record && (self.element.is_some() || self.fact.is_some())
    }

    /// Whether one of its parts tells what it is.
    pub(super) fn has_variants(&self) -> bool {
        !self.variants.is_empty()
    }

    /// Whether it may be written as XML's nil or JSON's null.
    pub(super) fn may_be_nil(&self) -> bool {
        self.nillable || self.placeholder.as_deref() == Some("nil")
    }

    pub(super) fn is_placeholder(&self, value: &str, is_nil: bool) -> bool {
        self.placeholder.as_deref().is_some_and(|word| match word {
            "nil" => is_nil,
            "empty" => value.is_empty() && !is_nil,
            constant => value == constant,
        })
    }
}

/// A format in one syntax.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) format: String,
    /// The formats in whose place it stands.
    pub(super) replaces: Vec<String>,
    pub(super) syntax: Syntax,
    pub(super) declared: Arc<Declared>,
    /// The first is above the root.
    pub(super) nodes: Vec<TableNode>,
    /// That of a name in a record that no path has there.
    unmapped: TableNode,
    /// The elements that a name leads to anywhere in the mapping.
    elsewhere: HashMap<String, Vec<ElementId>>,
    /// The same for patterns of names.
    elsewhere_wild: Vec<(Pattern, ElementId)>,
    /// Whether any part tells what the part around it is.
    pub(super) has_variants: bool,
    /// Whether names without a prefix are the format's.
    has_plain_names: bool,
    /// The attributes that every part may have.
    anywhere: Vec<(String, usize)>,
    /// The format's prefixes with their namespaces, in its order, and one for `xsi:nil` if it has none.
    pub(super) namespaces: Vec<(String, String)>,
    /// How XML declares each, with the space before it.
    pub(super) declarations: Vec<String>,
    /// How JSON names a value that it wraps.
    wrapped: Option<String>,
}

impl Table {
    pub(super) fn new(format: &Format, layouts: &[Arc<TextLayout>], syntax: Syntax, told_apart: AttributeSet) -> Self {
        let replaces = format.replaces.clone();
        let (format, declared) = (format.name.clone(), Arc::clone(&format.declared));
        let rdf = declared.namespaces.iter().find(|(_, uri)| uri == RDF_URI).filter(|_| syntax == Syntax::Json);
        let wrapped = rdf.map(|(prefix, _)| format!("{prefix}:value"));
        let mut namespaces = declared.namespaces.clone();
        if namespaces.iter().all(|(_, uri)| uri != XSI) {
            let mut names = iter::successors(Some("xsi".to_owned()), |name| Some(format!("{name}1")));
            let free = names.find(|name| namespaces.iter().all(|(own, _)| own != name));
            namespaces.extend(free.map(|name| (name, XSI.to_owned())));
        }
        let quoted = |uri: &str| uri.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
        let declarations = namespaces.iter().map(|(name, uri)| format!(" xmlns:{name}=\"{}\"", quoted(uri))).collect();
        let (nodes, elsewhere, unmapped) = (vec![TableNode::default()], HashMap::default(), TableNode::default());
        let has_plain_names = declared.has_plain_names();
        let (elsewhere_wild, anywhere) = (Vec::new(), Vec::new());
        let mut table = Self {
            format,
            replaces,
            syntax,
            declared,
            nodes,
            unmapped,
            elsewhere,
            elsewhere_wild,
            has_plain_names,
            has_variants: false,
            anywhere,
            namespaces,
            declarations,
            wrapped,
        };
        let declared = Arc::clone(&table.declared);
        let records = declared.paths.iter().filter_map(|(path, element)| Some((path.strip_suffix("**")?, element)));
        let records: Vec<_> = records.collect();
        // A path without predicates is that of every variant, so all of those must be there first.
        let mut count = 0;
        while count < table.nodes.len() {
            count = table.nodes.len();
            let paths = declared.paths.iter().filter(|(path, _)| !path.starts_with(ANYWHERE));
            paths.for_each(|(path, _)| drop(table.nodes(path.trim_end_matches("/**"))));
        }
        for (path, element) in &declared.paths {
            if let Some(step) = path.strip_prefix(ANYWHERE).and_then(|name| Step::new(name, false)) {
                let (name, at) = (step.name, table.nodes.len());
                let prefix = table.prefix(&name);
                table.elsewhere.entry(name.clone()).or_default().push(*element);
                table.nodes.push(TableNode {
                    name: path.clone(),
                    prefix,
                    element: Some(*element),
                    ..TableNode::default()
                });
                if let Some(wrapped) = table.wrapped.clone() {
                    let below = TableNode { name: wrapped.clone(), element: Some(*element), ..TableNode::default() };
                    table.nodes.push(below);
                    table
                        .nodes
                        .get_mut(at)
                        .into_iter()
                        .for_each(|node| _ = node.children.insert(wrapped.clone(), at + 1));
                }
                table.anywhere.push((name, at));
                continue;
            }
            let is_record = path.ends_with("/**");
            let path = path.trim_end_matches("/**");
            if let Some(name) = table.wrapped.clone().filter(|_| !is_record) {
                table.nodes(&format!("{path}/{name}"));
                table.elsewhere.entry(name).or_default().push(*element);
            }
            table.update(path, |node| (node.element, node.is_record) = (Some(*element), is_record));
            for step in declared.roots.iter().map(String::as_str).chain(path.split('/')) {
                let Some(step) = Step::new(step, syntax == Syntax::Xml) else { continue };
                table.elsewhere_wild.extend(step.pattern.map(|pattern| (pattern, *element)));
                table.elsewhere.entry(step.name).or_default().push(*element);
            }
            // What is between a record and a value of another element is part of the record.
            for (record, element) in &records {
                let inside = path.strip_prefix(record).and_then(|inside| inside.rsplit_once('/'));
                let between = inside.into_iter().flat_map(|(between, _)| between.split('/'));
                for step in between.filter_map(|step| Step::new(step, syntax == Syntax::Xml)) {
                    table.elsewhere.entry(step.name).or_default().push(**element);
                }
            }
        }
        for (fact, path) in [&declared.message_type, &declared.requester].into_iter().enumerate() {
            path.iter().for_each(|path| table.update(path, |node| node.fact = Some(EnvelopeFact::Named(fact))));
        }
        for (attribute, path) in declared.attributes.iter().filter(|(attribute, _)| told_apart.contains(*attribute)) {
            table.update(path, |node| node.fact = Some(EnvelopeFact::Stated(*attribute)));
        }
        declared.notice.iter().for_each(|path| table.update(path, |node| node.is_notice = true));
        if let Some(path) = &declared.legal_notice {
            table.update(path, |node| node.is_legal_notice = true);
            for root in table.root_nodes() {
                table.nodes.get_mut(root).into_iter().for_each(|node| node.takes_legal_notice = true);
            }
        }
        for (text, layout) in declared.texts.iter().zip(layouts) {
            text.paths.iter().for_each(|path| table.update(path, |node| node.layouts.push(Arc::clone(layout))));
        }
        for (index, (paths, _)) in declared.embedded.iter().enumerate() {
            paths.iter().for_each(|path| table.update(path, |node| node.embedded = Some(index)));
        }
        declared.nillable.iter().for_each(|path| table.update_part(path, |node| node.nillable = true));
        declared.arrays.iter().for_each(|path| table.update_part(path, |node| node.is_nested = true));
        for (path, word) in &declared.required {
            table.update_part(path, |node| node.placeholder = Some(word.clone()));
        }
        table.discriminators();
        table.has_variants = table.nodes.iter().any(TableNode::has_variants);
        table
    }

    /// Updates the node of a path, below every root.
    fn update_part(&mut self, path: &str, update: impl Fn(&mut TableNode)) {
        for at in self.nodes(path) {
            self.nodes.get_mut(at).into_iter().for_each(&update);
        }
    }

    /// Updates the node of a path, and that of the value in the object that wraps it, if there is one.
    fn update(&mut self, path: &str, update: impl Fn(&mut TableNode)) {
        for node in self.nodes(path) {
            let wrapped = self.wrapped.as_ref().and_then(|name| self.below(Some(node), false, name));
            for node in [Some(node), wrapped].into_iter().flatten() {
                self.nodes.get_mut(node).into_iter().for_each(&update);
            }
        }
    }

    /// The nodes of a path, below every root and in every variant; they are added, with those above them, if they are
    /// missing.
    fn nodes(&mut self, path: &str) -> Vec<usize> {
        let mut nodes = self.root_nodes();
        for step in path.split('/') {
            nodes = nodes.into_iter().flat_map(|node| self.nodes_below(node, step)).collect();
        }
        nodes
    }

    /// The nodes of every root.
    fn root_nodes(&mut self) -> Vec<usize> {
        let declared = Arc::clone(&self.declared);
        match declared.roots.as_slice() {
            [] => vec![0],
            roots => roots.iter().flat_map(|root| self.nodes_below(0, root)).collect(),
        }
    }

    /// The nodes of a step: without predicates the part and all its variants, with them the one. JSON has no attributes.
    fn nodes_below(&mut self, at: usize, step: &str) -> Vec<usize> {
        let Some(step) = Step::new(step, self.syntax == Syntax::Xml) else { return Vec::new() };
        let child = self.child(at, &step);
        let count = self.nodes.len();
        let Some(own) = self.nodes.get_mut(child) else { return Vec::new() };
        if step.predicates.is_empty() {
            return own.variants.iter().map(|(_, variant)| *variant).chain([child]).collect();
        }
        if let Some((_, known)) = own.variants.iter().find(|(known, _)| *known == step.predicates) {
            return vec![*known];
        }
        let TableNode { ref name, is_type, prefix, .. } = *own;
        let variant = TableNode { name: name.clone(), prefix, is_type, ..TableNode::default() };
        own.variants.push((step.predicates, count));
        self.nodes.push(variant);
        vec![count]
    }

    /// The child or attribute of a step, which is added if it is missing.
    fn child(&mut self, at: usize, step: &Step) -> usize {
        let Step { is_attribute, name, pattern, is_marked, .. } = step;
        let (to, prefix) = (self.nodes.len(), self.prefix(name));
        let is_type = *is_marked && name == "type" || self.is_xsi(name, "type");
        let name_of = |node: usize| self.nodes.get(node).map(|node| node.name.clone());
        let spelled = format!("{}{name}", if *is_marked { "@" } else { "" });
        let known = match pattern {
            None => self.exact(Some(at), *is_attribute, name),
            Some(_) => {
                let node = self.get(Some(at));
                let mut patterns = node.patterns.iter().filter(|(attribute, ..)| attribute == is_attribute);
                patterns.find(|(.., node)| name_of(*node).as_ref() == Some(&spelled)).map(|(.., node)| *node)
            }
        };
        if let Some(known) = known {
            return known;
        }
        let Some(node) = self.nodes.get_mut(at) else { return at };
        match pattern {
            None => _ = if *is_attribute { &mut node.attributes } else { &mut node.children }.insert(name.clone(), to),
            Some(pattern) => node.patterns.push((*is_attribute, pattern.clone(), to)),
        }
        self.nodes.push(TableNode { name: spelled, prefix, is_type, ..TableNode::default() });
        to
    }

    /// Makes what predicates ask the parts that tell: whatever they are elsewhere, in a variant they go out with it.
    fn discriminators(&mut self) {
        let variants: Vec<_> = self.nodes.iter().flat_map(|node| node.variants.iter().cloned()).collect();
        for (predicates, variant) in variants {
            for (asked, values) in predicates {
                let part = self.child(variant, &Step::of(asked));
                let wrapping = self.wrapped.clone().map(|name| Step::of((false, name)));
                let wrapped = wrapping.map(|step| self.child(part, &step));
                for own in [Some(part), wrapped].into_iter().flatten() {
                    let Some(node) = self.nodes.get_mut(own) else { continue };
                    let own = mem::take(node);
                    let children = own.children.into_iter().filter(|(_, child)| Some(*child) == wrapped).collect();
                    let TableNode { name, prefix, is_type, .. } = own;
                    *node = TableNode { name, prefix, is_type, children, ..TableNode::default() };
                    values.iter().for_each(|value| node.tells.push(value.clone()));
                    node.element = self.declared.discriminator;
                }
            }
        }
    }

    /// What a part is that says this of itself, each by the name of a child or attribute that stands there once.
    pub(super) fn variant(&self, node: Option<usize>, says: &[(Asked, Option<String>)]) -> Option<usize> {
        let holds = |(asked, values): &Predicate| {
            let mut said = says.iter().filter(|(name, _)| name == asked);
            match (said.next(), said.next()) {
                (Some((_, Some(value))), None) => values.iter().any(|own| own == value.trim_matches(is_white)),
                _ => false,
            }
        };
        let mut variants = self.get(node).variants.iter();
        variants.find(|(predicates, _)| predicates.iter().all(holds)).map(|(_, variant)| *variant).or(node)
    }

    /// How JSON names a value that it wraps.
    pub(super) fn wrapped(&self) -> Option<&str> {
        self.wrapped.as_deref()
    }

    /// A node; for what no path has, one that has nothing.
    pub(super) fn get(&self, node: Option<usize>) -> &TableNode {
        node.and_then(|node| self.nodes.get(node)).unwrap_or(&self.unmapped)
    }

    /// The child or attribute that a name leads to.
    pub(super) fn below(&self, node: Option<usize>, is_attribute: bool, name: &str) -> Option<usize> {
        self.exact(node, is_attribute, name).or_else(|| self.otherwise(node, is_attribute, name))
    }

    /// The same, if it has just this name and no other.
    pub(super) fn exact(&self, node: Option<usize>, is_attribute: bool, name: &str) -> Option<usize> {
        let node = self.get(node);
        if is_attribute { &node.attributes } else { &node.children }.get(name).copied()
    }

    /// The same for what has no name of its own: a pattern allows it, or every part may have it.
    #[cold]
    #[inline(never)]
    pub(super) fn otherwise(&self, node: Option<usize>, is_attribute: bool, name: &str) -> Option<usize> {
        let is_part = is_attribute || self.syntax == Syntax::Json && node != Some(0);
        let mut patterns = self.get(node).patterns.iter();
        let allowing = patterns.find(|(attribute, pattern, _)| *attribute == is_attribute && pattern.allows(name));
        let mut anywhere = self.anywhere.iter().filter(|(own, _)| is_part && own == name);
        allowing.map(|(.., node)| *node).or_else(|| anywhere.next().map(|(_, node)| *node))
    }

    /// Whether a name is this one of XML Schema's instance namespace.
    pub(super) fn is_xsi(&self, name: &str, local: &str) -> bool {
        let is_xsi = |prefix: &str| self.namespaces.iter().any(|(own, uri)| uri == XSI && own == prefix);
        name.split_once(':').is_some_and(|(prefix, own)| own == local && is_xsi(prefix))
    }

    /// Whether a record may contain a name that no path has here: one of the format's that says only what it names,
    /// and doesn't lead elsewhere to other elements, all of them denied.
    pub(super) fn admits(&self, name: &str, is_permitted: impl Fn(ElementId) -> bool) -> bool {
        let (is_of_format, local) = match name.split_once(':') {
            Some((prefix, local)) => (self.own_prefix(prefix).is_some(), local),
            None => (self.has_plain_names, name),
        };
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        let exact = self.elsewhere.get(name).into_iter().flatten();
        let wild = self.elsewhere_wild.iter().filter(|(pattern, _)| pattern.allows(name)).map(|(_, element)| element);
        let mut all = exact.chain(wild).peekable();
        let is_denied = all.peek().is_some() && !all.any(|element| is_permitted(*element));
        is_of_format && (1..=64).contains(&local.len()) && local.bytes().all(is_plain) && !is_denied
    }

    /// The index of a name's prefix, if it may be declared.
    pub(super) fn prefix(&self, name: &str) -> Option<usize> {
        let (prefix, _) = name.split_once(':')?;
        self.namespaces.iter().position(|(own, _)| own == prefix)
    }

    pub(super) fn own_prefix(&self, prefix: &str) -> Option<usize> {
        self.declared.namespaces.iter().position(|(own, _)| own == prefix)
    }
}
