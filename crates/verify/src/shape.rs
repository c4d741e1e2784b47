//! What a released value may look like, checked a second time: the catalog's shapes on the `regex` crate, and the
//! plainest signs of what must never be in a text.
//!
//! Built-in patterns are compiled on first use. A user's patterns are compiled at once, so that errors in them are
//! reported before the first message.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, OnceLock};

use regex::bytes::{Regex, RegexBuilder};
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::util::primitives::StateID;
use regex_automata::util::syntax;
use regex_automata::{Anchored, util::start};

use super::treatment::is_result;
use super::value::{Permitted, is_space};
use dmv_redact_model::catalog::{Catalog, Kind, Treatment};
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
    /// For visible ASCII, if it isn't too large, with its start state.
    dfa: OnceLock<Option<(dense::DFA<Vec<u32>>, StateID)>>,
    /// For all else. One that can't be compiled matches nothing.
    regex: OnceLock<Option<Regex>>,
}

/// Bytes of the largest DFA. All that ship with the filter are far smaller.
const MAX_DFA: usize = 1 << 20;

impl Pattern {
    fn new(text: &str, origin: Origin) -> Result<Self, regex::Error> {
        let regex = match origin {
            Origin::BuiltIn => OnceLock::new(),
            Origin::Added => OnceLock::from(Some(anchored(text)?)),
        };
        Ok(Self { text: text.into(), dfa: OnceLock::new(), regex })
    }

    fn dfa(&self) -> Option<&(dense::DFA<Vec<u32>>, StateID)> {
        let build = || {
            let mut config = dense::Config::new().start_kind(StartKind::Anchored);
            config = config.dfa_size_limit(Some(MAX_DFA)).determinize_size_limit(Some(MAX_DFA));
            for byte in (0..=u8::MAX).filter(|byte| !byte.is_ascii() || !is_visible(char::from(*byte))) {
                config = config.quit(byte, true);
            }
            let syntax = syntax::Config::new().unicode(false).utf8(false);
            let pattern = format!(r"\A(?:{})\z", self.text);
            let dfa = dense::Builder::new().configure(config).syntax(syntax).build(&pattern).ok()?;
            let start = dfa.start_state(&start::Config::new().anchored(Anchored::Yes)).ok()?;
            Some((dfa, start))
        };
        self.dfa.get_or_init(build).as_ref()
    }

    /// Whether a value of visible ASCII matches; `None` for any other.
    fn is_ascii_match(&self, value: &str) -> Option<bool> {
        let (dfa, start) = self.dfa()?;
        let mut state = *start;
        for byte in value.bytes() {
            state = dfa.next_state(state, byte);
            if dfa.is_special_state(state) && (dfa.is_dead_state(state) || dfa.is_quit_state(state)) {
                // A dead end may come before a byte that only the regular expression can judge: it says the same.
                return dfa.is_dead_state(state).then_some(false);
            }
        }
        Some(dfa.is_match_state(dfa.next_eoi_state(state)))
    }

    fn is_match(&self, value: &str) -> bool {
        let regex = self.regex.get_or_init(|| anchored(&self.text).ok());
        regex.as_ref().is_some_and(|regex| regex.is_match(value.as_bytes()))
    }
}

fn anchored(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(&format!(r"\A(?:{pattern})\z")).unicode(false).build()
}

impl Shape {
    fn is_matched_by(&self, value: &str) -> bool {
        value.chars().count() <= self.max_characters && is_visible_text(value) && self.pattern.is_match(value)
    }

    fn conforms(&self, value: &str) -> bool {
        let matches = match self.pattern.is_ascii_match(value) {
            Some(matches) => matches && value.len() <= self.max_characters,
            None => self.is_matched_by(value),
        };
        // Most values are too short for anything else.
        let is_short = value.len() < SSN_DIGITS && self.kind != Kind::Image;
        matches && (is_short || self.has_no_sign_of_more(value))
    }

    fn has_no_sign_of_more(&self, value: &str) -> bool {
        let is_image = self.kind == Kind::Image;
        !(self.refuses_ssn && has_ssn(value))
            && (self.may_be_phrase || !if is_image { has_unencoded_words(value) } else { is_sentence(value) })
            && (is_image || value.len() < MIN_IMAGE_CHARS || !has_blob(value))
    }
}

/// The shapes of all elements.
#[derive(Debug)]
pub(super) struct Shapes(Vec<Shape>);

/// Nine digits written like a Social Security number, with no digit next to them.
static SSN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:\A|[^0-9])(?:\d{9}|\d{3}[-. ]\d{2}[-. ]\d{4})(?:\z|[^0-9])").ok());
const SSN_DIGITS: usize = 9;

/// A word that is rare in names and addresses, and words of the shortest sentence.
static SENTENCE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i-u:(?:\A| )(?:is|was|are|been|has|have|had|not|this|that|who|which|they|their) )").ok()
});
const SENTENCE_WORDS: usize = 5;

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

