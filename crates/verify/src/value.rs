//! What a released value may look like, judged a second time: the catalog's shapes on the `regex` crate, and the
//! plainest signs of what must never be in a text.
//!
//! Built-in patterns are compiled on first use. A user's patterns are compiled at once, so that errors in them are
//! reported before the first message.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use fearless_simd::Simd;
use regex::bytes::{Regex, RegexBuilder};

use super::dfa::Dfa;
use super::sieve::{Look, Ranges, Sieve, lanes};
use dmv_redact_model::catalog::{Catalog, ElementId, Kind, Treatment};
use dmv_redact_model::config::{ConfigError, Origin};

/// What values of one element must be.
#[derive(Debug)]
struct Shape {
    pattern: Arc<Pattern>,
    max_characters: usize,
    kind: Kind,
    /// The text may contain no Social Security number, however it is written.
    refuses_ssn: bool,
    /// It isn't a name, address or code: it may be a sentence.
    may_be_phrase: bool,
}

/// The pattern of one or several shapes.
#[derive(Debug)]
struct Pattern {
    text: Box<str>,
    /// For ASCII values, if it fits into a table.
    dfa: OnceLock<Option<Dfa>>,
    /// For all others. One that can't be compiled matches nothing.
    regex: OnceLock<Option<Regex>>,
}

impl Pattern {
    fn new(text: &str, origin: Origin) -> Result<Self, regex::Error> {
        let regex = match origin {
            Origin::BuiltIn => OnceLock::new(),
            Origin::Added => OnceLock::from(Some(anchored(text)?)),
        };
        Ok(Self { text: text.into(), dfa: OnceLock::new(), regex })
    }

    /// Builds what is otherwise built for the first value.
    fn warm(&self) {
        self.dfa();
        self.is_match("");
    }

    fn dfa(&self) -> Option<&Dfa> {
        self.dfa.get_or_init(|| Dfa::new(&self.text)).as_ref()
    }

    fn is_match(&self, value: &str) -> bool {
        let regex = self.regex.get_or_init(|| anchored(&self.text).ok());
        regex.as_ref().is_some_and(|regex| regex.is_match(value.as_bytes()))
    }
}

impl Shape {
    /// Whether a value matches the regular expression.
    fn is_matched_by(&self, value: &str) -> bool {
        value.chars().count() <= self.max_characters && is_visible_text(value) && self.pattern.is_match(value)
    }
}

/// The shapes of all elements.
#[derive(Debug)]
pub(super) struct Values {
    shapes: Vec<Shape>,
    /// Finds [`SSN`].
    ssn: OnceLock<Option<Regex>>,
    /// Finds [`SENTENCE`].
    sentence: OnceLock<Option<Regex>>,
}

/// Nine digits written like a Social Security number, with no digit next to them.
const SSN: &str = r"(?:\A|[^0-9])(?:\d{9}|\d{3}[-. ]\d{2}[-. ]\d{4})(?:\z|[^0-9])";

/// How images begin in base64, base64url and hexadecimal.
const IMAGES: [&str; 14] = [
    "/9j/",
    "_9j_",
    "iVBORw0KGgo",
    "R0lGOD",
    "SUkqA",
    "TU0AK",
    "JVBERi",
    "UEsDB",
    "H4sI",
    "FFD8FF",
    "ffd8ff",
    "89504E47",
    "89504e47",
    "47494638",
];
/// A shorter word contains no image; a longer one of letters and digits is no word.
const MIN_IMAGE_CHARS: usize = 16;
const MAX_WORD_CHARS: usize = 40;
/// Words of the shortest sentence, and words that identify one.
const SENTENCE_WORDS: usize = 5;
const SENTENCE: &str = r"(?i-u:(?:\A| )(?:is|was|are|been|has|have|had|not|this|that|who|which|they|their) )";
/// Digits of a Social Security number.
const SSN_DIGITS: usize = 9;

