//! Stencils: all of a message but its values. A switch writes most of its messages alike, and of two that differ only in
//! values that one look settles, the one is rewritten as the other was: what stands between the values is compared in long
//! stretches, and nothing of it has to be read again.
//!
//! A stencil changes what a message costs, never what becomes of it (P10): it is cut from a message that was read, judged and
//! written in full, it fits only what is the same to the byte outside of its holes, and what stands in a hole is judged as
//! ever. So whatever the rest meant, it means again: names, namespaces, contexts, references, limits, what was removed.

mod cut;
mod fit;
mod skipped;
mod trace;

pub(super) use cut::Sample;
use trace::Opening;
pub(super) use trace::Trace;

use std::sync::Arc;

use super::tally::ElementCounts;
use dmv_redact_model::catalog::ElementId;
use dmv_redact_model::format::{FormatId, Syntax};
use dmv_redact_model::policy::{Grant, MessageKeyId, Ori};
use dmv_redact_model::span::Span;
use dmv_redact_model::window::WINDOW;

/// Stencils that are kept.
const MOST: usize = 16;
/// Bytes of the longest stencil, its holes aside.
const LONGEST: usize = 1 << 14;
/// Messages for which none is cut, at most, where those cut before were of no use. To cut one costs about as much as to read
/// the message: of so many it isn't felt.
const LONGEST_REST: u32 = 1 << 7;
/// Messages within which a stencil is of use again where they are laid out in as many ways as stencils are kept.
const SOON: u64 = 32;

/// One stencil.
#[derive(Debug)]
pub(super) struct Stencil {
    pub(super) format: FormatId,
    syntax: Syntax,
    pub(super) message_key: Option<MessageKeyId>,
    /// The requester that the envelope names, if not by a value in a hole.
    ori: Option<Ori>,
    /// What was decided on.
    pub(super) grant: Arc<Grant>,
    /// What stands before each hole, and behind the last, one after another; and at the end zeros, so that windows may be
    /// opened anywhere before.
    text: Vec<u8>,
    steps: Vec<Step>,
    /// What stands behind the last hole.
    last: Span,
    /// What stands right before the first hole, and where: most messages of another layout differ there.
    /// A copy, for `text` itself would have to be fetched for each stencil that doesn't fit.
    sign: Span,
    sign_bytes: [u8; WINDOW],
    /// How the output is put together, and what of it stands nowhere in the message.
    pieces: Vec<Piece>,
    written: Vec<u8>,
    /// What was counted; images without the bytes of those that stand in holes.
    pub(super) elements: Vec<(ElementId, ElementCounts)>,
    pub(super) unmapped: u32,
    pub(super) found_images: u32,
    image_bytes: u64,
    /// The message that it was cut from, by its number.
    cut_from: u64,
}

/// A hole, and what stands before it.
#[derive(Debug, Clone, Copy)]
struct Step {
    before: Span,
    element: ElementId,
    opening: Opening,
    is_image: bool,
}

/// A place in a message: so many bytes behind a hole, counted from 1; 0 is the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Anchor {
    hole: usize,
    behind: usize,
}

/// A part of the output.
#[derive(Debug, Clone, Copy)]
enum Piece {
    /// A stretch of the message.
    Copied { from: Anchor, to: Anchor },
    /// A stretch of `written`.
    Written(Span),
}

/// What has been cut, from message to message; the one that fitted last first.
#[derive(Debug, Default)]
pub(super) struct Stencils {
    kept: Vec<Stencil>,
    /// Messages for which none is cut: now, and after the next for which one has to go.
    resting: u32,
    rest: u32,
    /// How many messages have been seen.
    seen: u64,
    /// Where the holes of a message are that is being compared.
    holes: Vec<Span>,
    #[cfg(test)]
    fitted: usize,
}

impl Stencils {
    /// How many messages one has fitted.
    #[cfg(test)]
    pub(super) fn fitted(&self) -> usize {
        self.fitted
    }

    /// Whether one is to be cut from a message that none fits.
    pub(super) fn are_wanted(&mut self) -> bool {
        let are_wanted = self.resting == 0;
        self.resting = self.resting.saturating_sub(1);
        are_wanted
    }

    /// A stencil that fitted was of use. One that was so soon after it was cut tells that there is order in what comes:
    /// then others are worth cutting, too.
    fn was_of_use(&mut self, place: usize) {
        if self.kept.get(place).is_some_and(|stencil| self.seen - stencil.cut_from < SOON) {
            (self.rest, self.resting) = (0, 0);
        }
        self.kept.swap(0, place);
        #[cfg(test)]
        {
            self.fitted += 1;
        }
    }

    /// Keeps a stencil, in the place of the one that was not of use for longest.
    fn keep(&mut self, stencil: Stencil) {
        self.kept.truncate(MOST);
        self.kept.insert(0, Stencil { cut_from: self.seen, ..stencil });
    }

    /// The memory of a stencil that has to go, if there is one. The more of them go, the fewer are cut: of messages of which
    /// none is like another, or that are of more kinds than are kept, each would be thrown away before it is of use.
    fn take_last(&mut self) -> Option<Stencil> {
        if self.kept.len() < MOST {
            return None;
        }
        self.rest = (2 * self.rest + 1).min(LONGEST_REST);
        self.resting = self.rest;
        self.kept.pop()
    }
}