impl Shapes {
    /// # Errors
    /// When a shape that a user wrote is too large for the `regex` crate.
    pub(super) fn new(catalog: &Catalog) -> Result<Self, ConfigError> {
        let mut patterns: HashMap<&str, Arc<Pattern>> = HashMap::new();
        let mut shapes = Vec::new();
        for (_, element) in catalog.iter() {
            let shape = element.shape();
            let (text, max_characters) = shape.declared();
            let pattern = match patterns.get(text) {
                Some(known) => Arc::clone(known),
                None => {
                    let pattern = Pattern::new(text, shape.origin()).map_err(|_| {
                        ConfigError::of_file("catalog", format!("the shape of `{}` is too large", element.id()))
                    })?;
                    Arc::clone(patterns.entry(text).or_insert(Arc::new(pattern)))
                }
            };
            let (kind, may_be_phrase) = (element.kind(), shape.may_be_phrase());
            let refuses_ssn = kind == Kind::Text && !shape.may_hold_nine_digits();
            shapes.push(Shape { pattern, max_characters, kind, refuses_ssn, may_be_phrase });
        }
        Ok(Self(shapes))
    }

    /// Builds what is otherwise built for the first value of each element.
    pub(super) fn warm(&self) {
        LazyLock::force(&SSN);
        LazyLock::force(&SENTENCE);
        for shape in &self.0 {
            shape.pattern.dfa();
            shape.pattern.is_match("");
        }
    }

    /// Whether `value` is what an element permitted under `treatment` may look like.
    pub(super) fn allow(&self, (element, treatment): Permitted, value: &str) -> bool {
        let trimmed = value.trim_matches([' ', '\t', '\r', '\n']);
        value.len() - trimmed.len() <= 256
            && (trimmed.is_empty()
                || match treatment {
                    Treatment::Full => self.0.get(element.index()).is_some_and(|shape| shape.conforms(trimmed)),
                    _ => is_result(treatment, value),
                })
    }
}

fn has_ssn(value: &str) -> bool {
    value.bytes().filter(u8::is_ascii_digit).count() >= SSN_DIGITS
        && SSN.as_ref().is_none_or(|ssn| ssn.is_match(value.as_bytes()))
}

/// Whether a value of several words has one that is rare in names and addresses.
fn is_sentence(value: &str) -> bool {
    let has_enough_words =
        || value.split(' ').filter(|word| word.chars().any(char::is_alphanumeric)).count() >= SENTENCE_WORDS;
    value.bytes().filter(|byte| *byte == b' ').count() >= SENTENCE_WORDS - 1
        && has_enough_words()
        && SENTENCE.as_ref().is_none_or(|sentence| sentence.is_match(value.as_bytes()))
}

/// Whether nothing in a text is hidden. Between letters of Arabic and Indic scripts two zero-width characters are part
/// of the spelling.
fn is_visible_text(text: &str) -> bool {
    let is_joined = |character| matches!(character, '\u{620}'..='\u{DFF}');
    text.char_indices().all(|(at, character)| {
        let (before, after) = text.split_at_checked(at).unwrap_or_default();
        let is_between =
            || before.chars().next_back().is_some_and(is_joined) && after.chars().nth(1).is_some_and(is_joined);
        is_visible(character) || matches!(character, '\u{200C}' | '\u{200D}') && is_between()
    })
}

fn is_visible(character: char) -> bool {
    let is_hidden = matches!(
        character,
        '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{E0000}'..='\u{E0FFF}'
    );
    !is_hidden && (!character.is_control() || matches!(character, '\t' | '\r' | '\n'))
}

fn has_blob(value: &str) -> bool {
    value.split(|character| !is_encoding(character)).filter(|word| word.len() >= MIN_IMAGE_CHARS).any(|word| {
        IMAGES.iter().any(|image| word.starts_with(image))
            || word.split(['-', '/', '+', '_', '=']).any(|piece| piece.len() >= MAX_WORD_CHARS)
    })
}

/// Whether a value of an image element has words that aren't lines of an encoding. A single short word may be anything.
fn has_unencoded_words(value: &str) -> bool {
    let has_space = |text: &str| text.bytes().any(is_space);
    let is_line = |word: &str| word.chars().all(is_encoding);
    let data = value.strip_prefix("data:").and_then(|rest| rest.split_once(','));
    let data = data.filter(|(head, _)| head.len() <= 128 && !has_space(head)).map_or(value, |(_, data)| data);
    let mut words = data.split_ascii_whitespace().rev();
    match words.next() {
        None => false,
        Some(_) if value.len() <= 128 && !has_space(value) => false,
        Some(last) => !is_line(last) || words.any(|line| line.len() < MIN_IMAGE_CHARS || !is_line(line)),
    }
}

fn is_encoding(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '+' | '/' | '=' | '-' | '_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::load(dmv_redact::shipped::CATALOG, &[]).unwrap());
    static SHAPES: LazyLock<Shapes> = LazyLock::new(|| Shapes::new(&CATALOG).unwrap());

    #[test]
    fn p7_what_ships_with_the_filter_can_be_compiled() {
        for shape in &SHAPES.0 {
            assert!(shape.pattern.dfa().is_some() && anchored(&shape.pattern.text).is_ok(), "{shape:?}");
        }
        assert!(SSN.is_some() && SENTENCE.is_some());
    }

    proptest! {
        #[test]
        fn p7_a_dfa_accepts_what_its_regular_expression_does(
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
        ) {
            let value = pieces.concat();
            for shape in &SHAPES.0 {
                let plainly = shape.is_matched_by(&value) && shape.has_no_sign_of_more(&value);
                prop_assert_eq!(shape.conforms(&value), plainly, "{:?} {:?}", shape.pattern.text, value);
            }
        }
    }
}
