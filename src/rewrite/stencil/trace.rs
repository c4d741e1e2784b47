//! What a message leaves behind while it is read in full: where values stand that one look settles.

use dmv_redact_model::catalog::ElementId;
use dmv_redact_model::span::Span;

/// What is to be made of a value in a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    /// It is released in full, if it is plain.
    Released,
    /// The same, and it names the requester.
    Requester,
    /// It is denied.
    Denied,
}

/// A value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hole {
    /// In the message.
    pub(super) span: Span,
    /// Where it begins in the output, if it is released.
    pub(super) written_at: usize,
    pub(super) element: ElementId,
    pub(super) opening: Opening,
}

/// The values of one message, in their order; reused from message to message.
#[derive(Debug, Default)]
pub(in crate::rewrite) struct Trace {
    /// Whether they are wanted.
    is_on: bool,
    pub(super) holes: Vec<Hole>,
    /// How often something named the requester, in whatever place.
    pub(super) requesters: usize,
    /// Bytes that were cut out of the output when all was written, and where that was.
    pub(super) cuts: Vec<(usize, usize)>,
}

impl Trace {
    pub(in crate::rewrite) fn begin(&mut self, is_on: bool) {
        self.is_on = is_on;
        self.begin_pass();
    }

    /// Forgets what an earlier pass left.
    pub(in crate::rewrite) fn begin_pass(&mut self) {
        self.requesters = 0;
        self.holes.clear();
        self.cuts.clear();
    }

    /// What was released has been taken back: of such a message no stencil is cut.
    pub(in crate::rewrite) fn spoil(&mut self) {
        self.begin(false);
    }

    pub(in crate::rewrite) fn names_requester(&mut self) {
        self.requesters += 1;
    }

    #[inline(always)]
    pub(in crate::rewrite) fn is_on(&self) -> bool {
        self.is_on
    }

    /// Notes a value that is released in full and begins at `written_at` of the output.
    #[inline(always)]
    pub(in crate::rewrite) fn released(&mut self, element: ElementId, span: Span, written_at: usize) {
        if self.is_on {
            self.holes.push(Hole { span, written_at, element, opening: Opening::Released });
        }
    }

    /// The same of one that names the requester.
    pub(in crate::rewrite) fn requester(&mut self, element: ElementId, span: Span, written_at: usize) {
        if self.is_on {
            self.holes.push(Hole { span, written_at, element, opening: Opening::Requester });
        }
    }

    /// Notes a value that is denied.
    #[inline(always)]
    pub(in crate::rewrite) fn denied(&mut self, element: ElementId, span: Span) {
        if self.is_on {
            self.holes.push(Hole { span, written_at: 0, element, opening: Opening::Denied });
        }
    }

    /// Notes that so many bytes were cut out of the output at a place, when all else was written.
    pub(in crate::rewrite) fn cut(&mut self, at: usize, bytes: usize) {
        if self.is_on {
            self.cuts.push((at, bytes));
        }
    }
}
