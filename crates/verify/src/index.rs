//! Finds the node that a name leads to with one lookup: a hash table over all edges of a mapping, built once. The hash
//! covers the ends of a name, where names differ; so few names need no better one.

/// A namespace as the table numbers them: the format's own come after these.
pub(super) type NamespaceNumber = usize;

/// A name in a message: of an element, an attribute, or a JSON member, which has no namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name<'a> {
    pub(super) namespace: NamespaceNumber,
    pub(super) is_attribute: bool,
    pub(super) local: &'a str,
}

/// An edge of the mapping.
#[derive(Debug)]
struct IndexedEdge {
    from: usize,
    namespace: usize,
    is_attribute: bool,
    local: Box<str>,
    to: usize,
}

/// All edges, by node and name.
#[derive(Debug, Default)]
pub(super) struct EdgeIndex {
    edges: Vec<IndexedEdge>,
    /// The number of an edge, from 1, at its hash or in the next free slot after it; 0 is a free slot.
    slots: Vec<usize>,
}

impl EdgeIndex {
    pub(super) fn new<'t>(edges: impl Iterator<Item = (usize, Name<'t>, usize)>) -> Self {
        let edges: Vec<IndexedEdge> = edges
            .map(|(from, Name { namespace, is_attribute, local }, to)| IndexedEdge {
                from,
                namespace,
                is_attribute,
                local: local.into(),
                to,
            })
            .collect();
        // At most a quarter full, so that a lookup hits or misses at once.
        let mut slots = vec![0; (edges.len() * 4).next_power_of_two()];
        let mask = slots.len() - 1;
        for (position, edge) in edges.iter().enumerate() {
            let mut at = hash(edge.from, edge.namespace, &edge.local) & mask;
            while slots.get(at).is_some_and(|slot| *slot != 0) {
                at = (at + 1) & mask;
            }
            if let Some(slot) = slots.get_mut(at) {
                *slot = position + 1;
            }
        }
        Self { edges, slots }
    }

    /// Where a name leads to from a node.
    pub(super) fn find(&self, from: usize, name: Name<'_>) -> Option<usize> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = hash(from, name.namespace, name.local) & mask;
        loop {
            let edge = self.slots.get(at)?.checked_sub(1).and_then(|position| self.edges.get(position))?;
            if edge.from == from
                && edge.namespace == name.namespace
                && edge.is_attribute == name.is_attribute
                && *edge.local == *name.local
            {
                return Some(edge.to);
            }
            at = (at + 1) & mask;
        }
    }
}

fn hash(from: usize, namespace: usize, local: &str) -> usize {
    const MIX: u64 = 0x9E37_79B9_7F4A_7C15;
    let bytes = local.as_bytes();
    let (first, last) = match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (bytes.iter().fold(0, |all, byte| all << 8 | u64::from(*byte)), 0),
    };
    let whole = (from as u64) << 32 ^ (namespace as u64) << 16 ^ bytes.len() as u64;
    let mixed = (first.wrapping_mul(MIX) ^ last.rotate_left(23) ^ whole).wrapping_mul(MIX);
    (mixed >> 32) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_found_from_its_place_alone() {
        let locals = ["", "a", "b", "id", "ab", "PersonGivenName", "PersonMiddleName", "personGivenName", "é"];
        let mut edges = Vec::new();
        for from in 0..40 {
            for local in locals {
                for (namespace, is_attribute) in [(3, false), (3, true), (4, false)] {
                    edges.push((from, Name { namespace, is_attribute, local }));
                }
            }
        }
        // Every other step is known.
        let known = edges.iter().enumerate().step_by(2).map(|(to, (from, name))| (*from, *name, to));
        let index = EdgeIndex::new(known);
        for (at, (from, name)) in edges.iter().enumerate() {
            assert_eq!(index.find(*from, *name), (at % 2 == 0).then_some(at), "{from} {name:?}");
        }
        assert_eq!(
            EdgeIndex::new(std::iter::empty()).find(0, Name { namespace: 0, is_attribute: false, local: "a" }),
            None
        );
        assert_eq!(EdgeIndex::default().find(0, Name { namespace: 0, is_attribute: false, local: "a" }), None);
    }
}
