//! Scans long runs with the widest vectors of the processor. Nearly all bytes of a message with a photo are scanned
//! here.
//!
//! Bytes aren't tested one by one: the minimum (or maximum) over a block is kept for each test, and checked once per
//! block.

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch};

/// Vectors of a block.
const VECTORS: usize = 4;

/// The vector instructions to use: the widest that the processor has, unless a fuzz target asks for others.
#[inline(always)]
pub fn level() -> Level {
    #[cfg(feature = "fuzz")]
    if let Some(level) = OWN_LEVEL.get() {
        return level;
    }
    Level::new()
}

#[cfg(feature = "fuzz")]
thread_local! {
    /// The level that this thread runs at, if a fuzz target chose one.
    pub(crate) static OWN_LEVEL: std::cell::Cell<Option<Level>> = const { std::cell::Cell::new(None) };
}

/// The length of the prefix in which no byte ends a JSON string, begins an escape or is a control character. Only whole
/// blocks count, so the prefix may be longer.
pub fn plain_in_string(bytes: &[u8]) -> usize {
    dispatch!(level(), simd => in_string(simd, bytes, u8::MAX))
}

/// The same, and all its bytes are ASCII.
pub fn plain_in_ascii_string(bytes: &[u8]) -> usize {
    dispatch!(level(), simd => in_string(simd, bytes, 0x7F))
}

/// Whether a text consists of base64 characters (RFC 4648, section 4) and line breaks, whether or not it decodes.
pub(crate) fn is_base64(text: &[u8]) -> bool {
    let blocks = dispatch!(level(), simd => base64(simd, text));
    text.get(blocks..).is_some_and(|rest| rest.iter().all(|byte| is_base64_byte(*byte)))
}

#[inline]
fn is_base64_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'\r' | b'\n')
}

/// The same for XML character data: no byte is markup, begins a reference or perhaps `]]>`, is a control character
/// other than a tab or a line feed, or is non-ASCII.
pub fn plain_in_text(bytes: &[u8]) -> usize {
    dispatch!(level(), simd => in_text(simd, bytes))
}

#[inline(always)]
fn in_string<S: Simd>(simd: S, bytes: &[u8], last: u8) -> usize {
    let all = |byte: u8| S::u8s::splat(simd, byte);
    let (quote, escape, space) = (all(b'"'), all(b'\\'), all(b' '));
    // Control characters are below a space: after it is subtracted they wrap around to the largest bytes.
    let last = all(last - b' ');
    let mut plain = 0;
    for block in blocks::<S>(bytes) {
        let (mut equal, mut most) = (all(u8::MAX), all(0));
        for vector in block.chunks_exact(S::u8s::LEN) {
            let vector = S::u8s::from_slice(simd, vector);
            equal = equal.min(vector ^ quote).min(vector ^ escape);
            most = most.max(vector - space);
        }
        if (equal.simd_eq(all(0)) | most.simd_gt(last)).any_true() {
            break;
        }
        plain += block.len();
    }
    plain
}

#[inline(always)]
fn in_text<S: Simd>(simd: S, bytes: &[u8]) -> usize {
    let all = |byte: u8| S::u8s::splat(simd, byte);
    let (open, reference, bracket) = (all(b'<'), all(b'&'), all(b']'));
    // After eleven is subtracted, tabs and line feeds wrap around to the largest bytes, and the other control
    // characters above them are the smallest.
    let step = all(b'\n' + 1);
    let (tab, least_text, ascii) = (all(b'\t'), all(b' ' - b'\n' - 1), all(0x7F));
    let mut plain = 0;
    for block in blocks::<S>(bytes) {
        let (mut equal, mut least, mut stepped, mut most) = (all(u8::MAX), all(u8::MAX), all(u8::MAX), all(0));
        for vector in block.chunks_exact(S::u8s::LEN) {
            let vector = S::u8s::from_slice(simd, vector);
            equal = equal.min(vector ^ open).min(vector ^ reference).min(vector ^ bracket);
            least = least.min(vector);
            stepped = stepped.min(vector - step);
            most = most.max(vector);
        }
        let is_control = least.simd_lt(tab) | stepped.simd_lt(least_text);
        if (equal.simd_eq(all(0)) | is_control | most.simd_gt(ascii)).any_true() {
            break;
        }
        plain += block.len();
    }
    plain
}

#[inline(always)]
fn base64<S: Simd>(simd: S, bytes: &[u8]) -> usize {
    let all = |byte: u8| S::u8s::splat(simd, byte);
    let mut plain = 0;
    for block in blocks::<S>(bytes) {
        let mut is_other = all(0).simd_eq(all(1));
        for vector in block.chunks_exact(S::u8s::LEN) {
            let vector = S::u8s::from_slice(simd, vector);
            let is_letter = ((vector | all(0x20)) - all(b'a')).simd_lt(all(26));
            // One range from the slash to the nine; the other characters one by one.
            let is_digit = (vector - all(b'/')).simd_lt(all(11));
            let is_sign = vector.simd_eq(all(b'+'))
                | vector.simd_eq(all(b'='))
                | vector.simd_eq(all(b'\n'))
                | vector.simd_eq(all(b'\r'));
            is_other |= !(is_letter | is_digit | is_sign);
        }
        if is_other.any_true() {
            break;
        }
        plain += block.len();
    }
    plain
}

/// The whole blocks of some bytes. Callers iterate in loops of their own, because a closure may be compiled separately,
/// without the vector instructions.
#[inline(always)]
fn blocks<S: Simd>(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.chunks_exact(VECTORS * S::u8s::LEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_special_in_string(byte: u8) -> bool {
        matches!(byte, b'"' | b'\\' | 0..0x20)
    }

    fn is_special_in_text(byte: u8) -> bool {
        matches!(byte, b'<' | b'&' | b']' | 0x80..) || byte < b' ' && !matches!(byte, b'\t' | b'\n')
    }

    #[test]
    fn p2_no_special_byte_is_passed_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            for place in [0, 1, 63, 64, 255, 256, 500, 767] {
                let mut bytes = vec![b'A'; 768];
                bytes[place] = byte;
                for (found, is_special) in [
                    (plain_in_string(&bytes), is_special_in_string(byte)),
                    (plain_in_ascii_string(&bytes), is_special_in_string(byte) || !byte.is_ascii()),
                    (plain_in_text(&bytes), is_special_in_text(byte)),
                ] {
                    assert!(if is_special { found <= place } else { found == bytes.len() }, "{byte} at {place}");
                }
                assert_eq!(is_base64(&bytes), is_base64_byte(byte), "{byte} at {place}");
            }
        }
    }
}
