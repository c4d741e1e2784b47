//! The mapping as a trie: from a path in the message to what stands there. One trie serves every requester.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use super::namespace::NamespaceId;
use super::text::Layout;
use crate::catalog::ElementId;
use crate::window::Pattern;

/// A node of a trie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodeId(NonZeroU32);

impl NodeId {
    /// The node above the message's root.
    pub(crate) const ENTRY: Self = Self(NonZeroU32::MIN);

    /// Its place among the nodes of its trie.
    pub(crate) fn index(self) -> usize {
        self.0.get() as usize - 1
    }

    /// The node at a place.
    fn at(place: usize) -> Self {
        Self(u32::try_from(place).map_or(NonZeroU32::MAX, |place| NonZeroU32::MIN.saturating_add(place)))
    }
}

impl Default for NodeId {
    fn default() -> Self {
        Self::ENTRY
    }
}

/// A step of a path: an element, a member or an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) namespace: NamespaceId,
    pub(super) attribute: bool,
    /// The local name of an XML name, the whole name of a JSON member.
    pub(crate) local: Box<str>,
}

impl Step {
    fn is(&self, namespace: NamespaceId, attribute: bool, local: &[u8]) -> bool {
        self.namespace == namespace
            && self.attribute == attribute
            && crate::names::is_same(self.local.as_bytes(), local)
    }
}

/// A cheap mixture of a name's length, beginning and end. Names of one mapping mostly begin alike (`nc:Person...`) and
/// differ at the end.
#[inline]
fn fingerprint(namespace: NamespaceId, attribute: bool, local: &[u8]) -> u64 {
    let (head, tail) = match (local.first_chunk::<8>(), local.last_chunk::<8>()) {
        (Some(head), Some(tail)) => (u64::from_le_bytes(*head), u64::from_le_bytes(*tail)),
        _ => (0, local.iter().fold(0, |word, byte| word << 8 | u64::from(*byte))),
    };
    let rest = local.len() ^ namespace.index() << 16 ^ usize::from(attribute) << 40;
    (head.rotate_left(23) ^ tail ^ rest as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// The slot to begin at in a table of `length` slots, which is a power of two.
#[inline]
fn slot_of(print: u64, length: usize) -> usize {
    usize::try_from(print >> 40).unwrap_or_default() & length.wrapping_sub(1)
}

/// An edge as the table of a node has it: all that is needed to find it.
#[derive(Debug, Clone, Copy)]
struct Slot {
    print: u64,
    node: NodeId,
    /// Its place among the edges.
    place: u16,
    /// Whether a member of JSON may lead along it.
    is_member: bool,
}

/// Takes the last of `edges` into a table of all, which is made anew where it would be more than a quarter full.
fn note_last(slots: &mut Vec<Option<Slot>>, edges: &[Edge]) {
    let length = (4 * edges.len()).next_power_of_two();
    let known = if slots.len() == length { edges.len() - 1 } else { 0 };
    if known == 0 {
        slots.clear();
        slots.resize(length, None);
    }
    for (place, Edge { step, print, node }) in (0..=u16::MAX).zip(edges).skip(known) {
        let first = slot_of(*print, length);
        let (before, after) = slots.split_at_mut(first);
        if let Some(slot) = after.iter_mut().chain(before).find(|slot| slot.is_none()) {
            let is_member = step.namespace == NamespaceId::NONE && !step.attribute;
            *slot = Some(Slot { print: *print, node: *node, place, is_member });
        }
    }
}

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// Mapped paths go on below; its own text is never released.
    Container,
    /// A value of this data element.
    Leaf(ElementId),
    /// A whole subtree of this data element.
    Record(ElementId),
}

/// What the filter reads out of the envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The message key.
    MessageKey,
    /// The requester's ORI.
    Requester,
    /// The notice that a value was removed for its shape.
    Notice,
}

/// What stands for a required part that was denied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Placeholder {
    /// `xsi:nil="true"`, or `null`.
    Nil,
    /// No content, or `""`.
    Empty,
    /// This text.
    Constant(String),
}

/// What stands at a node in most messages, and is all there is to it: no fields of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// A value of this data element.
    Value(ElementId),
    /// The same, and it has a role in the envelope.
    Fact(ElementId),
    /// Parts that the mapping leads to, each judged by itself.
    Parts,
    /// Something that has to be looked at more closely.
    Other,
}

/// Children of a plain container at most: a bit for each fits in a word.
const MOST_PLAIN: usize = 64;

