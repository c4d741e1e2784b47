//! What a released value may look like: the catalog's shapes, and the plainest signs of what must never be in a text.
//! Built-in patterns are compiled on first use; a user's at once, so that errors in them are reported.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, OnceLock};

use regex::bytes::{Regex, RegexBuilder};
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::util::{primitives::StateID, start, syntax};

use super::value::{Permitted, is_result};
use dmv_redact_model::catalog::{Catalog, Kind, Treatment};
use dmv_redact_model::config::{ConfigError, Origin};

#[derive(Debug)]
struct Shape {
    pattern: Arc<Pattern>,
    max_characters: usize,
    kind: Kind,
    refuses_ssn: bool,
    may_be_phrase: bool,
}

#[derive(Debug)]
struct Pattern {
    text: String,
    /// For visible ASCII, if it isn't too large, with its start state.
    dfa: OnceLock<Option<(dense::DFA<Vec<u32>>, StateID)>>,
    /// For all else. One that can't be compiled matches nothing.
    regex: OnceLock<Option<Regex>>,
}

impl Pattern {
    fn dfa(&self) -> Option<&(dense::DFA<Vec<u32>>, StateID)> {
        let build = || {
            let mut config = dense::Config::new().start_kind(StartKind::Anchored);
            config = config.dfa_size_limit(Some(1 << 20)).determinize_size_limit(Some(1 << 20));
            let is_hidden = |byte: &u8| !byte.is_ascii() || byte.is_ascii_control() && !b"\t\r\n".contains(byte);
            for byte in (0..=u8::MAX).filter(is_hidden) {
                config = config.quit(byte, true);
            }
            let syntax = syntax::Config::new().unicode(false).utf8(false);
            let dfa = dense::Builder::new().configure(config).syntax(syntax).build(&self.text).ok()?;
            let start = dfa.start_state(&start::Config::new().anchored(regex_automata::Anchored::Yes)).ok()?;
            Some((dfa, start))
        };
        self.dfa.get_or_init(build).as_ref()
    }

    fn regex(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| RegexBuilder::new(&self.text).unicode(false).build().ok()).as_ref()
    }

    fn is_match(&self, value: &str) -> bool {
        let is_match = self.dfa().and_then(|(dfa, start)| {
            let next = |state, byte| Some(dfa.next_state(state, byte)).filter(|next| !dfa.is_quit_state(*next));
            Some(dfa.is_match_state(dfa.next_eoi_state(value.bytes().try_fold(*start, next)?)))
        });
        is_match.unwrap_or_else(|| self.is_regex_match(value))
    }

    fn is_regex_match(&self, value: &str) -> bool {
        let is_visible = |[.., visible]: &[Regex; 5]| visible.is_match(value.as_bytes());
        SIGNS.as_ref().is_some_and(is_visible) && self.regex().is_some_and(|regex| regex.is_match(value.as_bytes()))
    }
}

impl Shape {
    fn conforms(&self, value: &str) -> bool {
        let is_short = value.len() <= self.max_characters || value.chars().count() <= self.max_characters;
        is_short && self.pattern.is_match(value) && self.has_no_sign_of_more(value)
    }

    fn has_no_sign_of_more(&self, value: &str) -> bool {
        let Some([ssn, sentence, encoded, image, _]) = &*SIGNS else { return false };
        let has = |regex: &Regex| regex.is_match(value.as_bytes());
        if self.kind == Kind::Image {
            return self.may_be_phrase || has(encoded);
        }
        let has_digits = || value.bytes().filter(u8::is_ascii_digit).count() >= SSN_DIGITS;
        let has_spaces = || value.bytes().filter(|byte| *byte == b' ').count() + 1 >= SENTENCE_WORDS;
        let words = || value.split(' ').filter(|word| word.chars().any(char::is_alphanumeric));
        // Most values are too short for any of these.
        let has_ssn = || self.refuses_ssn && has_digits() && has(ssn);
        let is_phrase = || has_spaces() && words().count() >= SENTENCE_WORDS && has(sentence);
        let has_any = || has_ssn() || !self.may_be_phrase && is_phrase() || value.len() >= IMAGE_CHARS && has(image);
        value.len() < SSN_DIGITS || !has_any()
    }
}

