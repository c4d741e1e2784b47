//! Fast path for plain values, accepted in one pass: most of what is released.
//!
//! The table is derived from the shape's own DFA. What it accepts conforms to the shape and contains no image, field,
//! number or reference that the full check would find; all else is left to the full check. It changes the cost of a
//! value, never the decision (P10).

mod picture;
mod table;

use regex_automata::dfa::dense;
use regex_automata::util::primitives::StateID;

use super::disguise;
use super::shape::SsnForms;
use crate::window::{AsciiSet, Block, WINDOW, Window};
use fearless_simd::Simd;
use table::ValueForm;

/// Maximum bytes of a plain value; longer ones may contain an encoding over several words.
const MAX_PLAIN_BYTES: usize = 63;
/// Maximum length of a word of letters, digits and signs; longer ones may be an encoding.
const MAX_WORD: usize = 15;
/// Maximum number of digits that can't be a Social Security number.
const MAX_DIGITS: u32 = 8;

/// The column of bytes that no plain value has.
const NO_COLUMN: u8 = u8::MAX;

/// A shape's bounds on plain values beside its pattern.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Maximum length in bytes.
    max_bytes: usize,
    /// Whether they may be Social Security numbers, and whether they may hold nine digits in a row.
    may_be_ssn: bool,
    may_hold_nine_digits: bool,
    /// Maximum number of spaces: with more it may be a phrase.
    max_spaces: u32,
}

impl Bounds {
    pub(super) fn new(max_characters: usize, refused_ssn: SsnForms, max_spaces: u32) -> Self {
        Self {
            max_bytes: MAX_PLAIN_BYTES.min(max_characters),
            may_be_ssn: refused_ssn == SsnForms::None,
            may_hold_nine_digits: refused_ssn != SsnForms::All,
            max_spaces,
        }
    }
}

/// The fast path of one pattern.
#[derive(Debug)]
pub(super) struct Plain {
    /// The bytes that plain values have.
    bytes: AsciiSet,
    /// The column of each byte in the form's table.
    columns: [u8; 256],
    form: ValueForm,
}

impl Plain {
    /// No value is plain.
    pub(super) fn none() -> Self {
        Self { bytes: AsciiSet::EMPTY, columns: [NO_COLUMN; 256], form: ValueForm::Alphabet(Box::new([false; 256])) }
    }

    /// Derives the tables from a DFA. If that is too large, no value is plain.
    pub(super) fn new(table: &dense::DFA<Vec<u32>>, start: StateID) -> Self {
        let bytes: Vec<u8> = (0x20..0x7F).filter(|byte| is_plain(*byte)).collect();
        let mut plain = Self::none();
        if let Some((form, columns)) = table::form(table, start, &bytes) {
            for (byte, column) in bytes.iter().zip(columns) {
                if let (Some(slot), Some(column)) = (plain.columns.get_mut(usize::from(*byte)), column) {
                    *slot = column;
                }
            }
            let known: Vec<u8> = bytes.into_iter().filter(|byte| plain.has_column(*byte)).collect();
            plain.bytes = AsciiSet::of(&known);
            plain.form = form;
        }
        plain
    }

    /// Whether a value is plain; `block` has its first bytes.
    #[inline(always)]
    pub(super) fn accepts<S: Simd>(&self, block: Block<S>, value: &[u8], bounds: Bounds) -> bool {
        let length = value.len();
        if length > bounds.max_bytes {
            return false;
        }
        let (first, second) = block.windows();
        let inside = (1_u64 << length) - 1;
        let mut members = first.of(&self.bytes);
        let mut masks = ByteMasks::of(first, length > MAX_WORD);
        if length > WINDOW {
            members |= second.of(&self.bytes) << WINDOW;
            masks = masks.and(ByteMasks::of(second, true));
        }
        members & inside == inside && self.check(first, value, bounds, masks)
    }

    fn has_column(&self, byte: u8) -> bool {
        self.columns.get(usize::from(byte)) != Some(&NO_COLUMN)
    }

    fn column(&self, byte: u8) -> usize {
        self.columns.get(usize::from(byte)).copied().unwrap_or_default().into()
    }