/// One node: what stands there, and what may stand below.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) content: Content,
    pub(crate) target: Target,
    pub(crate) role: Option<Role>,
    pub(crate) placeholder: Option<Placeholder>,
    pub(crate) nillable: bool,
    /// Where in it the notice stands that a value was removed for its shape, as its last part.
    pub(crate) notice: Option<NodeId>,
    /// Whether its value is the name of a type, whose prefix means a namespace.
    pub(crate) is_qname: bool,
    /// The layouts its text may have, by place among those of the format. If there are any, it is extracted from, and
    /// only what their fields capture can go out.
    pub(crate) layouts: Vec<usize>,
    /// The data elements at it and below it, each once.
    pub(crate) elements: Vec<ElementId>,
    /// Whether a mapped path goes on below it, attributes aside.
    pub(crate) goes_on: bool,
    /// The name of the JSON member, as the mapping spells it.
    pub(crate) name: Box<str>,
    /// The same as a message mostly has it: in quotes, with the colon behind it.
    pub(crate) member: Pattern,
    /// The namespace of the name; for JSON that of the member's prefix.
    pub(crate) namespace: NamespaceId,
    edges: Vec<Edge>,
    /// The edges by fingerprint: open addressing, at most a quarter full, for each wrong guess of the processor costs as much
    /// as all else of finding a name.
    slots: Vec<Option<Slot>>,
}

#[derive(Debug)]
struct Edge {
    step: Step,
    print: u64,
    node: NodeId,
}

impl Node {
    pub(super) fn new(name: &str, namespace: NamespaceId) -> Self {
        Self {
            content: Content::Other,
            target: Target::Container,
            role: None,
            placeholder: None,
            nillable: false,
            notice: None,
            is_qname: false,
            layouts: Vec::new(),
            elements: Vec::new(),
            goes_on: false,
            name: name.into(),
            member: Pattern::new(format!("\"{name}\":").as_bytes()),
            namespace,
            edges: Vec::new(),
            slots: Vec::new(),
        }
    }

    /// The edge with this fingerprint that is the one wanted.
    #[inline(always)]
    fn find(&self, print: u64, is_it: impl Fn(&Slot) -> bool) -> Option<&Slot> {
        let mut at = slot_of(print, self.slots.len());
        loop {
            // There is an empty slot to end at.
            let slot = self.slots.get(at)?.as_ref()?;
            if slot.print == print && is_it(slot) {
                return Some(slot);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// Whether paths go on below it, attributes included.
    pub(crate) fn has_children(&self) -> bool {
        !self.edges.is_empty()
    }

    /// Whether an object at it can be read and ended without another look at the mapping: few children, no role, and
    /// nothing that stands for it where it goes.
    #[inline]
    pub(crate) fn is_plain_container(&self) -> bool {
        self.content == Content::Parts && self.placeholder.is_none() && self.edges.len() <= MOST_PLAIN
    }

    /// How many different children it can have.
    pub(crate) fn child_count(&self) -> usize {
        self.edges.len()
    }
}

/// All nodes, the entry first.
#[derive(Debug)]
pub(crate) struct Trie {
    nodes: Vec<Node>,
    /// Every name of an element, attribute or member in the mapping, and the data elements that it leads to anywhere; sorted by name.
    named: Vec<(NamespaceId, Box<str>, Vec<ElementId>)>,
}

impl Trie {
    pub(super) fn new() -> Self {
        Self { nodes: vec![Node::new("", NamespaceId::NONE)], named: Vec::new() }
    }

    #[inline]
    pub(crate) fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.index())
    }

    pub(super) fn node_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        self.nodes.get_mut(id.index())
    }

    /// The child of `parent` by that name, and its place among the children.
    #[inline]
    pub(crate) fn child(
        &self,
        parent: &Node,
        namespace: NamespaceId,
        attribute: bool,
        local: &[u8],
    ) -> Option<(NodeId, u32)> {
        let print = fingerprint(namespace, attribute, local);
        let is_it = |slot: &Slot| {
            parent.edges.get(usize::from(slot.place)).is_some_and(|edge| edge.step.is(namespace, attribute, local))
        };
        let slot = parent.find(print, is_it)?;
        Some((slot.node, slot.place.into()))
    }

    /// The child of `parent` that is a JSON member of that name, and its place among the children. `stands` says whether what
    /// a message has for a member's name is where that name stands: this spares a second comparison.
    #[inline(always)]
    pub(crate) fn member_child(
        &self,
        parent: &Node,
        name: &[u8],
        stands: impl Fn(&Pattern) -> bool,
    ) -> Option<(NodeId, u32, &Node)> {
        let print = fingerprint(NamespaceId::NONE, false, name);
        let is_it = |slot: &Slot| slot.is_member && self.node(slot.node).is_some_and(|node| stands(&node.member));
        let slot = parent.find(print, is_it)?;
        Some((slot.node, slot.place.into(), self.node(slot.node)?))
    }

