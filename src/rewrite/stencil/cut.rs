//! Cutting a stencil from a message that has been read and written in full.

use std::sync::Arc;

use super::super::tally::Tally;
use super::{Anchor, LONGEST, Opening, Piece, Stencil, Stencils, Step, Trace};
use dmv_redact_model::catalog::{Catalog, Kind};
use dmv_redact_model::format::{FormatId, Syntax};
use dmv_redact_model::policy::{Grant, MessageKeyId, Ori};
use dmv_redact_model::span::Span;
use dmv_redact_model::window::WINDOW;

/// What a stencil is cut from.
pub(in crate::rewrite) struct Sample<'a> {
    pub(in crate::rewrite) format: FormatId,
    pub(in crate::rewrite) syntax: Syntax,
    pub(in crate::rewrite) message_key: Option<MessageKeyId>,
    /// The requester that the envelope names.
    pub(in crate::rewrite) ori: Option<Ori>,
    pub(in crate::rewrite) grant: &'a Arc<Grant>,
    pub(in crate::rewrite) message: &'a [u8],
    pub(in crate::rewrite) out: &'a [u8],
    pub(in crate::rewrite) tally: &'a Tally,
}

impl Stencils {
    /// Cuts a stencil, if the message is of use for one.
    pub(in crate::rewrite) fn cut(&mut self, sample: &Sample<'_>, trace: &Trace, catalog: &Catalog) {
        let values: usize = trace.holes.iter().map(|hole| hole.span.len()).sum();
        if trace.holes.is_empty() || sample.message.len().saturating_sub(values) > LONGEST {
            return;
        }
        let room = self.take_last();
        if let Some(stencil) = Stencil::cut(sample, trace, catalog, room) {
            self.keep(stencil);
        }
    }
}

impl Stencil {
    fn cut(sample: &Sample<'_>, trace: &Trace, catalog: &Catalog, room: Option<Self>) -> Option<Self> {
        let named = trace.holes.iter().filter(|hole| hole.opening == Opening::Requester).count();
        // All places that name the requester are holes, or none is.
        let ori = match named {
            0 => sample.ori,
            _ if named == trace.requesters => None,
            _ => return None,
        };
        let mut stencil = Self {
            format: sample.format,
            syntax: sample.syntax,
            message_key: sample.message_key,
            ori,
            grant: Arc::clone(sample.grant),
            text: Vec::new(),
            steps: Vec::new(),
            last: Span::default(),
            sign: Span::default(),
            sign_bytes: [0; WINDOW],
            pieces: Vec::new(),
            written: Vec::new(),
            elements: Vec::new(),
            unmapped: sample.tally.unmapped,
            found_images: sample.tally.found_images,
            image_bytes: sample.tally.image_bytes,
            cut_from: 0,
        };
        // In the memory of the one that has to go.
        if let Some(mut room) = room {
            room.text.clear();
            room.steps.clear();
            room.pieces.clear();
            room.written.clear();
            room.elements.clear();
            let Self { text, steps, pieces, written, elements, .. } = room;
            stencil = Self { text, steps, pieces, written, elements, ..stencil };
        }
        sample.tally.add_to(&mut stencil.elements);
        let mut end = 0;
        for hole in &trace.holes {
            let before = sample.message.get(end..hole.span.start())?;
            let start = stencil.text.len();
            stencil.text.extend_from_slice(before);
            let kind = catalog.element(hole.element)?.kind();
            let is_image = hole.opening == Opening::Denied && kind == Kind::Image;
            if is_image {
                stencil.image_bytes = stencil.image_bytes.checked_sub(hole.span.len() as u64)?;
            }
            let before = Span::new(start, stencil.text.len());
            stencil.steps.push(Step { before, element: hole.element, opening: hole.opening, is_image });
            end = hole.span.end();
        }
        let start = stencil.text.len();
        stencil.text.extend_from_slice(sample.message.get(end..)?);
        stencil.last = Span::new(start, stencil.text.len());
        stencil.text.extend_from_slice(&[0; WINDOW]);
        let first = trace.holes.first()?.span.start();
        stencil.sign = Span::new(first.saturating_sub(WINDOW), first);
        for (to, byte) in stencil.sign_bytes.iter_mut().zip(stencil.sign.of(sample.message)) {
            *to = *byte;
        }
        stencil.piece_together(sample, trace)?;
        // What it was cut from must come out of it again.
        let holes: Vec<Span> = trace.holes.iter().map(|hole| hole.span).collect();
        let mut again = Vec::with_capacity(sample.out.len());
        stencil.write(sample.message, &holes, &mut again);
        (again == sample.out).then_some(stencil)
    }

    /// Finds out how the output follows from the message: between two values that are released stands what stood behind the
    /// one, as far as it did, and before the other; or something that stands in no message.
    fn piece_together(&mut self, sample: &Sample<'_>, trace: &Trace) -> Option<()> {
        let Sample { message, out, .. } = *sample;
        // Behind the last value that is released: in the output, and in the message.
        let (mut written, mut from) = (0, Anchor::default());
        let mut begun = Anchor::default();
        let mut place = 0;
        let released = trace.holes.iter().enumerate().filter(|(_, hole)| hole.opening != Opening::Denied);
        let end = (trace.holes.len(), None);
        for (index, hole) in released.map(|(index, hole)| (index, Some(hole))).chain([end]) {
            let at = match hole {
                Some(hole) => {
                    let cut: usize =
                        trace.cuts.iter().filter(|(at, _)| *at <= hole.written_at).map(|(_, bytes)| bytes).sum();
                    hole.written_at.checked_sub(cut)?
                }
                None => out.len(),
            };
            let between = out.get(written..at)?;
            let (start, next) = match hole {
                Some(hole) => {
                    (trace.holes.get(index.wrapping_sub(1)).map_or(0, |hole| hole.span.end()), hole.span.start())
                }
                None => (trace.holes.last().map_or(0, |hole| hole.span.end()), message.len()),
            };
            // What stands in the message right behind the value before, up to the next hole; and right before this one.
            let behind_end = trace.holes.get(from.hole).map_or(message.len(), |hole| hole.span.start());
            let behind = message.get(place..behind_end)?;
            let before = message.get(start..next)?;
            let is_whole = from.hole == index && behind == between;
            if !is_whole {
                let same = between.iter().zip(behind).take_while(|(left, right)| left == right).count();
                let rest = between.get(same..)?;
                let back = rest.iter().rev().zip(before.iter().rev()).take_while(|(left, right)| left == right).count();
                let stop = Anchor { hole: from.hole, behind: same };
                self.pieces.push(Piece::Copied { from: begun, to: stop });
                let other = rest.get(..rest.len() - back)?;
                if !other.is_empty() {
                    let start = self.written.len();
                    self.written.extend_from_slice(other);
                    self.pieces.push(Piece::Written(Span::new(start, self.written.len())));
                }
                begun = Anchor { hole: index, behind: before.len() - back };
            }
            let Some(hole) = hole else { break };
            if out.get(at..at + hole.span.len()) != message.get(hole.span.start()..hole.span.end()) {
                return None;
            }
            from = Anchor { hole: index + 1, behind: 0 };
            place = hole.span.end();
            written = at + hole.span.len();
        }
        let to = Anchor { hole: trace.holes.len(), behind: message.len() - trace.holes.last()?.span.end() };
        self.pieces.push(Piece::Copied { from: begun, to });
        Some(())
    }
}
