//! A window of 32 bytes of a message, tested at once. Names and values are mostly shorter, so one comparison covers all
//! their bytes; its result is a word with one bit per byte.
//!
//! The caller detects the processor's instructions once, for many windows: the functions here are inlined into it.

use fearless_simd::prelude::*;
use fearless_simd::{Simd, u8x16, u8x32};

/// Bytes of a window.
pub const WINDOW: usize = 32;

/// The bytes from a position on, with zeros past the end of the message.
#[derive(Clone, Copy)]
pub struct Window<S: Simd> {
    simd: S,
    bytes: u8x32<S>,
}

impl<S: Simd> Window<S> {
    /// The 32 bytes from `from` on, padded with zeros.
    #[inline(always)]
    pub fn at(simd: S, bytes: &[u8], from: usize) -> Self {
        let bytes = match bytes.get(from..).and_then(<[u8]>::first_chunk) {
            Some(window) => u8x32::load_array_ref(simd, window),
            None => u8x32::load_array(simd, last_bytes(bytes, from)),
        };
        Self { simd, bytes }
    }

    /// Which bytes equal this one; the first byte is the lowest bit.
    #[inline(always)]
    pub fn equal(self, byte: u8) -> u64 {
        self.bytes.simd_eq(u8x32::splat(self.simd, byte)).to_bitmask()
    }

    /// Which bytes equal those of the array.
    #[inline(always)]
    pub fn equal_to(self, bytes: &[u8; WINDOW]) -> u64 {
        self.bytes.simd_eq(u8x32::load_array_ref(self.simd, bytes)).to_bitmask()
    }

    /// Which bytes are in the range of `count` bytes from `first` on.
    #[inline(always)]
    pub(crate) fn among(self, first: u8, count: u8) -> u64 {
        (self.bytes - u8x32::splat(self.simd, first)).simd_lt(u8x32::splat(self.simd, count)).to_bitmask()
    }

    /// Which bytes end a JSON string, begin an escape in it, or aren't allowed in it.
    #[inline(always)]
    pub fn ends_string(self) -> u64 {
        let all = |byte: u8| u8x32::splat(self.simd, byte);
        let (quote, escape) = (self.bytes.simd_eq(all(b'"')), self.bytes.simd_eq(all(b'\\')));
        (quote | escape | self.bytes.simd_lt(all(b' '))).to_bitmask()
    }

    /// The same, and all non-ASCII bytes.
    #[inline(always)]
    pub fn ends_ascii_string(self) -> u64 {
        let all = |byte: u8| u8x32::splat(self.simd, byte);
        let (quote, escape) = (self.bytes.simd_eq(all(b'"')), self.bytes.simd_eq(all(b'\\')));
        (quote | escape | (self.bytes - all(b' ')).simd_gt(all(0x7F - b' '))).to_bitmask()
    }

    /// Which bytes end XML character data or need a closer check: markup, references, what may be `]]>`, control
    /// characters except line feeds and tabs, and all non-ASCII bytes.
    #[inline(always)]
    pub fn ends_text(self) -> u64 {
        let all = |byte: u8| u8x32::splat(self.simd, byte);
        let (markup, reference) = (self.bytes.simd_eq(all(b'<')), self.bytes.simd_eq(all(b'&')));
        let is_other = (self.bytes - all(b' ')).simd_ge(all(0x7F - b' '));
        let is_blank = self.bytes.simd_eq(all(b'\n')) | self.bytes.simd_eq(all(b'\t'));
        (markup | reference | self.bytes.simd_eq(all(b']')) | is_other & !is_blank).to_bitmask()
    }

    /// How many bytes equal those of another window before the first difference.
    #[inline(always)]
    pub fn same_as(self, other: Self) -> usize {
        (!self.bytes.simd_eq(other.bytes).to_bitmask()).trailing_zeros() as usize
    }

    /// Which bytes are in the set.
    #[inline(always)]
    pub(crate) fn of(self, set: &AsciiSet) -> u64 {
        let splat = |table: &[u8; 16]| u8x32::block_splat(u8x16::load_array_ref(self.simd, table));
        let low = splat(&set.rows).swizzle_dyn_within_blocks(self.bytes & u8x32::splat(self.simd, 0x0F));
        let high = splat(&ROW_BITS).swizzle_dyn_within_blocks(self.bytes >> 4);
        (!(low & high).simd_eq(u8x32::splat(self.simd, 0))).to_bitmask()
    }
}