    /// The child of `parent` by that step, made if it isn't there.
    /// `namespace` is that of its name.
    pub(super) fn grow(&mut self, parent: NodeId, step: Step, namespace: NamespaceId) -> NodeId {
        let next = NodeId::at(self.nodes.len());
        let print = fingerprint(step.namespace, step.attribute, step.local.as_bytes());
        let Some(node) = self.node_mut(parent) else { return next };
        if let Some(edge) = node.edges.iter().find(|edge| edge.print == print && edge.step == step) {
            return edge.node;
        }
        let child = Node::new(&step.local, namespace);
        node.edges.push(Edge { step, print, node: next });
        note_last(&mut node.slots, &node.edges);
        self.nodes.push(child);
        next
    }

    /// The member of this name below a node.
    pub(super) fn member(&self, parent: NodeId, name: &str) -> Option<NodeId> {
        self.child(self.node(parent)?, NamespaceId::NONE, false, name.as_bytes()).map(|(id, _)| id)
    }

    /// Tells every node which elements are at it and below it. Nodes are grown after their parents, so the way back
    /// through them meets children first.
    pub(super) fn gather_elements(&mut self, layouts: &[Layout]) {
        for place in (0..self.nodes.len()).rev() {
            let Some(node) = self.nodes.get(place) else { continue };
            let below = node.edges.iter().filter_map(|edge| self.node(edge.node)).flat_map(|child| &child.elements);
            let own = match node.target {
                Target::Leaf(_) if !node.layouts.is_empty() => None,
                Target::Leaf(element) | Target::Record(element) => Some(element),
                Target::Container => None,
            };
            let fields = node.layouts.iter().filter_map(|layout| layouts.get(*layout)).flat_map(Layout::elements);
            let mut elements: Vec<ElementId> = below.copied().chain(own).chain(fields).collect();
            elements.sort_unstable();
            elements.dedup();
            if let Some(node) = self.nodes.get_mut(place) {
                node.elements = elements;
            }
        }
    }

    /// Tells every node what stands there in most messages, now that all else is known of it.
    pub(super) fn gather_contents(&mut self) {
        for node in &mut self.nodes {
            node.content = match node.target {
                _ if !node.layouts.is_empty() || node.is_qname || node.notice.is_some() => Content::Other,
                Target::Leaf(element) if node.role.is_some() => Content::Fact(element),
                _ if node.role.is_some() => Content::Other,
                Target::Leaf(element) => Content::Value(element),
                Target::Container if node.has_children() => Content::Parts,
                Target::Container | Target::Record(_) => Content::Other,
            };
        }
    }

    /// The data elements that a name leads to, wherever in the mapping it stands.
    pub(crate) fn elements_named(&self, namespace: NamespaceId, local: &[u8]) -> &[ElementId] {
        let place = self.named.binary_search_by(|(own, name, _)| (*own, name.as_bytes()).cmp(&(namespace, local)));
        place.ok().and_then(|place| self.named.get(place)).map_or(&[], |(_, _, elements)| elements)
    }

    /// Gathers what every name leads to: the elements of its nodes and of those below, which come behind them.
    pub(super) fn gather_names(&mut self) {
        let mut below: Vec<BTreeSet<ElementId>> = vec![BTreeSet::new(); self.nodes.len()];
        for (place, node) in self.nodes.iter().enumerate().rev() {
            let mut elements: BTreeSet<ElementId> = match node.target {
                Target::Leaf(element) | Target::Record(element) => BTreeSet::from([element]),
                Target::Container => BTreeSet::new(),
            };
            elements.extend(node.edges.iter().filter_map(|edge| below.get(edge.node.index())).flatten());
            if let Some(slot) = below.get_mut(place) {
                *slot = elements;
            }
        }
        let mut all: BTreeMap<(NamespaceId, &str), BTreeSet<ElementId>> = BTreeMap::new();
        // Attributes too: in JSON they are members like any other.
        for edge in self.nodes.iter().flat_map(|node| &node.edges) {
            let elements = below.get(edge.node.index()).into_iter().flatten();
            all.entry((edge.step.namespace, &edge.step.local)).or_default().extend(elements);
        }
        let named = all
            .into_iter()
            .map(|((namespace, name), elements)| (namespace, Box::from(name), elements.into_iter().collect()));
        self.named = named.collect();
    }

    /// Gives every container below a record the record's own element: the record covers what no path names.
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
            let elements = node.edges.iter().filter(|edge| !edge.step.attribute);
            open.extend(elements.map(|edge| (edge.node, record)));
        }
    }
}
