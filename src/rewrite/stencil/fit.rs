//! Laying stencils on a message: comparing what stands between the holes, judging what stands in them, and putting the output
//! together.

use fearless_simd::{Simd, dispatch};

use super::{Anchor, Opening, Piece, Stencil, Stencils, Step};
use dmv_redact_model::catalog::Catalog;
use dmv_redact_model::format::Syntax;
use dmv_redact_model::policy::Ori;
use dmv_redact_model::span::Span;
use dmv_redact_model::wide;
use dmv_redact_model::window::{WINDOW, Window};

/// What a message that a stencil fits says by its values.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::rewrite) struct Fit {
    /// The requester of its envelope.
    pub(in crate::rewrite) ori: Option<Ori>,
    /// Bytes of images that were removed.
    pub(in crate::rewrite) image_bytes: u64,
}

impl Stencils {
    /// Looks for a stencil that fits a message and that `accepts` takes, which is told the requester that the message names
    /// as far as it is known, and gives `None` while it can't say. It writes the output, and is given with what the values say.
    pub(in crate::rewrite) fn fit(
        &mut self,
        bytes: &[u8],
        syntax: Syntax,
        catalog: &Catalog,
        out: &mut Vec<u8>,
        mut accepts: impl FnMut(&Stencil, Option<Ori>) -> Option<bool>,
    ) -> Option<(&Stencil, Fit)> {
        self.seen += 1;
        let (kept, holes) = (&self.kept, &mut self.holes);
        let (place, fit) = dispatch!(wide::level(), simd => {
            // A loop, where a closure may be compiled apart, for a processor that can do less.
            let mut found = None;
            for (place, stencil) in kept.iter().enumerate() {
                if stencil.syntax == syntax
                    && let Some(fit) = stencil.lay(simd, bytes, catalog, holes, &mut accepts)
                {
                    found = Some((place, fit));
                    break;
                }
            }
            found
        })?;
        self.was_of_use(place);
        let stencil = self.kept.first()?;
        out.clear();
        stencil.write(bytes, &self.holes, out);
        Some((stencil, fit))
    }
}

impl Stencil {
    /// Compares a message from its beginning to its end. `None` where it doesn't fit; where it does, `holes` tells of the values.
    #[inline(always)]
    fn lay<S: Simd>(
        &self,
        simd: S,
        bytes: &[u8],
        catalog: &Catalog,
        holes: &mut Vec<Span>,
        accepts: &mut impl FnMut(&Self, Option<Ori>) -> Option<bool>,
    ) -> Option<Fit> {
        let same = Window::at(simd, bytes, self.sign.start()).equal_to(&self.sign_bytes);
        if (same.trailing_ones() as usize) < self.sign.len() {
            return None;
        }
        // Of messages laid out otherwise most end otherwise, too.
        let last = self.last.of(&self.text);
        if !bytes.ends_with(last) {
            return None;
        }
        holes.clear();
        let mut fit = Fit { ori: self.ori, image_bytes: self.image_bytes };
        // As soon as it can be asked: one that was cut under another grant needn't be laid to the end.
        let mut is_accepted = accepts(self, fit.ori);
        if is_accepted == Some(false) {
            return None;
        }
        let mut at = 0;
        for Step { before, element, opening, is_image } in self.steps.iter().copied() {
            if !self.stands_at(simd, bytes, at, before) {
                return None;
            }
            at += before.len();
            let end = match opening {
                Opening::Denied => self.denied_end(simd, bytes, at)?,
                Opening::Released | Opening::Requester => {
                    catalog.element(element)?.shape().fast_accept_end(simd, bytes, at)?
                }
            };
            holes.push(Span::new(at, end));
            if opening == Opening::Requester {
                let ori = Ori::new(std::str::from_utf8(bytes.get(at..end)?).ok()?)?;
                if fit.ori.is_some_and(|before| before != ori) {
                    return None;
                }
                fit.ori = Some(ori);
                is_accepted = accepts(self, fit.ori);
                if is_accepted == Some(false) {
                    return None;
                }
            }
            if is_image {
                fit.image_bytes += (end - at) as u64;
            }
            at = end;
        }
        (at + last.len() == bytes.len() && is_accepted == Some(true)).then_some(fit)
    }

    /// Whether a stretch of `text` stands at a place.
    #[inline(always)]
    fn stands_at<S: Simd>(&self, simd: S, bytes: &[u8], place: usize, text: Span) -> bool {
        // Behind what is compared more is looked at, which doesn't matter.
        let same = |from: usize| {
            Window::at(simd, bytes, place + from).same_as(Window::at(simd, &self.text, text.start() + from))
        };
        let mut from = 0;
        while text.len() - from > WINDOW {
            if same(from) < WINDOW {
                return false;
            }
            from += WINDOW;
        }
        same(from) >= text.len() - from
    }

    /// Where a denied value that begins at `from` ends: it is passed as the reader of its syntax passes a value that means
    /// what it says. `None` if it doesn't, or is no UTF-8.
    #[inline(always)]
    fn denied_end<S: Simd>(&self, simd: S, bytes: &[u8], from: usize) -> Option<usize> {
        let ends = |window: Window<S>| match self.syntax {
            Syntax::Json => window.ends_ascii_string(),
            Syntax::Xml => window.ends_text(),
        };
        let closing = match self.syntax {
            Syntax::Json => b'"',
            Syntax::Xml => b'<',
        };
        let mut at = from;
        let mut near = 4;
        loop {
            let ends = ends(Window::at(simd, bytes, at));
            if ends != 0 {
                at += ends.trailing_zeros() as usize;
                return match bytes.get(at)? {
                    end if *end == closing => Some(at),
                    0x80.. if self.syntax == Syntax::Json => end_beyond_ascii(bytes, from),
                    _ => None,
                };
            }
            at += WINDOW;
            near -= 1;
            if near == 0 {
                let rest = bytes.get(at..)?;
                at += match self.syntax {
                    Syntax::Json => wide::plain_in_ascii_string(rest),
                    Syntax::Xml => wide::plain_in_text(rest),
                };
                near = usize::MAX;
            }
        }
    }

    /// Puts the output together.
    pub(super) fn write(&self, bytes: &[u8], holes: &[Span], out: &mut Vec<u8>) {
        let place = |anchor: Anchor| {
            let hole = anchor.hole.checked_sub(1).and_then(|hole| holes.get(hole));
            hole.map_or(0, |hole| hole.end()) + anchor.behind
        };
        for piece in &self.pieces {
            out.extend_from_slice(match *piece {
                Piece::Copied { from, to } => Span::new(place(from), place(to)).of(bytes),
                Piece::Written(span) => span.of(&self.written),
            });
        }
    }
}

/// Where a denied value of JSON ends that has letters beyond ASCII.
#[cold]
fn end_beyond_ascii(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let length = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..b' '))?;
    let is_text = simdutf8::basic::from_utf8(rest.get(..length)?).is_ok();
    (is_text && rest.get(length) == Some(&b'"')).then_some(from + length)
}
