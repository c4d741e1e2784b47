//! Passing over long runs of ordinary bytes quickly. Most bytes of a message are photos; they are looked at here and
//! nowhere else.

/// A stretch of the message, in bytes from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The bytes of the stretch; empty if it isn't one of this message.
    #[inline]
    pub(crate) fn of(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// The text of the stretch. Readers cut at ASCII bytes, so it always begins and ends at a character.
    #[inline]
    pub(crate) fn text(self, message: &str) -> &str {
        message.get(self.start..self.end).unwrap_or_default()
    }

    pub(crate) fn len(self) -> usize {
        self.end.saturating_sub(self.start)
    }
}

/// How many bytes are tested at once; a multiple of every common vector width.
const STRIDE: usize = 32;
/// How many bytes are tested one by one first: most texts are shorter than it pays to set up a stride for.
const HEAD: usize = 16;

/// The first place at or after `from` whose byte is special, or the end. `special` must be branch-free arithmetic on the
/// byte, so that a stride is a handful of vector instructions.
#[inline(always)]
pub(crate) fn find(bytes: &[u8], from: usize, special: impl Fn(u8) -> bool + Copy) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let head = rest.get(..HEAD.min(rest.len())).unwrap_or_default();
    if let Some(found) = head.iter().position(|byte| special(*byte)) {
        return from + found;
    }
    let mut at = head.len();
    for stride in rest.get(at..).unwrap_or_default().chunks_exact(STRIDE) {
        let mut hit = false;
        for byte in stride {
            hit |= special(*byte);
        }
        if hit {
            break;
        }
        at += STRIDE;
    }
    let tail = rest.get(at..).unwrap_or_default();
    from + at + tail.iter().position(|byte| special(*byte)).unwrap_or(tail.len())
}

/// Whether the byte is white space of XML and of JSON: space, tab, carriage return, line feed.
#[inline]
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// The first place at or after `from` that is no white space, or the end.
#[inline]
pub(crate) fn skip_space(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    from + rest.iter().position(|byte| !is_space(*byte)).unwrap_or(rest.len())
}
