//! The shape of released values (P7): a pattern that must match the whole decoded value.
//!
//! Every released value is checked here, so the pattern is a dense DFA: no lock, no allocation, one lookup per byte.

use std::collections::HashMap;
use std::sync::Arc;

use fearless_simd::{Simd, dispatch};

use super::pattern::Pattern;
use super::plain::{self, Bounds};
use super::{Kind, disguise, sentence};
use crate::config::Origin;
use crate::escape::is_visible;
use crate::wide::{is_base64, level};
use crate::window::Block;

/// Maximum white space around a value in bytes: indentation needs some, more could carry hidden data.
const MAX_OUTER_SPACE: usize = 256;

/// The shape of an element's values. Cloning shares the DFA.
#[derive(Debug, Clone)]
pub struct Shape {
    pattern: Arc<Pattern>,
    max_characters: usize,
    plain_bounds: Bounds,
    rules: ContentRules,
    is_text: bool,
    is_image: bool,
}

/// Rules for an element's values beyond its pattern.
#[derive(Debug, Clone, Copy)]
pub(super) struct ContentRules {
    pub(super) refused_ssn: SsnForms,
    /// Whether a value may be a phrase or a sentence, also beside an image.
    pub(super) phrase: bool,
}

/// Maximum bytes of a value of an image element that isn't an image: a date, a format, a number beside it.
const MAX_IMAGE_NOTE: usize = 128;

/// The forms of a Social Security number that a value must not contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SsnForms {
    /// None: all are allowed, because the element is for them.
    None,
    /// `ddd-dd-dddd`, `ddd dd dddd`: no other number has this form.
    Separated,
    /// These, and nine digits alone.
    All,
}

impl Shape {
    /// Whether a decoded value conforms. White space at both ends (space, tab, carriage return, line feed) is ignored,
    /// up to 256 bytes of it; an empty value always conforms, because it reveals nothing.
    #[must_use]
    pub fn conforms(&self, value: &str) -> bool {
        let inner = trim(value);
        if value.len() - inner.len() > MAX_OUTER_SPACE {
            return false;
        }
        let value = inner;
        value.is_empty()
            // Base64 alone can't match any of the checks below.
            || self.is_image
                && value.len() > MAX_IMAGE_NOTE
                && self.has_length(value)
                && self.pattern.matches_base64()
                && is_base64(value.as_bytes())
                && (self.rules.phrase || is_image(value))
            || self.has_length(value)
                && is_clean(value)
                && self.pattern.matches(value.as_bytes())
                && !(self.checks_ssn(value) && holds_ssn(value.as_bytes(), self.rules.refused_ssn))
                && (self.rules.phrase || !self.is_phrase(value))
                && !holds_reference(value)
                && (self.is_image || !disguise::holds_fields(value, self.is_text))
                && !(self.is_text && disguise::holds_code(value))
    }

    /// Fast path: whether an ASCII value is certain to conform and to contain no image; `block` has its first bytes.
    #[doc(hidden)]
    #[inline(always)]
    pub fn fast_accepts<S: Simd>(&self, block: Block<S>, value: &[u8]) -> bool {
        self.pattern.plain().accepts(block, value, self.plain_bounds)
    }

    /// Whether a fast path accepts a whole value.
    #[doc(hidden)]
    pub fn is_plain(&self, value: &str) -> bool {
        match value.is_ascii() {
            true => {
                let value = value.as_bytes();
                dispatch!(level(), simd => self.fast_accepts(Block::at(simd, value, 0), value))
            }
            false => {
                plain::is_simple_text(value.as_bytes(), self.plain_bounds)
                    && is_clean(value)
                    && self.pattern.matches(value.as_bytes())
            }
        }
    }

    /// Its declaration in the catalog: a regular expression for the whole value, and the maximum number of characters.
    #[doc(hidden)]
    pub fn declared(&self) -> (&str, usize) {
        (self.pattern.text(), self.max_characters)
    }

    /// Whether values may contain nine digits alone.
    #[doc(hidden)]
    pub fn may_hold_nine_digits(&self) -> bool {
        self.rules.refused_ssn != SsnForms::All
    }

    /// Whether values may be phrases or sentences.
    #[doc(hidden)]
    pub fn may_be_phrase(&self) -> bool {
        self.rules.phrase
    }