impl Values {
    /// # Errors
    /// When a shape that a user wrote is too large for the `regex` crate.
    pub(super) fn new(catalog: &Catalog) -> Result<Self, ConfigError> {
        let mut patterns: HashMap<&str, Arc<Pattern>> = HashMap::new();
        let mut shapes = Vec::new();
        for (_, element) in catalog.iter() {
            let (text, max_characters) = element.shape().declared();
            let pattern = match patterns.get(text) {
                Some(known) => Arc::clone(known),
                None => {
                    let pattern = Pattern::new(text, element.shape().origin()).map_err(|_| {
                        ConfigError::of_file("catalog", format!("the shape of `{}` is too large", element.id()))
                    })?;
                    Arc::clone(patterns.entry(text).or_insert(Arc::new(pattern)))
                }
            };
            let shape = element.shape();
            shapes.push(Shape {
                pattern,
                max_characters,
                kind: element.kind(),
                refuses_ssn: element.kind() == Kind::Text && !shape.may_hold_nine_digits(),
                may_be_phrase: shape.may_be_phrase(),
            });
        }
        Ok(Self { shapes, ssn: OnceLock::new(), sentence: OnceLock::new() })
    }

    /// Builds what is otherwise built for the first value of each element.
    pub(super) fn warm(&self) {
        self.matches_ssn("");
        self.matches_sentence("");
        self.shapes.iter().for_each(|shape| shape.pattern.warm());
    }

    /// The number of elements.
    pub(super) fn len(&self) -> usize {
        self.shapes.len()
    }

    /// Whether `value` is what an element permitted under `treatment` may look like.
    pub(super) fn allows(&self, element: ElementId, treatment: Treatment, value: &str) -> bool {
        let trimmed = trim(value);
        if value.len() - trimmed.len() > 256 {
            return false;
        }
        if trimmed.is_empty() {
            return true;
        }
        match treatment {
            Treatment::Full => self.shapes.get(element.index()).is_some_and(|shape| self.conforms(shape, trimmed)),
            Treatment::Year => is_digits(value, 4),
            Treatment::Zip5 => is_digits(value, 5),
            Treatment::Mask => value == "****",
            Treatment::Last4 => {
                let rest = value.strip_prefix("****").unwrap_or_default();
                rest.len() == 4 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
            }
        }
    }

    /// A prefilter for values like one that an element permitted under `treatment` may look like.
    pub(super) fn sieve(
        &self,
        (element, treatment): (ElementId, Treatment),
        value: &[u8],
        ranges: &mut Vec<Ranges>,
    ) -> AllowedSieve {
        let shape = self.shapes.get(element.index()).filter(|_| treatment == Treatment::Full);
        let dfa = shape.and_then(|shape| Some((shape, shape.pattern.dfa()?)));
        dfa.map(|(shape, dfa)| AllowedSieve {
            form: Sieve::new(dfa, value, shape.max_characters, ranges),
            holds_image: shape.kind == Kind::Image,
            refuses_ssn: shape.refuses_ssn,
            may_be_phrase: shape.may_be_phrase,
        })
        .unwrap_or_default()
    }

    fn conforms(&self, shape: &Shape, value: &str) -> bool {
        Self::matches_pattern(shape, value)
            && !(shape.refuses_ssn && self.holds_ssn(value))
            && (shape.may_be_phrase || !self.is_phrase(shape, value))
            && (shape.kind == Kind::Image || !holds_blob(value))
    }

    /// Whether a value is more than a name, an address, a code, an image or a word next to an image.
    fn is_phrase(&self, shape: &Shape, value: &str) -> bool {
        if shape.kind == Kind::Image { has_unencoded_words(value) } else { self.is_sentence(value) }
    }

    fn matches_pattern(shape: &Shape, value: &str) -> bool {
        match shape.pattern.dfa().and_then(|dfa| dfa.conforms(value)) {
            Some(conforms) => conforms && value.len() <= shape.max_characters,
            None => shape.is_matched_by(value),
        }
    }

    fn holds_ssn(&self, value: &str) -> bool {
        value.len() >= SSN_DIGITS
            && value.bytes().filter(u8::is_ascii_digit).count() >= SSN_DIGITS
            && self.matches_ssn(value)
    }

    /// Whether a value of several words has one that is rare in names and addresses.
    fn is_sentence(&self, value: &str) -> bool {
        let is_long = value.split(' ').filter(|word| word.chars().any(char::is_alphanumeric)).count() >= SENTENCE_WORDS;
        is_long && self.matches_sentence(value)
    }

    fn matches_sentence(&self, value: &str) -> bool {
        let sentence = self.sentence.get_or_init(|| Regex::new(SENTENCE).ok());
        sentence.as_ref().is_none_or(|sentence| sentence.is_match(value.as_bytes()))
    }

