//! Spans of a message or an output, as readers and rewriters pass them on.

/// A byte range of the message or the output. Both ends are packed in one word, the end in the upper half: spans are
/// passed on for every name and text, and reading back two halves as one word would cause a store-forwarding stall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span(u64);

/// Maximum bytes of a message, regardless of the limits: a span of its output has to fit as well.
pub const MAX_MESSAGE_BYTES: usize = 1 << 30;

impl Span {
    /// The bytes from `start` up to `end`.
    #[inline]
    pub fn new(start: usize, end: usize) -> Self {
        Self(start as u64 | (end as u64) << 32)
    }

    /// The first byte.
    #[inline]
    pub fn start(self) -> usize {
        (self.0 & u64::from(u32::MAX)) as usize
    }

    /// The byte after the last.
    #[inline]
    pub fn end(self) -> usize {
        (self.0 >> 32) as usize
    }

    /// The bytes of the span; empty if it is out of range.
    #[inline]
    pub fn of(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.start()..self.end()).unwrap_or_default()
    }

    /// The text of the span. Readers split at ASCII bytes, so it always starts and ends at a character boundary.
    #[inline]
    pub fn text(self, message: &str) -> &str {
        message.get(self.start()..self.end()).unwrap_or_default()
    }

    /// Whether it has no bytes.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// How many bytes it has.
    pub fn len(self) -> usize {
        self.end().saturating_sub(self.start())
    }
}