    /// Who wrote the regular expression.
    #[doc(hidden)]
    pub fn origin(&self) -> Origin {
        self.pattern.origin()
    }

    pub(super) fn warm(&self) {
        self.pattern.warm();
    }

    /// Whether its regular expression can be compiled.
    #[cfg(test)]
    pub(super) fn compiles(&self) -> bool {
        Pattern::new(self.pattern.text(), Origin::Added).is_ok()
    }

    /// Whether a value is free text where it must not be: a sentence, or several words beside an image.
    fn is_phrase(&self, value: &str) -> bool {
        if self.is_image { !is_image(value) } else { sentence::is_sentence(value) }
    }

    fn checks_ssn(&self, value: &str) -> bool {
        self.rules.refused_ssn != SsnForms::None && !(self.is_image && value.len() > MAX_IMAGE_NOTE)
    }

    fn has_length(&self, value: &str) -> bool {
        value.len() <= self.max_characters
            || value.len() / 4 <= self.max_characters && value.chars().count() <= self.max_characters
    }
}

/// Minimum bytes of a line of an encoded image, except the last line.
const MIN_IMAGE_LINE: usize = 16;

/// Whether a value of an image element is encoded data, in one run or in lines, or a note of one word.
fn is_image(value: &str) -> bool {
    let bytes = value.as_bytes();
    if bytes.len() <= MAX_IMAGE_NOTE && !bytes.iter().any(is_gap) {
        return true;
    }
    let data = match value.strip_prefix("data:").and_then(|uri| uri.split_once(',')) {
        Some((head, data)) if head.len() <= MAX_IMAGE_NOTE && !head.as_bytes().iter().any(is_gap) => data.as_bytes(),
        _ => bytes,
    };
    let mut lines = data.split(is_gap).filter(|line| !line.is_empty()).peekable();
    while let Some(line) = lines.next() {
        let is_last = lines.peek().is_none();
        if !is_encoded_line(line) || line.len() < MIN_IMAGE_LINE && !is_last {
            return false;
        }
    }
    true
}

