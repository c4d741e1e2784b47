//! Which member followed which the last time. Messages of one switch are laid out alike, so the next member is mostly the
//! one foretold: its name is compared in place and needs no looking up.
//!
//! A guess changes what a message costs, never what becomes of it (P10): it holds only for a name spelled byte for byte as
//! the mapping spells it, and leads where the mapping would have led.

use crate::format::{FormatId, NodeId};

/// Where a member may follow: inside the object of a node as its first, or behind the member of a node.
pub(super) type Place = usize;

/// Where nothing is foretold: no node is known.
const NOWHERE: Place = usize::MAX;

#[inline]
pub(super) fn inside(node: Option<NodeId>) -> Place {
    node.map_or(NOWHERE, |node| 2 * node.index())
}

#[inline]
pub(super) fn behind(node: NodeId) -> Place {
    2 * node.index() + 1
}

/// A member of an object: its node, and its place among the children that the object may have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Successor {
    pub(super) node: NodeId,
    pub(super) child: u32,
}

/// What has been learned, from message to message of one format.
#[derive(Debug, Default)]
pub(super) struct Successors {
    format: FormatId,
    learned: Vec<Option<Successor>>,
}

impl Successors {
    /// Begins a message of this format: what was learned of another is forgotten.
    pub(super) fn begin(&mut self, format: FormatId) {
        if self.format != format {
            self.format = format;
            self.learned.clear();
        }
    }

    /// The member that is foretold for a place.
    #[inline]
    pub(super) fn guess(&self, place: Place) -> Option<Successor> {
        self.learned.get(place).copied().flatten()
    }

    /// Learns what stood at a place.
    pub(super) fn learn(&mut self, place: Place, successor: Successor) {
        if place == NOWHERE {
            return;
        }
        if self.learned.len() <= place {
            self.learned.resize(place + 1, None);
        }
        if let Some(slot) = self.learned.get_mut(place) {
            *slot = Some(successor);
        }
    }
}
