//! Values so plain that one look at each byte settles them: most of what is released.
//!
//! A table is read off the shape's own automaton. What it lets pass conforms to the shape and holds no image, field,
//! number or reference that the closer look would find; of all else it says nothing, and the closer look decides. So it
//! changes what a value costs, never what becomes of it.

mod picture;
mod table;

use regex_automata::dfa::dense;
use regex_automata::util::primitives::StateID;

use super::disguise;
use crate::window::{AsciiSet, WINDOW, Window};
use fearless_simd::Simd;
use table::Form;

/// Bytes of the longest value that is settled so; longer ones may hold an encoding over several words.
const LONGEST: usize = 63;
/// A word of this many letters, digits and signs may be an encoding.
const LONGEST_WORD: usize = 15;
/// Fewer digits make no Social Security number.
const FEW_DIGITS: u32 = 8;

/// No plain value has a byte of this column.
const NO_COLUMN: u8 = u8::MAX;

/// What a shape asks of plain values beside its pattern.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Bytes of the longest.
    longest: usize,
    /// Whether they may be Social Security numbers.
    may_be_ssn: bool,
    /// Spaces that a value has at most: with more it may say too much.
    most_spaces: u32,
}

impl Bounds {
    pub(super) fn new(max_characters: usize, may_be_ssn: bool, most_spaces: u32) -> Self {
        Self { longest: LONGEST.min(max_characters), may_be_ssn, most_spaces }
    }
}

/// What is known of every byte in values of one pattern.
#[derive(Debug)]
pub(super) struct Plain {
    /// The bytes that plain values have.
    bytes: AsciiSet,
    /// Which column of the form's table each byte has.
    columns: [u8; 256],
    form: Form,
}

impl Plain {
    /// No value is plain.
    pub(super) fn none() -> Self {
        Self { bytes: AsciiSet::EMPTY, columns: [NO_COLUMN; 256], form: Form::Alphabet(Box::new([false; 256])) }
    }

    /// Reads the tables off an automaton. One that is too large leaves no value plain.
    pub(super) fn new(table: &dense::DFA<Vec<u32>>, start: StateID) -> Self {
        let bytes: Vec<u8> = (0x20..0x7F).filter(|byte| is_plain(*byte)).collect();
        let mut plain = Self::none();
        if let Some((form, columns)) = table::form(table, start, &bytes) {
            for (byte, column) in bytes.iter().zip(columns) {
                if let (Some(slot), Some(column)) = (plain.columns.get_mut(usize::from(*byte)), column) {
                    *slot = column;
                }
            }
            let is_known = |byte: &u8| plain.columns.get(usize::from(*byte)) != Some(&NO_COLUMN);
            let known: Vec<u8> = bytes.iter().copied().filter(is_known).collect();
            plain.bytes = AsciiSet::of(&known);
            plain.form = form;
        }
        plain
    }

    /// Where a value that begins at `from` ends, if it is plain: the place of the first byte that no plain value has, which
    /// the caller must know to end a value.
    #[inline(always)]
    pub(super) fn end<S: Simd>(&self, simd: S, bytes: &[u8], from: usize, bounds: Bounds) -> Option<usize> {
        let first = Window::at(simd, bytes, from);
        let members = first.of(&self.bytes);
        if members != u64::from(u32::MAX) {
            let length = (!members).trailing_zeros() as usize;
            return self.judge(simd, bytes, from, length, bounds, Seen::of(first, length > LONGEST_WORD));
        }
        let second = Window::at(simd, bytes, from + WINDOW);
        let length = (!(members | second.of(&self.bytes) << WINDOW)).trailing_zeros() as usize;
        self.judge(simd, bytes, from, length, bounds, Seen::of(first, true).and(Seen::of(second, true)))
    }

    fn column(&self, byte: u8) -> usize {
        self.columns.get(usize::from(byte)).copied().unwrap_or_default().into()
    }

    /// Whether a value of so many bytes, all of the set, is plain.
    #[inline(always)]
    fn judge<S: Simd>(
        &self,
        simd: S,
        bytes: &[u8],
        from: usize,
        length: usize,
        bounds: Bounds,
        seen: Seen,
    ) -> Option<usize> {
        let value = bytes.get(from..from + length)?;
        if length > bounds.longest {
            return None;
        }
        let inside = (1 << length) - 1;
        let digits = seen.digits & inside;
        if digits.count_ones() > FEW_DIGITS && !bounds.may_be_ssn {
            return None;
        }
        let is_of_form = match &self.form {
            Form::Alphabet(first) => first.get(usize::from(*value.first()?)) == Some(&true),
            Form::States(states) => {
                states.pictures.show(simd, bytes, from, length, seen.digits, seen.capitals)
                    || states.accept(value, |byte| self.column(byte))
            }
        };
        let spaces = seen.spaces & inside;
        let barcodes = seen.barcodes & seen.behind_barcodes >> 1 & inside;
        let is_suspect = spaces != 0
            && (spaces.count_ones() > bounds.most_spaces
                || spaces & (1 | 1 << (length - 1)) != 0
                || digits != 0 && disguise::holds_header(value))
            || barcodes != 0 && disguise::begins_barcode(value)
            || length > LONGEST_WORD && has_long_word(seen.words & inside);
        (!is_suspect && is_of_form).then_some(from + length)
    }
}

/// Which bytes of a value are what, the first lowest. Behind its end the bits mean nothing.
struct Seen {
    digits: u64,
    capitals: u64,
    spaces: u64,
    /// Element ids of barcode text begin with one of these bytes, and go on with one of those.
    barcodes: u64,
    behind_barcodes: u64,
    /// What encodings are made of; only if that was asked for.
    words: u64,
}

impl Seen {
    #[inline(always)]
    fn of<S: Simd>(window: Window<S>, with_words: bool) -> Self {
        Self {
            digits: window.among(b'0', 10),
            capitals: window.among(b'A', 26),
            spaces: window.equal(b' '),
            barcodes: window.equal(b'D'),
            behind_barcodes: window.among(b'A', 4),
            words: if with_words { window.of(&ENCODING) } else { 0 },
        }
    }

    #[inline(always)]
    fn and(self, behind: Self) -> Self {
        Self {
            capitals: self.capitals | behind.capitals << WINDOW,
            digits: self.digits | behind.digits << WINDOW,
            spaces: self.spaces | behind.spaces << WINDOW,
            barcodes: self.barcodes | behind.barcodes << WINDOW,
            behind_barcodes: self.behind_barcodes | behind.behind_barcodes << WINDOW,
            words: self.words | behind.words << WINDOW,
        }
    }
}

/// The bytes of which encodings make words.
const ENCODING: AsciiSet = AsciiSet::of(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-_");

/// Whether more than [`LONGEST_WORD`] of these bytes follow one another.
fn has_long_word(words: u64) -> bool {
    let pairs = words & words >> 1;
    let fours = pairs & pairs >> 2;
    let eights = fours & fours >> 4;
    eights & eights >> 8 != 0
}

/// What a syntax, a reference, a field, a URI or padding may be written with is left to the closer look.
fn is_plain(byte: u8) -> bool {
    !br#""\<>&]/;="#.contains(&byte)
}