    fn matches_ssn(&self, value: &str) -> bool {
        let ssn = self.ssn.get_or_init(|| Regex::new(SSN).ok());
        ssn.as_ref().is_none_or(|ssn| ssn.is_match(value.as_bytes()))
    }
}

/// A prefilter for allowed values: what passes is allowed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct AllowedSieve {
    form: Sieve,
    holds_image: bool,
    refuses_ssn: bool,
    may_be_phrase: bool,
}

impl AllowedSieve {
    /// Whether a value passes: the first `length` bytes of the loaded vector.
    #[inline(always)]
    pub(super) fn passes<S: Simd>(&self, look: Look<S>, length: usize, ranges: &[Ranges]) -> bool {
        // Nothing is trimmed from either end.
        let ends = 1 | lanes(length) ^ lanes(length.saturating_sub(1));
        self.form.passes(look, length, ranges)
            && look.among(b'!', b'~') & ends == ends
            && (length < MIN_IMAGE_CHARS || self.holds_image || !has_long_word(look, length))
            && (length < SSN_DIGITS || !self.refuses_ssn || digits(look, length) < SSN_DIGITS)
            && (self.may_be_phrase || spaces(look, length) < if self.holds_image { 1 } else { SENTENCE_WORDS - 1 })
    }
}

/// The number of digits in the first lanes.
#[inline(always)]
fn digits<S: Simd>(look: Look<S>, length: usize) -> usize {
    (look.among(b'0', b'9') & lanes(length)).count_ones() as usize
}

/// The number of white space characters in the first lanes.
#[inline(always)]
fn spaces<S: Simd>(look: Look<S>, length: usize) -> usize {
    (look.among(b'\t', b' ') & lanes(length)).count_ones() as usize
}

/// Whether a word in the first lanes may contain an image.
#[inline(always)]
fn has_long_word<S: Simd>(look: Look<S>, length: usize) -> bool {
    let letters = look.among(b'A', b'Z') | look.among(b'a', b'z');
    let others = look.among(b'/', b'9') | look.equal(b'+') | look.equal(b'-') | look.equal(b'=') | look.equal(b'_');
    let mut words = (letters | others) & lanes(length);
    // Each step shortens a run by as many bits as it shifts: in all, one less than the length of the shortest image.
    const { assert!(MIN_IMAGE_CHARS == 1 + 1 + 2 + 4 + 8) };
    for step in [1, 2, 4, 8] {
        words &= words >> step;
    }
    words != 0
}

#[inline]
fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Trims white space from both ends.
fn trim(value: &str) -> &str {
    let bytes = value.as_bytes();
    // Most values have none: two comparisons are enough.
    if let ([first, ..], [.., last]) = (bytes, bytes)
        && first.is_ascii_graphic()
        && last.is_ascii_graphic()
    {
        return value;
    }
    value.trim_matches([' ', '\t', '\r', '\n'])
}

fn anchored(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(&format!(r"\A(?:{pattern})\z")).unicode(false).build()
}

/// Whether nothing in a text is hidden. Between letters of Arabic and Indic scripts two zero-width characters are part
/// of the spelling.
fn is_visible_text(text: &str) -> bool {
    text.char_indices().all(|(at, character)| {
        let (before, after) = text.split_at_checked(at).unwrap_or_default();
        let is_joiner = matches!(character, '\u{200C}' | '\u{200D}');
        let is_between =
            before.chars().next_back().is_some_and(is_joined) && after.chars().nth(1).is_some_and(is_joined);
        is_visible(character) || is_joiner && is_between
    })
}

/// Whether a character is of a script whose letters zero-width characters join or separate.
fn is_joined(character: char) -> bool {
    matches!(character, '\u{620}'..='\u{DFF}')
}

fn is_visible(character: char) -> bool {
    let is_hidden = matches!(
        character,
        '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{E0000}'..='\u{E0FFF}'
    );
    !is_hidden && (!character.is_control() || matches!(character, '\t' | '\r' | '\n'))
}

fn holds_blob(value: &str) -> bool {
    holds_long_word(value) && value.split(|character| !is_encoding(character)).any(is_blob)
}

/// Whether any word is long enough to be checked.
fn holds_long_word(value: &str) -> bool {
    let mut length = 0;
    value.len() >= MIN_IMAGE_CHARS
        && value.bytes().any(|byte| {
            length = if is_encoding(char::from(byte)) { length + 1 } else { 0 };
            length >= MIN_IMAGE_CHARS
        })
}