const SSN_DIGITS: usize = 9;
const SENTENCE_WORDS: usize = 5;
const IMAGE_CHARS: usize = 16;
static SIGNS: LazyLock<Option<[Regex; 5]>> = LazyLock::new(|| {
    // Nine digits written like a Social Security number, with no digit next to them.
    let ssn = r"(?-u)(?:\A|\D)(?:\d{9}|\d{3}[-. ]\d{2}[-. ]\d{4})(?:\z|\D)";
    // A word that is rare in names and addresses.
    let sentence = r"(?i-u)(?:\A| )(?:is|was|are|been|has|have|had|not|this|that|who|which|they|their) ";
    // A single short word, or lines of an encoding, the last of any length.
    let encoded = r"(?-u)\A(?:\S{1,128}|(?:data:[^,\s]{0,128},\s*)?(?:[\w+/=-]{16,}\s+)*[\w+/=-]*\s*)\z";
    // How images begin in base64, base64url and hexadecimal; letters and digits that are too many for a word.
    let image = concat!(
        r"(?-u)[A-Za-z0-9]{40}|(?:\A|[^\w+/=-])(?:(?:/9j/|_9j_|H4sI)[\w+/=-]{12}|(?:SUkqA|TU0AK|UEsDB)[\w+/=-]{11}",
        r"|(?:R0lGOD|JVBERi|FFD8FF|ffd8ff)[\w+/=-]{10}|(?:89504[Ee]47|47494638)[\w+/=-]{8}|iVBORw0KGgo[\w+/=-]{5})",
    );
    // Nothing hidden. Between letters of Arabic and Indic scripts zero-width joiners are part of the spelling.
    let visible = concat!(
        r"\A(?:[\x{620}-\x{DFF}](?:[\x{200C}\x{200D}][\x{620}-\x{DFF}])*|[^\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F",
        r"\x{200B}-\x{200F}\x{2028}-\x{202E}\x{2060}-\x{206F}\x{FEFF}\x{E0000}-\x{E0FFF}])*\z",
    );
    let compile = |pattern| Regex::new(pattern).ok();
    Some([compile(ssn)?, compile(sentence)?, compile(encoded)?, compile(image)?, compile(visible)?])
});

/// The shapes of all elements.
#[derive(Debug)]
pub(super) struct Shapes(Vec<Shape>);

impl Shapes {
    pub(super) fn new(catalog: &Catalog) -> Result<Self, ConfigError> {
        let mut patterns: HashMap<&str, Arc<Pattern>> = HashMap::new();
        let mut shapes = Vec::new();
        for (_, element) in catalog.iter() {
            let (shape, kind) = (element.shape(), element.kind());
            let (text, max_characters) = shape.declared();
            let new =
                || Arc::new(Pattern { text: format!(r"\A(?:{text})\z"), dfa: OnceLock::new(), regex: OnceLock::new() });
            let pattern = Arc::clone(patterns.entry(text).or_insert_with(new));
            if shape.origin() == Origin::Added && pattern.regex().is_none() {
                return Err(ConfigError::of_file("catalog", format!("the shape of `{}` is too large", element.id())));
            }
            let refuses_ssn = kind == Kind::Text && !shape.may_hold_nine_digits();
            shapes.push(Shape { pattern, max_characters, kind, refuses_ssn, may_be_phrase: shape.may_be_phrase() });
        }
        Ok(Self(shapes))
    }

    /// Builds what is otherwise built for the first value of each element.
    pub(super) fn warm(&self) {
        LazyLock::force(&SIGNS);
        self.0.iter().for_each(|shape| _ = (shape.pattern.dfa(), shape.pattern.regex()));
    }

    /// Whether `value` is what an element permitted under `treatment` may look like.
    pub(super) fn allow(&self, (element, treatment): Permitted, value: &str) -> bool {
        let is_trimmed = value.trim_ascii().len() == value.len();
        let trimmed = if is_trimmed { value } else { value.trim_matches([' ', '\t', '\r', '\n']) };
        let conforms = || match treatment {
            Treatment::Full => self.0.get(element.index()).is_some_and(|shape| shape.conforms(trimmed)),
            _ => is_result(treatment, value),
        };
        value.len() - trimmed.len() <= 256 && (trimmed.is_empty() || conforms())
    }
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
            assert!(shape.pattern.dfa().is_some() && shape.pattern.regex().is_some(), "{shape:?}");
        }
        assert!(SIGNS.is_some());
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
                let is_short = value.chars().count() <= shape.max_characters;
                let plainly = is_short && shape.pattern.is_regex_match(&value) && shape.has_no_sign_of_more(&value);
                prop_assert_eq!(shape.conforms(&value), plainly, "{:?} {:?}", shape.pattern.text, value);
            }
        }
    }
}