    /// Checks a value whose bytes are all of the set, and no more than a plain value has.
    #[inline(always)]
    fn check<S: Simd>(&self, first: Window<S>, value: &[u8], bounds: Bounds, masks: ByteMasks) -> bool {
        let length = value.len();
        let inside = (1 << length) - 1;
        let digits = masks.digits & inside;
        let is_word = (masks.digits | masks.capitals) & inside == inside;
        if digits.count_ones() > MAX_DIGITS && !bounds.may_be_ssn {
            // Without anything between them only nine digits in a row are a number of that form.
            let is_other = is_word && (bounds.may_hold_nine_digits || !has_nine_digits(digits));
            if !is_other {
                return false;
            }
        }
        let has_form = match &self.form {
            ValueForm::Alphabet(firsts) => {
                value.first().is_some_and(|first| firsts.get(usize::from(*first)) == Some(&true))
            }
            ValueForm::States(states) => {
                states.templates.matches(first, length, masks.digits, masks.capitals)
                    || states.accept(value, |byte| self.column(byte))
            }
        };
        let spaces = masks.spaces & inside;
        let barcode_firsts = masks.barcode_firsts & masks.barcode_seconds >> 1 & inside;
        let is_suspect = spaces != 0
            && (spaces.count_ones() > bounds.max_spaces
                || spaces & (1 | 1 << (length - 1)) != 0
                || digits != 0 && disguise::holds_header(value))
            || barcode_firsts != 0 && disguise::begins_barcode(value)
            || length > MAX_WORD && has_long_word(masks.words & inside) && !(is_word && is_identifier(value));
        !is_suspect && has_form
    }
}

/// Bit masks of byte classes in a value, the first byte lowest. Bits after its end are garbage.
struct ByteMasks {
    digits: u64,
    capitals: u64,
    spaces: u64,
    /// Candidate first and second bytes of element ids of barcode text.
    barcode_firsts: u64,
    barcode_seconds: u64,
    /// Bytes of encodings; only computed for long values.
    words: u64,
}

impl ByteMasks {
    #[inline(always)]
    fn of<S: Simd>(window: Window<S>, with_words: bool) -> Self {
        Self {
            digits: window.among(b'0', 10),
            capitals: window.among(b'A', 26),
            spaces: window.equal(b' '),
            barcode_firsts: window.equal(b'D'),
            barcode_seconds: window.among(b'A', 4),
            words: if with_words { window.of(&ENCODING) } else { 0 },
        }
    }

    #[inline(always)]
    fn and(self, second: Self) -> Self {
        Self {
            capitals: self.capitals | second.capitals << WINDOW,
            digits: self.digits | second.digits << WINDOW,
            spaces: self.spaces | second.spaces << WINDOW,
            barcode_firsts: self.barcode_firsts | second.barcode_firsts << WINDOW,
            barcode_seconds: self.barcode_seconds | second.barcode_seconds << WINDOW,
            words: self.words | second.words << WINDOW,
        }
    }
}

/// The bytes of encoded words.
const ENCODING: AsciiSet = AsciiSet::of(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-_");

/// Whether more than [`MAX_WORD`] bits in a row are set, by doubling the run length.
fn has_long_word(words: u64) -> bool {
    let pairs = words & words >> 1;
    let fours = pairs & pairs >> 2;
    let eights = fours & fours >> 4;
    eights & eights >> 8 != 0
}

/// Whether nine bits in a row are set.
fn has_nine_digits(digits: u64) -> bool {
    let pairs = digits & digits >> 1;
    let fours = pairs & pairs >> 2;
    let eights = fours & fours >> 4;
    eights & digits >> 8 != 0
}

/// Maximum length of a word of capital letters and digits that is surely no encoding: vehicle identification numbers.
const MAX_IDENTIFIER: usize = 39;

/// How images that are encoded in capital letters and digits alone begin, in hexadecimal or base64.
const IMAGE_STARTS: [&[u8; 4]; 15] = [
    b"FFD8", b"FF4F", b"FFA0", b"0000", b"8950", b"4749", b"4949", b"4D4D", b"312E", b"2550", b"504B", b"1F8B",
    b"5249", b"TU0A", b"AAAA",
];

/// Whether a long word of capital letters and digits is surely neither an image nor encoded text.
#[inline(never)]
fn is_identifier(word: &[u8]) -> bool {
    let is_hex = || word.len().is_multiple_of(2) && word.iter().all(u8::is_ascii_hexdigit);
    let begins_as_image = word.first_chunk().is_none_or(|start| IMAGE_STARTS.contains(&start));
    word.len() <= MAX_IDENTIFIER && !begins_as_image && !is_hex()
}

/// Whether a text that isn't all ASCII is surely none of what the rules beside a pattern refuse: a few words of letters,
/// without digits.
pub(super) fn is_simple_text(value: &[u8], bounds: Bounds) -> bool {
    let (mut spaces, mut word) = (0, 0);
    for byte in value {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'-' | 0x80.. => word += 1,
            b' ' => (spaces, word) = (spaces + 1, 0),
            b',' | b'.' | b'\'' => word = 0,
            _ => return false,
        }
        if word > MAX_WORD {
            return false;
        }
    }
    value.len() <= bounds.max_bytes
        && spaces <= bounds.max_spaces
        && value.first() != Some(&b' ')
        && value.last() != Some(&b' ')
        && !disguise::begins_barcode(value)
}

/// Bytes of syntax, references, fields, URIs or padding are left to the full check.
fn is_plain(byte: u8) -> bool {
    !br#""\<>&]/;="#.contains(&byte)
}
