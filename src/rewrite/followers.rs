//! Which start tag followed which the last time. Messages of one switch are laid out alike, so the next tag is mostly the
//! one foretold: compared in place, nothing of it has to be read, resolved or looked up again.
//!
//! A guess changes what a message costs, never what becomes of it (P10): it holds only for bare tags, byte for byte, in a
//! message whose root declares what the root of the message did that it was learned from.

use crate::format::NodeId;
use crate::read::scan::Span;
use crate::read::xml::{StartTag, TagModel};

/// Bytes of the longest root tag that is remembered, and of all tags together. Half full of them, all is learned anew.
const ROOT_BYTES: usize = 4096;
const TAGS_BYTES: usize = 1 << 16;

/// Where a tag may follow: inside the element of a node as its first child, or behind it. `None` where no node is known.
pub(super) type Place = Option<usize>;

pub(super) fn inside(node: Option<NodeId>) -> Place {
    node.map(|node| 2 * node.index())
}

pub(super) fn behind(node: Option<NodeId>) -> Place {
    node.map(|node| 2 * node.index() + 1)
}

#[derive(Debug, Clone, Copy, Default)]
struct Guess {
    /// The age that it was learned in.
    age: u64,
    /// Where the tag stands in `tags`.
    tag: Span,
    model: TagModel,
    node: NodeId,
}

/// What has been learned, from message to message.
#[derive(Debug, Default)]
pub(super) struct Followers {
    root: Vec<u8>,
    /// Guesses of an earlier age are of another root, and void.
    age: u64,
    tags: Vec<u8>,
    guesses: Vec<Guess>,
}

impl Followers {
    /// Begins a message with this root tag. Gives whether guesses may be made and learned in it.
    pub(super) fn begin(&mut self, root: &[u8]) -> bool {
        let is_short = root.len() <= ROOT_BYTES;
        if is_short && (self.age == 0 || self.root != root || self.tags.len() > TAGS_BYTES / 2) {
            self.root.clear();
            self.root.extend_from_slice(root);
            self.tags.clear();
            self.age += 1;
        }
        is_short
    }

    /// The tag that is foretold for a place: its bytes, what they mean, and its node.
    #[inline]
    pub(super) fn guess(&self, place: Place) -> Option<(&[u8], TagModel, NodeId)> {
        let guess = self.guesses.get(place?).filter(|guess| guess.age == self.age)?;
        Some((guess.tag.of(&self.tags), guess.model, guess.node))
    }

    /// Learns what stood at a place.
    pub(super) fn learn(&mut self, place: Place, tag: &StartTag, node: NodeId, message: &[u8]) {
        let (Some(place), Some(model)) = (place, tag.model()) else { return };
        let bytes = tag.span.of(message);
        if self.tags.len() + bytes.len() > TAGS_BYTES {
            return;
        }
        if self.guesses.len() <= place {
            self.guesses.resize(place + 1, Guess::default());
        }
        if let Some(guess) = self.guesses.get_mut(place) {
            let start = self.tags.len();
            self.tags.extend_from_slice(bytes);
            *guess = Guess { age: self.age, tag: Span::new(start, self.tags.len()), model, node };
        }
    }
}