/// Bytes of a block: two windows.
pub const BLOCK: usize = 2 * WINDOW;

/// Bytes of the longest pattern.
pub const MAX_PATTERN_BYTES: usize = BLOCK;

/// A short byte sequence to compare a message with.
#[derive(Debug, Clone, Copy)]
pub struct Pattern {
    first: [u8; WINDOW],
    second: [u8; WINDOW],
    length: u32,
}

impl Default for Pattern {
    fn default() -> Self {
        Self::new(&[])
    }
}

impl Pattern {
    /// A sequence longer than [`MAX_PATTERN_BYTES`] matches nowhere.
    pub fn new(pattern: &[u8]) -> Self {
        let (mut first, mut second) = ([0; WINDOW], [0; WINDOW]);
        for (to, byte) in first.iter_mut().chain(&mut second).zip(pattern) {
            *to = *byte;
        }
        let length = if pattern.len() > MAX_PATTERN_BYTES { u32::MAX } else { pattern.len() as u32 };
        Self { first, second, length }
    }

    #[inline(always)]
    fn halves(&self) -> (&[u8; WINDOW], &[u8; WINDOW]) {
        (&self.first, &self.second)
    }
}

/// The 64 bytes from a position on, tested at once: names and values are mostly shorter, their lengths are unpredictable,
/// and a branch misprediction costs more than the second half.
#[derive(Clone, Copy)]
pub struct Block<S: Simd>(Window<S>, Window<S>);

impl<S: Simd> Block<S> {
    /// Those at a position.
    #[inline(always)]
    pub fn at(simd: S, bytes: &[u8], from: usize) -> Self {
        let (first, second) = match bytes.get(from..).and_then(<[u8]>::first_chunk::<BLOCK>) {
            Some(block) => match (block.first_chunk(), block.last_chunk()) {
                (Some(first), Some(second)) => (*first, *second),
                _ => ([0; WINDOW], [0; WINDOW]),
            },
            None => (last_bytes(bytes, from), last_bytes(bytes, from.saturating_add(WINDOW))),
        };
        let first = Window { simd, bytes: u8x32::load_array(simd, first) };
        Self(first, Window { simd, bytes: u8x32::load_array(simd, second) })
    }

    /// Of what has no name.
    #[inline(always)]
    pub fn none(simd: S) -> Self {
        let none = Window { simd, bytes: u8x32::splat(simd, 0) };
        Self(none, none)
    }

    /// Which bytes end a JSON string, begin an escape in it, or aren't allowed in it.
    #[inline(always)]
    pub fn ends_string(self) -> u64 {
        self.0.ends_string() | self.1.ends_string() << WINDOW
    }

    /// Which bytes equal this one.
    #[inline(always)]
    pub fn equal(self, byte: u8) -> u64 {
        self.0.equal(byte) | self.1.equal(byte) << WINDOW
    }

    /// Which bytes are in the set.
    #[inline(always)]
    pub fn of(self, set: &AsciiSet) -> u64 {
        self.0.of(set) | self.1.of(set) << WINDOW
    }

    /// Which bytes end an attribute's value in these quotes or need a closer check: markup, references, control
    /// characters, and the first byte of characters that XML may not allow.
    #[inline(always)]
    pub fn ends_attribute(self, quote: u8) -> u64 {
        self.equal(quote) | self.equal(b'<') | self.equal(b'&') | self.equal(0xEF) | self.controls()
    }

    /// Which bytes are control characters.
    #[inline(always)]
    fn controls(self) -> u64 {
        self.0.among(0, b' ') | self.1.among(0, b' ') << WINDOW
    }

    /// The two halves.
    #[inline(always)]
    pub(crate) fn windows(self) -> (Window<S>, Window<S>) {
        (self.0, self.1)
    }

    /// How many digits there are before anything else; at most 31.
    #[inline(always)]
    pub fn leading_digits(self) -> usize {
        (!self.0.among(b'0', 10)).trailing_zeros().min(31) as usize
    }