/// Whether a value of an image element has words that aren't lines of an encoding. A single short word may be anything.
fn has_unencoded_words(value: &str) -> bool {
    let encoded = value.strip_prefix("data:").and_then(|rest| rest.split_once(','));
    let head_length = encoded.map_or(0, |(head, _)| head.len());
    let is_head = encoded.is_some_and(|(head, _)| head_length <= 128 && !head.contains([' ', '\t', '\r', '\n']));
    let encoded = encoded.filter(|_| is_head).map_or(value, |(_, data)| data);
    let words: Vec<&str> = encoded.split_ascii_whitespace().collect();
    match words.as_slice() {
        [] => false,
        [_] if value.len() <= 128 && !value.contains([' ', '\t', '\r', '\n']) => false,
        [lines @ .., last] => {
            !is_encoded_line(last) || lines.iter().any(|line| line.len() < 16 || !is_encoded_line(line))
        }
    }
}

fn is_encoded_line(word: &str) -> bool {
    word.chars().all(is_encoding)
}

fn is_encoding(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '+' | '/' | '=' | '-' | '_')
}

fn is_blob(word: &str) -> bool {
    word.len() >= MIN_IMAGE_CHARS && IMAGES.iter().any(|image| word.starts_with(image))
        || word.split(['-', '/', '+', '_', '=']).any(|piece| piece.len() >= MAX_WORD_CHARS)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use fearless_simd::{Level, dispatch};
    use proptest::prelude::*;

    use super::*;

    static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::load(dmv_redact::shipped::CATALOG, &[]).unwrap());
    static VALUES: LazyLock<Values> = LazyLock::new(|| Values::new(&CATALOG).unwrap());

    /// What `conforms` returns, in the plainest way.
    fn conforms_plainly(values: &Values, shape: &Shape, value: &str) -> bool {
        shape.is_matched_by(value)
            && !(shape.refuses_ssn && values.matches_ssn(value))
            && (shape.may_be_phrase || !values.is_phrase(shape, value))
            && (shape.kind == Kind::Image || !value.split(|character| !is_encoding(character)).any(is_blob))
    }

    #[test]
    fn what_ships_with_the_filter_can_be_compiled() {
        for shape in &VALUES.shapes {
            assert!(anchored(&shape.pattern.text).is_ok(), "{shape:?}");
        }
        assert!(Regex::new(SSN).is_ok() && Regex::new(SENTENCE).is_ok());
    }

    proptest! {
        #[test]
        fn p7_the_quick_ways_say_what_the_plain_ones_say(
            pieces in prop::collection::vec(
                prop_oneof![
                    "[ -~]{0,12}",
                    "[0-9]{1,10}",
                    prop::sample::select(vec![
                        "900-12-3456", "123456789", "1985-07-04", "JOSÉ", "\u{200B}", "\t", "\n", "\u{7F}", "-", "true",
                        "/9j/4AAQSkZJRgAB", "iVBORw0KGgoAAAAN", "AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGhIjKlMnOpQr", "cm",
                    ]).prop_map(str::to_owned),
                ],
                0..5,
            ),
            like in "[A-Z][A-Z ]{0,20}|[0-9]{1,12}|[0-9]{4}-[0-9]{2}-[0-9]{2}|[ -~]{1,30}",
        ) {
            let value = pieces.concat();
            let values = &*VALUES;
            for shape in &values.shapes {
                prop_assert_eq!(values.conforms(shape, &value), conforms_plainly(values, shape, &value), "{:?} {:?}", shape, value);
            }
            for (element, _) in CATALOG.iter() {
                for treatment in Treatment::ALL {
                    let allows = values.allows(element, treatment, &value);
                    let text = format!("{value}\"");
                    let mut ranges = Vec::new();
                    let sieve = values.sieve((element, treatment), like.as_bytes(), &mut ranges);
                    let passes = dispatch!(Level::new(), simd => {
                        sieve.passes(Look::at(simd, text.as_bytes()), value.len(), &ranges)
                    });
                    prop_assert!(allows || !passes, "{:?} {:?} {:?}", element, like, value);
                }
            }
            let plain = value.trim_matches([' ', '\t', '\r', '\n']);
            prop_assert_eq!(trim(&value), plain);
        }
    }
}
