//! Skips long runs of ordinary bytes fast. Most bytes of a message are photos, and only this module scans them.

/// Bytes scanned by words before a run counts as long: most texts are shorter.
const SHORT_RUN: usize = 48;

const ONES: u64 = u64::from_le_bytes([0x01; 8]);
const HIGH: u64 = u64::from_le_bytes([0x80; 8]);

/// Sets the high bit of each byte of a word that equals `byte` (SWAR). Marks above the first marked byte may be false.
#[inline(always)]
pub fn mark_equal(word: u64, byte: u8) -> u64 {
    let difference = word ^ (ONES * u64::from(byte));
    difference.wrapping_sub(ONES) & !difference & HIGH
}

/// Marks the bytes of a word that are control characters, as [`mark_equal`] does.
#[inline(always)]
pub fn mark_control(word: u64) -> u64 {
    word.wrapping_sub(ONES * 0x20) & !word & HIGH
}

/// The first position at or after `from` whose byte is special, or the end. `mark` marks every special byte of a word,
/// with false positives; `plain` returns a lower bound on the ordinary bytes at the start of a long run.
#[inline(always)]
pub fn find(
    bytes: &[u8],
    from: usize,
    mark: impl Fn(u64) -> u64,
    special: impl Fn(u8) -> bool,
    plain: impl Fn(&[u8]) -> usize,
) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let mut at = 0;
    let mut next_wide_scan = SHORT_RUN;
    while let Some(word) = rest.get(at..).and_then(<[u8]>::first_chunk) {
        let marks = mark(u64::from_le_bytes(*word));
        if marks == 0 {
            at += 8;
            if at >= next_wide_scan {
                at += plain(rest.get(at..).unwrap_or_default());
                // It stopped within one block of a special byte or of the end.
                next_wide_scan = usize::MAX;
            }
            continue;
        }
        at += marks.trailing_zeros() as usize / 8;
        if rest.get(at).is_some_and(|byte| special(*byte)) {
            return from + at;
        }
        at += 1;
    }
    let tail = rest.get(at..).unwrap_or_default();
    from + at + tail.iter().position(|byte| special(*byte)).unwrap_or(tail.len())
}

/// Whether the byte is white space in XML and JSON: space, tab, carriage return, line feed.
#[inline]
pub fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// The first position at or after `from` that isn't white space, or the end.
#[inline]
pub fn skip_space(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(byte) = bytes.get(at).filter(|byte| is_space(**byte)) {
        at += 1;
        // Indentation: a line feed is mostly followed by many spaces.
        while *byte == b'\n' && bytes.get(at..).and_then(<[u8]>::first_chunk) == Some(b"    ") {
            at += 4;
        }
    }
    at
}
