//! Which member followed which the last time. Messages of one switch are laid out alike, so the next member is mostly the
//! one foretold: its name is compared in place and needs no looking up.
//!
//! A guess changes what a message costs, never what becomes of it (P10): it holds only for a name spelled byte for byte as
//! the mapping spells it, and leads where the mapping would have led.

use dmv_redact_model::format::{FormatId, NodeId};

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
    /// In this message, how often something was learned, and how often a guess was asked for.
    lessons: u32,
    questions: u32,
    /// Messages for which nothing is foretold: the last ones were of no order that could be learned.
    resting: u32,
}

/// How long nothing is foretold where it was of no use.
const REST: u32 = 15;

impl Successors {
    /// Begins a message of this format: what was learned of another is forgotten.
    pub(super) fn begin(&mut self, format: FormatId) {
        if self.format != format {
            self.format = format;
            self.learned.clear();
        }
        if self.resting > 0 {
            self.resting -= 1;
        } else if 2 * self.lessons > self.questions {
            self.resting = REST;
        }
        (self.lessons, self.questions) = (0, 0);
    }

    /// Whether there is no use in asking, nor in learning, in this message.
    #[inline]
    pub(super) fn is_resting(&self) -> bool {
        self.resting > 0
    }

    /// The member that is foretold for a place.
    #[inline(always)]
    pub(super) fn guess(&self, place: Place) -> Option<Successor> {
        self.learned.get(place).copied().flatten()
    }

    /// Notes how often a guess was asked for.
    pub(super) fn note_questions(&mut self, questions: u32) {
        self.questions = self.questions.saturating_add(questions);
    }

    /// Learns what stood at a place.
    pub(super) fn learn(&mut self, place: Place, successor: Successor) {
        if place == NOWHERE || self.is_resting() {
            return;
        }
        self.lessons += 1;
        if self.learned.len() <= place {
            self.learned.resize(place + 1, None);
        }
        if let Some(slot) = self.learned.get_mut(place) {
            *slot = Some(successor);
        }
    }
}