/// White space between words and lines.
#[inline]
fn is_gap(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Whether a line is base64 of any alphabet.
#[inline]
fn is_encoded_line(line: &[u8]) -> bool {
    is_base64(line) || line.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=-_".contains(byte))
}

/// Strips white space from both ends, as XML Schema's `collapse` does there.
pub fn trim(value: &str) -> &str {
    let bytes = value.as_bytes();
    // Most values have none: two comparisons are enough.
    if let ([first, ..], [.., last]) = (bytes, bytes)
        && *first > b' '
        && *last > b' '
    {
        return value;
    }
    value.trim_matches([' ', '\t', '\r', '\n'])
}

/// Compiles shapes; those with the same pattern share its DFA.
#[derive(Debug, Default)]
pub(super) struct ShapeCompiler {
    patterns: HashMap<String, Arc<Pattern>>,
}

impl ShapeCompiler {
    /// The shape of an element: its own pattern, with its origin, and its own maximum length, else the defaults of its
    /// kind.
    pub(super) fn compile(
        &mut self,
        kind: Kind,
        pattern: Option<(&str, Origin)>,
        max_characters: Option<usize>,
        rules: ContentRules,
    ) -> Result<Shape, String> {
        let (default_pattern, default_max) = default_shape(kind);
        let (text, origin) = pattern.unwrap_or((default_pattern, Origin::BuiltIn));
        let pattern = match self.patterns.get(text) {
            Some(known) => Arc::clone(known),
            None => {
                let pattern = Arc::new(Pattern::new(text, origin)?);
                self.patterns.insert(text.to_owned(), Arc::clone(&pattern));
                pattern
            }
        };
        let max_characters = max_characters.unwrap_or(default_max);
        let max_spaces = match kind {
            _ if rules.phrase => u32::MAX,
            Kind::Image => 0,
            _ => sentence::MIN_WORDS - 2,
        };
        Ok(Shape {
            pattern,
            max_characters,
            plain_bounds: Bounds::new(max_characters, rules.refused_ssn, max_spaces),
            rules,
            is_text: matches!(kind, Kind::Text | Kind::Record | Kind::Code),
            is_image: kind == Kind::Image,
        })
    }
}

/// Default pattern and maximum length in characters of a kind.
fn default_shape(kind: Kind) -> (&'static str, usize) {
    match kind {
        Kind::Text => (TEXT, 128),
        Kind::Date => (
            r"\d{4}(?:-\d{2}(?:-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)?(?:Z|[+-]\d{2}:\d{2})?)?)?|\d{8}|\d{2}/\d{2}/\d{4}|\d{2}-\d{2}-\d{4}",
            40,
        ),
        Kind::PostalCode => (POSTAL_CODE, 10),
        Kind::Identifier => (r"[A-Za-z0-9*][A-Za-z0-9 *./-]*", 32),
        Kind::Code => (r"[A-Za-z0-9][A-Za-z0-9 ,&()'/_.+-]*", 48),
        Kind::Number => (r"[+-]?\d+(?:\.\d+)?", 16),
        Kind::Image => (r"[\t\r\n !#-%'-;=?-z|~]*", usize::MAX),
        Kind::Record => (TEXT, 256),
    }
}

/// Letters of any language with their marks, digits, and the punctuation of names, addresses and remarks. No markup,
/// braces or line breaks.
const TEXT: &str = r##"(?u:\p{L}[\p{M}\u{200C}\u{200D}]*|[0-9 .,;:'"#&()*+/=?!%_$\u{A1}\u{AA}\u{B0}\u{B4}\u{B7}\u{BA}\u{BC}-\u{BF}\u{2013}\u{2014}\u{2018}-\u{201D}\u{2026}-])*"##;

/// Postal codes of the United States, Canada, and the rest of the world: digits in one or two groups, or few letters with
/// digits.
const POSTAL_CODE: &str = r"\d{5}(?:[ -]?\d{4})?|[A-Za-z]\d[A-Za-z][ -]?\d[A-Za-z]\d|\d{3,7}|\d{2,5}[ -]\d{2,4}|\d{4} ?[A-Za-z]{2}|[A-Za-z]{1,2}\d[A-Za-z0-9]? ?\d[A-Za-z]{2}|[A-Za-z]{1,3}[ -]?\d{3,5}|[A-Za-z]\d{2} ?[A-Za-z0-9]{4}";

/// Whether a value is free of characters that deceive readers or patterns: controls, bidi and zero-width characters,
/// line and paragraph separators, noncharacters. Applies to every shape, a user's included.
fn is_clean(value: &str) -> bool {
    let mut suspect = false;
    for byte in value.bytes() {
        suspect |= !(0x20..0x7F).contains(&byte);
    }
    if !suspect {
        return true;
    }
    let mut characters = value.chars().peekable();
    let mut before = '\0';
    while let Some(character) = characters.next() {
        let joins = is_joiner(character)
            && is_joinable_letter(before)
            && characters.peek().is_some_and(|after| is_joinable_letter(*after));
        if !joins && !is_clean_character(character) {
            return false;
        }
        before = character;
    }
    true
}

/// The zero-width characters with which Indic and Arabic spellings join or separate letters. Anywhere else they are
/// deceptive.
fn is_joiner(character: char) -> bool {
    matches!(character, '\u{200C}' | '\u{200D}')
}

fn is_joinable_letter(character: char) -> bool {
    matches!(character, '\u{620}'..='\u{DFF}')
}

/// Whether a character hides nothing: it is visible or ends a line, and isn't disguised ASCII (fullwidth, or
/// mathematical letters and digits).
fn is_clean_character(character: char) -> bool {
    matches!(character, '\t' | '\r' | '\n')
        || is_visible(character) && !matches!(character, '\u{FF01}'..='\u{FF5E}' | '\u{1D400}'..='\u{1D7FF}')
}

/// Maximum characters between two groups of digits of one number.
const MAX_SEPARATOR: usize = 3;

/// Whether a value contains digits in the form of a Social Security number: three, two and four with anything but
/// letters between them; or, for all forms, nine digits alone, three and six, or nine times one. The surrounding text
/// doesn't matter.
fn holds_ssn(value: &[u8], forms: SsnForms) -> bool {
    // The lengths of the last joined groups of digits, four bits each, the last one lowest.
    let mut groups = 0_u64;
    let mut rest = value;
    while let Some(first) = rest.iter().position(u8::is_ascii_digit) {
        let between = rest.get(..first).unwrap_or_default();
        // `123.456789` is a number.
        let is_fraction = between == b".";
        let is_joined = (1..=MAX_SEPARATOR).contains(&first) && !between.iter().any(u8::is_ascii_alphanumeric);
        rest = rest.get(first..).unwrap_or_default();
        let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        rest = rest.get(length..).unwrap_or_default();
        groups = if is_joined { groups << 4 } else { 0 } | length.min(0xF) as u64;
        if groups & 0xFFF == 0x324 {
            return true;
        }
        let has_other_form =
            length == 9 || groups & 0xFF == 0x36 && !is_fraction || groups & 0xF_FFFF_FFFF == 0x1_1111_1111;
        if has_other_form && forms == SsnForms::All {
            return true;
        }
    }
    false
}

/// Whether a value contains what a reader that decodes twice takes for a reference: `&lt;`, `&#60;`.
fn holds_reference(value: &str) -> bool {
    value.split('&').skip(1).filter_map(|rest| rest.split_once(';')).any(|(name, _)| {
        let name = name.strip_prefix('#').unwrap_or(name);
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: ContentRules = ContentRules { refused_ssn: SsnForms::All, phrase: true };
    const NONE: ContentRules = ContentRules { refused_ssn: SsnForms::None, phrase: true };

    fn shape(kind: Kind) -> Shape {
        ShapeCompiler::default().compile(kind, None, None, ALL).unwrap()
    }

    #[test]
    fn p7_a_shape_matches_whole_and_by_ascii_digits() {
        let ssn = ShapeCompiler::default()
            .compile(Kind::Identifier, Some((r"\d{3}-?\d{2}-?\d{4}", Origin::Added)), None, NONE)
            .unwrap();
        assert!(ssn.conforms("900-12-3456") && ssn.conforms("900123456") && ssn.conforms("\n 900-12-3456 "));
        assert!(!ssn.conforms("900-12-34567") && !ssn.conforms("x900-12-3456") && !ssn.conforms("٩٠٠-12-3456"));
        let either = ShapeCompiler::default().compile(Kind::Code, Some(("a|ab", Origin::Added)), None, NONE).unwrap();
        assert!(either.conforms("a") && either.conforms("ab") && !either.conforms("abc"));
    }

    #[test]
    fn p7_text_refuses_ssn_invisible_and_markup() {
        let text = shape(Kind::Text);
        for good in [
            "O'BRIEN-SMITH, JOSÉ",
            "12 MAIN ST APT 4",
            "CALL 217-555-0123",
            "",
            "1234567890",
            "e\u{301}",
            "Ιωάννης",
            "محمد",
            "Nguyễn",
            "李小龍",
        ] {
            assert!(text.conforms(good), "{good}");
        }
        for bad in [
            "SSN 900-12-3456",
            "900123456",
            "900 12 3456",
            "4 900-12-3456",
            "A\u{202E}B",
            "A\u{200B}B",
            "A\u{200D}B",
            "अ\u{200D}",
            "A\u{2028}B",
            "<b>",
            "{\"a\":1}",
            "\u{FF33}MITH",
            "9\u{301}",
            "A\u{0}B",
            "A\nB",
        ] {
            assert!(!text.conforms(bad), "{bad:?}");
        }
        assert!(text.conforms(&"A".repeat(128)) && !text.conforms(&"A".repeat(129)));
        assert!(text.conforms(&"É".repeat(128)) && !text.conforms(&"É".repeat(129)));
    }

    #[test]
    fn p7_what_a_user_writes_can_not_let_invisible_characters_through() {
        let any = ShapeCompiler::default().compile(Kind::Code, Some(("(?s:.*)", Origin::Added)), None, NONE).unwrap();
        assert!(any.conforms("anything <at> all"));
        assert!(!any.conforms("a\u{202E}b") && !any.conforms("a\u{7}b") && !any.conforms("a\u{FFFE}b"));
    }

    #[test]
    fn every_kind_has_a_shape_and_a_broken_pattern_says_what_is_wrong() {
        for kind in [
            Kind::Text,
            Kind::Date,
            Kind::PostalCode,
            Kind::Identifier,
            Kind::Code,
            Kind::Number,
            Kind::Image,
            Kind::Record,
        ] {
            assert!(shape(kind).conforms("") && shape(kind).compiles(), "{kind:?}");
        }
        assert_eq!(
            ShapeCompiler::default().compile(Kind::Code, Some(("a(", Origin::Added)), None, NONE).unwrap_err(),
            "unclosed group"
        );
    }
}
