//! The mapping as a trie: from a path in the message to its data element. One trie serves every requester.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use fearless_simd::Simd;

use super::lookup::{Edge, Lookup};
use super::namespace::NamespaceId;
use super::text::Layout;
use super::variants::{Variant, Wildcard};
use crate::catalog::ElementId;
use crate::policy::Attribute;
use crate::window::{Block, MAX_PATTERN_BYTES};

/// A node of a trie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeId(NonZeroU32);

impl NodeId {
    /// The node above the message's root.
    pub const ENTRY: Self = Self(NonZeroU32::MIN);

    /// Its index among the nodes of its trie.
    pub fn index(self) -> usize {
        self.0.get() as usize - 1
    }

    /// The node at an index.
    pub(super) fn at(index: usize) -> Self {
        Self(u32::try_from(index).map_or(NonZeroU32::MAX, |index| NonZeroU32::MIN.saturating_add(index)))
    }
}

impl Default for NodeId {
    fn default() -> Self {
        Self::ENTRY
    }
}

/// A step of a path: an element, a member or an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathStep {
    pub(crate) namespace: NamespaceId,
    pub(super) attribute: bool,
    /// The local name of an XML name, the whole name of a JSON member.
    pub(crate) local: Box<str>,
}

impl PathStep {
    pub(super) fn is(&self, namespace: NamespaceId, attribute: bool, local: &[u8]) -> bool {
        self.namespace == namespace
            && self.attribute == attribute
            && crate::names::is_same(self.local.as_bytes(), local)
    }
}

/// The target of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Mapped paths continue below; its own text is never released.
    Container,
    /// A value of this data element.
    Leaf(ElementId),
    /// A whole subtree of this data element.
    Record(ElementId),
}

/// What the filter reads from the envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The message key.
    MessageKey,
    /// The requester's ORI.
    Requester,
    /// The notice that a value was removed for its shape.
    Notice,
}

/// The placeholder of a required part that was denied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placeholder {
    /// `xsi:nil="true"`, or `null`.
    Nil,
    /// No content, or `""`.
    Empty,
    /// This text.
    Constant(String),
}

/// The usual content of a node, which selects the fast path; `Other` if its text has fields of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// A value of this data element.
    Value(ElementId),
    /// The same, and it has a role in the envelope.
    Fact(ElementId),
    /// Mapped parts, each judged by itself.
    Parts,
    /// Anything else: takes the slow path.
    Other,
}

/// One node: its target, roles and children.
#[derive(Debug)]
pub struct Node {
    /// Its own id.
    pub id: NodeId,
    /// What may be below it.
    pub content: Content,
    /// What its own value is.
    pub target: Target,
    /// Its role in the envelope, if any.
    pub role: Option<Role>,
    /// Whether it or a node below it has the role of message key or requester.
    pub leads_to_role: bool,
    /// The attribute of the request that it states. No role: the pass need not read it, for it is read ahead where it decides.
    pub attribute: Option<Attribute>,
    /// Whether it or a node below it states an attribute.
    pub leads_to_attribute: bool,
    /// What stands for it where the schema requires it and the policy denies it.
    pub placeholder: Option<Placeholder>,
    /// Whether it may be `xsi:nil`.
    pub nillable: bool,
    /// Whether, in JSON, an array may be an item of its arrays.
    pub is_nested: bool,
    /// Its last part, which takes the notice that a value was removed for its shape.
    pub notice: Option<NodeId>,
    /// Its last part, which takes the notice of the law.
    pub legal_notice: Option<NodeId>,
    /// Whether its value is a QName, whose prefix means a namespace.
    pub is_qname: bool,
    /// Indices of the format's layouts that its text may have. If there are any, only what their fields capture can go
    /// out.
    pub layouts: Vec<usize>,
    /// The index of what its text is among the format's messages in texts, if it is one.
    pub embedded: Option<usize>,
    /// The data elements at it and below it, each once.
    pub elements: Vec<ElementId>,
    /// Whether a mapped path continues below it, attributes aside.
    pub continues: bool,
    /// The name of the JSON member, as the mapping spells it.
    pub name: Box<str>,
    /// The namespace of the name; for JSON that of the member's prefix.
    pub namespace: NamespaceId,
    /// The children and attributes that tell what it is.
    pub(super) asks: Vec<PathStep>,
    /// What it may be: at most one fits a part.
    pub(super) variants: Vec<Variant>,
    /// The children that are patterns of names.
    pub(super) wildcards: Vec<Wildcard>,
    /// The values with which it tells what the part around it is; it goes out with that.
    pub discriminates: Vec<String>,
    /// Whether one of its parts told that it is this.
    pub(super) is_variant: bool,
    /// Whether its name is a pattern.
    pub is_wild: bool,
    pub(super) children: Vec<(PathStep, NodeId)>,
}