    /// Whether the first `length` bytes are those of a pattern, and all of it.
    #[inline(always)]
    pub fn is(self, pattern: &Pattern, length: usize) -> bool {
        let (first, second) = pattern.halves();
        let same = self.0.equal_to(first) | self.1.equal_to(second) << WINDOW;
        // All bits for a length of 64; a longer pattern has no length.
        pattern.length as usize == length && !same & u64::MAX.checked_shr(64 - length as u32).unwrap_or_default() == 0
    }
}

#[cold]
fn last_bytes(bytes: &[u8], from: usize) -> [u8; WINDOW] {
    let mut window = [0; WINDOW];
    for (to, byte) in window.iter_mut().zip(bytes.get(from..).unwrap_or_default()) {
        *to = *byte;
    }
    window
}

/// By the upper half of a byte, its bit in [`AsciiSet::rows`]; non-ASCII bytes have none.
const ROW_BITS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0];

/// A set of ASCII bytes.
#[derive(Debug)]
pub struct AsciiSet {
    /// By the lower half of a byte: the upper halves that are in the set with it, one bit each.
    rows: [u8; 16],
}

impl AsciiSet {
    pub(crate) const EMPTY: Self = Self::of(&[]);

    /// Non-ASCII bytes are ignored.
    #[expect(
        clippy::indexing_slicing,
        reason = "evaluated by the compiler or when shapes are read; places are below 16"
    )]
    pub const fn of(bytes: &[u8]) -> Self {
        let mut rows = [0; 16];
        let mut at = 0;
        while at < bytes.len() {
            if bytes[at].is_ascii() {
                rows[(bytes[at] & 0x0F) as usize] |= 1 << (bytes[at] >> 4);
            }
            at += 1;
        }
        Self { rows }
    }
}

#[cfg(test)]
mod tests {
    use fearless_simd::{Level, dispatch};

    use super::*;

    /// The bits of a window, from a test of each byte by itself.
    fn plainly(bytes: &[u8], is_marked: impl Fn(u8) -> bool) -> u64 {
        (0..WINDOW).filter(|at| is_marked(bytes.get(*at).copied().unwrap_or(0))).map(|at| 1 << at).sum()
    }

    #[test]
    fn p2_a_pattern_stands_where_all_its_bytes_do() {
        let text: Vec<u8> = (b'!'..=b'}').collect();
        for (length, place) in (0..=70).flat_map(|length| [0, 1, 22, 60].map(|place| (length, place))) {
            let Some(part) = text.get(place..place + length) else { continue };
            let pattern = Pattern::new(part);
            dispatch!(Level::new(), simd => {
                assert_eq!(Block::at(simd, &text, place).is(&pattern, length), length <= 64, "{length} at {place}");
                for other in 0..length.min(64) {
                    let mut text = text.clone();
                    text[place + other] = b'~';
                    assert!(!Block::at(simd, &text, place).is(&pattern, length), "{length} at {place}, another byte at {other}");
                    assert!(!Block::at(simd, &text[..place + other], place).is(&pattern, length));
                }
            });
        }
    }

    #[test]
    fn p2_each_byte_of_a_window_is_told_as_a_plain_look_tells_it() {
        let set = AsciiSet::of(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        for byte in 0..=u8::MAX {
            for (length, place) in [(40, 0), (40, 13), (32, 31), (20, 19), (1, 0)] {
                let mut bytes = vec![b'a'; length];
                bytes[place] = byte;
                dispatch!(Level::new(), simd => {
                    let window = Window::at(simd, &bytes, 0);
                    assert_eq!(window.equal(b'"'), plainly(&bytes, |byte| byte == b'"'));
                    assert_eq!(window.among(b'0', 10), plainly(&bytes, |byte| byte.is_ascii_digit()));
                    assert_eq!(window.of(&set), plainly(&bytes, |byte| byte.is_ascii_uppercase()));
                    assert_eq!(window.ends_text(), plainly(&bytes, |byte| {
                        !matches!(byte, b' '..0x7F | b'\n' | b'\t') || matches!(byte, b'<' | b'&' | b']')
                    }));
                    assert_eq!(window.ends_string(), plainly(&bytes, |byte| matches!(byte, b'"' | b'\\' | 0..0x20)));
                });
            }
        }
    }
}
