//! Finds the node that a name leads to with one lookup: a hash table over all edges of a trie. An edge has everything
//! that most messages need of its node in two cache lines, because the next name waits for none of it, but the processor
//! has to fetch it.

use fearless_simd::Simd;

use super::namespace::NamespaceId;
use super::trie::{Content, Node, NodeId};
use crate::window::{Block, Pattern};

/// An edge from a node to one below it, and what matters of that in a message.
#[derive(Debug)]
#[repr(align(128))]
pub struct Edge {
    name: Pattern,
    parent: NodeId,
    /// The node.
    pub node: NodeId,
    /// Its index among the children of its parent.
    pub child: u32,
    /// What may be below it.
    pub content: Content,
    /// The namespace of its name in the output; for JSON that of the member's prefix.
    pub namespace: NamespaceId,
    step_namespace: NamespaceId,
    is_attribute: bool,
    /// Whether it has a role in the envelope.
    pub has_role: bool,
    /// Whether something stands for it where it was denied.
    pub has_placeholder: bool,
    /// Whether more than what was released in it matters at its end.
    pub has_end: bool,
    /// How many different children it can have.
    pub children: u32,
}

impl Edge {
    fn is(&self, parent: NodeId, namespace: NamespaceId, is_attribute: bool) -> bool {
        self.parent == parent && self.step_namespace == namespace && self.is_attribute == is_attribute
    }
}

/// All edges of a trie.
#[derive(Debug, Default)]
pub(super) struct Lookup {
    edges: Vec<Edge>,
    /// The number of an edge, from 1, at its hash or in the next free slot after it; 0 is a free slot. At most a quarter
    /// is full, because one branch misprediction costs as much as the rest of a lookup.
    slots: Vec<u32>,
    /// The numbers of the edges to patterns of names, which no name has.
    wild: Vec<(NodeId, u32)>,
}

/// A hash of a name's length, start and end. Names in one mapping mostly start alike (`nc:Person...`) and differ at the
/// end.
#[inline(always)]
fn hash(parent: NodeId, namespace: NamespaceId, is_attribute: bool, name: &[u8]) -> u64 {
    let (head, tail) = match (name.first_chunk::<8>(), name.last_chunk::<8>()) {
        (Some(head), Some(tail)) => (u64::from_le_bytes(*head), u64::from_le_bytes(*tail)),
        _ => (0, name.iter().fold(0, |word, byte| word << 8 | u64::from(*byte))),
    };
    let place = (parent.index() as u64) << 24 ^ (namespace.index() as u64) << 8 ^ u64::from(is_attribute);
    (head.rotate_left(23) ^ tail ^ (name.len() as u64) << 56 ^ place).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32
}

impl Lookup {
    /// The table of these nodes, whose names are those of their steps.
    pub(super) fn new(nodes: &[Node]) -> Self {
        let mut edges = Vec::new();
        for (parent, node) in nodes.iter().enumerate() {
            for (child, (step, id)) in (0..).zip(node.children()) {
                let Some(below) = nodes.get(id.index()) else { continue };
                edges.push(Edge {
                    name: Pattern::new(step.local.as_bytes()),
                    parent: NodeId::at(parent),
                    node: *id,
                    child,
                    content: below.content,
                    namespace: below.namespace,
                    step_namespace: step.namespace,
                    is_attribute: step.attribute,
                    has_role: below.role.is_some(),
                    has_placeholder: below.placeholder.is_some(),
                    has_end: below.has_end(),
                    children: u32::try_from(below.children().len()).unwrap_or(u32::MAX),
                });
            }
        }
        let mut wild = Vec::new();
        let mut slots = vec![0; (4 * edges.len()).next_power_of_two()];
        let mask = slots.len() - 1;
        for (number, edge) in (1..).zip(&edges) {
            if edge.step_namespace == NamespaceId::PATTERN {
                wild.push((edge.node, number));
                continue;
            }
            let name = nodes.get(edge.node.index()).map_or(&[][..], |node| node.name.as_bytes());
            let mut at = usize::try_from(hash(edge.parent, edge.step_namespace, edge.is_attribute, name)).unwrap_or(0);
            at &= mask;
            while slots.get(at).is_some_and(|slot| *slot != 0) {
                at = (at + 1) & mask;
            }
            slots.get_mut(at).into_iter().for_each(|slot| *slot = number);
        }
        Self { edges, slots, wild }
    }

    /// The edge that a name leads to. `bytes` are the first of the name; one that is longer isn't found.
    #[inline(always)]
    pub(super) fn find<S: Simd>(
        &self,
        parent: NodeId,
        namespace: NamespaceId,
        is_attribute: bool,
        name: &[u8],
        bytes: Block<S>,
    ) -> Option<&Edge> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = hash(parent, namespace, is_attribute, name) as usize & mask;
        // A loop, because a closure would be compiled without the processor's vector instructions.
        loop {
            let edge = self.edge_at(at)?;
            if bytes.is(&edge.name, name.len()) && edge.is(parent, namespace, is_attribute) {
                return Some(edge);
            }
            at = (at + 1) & mask;
        }
    }

    /// The same for a name of any length.
    pub(super) fn find_slowly(
        &self,
        nodes: &[Node],
        parent: NodeId,
        namespace: NamespaceId,
        is_attribute: bool,
        name: &[u8],
    ) -> Option<&Edge> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = hash(parent, namespace, is_attribute, name) as usize & mask;
        loop {
            let edge = self.edge_at(at)?;
            let is_same = nodes.get(edge.node.index()).is_some_and(|node| node.name.as_bytes() == name);
            if is_same && edge.is(parent, namespace, is_attribute) {
                return Some(edge);
            }
            at = (at + 1) & mask;
        }
    }

    /// The edge to a node that is a pattern of names.
    pub(super) fn wild_edge(&self, node: NodeId) -> Option<&Edge> {
        let (_, number) = self.wild.iter().find(|(own, _)| *own == node)?;
        self.edges.get((*number as usize).wrapping_sub(1))
    }

    /// The edge in a slot; `None` for a free one.
    #[inline(always)]
    fn edge_at(&self, at: usize) -> Option<&Edge> {
        let number = *self.slots.get(at)?;
        self.edges.get((number as usize).wrapping_sub(1))
    }
}
