//! Where something is in a message or an output: the currency of readers and rewriters.

/// A stretch of the message or the output, in bytes from its start. Both ends are in one word, the end in the upper half: a
/// span is passed on for every name and text, and a pair of halves would stall its next read (store forwarding).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Span(u64);

/// Bytes of the longest message that is read, whatever the limits say: a span of its output has to fit as well.
pub(crate) const MAX_MESSAGE_BYTES: usize = 1 << 30;

impl Span {
    #[inline]
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self(start as u64 | (end as u64) << 32)
    }

    #[inline]
    pub(crate) fn start(self) -> usize {
        (self.0 & u64::from(u32::MAX)) as usize
    }

    #[inline]
    pub(crate) fn end(self) -> usize {
        (self.0 >> 32) as usize
    }

    /// The bytes of the stretch; empty if it isn't one of this message.
    #[inline]
    pub(crate) fn of(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.start()..self.end()).unwrap_or_default()
    }

    /// The text of the stretch. Readers cut at ASCII bytes, so it always begins and ends at a character.
    #[inline]
    pub(crate) fn text(self, message: &str) -> &str {
        message.get(self.start()..self.end()).unwrap_or_default()
    }

    pub(crate) fn len(self) -> usize {
        self.end().saturating_sub(self.start())
    }
}