impl Node {
    pub(super) fn new(id: NodeId, name: &str, namespace: NamespaceId) -> Self {
        Self {
            id,
            content: Content::Other,
            target: Target::Container,
            role: None,
            leads_to_role: false,
            attribute: None,
            leads_to_attribute: false,
            placeholder: None,
            nillable: false,
            is_nested: false,
            notice: None,
            legal_notice: None,
            is_qname: false,
            layouts: Vec::new(),
            embedded: None,
            elements: Vec::new(),
            continues: false,
            name: name.into(),
            namespace,
            asks: Vec::new(),
            variants: Vec::new(),
            wildcards: Vec::new(),
            discriminates: Vec::new(),
            is_variant: false,
            is_wild: false,
            children: Vec::new(),
        }
    }

    /// Whether one of its parts tells what it is.
    pub fn has_variants(&self) -> bool {
        !self.variants.is_empty()
    }

    /// The place of a child or attribute among those that tell what it is.
    pub fn asks(&self, namespace: NamespaceId, attribute: bool, local: &[u8]) -> Option<usize> {
        self.asks.iter().position(|step| step.is(namespace, attribute, local))
    }

    /// Whether paths continue below it, attributes included.
    pub fn has_children(&self) -> bool {
        !self.children.is_empty()
    }

    /// Whether more than what was released in it matters at its end: a role, a placeholder, the notice, a part that tells
    /// what it is.
    #[inline]
    pub fn has_end(&self) -> bool {
        let may_hold_more = self.is_variant || !self.discriminates.is_empty();
        let takes_notice = self.notice.is_some() || self.legal_notice.is_some();
        self.role.is_some() || self.placeholder.is_some() || takes_notice || may_hold_more
    }

    /// How many different children it can have.
    pub fn child_count(&self) -> usize {
        self.children.len()
    }

    /// Its children, by their steps.
    pub(super) fn children(&self) -> &[(PathStep, NodeId)] {
        &self.children
    }
}

/// All nodes, the entry first.
#[derive(Debug)]
pub struct Trie {
    pub(super) nodes: Vec<Node>,
    lookup: Lookup,
    /// The node whose attributes every part may have, if there is one.
    anywhere: Option<NodeId>,
    /// Every name of an element, attribute or member in the mapping, with all data elements it leads to, sorted by
    /// name.
    named: Vec<(NamespaceId, Box<str>, Vec<ElementId>)>,
    /// The same for patterns of names.
    wildcards: Vec<(Wildcard, Vec<ElementId>)>,
}

impl Trie {
    pub(super) fn new() -> Self {
        Self {
            nodes: vec![Node::new(NodeId::ENTRY, "", NamespaceId::NONE)],
            lookup: Lookup::default(),
            anywhere: None,
            named: Vec::new(),
            wildcards: Vec::new(),
        }
    }

