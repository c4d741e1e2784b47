//! Passing over long runs of ordinary bytes quickly. Most bytes of a message are photos; they are looked at here and
//! nowhere else.

/// How many bytes are tested by words before a run counts as long: most texts are shorter.
const HEAD: usize = 48;

const ONES: u64 = u64::from_le_bytes([0x01; 8]);
const HIGH: u64 = u64::from_le_bytes([0x80; 8]);

/// Marks the bytes of a word that equal `byte`, in their highest bits. Above the first marked byte marks may be wrong.
#[inline(always)]
pub(crate) fn mark_equal(word: u64, byte: u8) -> u64 {
    let difference = word ^ (ONES * u64::from(byte));
    difference.wrapping_sub(ONES) & !difference & HIGH
}

/// Marks the bytes of a word that are control characters, as [`mark_equal`] does.
#[inline(always)]
pub(crate) fn mark_control(word: u64) -> u64 {
    word.wrapping_sub(ONES * 0x20) & !word & HIGH
}

/// The first place at or after `from` whose byte is special, or the end. `mark` marks every special byte of a word, and
/// perhaps others; `plain` says of how many bytes at the start of a long run none is special, though there may be more.
#[inline(always)]
pub(crate) fn find(
    bytes: &[u8],
    from: usize,
    mark: impl Fn(u64) -> u64,
    special: impl Fn(u8) -> bool,
    plain: impl Fn(&[u8]) -> usize,
) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let mut at = 0;
    let mut long = HEAD;
    while let Some(word) = rest.get(at..).and_then(<[u8]>::first_chunk) {
        let marks = mark(u64::from_le_bytes(*word));
        if marks == 0 {
            at += 8;
            if at >= long {
                at += plain(rest.get(at..).unwrap_or_default());
                // It ended within a block of a special byte, or of the end.
                long = usize::MAX;
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

/// Bytes that [`find_in_name`] looks at: most names are shorter.
const NAME_BYTES: usize = 32;

/// The place of the first marked byte among the next 32, if there is one and as many to look at. All are looked at, however
/// soon it is found: the length of a name can't be foretold, and to be wrong about it costs more.
#[inline]
pub(crate) fn find_in_name(bytes: &[u8], from: usize, mark: impl Fn(u64) -> u64) -> Option<usize> {
    let window: &[u8; NAME_BYTES] = bytes.get(from..)?.first_chunk()?;
    let (words, _) = window.as_chunks::<8>();
    let mut found = None;
    for (place, word) in words.iter().enumerate().rev() {
        let marks = mark(u64::from_le_bytes(*word));
        if marks != 0 {
            found = Some(8 * place + marks.trailing_zeros() as usize / 8);
        }
    }
    found.map(|place| from + place)
}

/// Whether the byte is white space of XML and of JSON: space, tab, carriage return, line feed.
#[inline]
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// The first place at or after `from` that is no white space, or the end.
#[inline]
pub(crate) fn skip_space(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(byte) = bytes.get(at).filter(|byte| is_space(**byte)) {
        at += 1;
        // Behind a line feed there are mostly spaces by the dozen.
        while *byte == b'\n' && bytes.get(at..).and_then(<[u8]>::first_chunk) == Some(b"    ") {
            at += 4;
        }
    }
    at
}
