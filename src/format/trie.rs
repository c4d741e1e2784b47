//! The mapping as a trie: from a path in the message to what stands there. One trie serves every requester.

use super::namespace::NamespaceId;
use crate::catalog::ElementId;

/// A node of a trie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodeId(u32);

impl NodeId {
    /// The node above the message's root.
    pub(crate) const ENTRY: Self = Self(0);
}

/// A step of a path: an element, a member or an attribute.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Step {
    pub(crate) namespace: NamespaceId,
    pub(super) attribute: bool,
    /// The local name of an XML name, the whole name of a JSON member.
    pub(crate) local: Box<str>,
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
    /// A value the filter must read (a message key, a requester) but that no data element names: it doesn't go out.
    Unmapped,
}

/// What the filter reads out of the envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The message key.
    MessageKey,
    /// The requester's ORI.
    Requester,
}

/// What stands for a required part that was denied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StandIn {
    /// `xsi:nil="true"`, or `null`.
    Nil,
    /// No content, or `""`.
    Empty,
    /// This text.
    Constant(String),
}

/// One node: what stands there, and what may stand below.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) target: Target,
    pub(crate) role: Option<Role>,
    pub(crate) stand_in: Option<StandIn>,
    pub(crate) nillable: bool,
    /// Whether a mapped path goes on below it, attributes aside.
    pub(super) goes_on: bool,
    /// The name of the JSON member, as the mapping spells it.
    pub(crate) name: Box<str>,
    /// The namespace of the name; for JSON that of the member's prefix.
    pub(crate) namespace: NamespaceId,
    edges: Vec<Edge>,
}

#[derive(Debug)]
struct Edge {
    step: Step,
    node: NodeId,
}

impl Node {
    pub(super) fn new(name: &str, namespace: NamespaceId) -> Self {
        Self {
            target: Target::Container,
            role: None,
            stand_in: None,
            nillable: false,
            goes_on: false,
            name: name.into(),
            namespace,
            edges: Vec::new(),
        }
    }

    /// Whether paths go on below it, attributes included.
    pub(crate) fn has_children(&self) -> bool {
        !self.edges.is_empty()
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
}

impl Trie {
    pub(super) fn new() -> Self {
        Self { nodes: vec![Node::new("", NamespaceId::NONE)] }
    }

    pub(crate) fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(usize::try_from(id.0).ok()?)
    }

    pub(super) fn node_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        self.nodes.get_mut(usize::try_from(id.0).ok()?)
    }

    /// The child of `parent` by that name and its place among the children. `expected` is the place to look at first:
    /// messages mostly hold their parts in one order.
    pub(crate) fn child(
        &self,
        parent: &Node,
        expected: usize,
        namespace: NamespaceId,
        attribute: bool,
        local: &[u8],
    ) -> Option<(NodeId, usize)> {
        let key = |edge: &Edge| {
            (edge.step.namespace, edge.step.attribute)
                .cmp(&(namespace, attribute))
                .then_with(|| edge.step.local.as_bytes().cmp(local))
        };
        if let Some(edge) = parent.edges.get(expected)
            && key(edge).is_eq()
        {
            return Some((edge.node, expected));
        }
        let place = parent.edges.binary_search_by(key).ok()?;
        parent.edges.get(place).map(|edge| (edge.node, place))
    }

    /// The child of `parent` by that step, made if it isn't there.
    pub(super) fn grow(&mut self, parent: NodeId, step: Step, name: &str, namespace: NamespaceId) -> NodeId {
        let next = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        let Some(node) = self.node_mut(parent) else { return next };
        match node.edges.binary_search_by(|edge| edge.step.cmp(&step)) {
            Ok(place) => node.edges.get(place).map_or(next, |edge| edge.node),
            Err(place) => {
                node.edges.insert(place, Edge { step, node: next });
                self.nodes.push(Node::new(name, namespace));
                next
            }
        }
    }

    /// The step to the message's root, when the format has one.
    pub(super) fn root_step(&self) -> Option<&Step> {
        self.nodes.first().and_then(|entry| entry.edges.first()).map(|edge| &edge.step)
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
