//! The mapping as a trie: from a path in the message to its data element. One trie serves every requester.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use fearless_simd::Simd;

use super::namespace::NamespaceId;
use super::text::Layout;
use crate::catalog::ElementId;
use crate::span::Span;
use crate::window::{LONGEST_PATTERN, NameBytes, Pattern};

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
    fn at(index: usize) -> Self {
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
    fn is(&self, namespace: NamespaceId, attribute: bool, local: &[u8]) -> bool {
        self.namespace == namespace
            && self.attribute == attribute
            && crate::names::is_same(self.local.as_bytes(), local)
    }
}

/// A cheap hash of a name's length, start and end. Names in one mapping mostly start alike (`nc:Person...`) and differ
/// at the end.
#[inline]
fn fingerprint(namespace: NamespaceId, attribute: bool, local: &[u8]) -> u64 {
    let (head, tail) = match (local.first_chunk::<8>(), local.last_chunk::<8>()) {
        (Some(head), Some(tail)) => (u64::from_le_bytes(*head), u64::from_le_bytes(*tail)),
        _ => (0, local.iter().fold(0, |word, byte| word << 8 | u64::from(*byte))),
    };
    let rest = local.len() as u64 ^ (namespace.index() as u64) << 16 ^ u64::from(attribute) << 40;
    (head.rotate_left(23) ^ tail ^ rest).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// The home slot in a table of `length` slots, a power of two.
#[inline]
fn slot_of(fingerprint: u64, length: usize) -> usize {
    usize::try_from(fingerprint >> 40).unwrap_or_default() & length.wrapping_sub(1)
}

/// An entry of a node's hash table: all that a lookup needs.
#[derive(Debug, Clone, Copy)]
struct Slot {
    fingerprint: u64,
    node: NodeId,
    /// Its index among the edges.
    index: u16,
    /// Whether a JSON member may follow it.
    is_member: bool,
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
    /// What may be below it.
    pub content: Content,
    /// What its own value is.
    pub target: Target,
    /// Its role in the envelope, if any.
    pub role: Option<Role>,
    /// Whether it or a node below it has the role of message key or requester.
    pub leads_to_role: bool,
    /// What stands for it where the schema requires it and the policy denies it.
    pub placeholder: Option<Placeholder>,
    /// Whether it may be `xsi:nil`.
    pub nillable: bool,
    /// Its last part, which takes the notice that a value was removed for its shape.
    pub notice: Option<NodeId>,
    /// Whether its value is a QName, whose prefix means a namespace.
    pub is_qname: bool,
    /// Indices of the format's layouts that its text may have. If there are any, only what their fields capture can go
    /// out.
    pub layouts: Vec<usize>,
    /// The data elements at it and below it, each once.
    pub elements: Vec<ElementId>,
    /// Whether a mapped path continues below it, attributes aside.
    pub continues: bool,
    /// The name of the JSON member, as the mapping spells it.
    pub name: Box<str>,
    /// The same, to be compared with a message.
    pattern: Pattern,
    /// The namespace of the name; for JSON that of the member's prefix.
    pub namespace: NamespaceId,
    children: Children,
}

/// The children of a node: a list, and a hash table over it.
#[derive(Debug, Default)]
struct Children {
    edges: Vec<Edge>,
    /// The edges by fingerprint: open addressing, at most a quarter full, because one branch misprediction costs as
    /// much as the rest of a lookup.
    slots: Vec<Option<Slot>>,
}

#[derive(Debug)]
struct Edge {
    step: PathStep,
    fingerprint: u64,
    node: NodeId,
}

impl Children {
    /// The edge with this fingerprint that satisfies `is_match`.
    #[inline(always)]
    fn find(&self, fingerprint: u64, is_match: impl Fn(&Slot) -> bool) -> Option<&Slot> {
        let mut at = slot_of(fingerprint, self.slots.len());
        loop {
            // Ends at an empty slot: there always is one.
            let slot = self.slots.get(at)?.as_ref()?;
            if slot.fingerprint == fingerprint && is_match(slot) {
                return Some(slot);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    fn push(&mut self, edge: Edge) {
        self.edges.push(edge);
        self.index_last_edge();
    }

    /// Adds the last edge to the hash table, which is rebuilt if it would be more than a quarter full.
    fn index_last_edge(&mut self) {
        let length = (4 * self.edges.len()).next_power_of_two();
        let known = if self.slots.len() == length { self.edges.len() - 1 } else { 0 };
        if known == 0 {
            self.slots.clear();
            self.slots.resize(length, None);
        }
        for (index, Edge { step, fingerprint, node }) in (0..=u16::MAX).zip(&self.edges).skip(known) {
            let first = slot_of(*fingerprint, length);
            let (before, after) = self.slots.split_at_mut(first);
            if let Some(slot) = after.iter_mut().chain(before).find(|slot| slot.is_none()) {
                let is_member = step.namespace == NamespaceId::NONE && !step.attribute;
                *slot = Some(Slot { fingerprint: *fingerprint, node: *node, index, is_member });
            }
        }
    }
}

impl Node {
    pub(super) fn new(name: &str, namespace: NamespaceId) -> Self {
        Self {
            content: Content::Other,
            target: Target::Container,
            role: None,
            leads_to_role: false,
            placeholder: None,
            nillable: false,
            notice: None,
            is_qname: false,
            layouts: Vec::new(),
            elements: Vec::new(),
            continues: false,
            name: name.into(),
            pattern: Pattern::new(name.as_bytes()),
            namespace,
            children: Children::default(),
        }
    }

    /// Whether paths continue below it, attributes included.
    pub fn has_children(&self) -> bool {
        !self.children.edges.is_empty()
    }

    /// Whether more than what was released in it matters at its end: a role, a placeholder, the notice.
    #[inline]
    pub fn has_end(&self) -> bool {
        self.role.is_some() || self.placeholder.is_some() || self.notice.is_some()
    }

    /// How many different children it can have.
    #[inline]
    pub fn child_count(&self) -> usize {
        self.children.edges.len()
    }
}

/// All nodes, the entry first.
#[derive(Debug)]
pub struct Trie {
    nodes: Vec<Node>,
    /// Every name of an element, attribute or member in the mapping, with all data elements it leads to, sorted by
    /// name.
    named: Vec<(NamespaceId, Box<str>, Vec<ElementId>)>,
}

impl Trie {
    pub(super) fn new() -> Self {
        Self { nodes: vec![Node::new("", NamespaceId::NONE)], named: Vec::new() }
    }

    /// The node of this id.
    #[inline]
    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.index())
    }

    pub(super) fn node_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        self.nodes.get_mut(id.index())
    }

    /// The child of `parent` with this name, and its index among the children.
    #[inline]
    pub fn child(&self, parent: &Node, namespace: NamespaceId, attribute: bool, local: &[u8]) -> Option<(NodeId, u32)> {
        let fingerprint = fingerprint(namespace, attribute, local);
        let slot = parent.children.find(fingerprint, |slot| {
            let edge = parent.children.edges.get(usize::from(slot.index));
            edge.is_some_and(|edge| edge.step.is(namespace, attribute, local))
        })?;
        Some((slot.node, slot.index.into()))
    }

    /// The child of `parent` that is a JSON member with the name at `name`, and its index among the children. `bytes` are
    /// the first of the name.
    #[inline(always)]
    pub fn member_child<S: Simd>(
        &self,
        parent: &Node,
        message: &[u8],
        name: Span,
        bytes: NameBytes<S>,
    ) -> Option<(NodeId, u32, &Node)> {
        let name_of = name.of(message);
        if name.len() > LONGEST_PATTERN {
            let (id, index) = self.child(parent, NamespaceId::NONE, false, name_of)?;
            return Some((id, index, self.node(id)?));
        }
        let fingerprint = fingerprint(NamespaceId::NONE, false, name_of);
        let slots = &parent.children.slots;
        let mut at = slot_of(fingerprint, slots.len());
        // A loop, because a closure would be compiled without the processor's vector instructions.
        loop {
            let slot = slots.get(at)?.as_ref()?;
            if slot.fingerprint == fingerprint && slot.is_member {
                let node = self.node(slot.node)?;
                if bytes.is(&node.pattern, name.len()) {
                    return Some((slot.node, slot.index.into(), node));
                }
            }
            at = (at + 1) & (slots.len() - 1);
        }
    }

    /// The child of `parent` for a step, added if missing. `namespace` is that of its name.
    pub(super) fn child_or_insert(&mut self, parent: NodeId, step: PathStep, namespace: NamespaceId) -> NodeId {
        let next = NodeId::at(self.nodes.len());
        let fingerprint = fingerprint(step.namespace, step.attribute, step.local.as_bytes());
        let Some(node) = self.node_mut(parent) else { return next };
        let mut edges = node.children.edges.iter();
        if let Some(edge) = edges.find(|edge| edge.fingerprint == fingerprint && edge.step == step) {
            return edge.node;
        }
        let child = Node::new(&step.local, namespace);
        node.children.push(Edge { step, fingerprint, node: next });
        self.nodes.push(child);
        next
    }

    /// The member of this name below a node.
    pub(super) fn member(&self, parent: NodeId, name: &str) -> Option<NodeId> {
        self.child(self.node(parent)?, NamespaceId::NONE, false, name.as_bytes()).map(|(id, _)| id)
    }

    /// Sets the elements at and below every node. Nodes are added after their parents, so in reverse order children
    /// come first.
    pub(super) fn gather_elements(&mut self, layouts: &[Layout]) {
        for index in (0..self.nodes.len()).rev() {
            let Some(node) = self.nodes.get(index) else { continue };
            let children = node.children.edges.iter().filter_map(|edge| self.node(edge.node));
            let below = children.flat_map(|child| &child.elements);
            let own = match node.target {
                Target::Leaf(_) if !node.layouts.is_empty() => None,
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

    /// Sets the usual content of every node from its other fields, and whether it leads to a role. Nodes are added after
    /// their parents.
    pub(super) fn gather_contents(&mut self) {
        for index in (0..self.nodes.len()).rev() {
            let leads = self.nodes.get(index).is_some_and(|node| {
                let mut below = node.children.edges.iter().filter_map(|edge| self.node(edge.node));
                matches!(node.role, Some(Role::MessageKey | Role::Requester)) || below.any(|child| child.leads_to_role)
            });
            if let Some(node) = self.nodes.get_mut(index) {
                node.leads_to_role = leads;
            }
        }
        for node in &mut self.nodes {
            node.content = match node.target {
                _ if !node.layouts.is_empty() || node.is_qname => Content::Other,
                Target::Leaf(element) if node.role.is_some() => Content::Fact(element),
                _ if node.role.is_some() => Content::Other,
                Target::Leaf(element) => Content::Value(element),
                Target::Container if node.has_children() => Content::Parts,
                Target::Container | Target::Record(_) => Content::Other,
            };
        }
    }

    /// The data elements that a name leads to anywhere in the mapping.
    pub fn elements_named(&self, namespace: NamespaceId, local: &[u8]) -> &[ElementId] {
        let index = self.named.binary_search_by(|(own, name, _)| (*own, name.as_bytes()).cmp(&(namespace, local)));
        index.ok().and_then(|index| self.named.get(index)).map_or(&[], |(_, _, elements)| elements)
    }

    /// Collects the elements that every name leads to: those of its nodes and of the nodes below, which come after
    /// them.
    pub(super) fn gather_names(&mut self) {
        let mut below: Vec<BTreeSet<ElementId>> = vec![BTreeSet::new(); self.nodes.len()];
        for (index, node) in self.nodes.iter().enumerate().rev() {
            let mut elements: BTreeSet<ElementId> = match node.target {
                Target::Leaf(element) | Target::Record(element) => BTreeSet::from([element]),
                Target::Container => BTreeSet::new(),
            };
            elements.extend(node.children.edges.iter().filter_map(|edge| below.get(edge.node.index())).flatten());
            if let Some(slot) = below.get_mut(index) {
                *slot = elements;
            }
        }
        let mut all: BTreeMap<(NamespaceId, &str), BTreeSet<ElementId>> = BTreeMap::new();
        // Attributes too: in JSON they are members.
        for edge in self.nodes.iter().flat_map(|node| &node.children.edges) {
            let elements = below.get(edge.node.index()).into_iter().flatten();
            all.entry((edge.step.namespace, &edge.step.local)).or_default().extend(elements);
        }
        let named = all
            .into_iter()
            .map(|((namespace, name), elements)| (namespace, Box::from(name), elements.into_iter().collect()));
        self.named = named.collect();
    }

    /// Assigns every container below a record the record's element, because the record covers what no path names.
    pub(super) fn spread_records(&mut self) {
        let mut open = vec![(NodeId::ENTRY, None)];
        while let Some((id, above)) = open.pop() {
            let Some(node) = self.node_mut(id) else { continue };
            if let (Target::Container, Some(element)) = (node.target, above) {
                node.target = Target::Record(element);
            }
            let record = match node.target {
                Target::Record(element) => Some(element),
                _ => None,
            };
            let elements = node.children.edges.iter().filter(|edge| !edge.step.attribute);
            open.extend(elements.map(|edge| (edge.node, record)));
        }
    }
}
