//! Which start tag followed which the last time. Messages of one switch are laid out alike, so the next tag is mostly the
//! one foretold: compared in place, nothing of it has to be read, resolved or looked up again.
//!
//! A guess changes what a message costs, never what becomes of it (P10): it holds only for bare tags, byte for byte, in a
//! message whose root declares what the root of the message did that it was learned from.

use crate::read::xml::{StartTag, TagModel};
use dmv_redact_model::format::NodeId;
use dmv_redact_model::window::{LONGEST_PATTERN, Pattern};

/// Bytes of the longest root tag that is remembered.
const ROOT_BYTES: usize = 4096;

/// Where a tag may follow: inside the element of a node as its first child, or behind it. `None` where no node is known.
pub(super) type Place = Option<usize>;

pub(super) fn inside(node: Option<NodeId>) -> Place {
    node.map(|node| 2 * node.index())
}

pub(super) fn behind(node: Option<NodeId>) -> Place {
    node.map(|node| 2 * node.index() + 1)
}

/// The tag that is foretold for a place.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Guess {
    /// The age that it was learned in.
    age: u64,
    pub(super) tag: Pattern,
    /// The end tag that belongs to it, without white space.
    pub(super) end_tag: Pattern,
    /// What they mean.
    pub(super) model: TagModel,
    pub(super) node: NodeId,
}

/// What has been learned, from message to message.
#[derive(Debug, Default)]
pub(super) struct Followers {
    root: Vec<u8>,
    /// Guesses of an earlier age are of another root, and void.
    age: u64,
    guesses: Vec<Guess>,
}

impl Followers {
    /// Begins a message with this root tag. Gives whether guesses may be made and learned in it.
    pub(super) fn begin(&mut self, root: &[u8]) -> bool {
        let is_short = root.len() <= ROOT_BYTES;
        if is_short && (self.age == 0 || self.root != root) {
            self.root.clear();
            self.root.extend_from_slice(root);
            self.age += 1;
        }
        is_short
    }

    #[inline(always)]
    pub(super) fn guess(&self, place: Place) -> Option<&Guess> {
        self.guesses.get(place?).filter(|guess| guess.age == self.age)
    }

    /// Learns what stood at a place.
    pub(super) fn learn(&mut self, place: Place, tag: &StartTag, node: NodeId, message: &[u8]) {
        let (Some(place), Some(model)) = (place, tag.model()) else { return };
        let mut end_tag = [0; LONGEST_PATTERN];
        let name = tag.span.of(message).get(1..).unwrap_or_default();
        let Some(room) = end_tag.get_mut(..name.len() + 2) else { return };
        for (to, byte) in room.iter_mut().zip(b"</".iter().chain(name)) {
            *to = *byte;
        }
        let guess =
            Guess { age: self.age, tag: Pattern::new(tag.span.of(message)), end_tag: Pattern::new(room), model, node };
        if self.guesses.len() <= place {
            self.guesses.resize(place + 1, Guess::default());
        }
        if let Some(slot) = self.guesses.get_mut(place) {
            *slot = guess;
        }
    }
}