    /// The node of this id.
    #[inline]
    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.index())
    }

    pub(super) fn node_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        self.nodes.get_mut(id.index())
    }

    /// The edge from `parent` to its child with this name.
    pub fn child(&self, parent: NodeId, namespace: NamespaceId, attribute: bool, local: &[u8]) -> Option<&Edge> {
        let exact = self.exact_child(parent, namespace, attribute, local);
        exact.or_else(|| self.wild_child(parent, namespace, attribute, local))
    }

    /// The edge from `parent` to its child with this name, without patterns.
    pub fn exact_child(&self, parent: NodeId, namespace: NamespaceId, attribute: bool, local: &[u8]) -> Option<&Edge> {
        self.lookup.find_slowly(&self.nodes, parent, namespace, attribute, local)
    }

    /// The edge to the child that is a pattern which allows this name.
    pub fn wild_child(&self, parent: NodeId, namespace: NamespaceId, attribute: bool, local: &[u8]) -> Option<&Edge> {
        let mut wildcards = self.node(parent)?.wildcards.iter();
        let allowing = wildcards.find(|wildcard| wildcard.allows(namespace, attribute, local))?;
        self.lookup.wild_edge(allowing.node)
    }

    /// The same for an element or member of whose name `bytes` are the first, without patterns.
    #[inline(always)]
    pub fn child_by<S: Simd>(
        &self,
        parent: NodeId,
        namespace: NamespaceId,
        local: &[u8],
        bytes: Block<S>,
    ) -> Option<&Edge> {
        if local.len() > MAX_PATTERN_BYTES {
            return self.exact_child(parent, namespace, false, local);
        }
        self.lookup.find(parent, namespace, false, local, bytes)
    }

    /// The child of `parent` for a step, while the trie is being built.
    pub(super) fn child_by_step(&self, parent: NodeId, step: &PathStep) -> Option<NodeId> {
        self.node(parent)?.children.iter().find(|(own, _)| own == step).map(|(_, node)| *node)
    }

    /// The child of `parent` for a step, added if missing. `namespace` is that of its name.
    pub(super) fn child_or_insert(&mut self, parent: NodeId, step: PathStep, namespace: NamespaceId) -> NodeId {
        if let Some(known) = self.child_by_step(parent, &step) {
            return known;
        }
        let next = NodeId::at(self.nodes.len());
        self.nodes.push(Node::new(next, &step.local, namespace));
        if let Some(node) = self.node_mut(parent) {
            node.children.push((step, next));
        }
        next
    }

    /// The node whose attributes every part may have, added if missing.
    pub(super) fn anywhere_or_insert(&mut self) -> NodeId {
        let step = PathStep { namespace: NamespaceId::PATTERN, attribute: false, local: "**".into() };
        let node = self.child_or_insert(NodeId::ENTRY, step, NamespaceId::NONE);
        self.anywhere = Some(node);
        node
    }

    /// The edge to an attribute, or in JSON a member, that every part may have.
    #[inline]
    pub fn anywhere(&self, namespace: NamespaceId, attribute: bool, local: &[u8]) -> Option<&Edge> {
        self.exact_child(self.anywhere?, namespace, attribute, local)
    }

    /// The node of a root.
    pub(super) fn root(&mut self, namespace: NamespaceId, local: &str) -> NodeId {
        self.child_or_insert(NodeId::ENTRY, PathStep { namespace, attribute: false, local: local.into() }, namespace)
    }

    /// The member of this name below a node.
    pub(super) fn member(&self, parent: NodeId, name: &str) -> Option<NodeId> {
        let mut children = self.node(parent)?.children.iter();
        let is_member = |step: &PathStep| step.is(NamespaceId::NONE, false, name.as_bytes());
        children.find(|(step, _)| is_member(step)).map(|(_, node)| *node)
    }

    /// Sets the elements at and below every node. Nodes are added after their parents, so in reverse order children
    /// come first.
    pub(super) fn gather_elements(&mut self, layouts: &[Layout]) {
        for index in (0..self.nodes.len()).rev() {
            let Some(node) = self.nodes.get(index) else { continue };
            let children = node.children.iter().filter_map(|(_, child)| self.node(*child));
            let below = children.flat_map(|child| &child.elements);
            let own = match node.target {
                // What tells what the part around it is gives nobody a right to anything.
                Target::Leaf(_) if !node.layouts.is_empty() || !node.discriminates.is_empty() => None,
                Target::Leaf(element) | Target::Record(element) => Some(element),
                Target::Container => None,
            };
            let fields = node.layouts.iter().filter_map(|layout| layouts.get(*layout)).flat_map(Layout::elements);
            let mut elements: Vec<ElementId> = below.copied().chain(own).chain(fields).collect();
            elements.sort_unstable();
            elements.dedup();
            if let Some(node) = self.nodes.get_mut(index) {
                node.elements = elements;
            }
        }
    }

    /// Sets the usual content of every node from its other fields, and whether it leads to a role; and completes the
    /// lookup. Nodes are added after their parents.
    pub(super) fn gather_contents(&mut self) {
        for index in (0..self.nodes.len()).rev() {
            let Some(node) = self.nodes.get(index) else { continue };
            let mut below = node.children.iter().filter_map(|(_, child)| self.node(*child));
            let to_role = matches!(node.role, Some(Role::MessageKey | Role::Requester))
                || below.clone().any(|child| child.leads_to_role);
            let to_attribute = node.attribute.is_some() || below.any(|child| child.leads_to_attribute);
            if let Some(node) = self.nodes.get_mut(index) {
                (node.leads_to_role, node.leads_to_attribute) = (to_role, to_attribute);
            }
        }
        for node in &mut self.nodes {
            node.content = match node.target {
                _ if !node.layouts.is_empty() || node.is_qname || node.has_variants() => Content::Other,
                _ if !node.discriminates.is_empty() || node.is_wild || node.embedded.is_some() => Content::Other,
                Target::Leaf(element) if node.role.is_some() => Content::Fact(element),
                _ if node.role.is_some() => Content::Other,
                Target::Leaf(element) => Content::Value(element),
                Target::Container if node.has_children() => Content::Parts,
                Target::Container | Target::Record(_) => Content::Other,
            };
        }
        // What tells may be told several times, and is then left out.
        let asked: Vec<_> = self.asked().map(|node| node.id).collect();
        for id in asked {
            self.node_mut(id).into_iter().for_each(|node| node.content = Content::Other);
        }
        self.lookup = Lookup::new(&self.nodes);
    }

    /// The data elements that a name leads to anywhere in the mapping.
    pub fn elements_named(&self, namespace: NamespaceId, local: &[u8]) -> impl Iterator<Item = ElementId> {
        let index = self.named.binary_search_by(|(own, name, _)| (*own, name.as_bytes()).cmp(&(namespace, local)));
        let exact = index.ok().and_then(|index| self.named.get(index)).map_or(&[][..], |(_, _, elements)| elements);
        let wild = self.wildcards.iter().filter(move |(wildcard, _)| {
            [false, true].iter().any(|attribute| wildcard.allows(namespace, *attribute, local))
        });
        exact.iter().chain(wild.flat_map(|(_, elements)| elements)).copied()
    }

    /// Collects the elements that every name leads to: those of its nodes and of the nodes below, which come after
    /// them.
    pub(super) fn gather_names(&mut self) {
        let mut below: Vec<BTreeSet<ElementId>> = vec![BTreeSet::new(); self.nodes.len()];
        for (index, node) in self.nodes.iter().enumerate().rev() {
            let mut elements: BTreeSet<ElementId> = match node.target {
                Target::Leaf(_) if !node.discriminates.is_empty() => BTreeSet::new(),
                Target::Leaf(element) | Target::Record(element) => BTreeSet::from([element]),
                Target::Container => BTreeSet::new(),
            };
            elements.extend(node.children.iter().filter_map(|(_, child)| below.get(child.index())).flatten());
            if let Some(slot) = below.get_mut(index) {
                *slot = elements;
            }
        }
        let mut all: BTreeMap<(NamespaceId, &str), BTreeSet<ElementId>> = BTreeMap::new();
        // Attributes too: in JSON they are members.
        for (step, child) in self.nodes.iter().flat_map(|node| &node.children) {
            let elements = below.get(child.index()).into_iter().flatten();
            all.entry((step.namespace, &step.local)).or_default().extend(elements);
        }
        all.retain(|(namespace, _), _| *namespace != NamespaceId::PATTERN);
        let named = all
            .into_iter()
            .map(|((namespace, name), elements)| (namespace, Box::from(name), elements.into_iter().collect()));
        let wildcards = self.nodes.iter().flat_map(|node| &node.wildcards);
        let elements = |wildcard: &Wildcard| below.get(wildcard.node.index()).into_iter().flatten().copied().collect();
        let wildcards = wildcards.map(|wildcard| (wildcard.clone(), elements(wildcard)));
        (self.named, self.wildcards) = (named.collect(), wildcards.collect());
    }

    /// Assigns every container below a record the record's element, because the record covers what no path names.
    pub(super) fn spread_records(&mut self) {
        let mut open = vec![(NodeId::ENTRY, None)];
        while let Some((id, above)) = open.pop() {
            let Some(node) = self.node_mut(id) else { continue };
            // What it is must be told: otherwise only what a path names goes out of it.
            if let (Target::Container, Some(element), false) = (node.target, above, node.has_variants()) {
                node.target = Target::Record(element);
            }
            let record = match node.target {
                Target::Record(element) => Some(element),
                _ => above.filter(|_| node.has_variants()),
            };
            // Of what isn't told, only the variants are parts of the record.
            let is_told = |child: &NodeId| !node.has_variants() || node.variants.iter().any(|own| own.node == *child);
            let elements = node.children.iter().filter(|(step, _)| !step.attribute);
            open.extend(elements.map(|(_, child)| (*child, record.filter(|_| is_told(child)))));
        }
    }
}
