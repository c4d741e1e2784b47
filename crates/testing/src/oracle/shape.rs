//! What one value may look like and what a treatment makes of it: the oracle's judge of single values.
//! The shapes are written out once more from docs/formats.md, not taken from the crate.

use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::catalog::{Element, Kind, whole};
use crate::policy::Treatment;

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Goes out byte for byte.
    Full,
    /// Goes out as this text.
    Written(String),
    /// Goes out as the token of this text.
    Token(String),
    Violates,
}

static SHAPES: LazyLock<[Regex; 7]> = LazyLock::new(|| {
    [
        whole(r##"(?u:\p{L}[\p{M}\u{200C}\u{200D}]*|[0-9 .,;:'"#&()*+\-/=?!%_$¡ª°´·º¼-¿–—‘-”…])*"##),
        whole(&format!(
            r"\d{{4}}|\d{{4}}-\d\d|\d{{4}}-\d\d-\d\d([T ]{TIME})?({ZONE})?|\d{{8}}|\d\d/\d\d/\d{{4}}|\d\d-\d\d-\d{{4}}"
        )),
        whole(&[UNITED_STATES, CANADA, DIGITS, LETTERS].join("|")),
        whole(r"[A-Za-z0-9][A-Za-z0-9 *./-]*"),
        whole(r"[A-Za-z0-9][A-Za-z0-9 ,&()'/_.+-]*"),
        whole(r"[+-]?\d+(\.\d+)?"),
        whole(r"[\t\r\n !#$%'-;=?-z|~]*"),
    ]
});
/// Postal codes.
const UNITED_STATES: &str = r"\d{5}[ -]?\d{4}|\d{5}";
const CANADA: &str = r"[A-Za-z]\d[A-Za-z][ -]?\d[A-Za-z]\d";
const DIGITS: &str = r"\d{3,7}|\d{2,5}[ -]\d{2,4}";
const LETTERS: &str = r"\d{4} ?[A-Za-z]{2}|[A-Za-z]{1,2}\d[A-Za-z0-9]? ?\d[A-Za-z]{2}|[A-Za-z]{1,3}[ -]?\d{3,5}|[A-Za-z]\d\d ?[A-Za-z0-9]{4}";
const TIME: &str = r"\d\d:\d\d(:\d\d(\.\d+)?)?";
const ZONE: &str = r"Z|[+-]\d\d:\d\d";

/// Dates of which a year can be read, by where it stands: first or last.
static DATES: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    let (year, month, day) = ("(1[89]|2[01])[0-9]{2}", "(0[1-9]|1[0-2])", "(0[1-9]|[12][0-9]|3[01])");
    [
        whole(&format!("{year}|{year}-{month}|{year}-{month}-{day}([T ].*|{ZONE})?|{year}{month}{day}")),
        whole(&format!("{month}{day}{year}|{month}/{day}/{year}|{month}-{day}-{year}")),
    ]
});
static SSN_RUN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?-u)(^|[^0-9])(\d{3}[^0-9A-Za-z]{1,3}\d{2}[^0-9A-Za-z]{1,3}\d{4}|\d{9}|\d{3}([^0-9A-Za-z.]|[^0-9A-Za-z]{2,3})\d{6}|(\d[^0-9A-Za-z]{1,3}){8}\d)([^0-9]|$)").unwrap()
});
/// Of an image: one word, or lines of an encoding, each but the last of a good length, behind the head of a data URI or none.
static IMAGE: LazyLock<Regex> = LazyLock::new(|| {
    let data = r"(data:[^,\s]{0,128},\s*)?([A-Za-z0-9+/=_-]{16,}[ \t\r\n]+)*([A-Za-z0-9+/=_-]+)?";
    Regex::new(&format!(r"(?-u)\A([^ \t\r\n]{{1,128}}|{data})\z")).unwrap()
});
static REFERENCE: LazyLock<Regex> = LazyLock::new(|| Regex::new("&#?[A-Za-z0-9]+;").unwrap());
const SENTENCE_WORDS: &str = "is was are been being has have had does did shall should would could cannot can't don't \
    doesn't isn't wasn't not this that these those who whom whose which when where while his its it they them their your \
    because please fue tiene porque";
static JOINED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[\u{620}-\u{DFF}][\u{200C}\u{200D}](?:[\u{620}-\u{DFF}][\u{200C}\u{200D}])*[\u{620}-\u{DFF}]").unwrap()
});
static SSN_SEPARATED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?-u)(^|[^0-9])(\d{3}[^0-9A-Za-z]{1,3}\d{2}[^0-9A-Za-z]{1,3}\d{4})([^0-9]|$)").unwrap()
});

/// What a granted element does with a decoded value.
pub(crate) fn judge(element: &Element, treatment: Treatment, value: &str) -> Verdict {
    let value = value.trim_matches([' ', '\t', '\r', '\n']);
    if value.is_empty() {
        return Verdict::Full;
    }
    if own_output(element.kind, treatment, value) {
        return Verdict::Written(value.to_owned());
    }
    if !conforms(element, value) {
        return Verdict::Violates;
    }
    match treatment {
        Treatment::Full => Verdict::Full,
        Treatment::Mask => Verdict::Written("****".to_owned()),
        Treatment::Token => Verdict::Token(value.to_owned()),
        Treatment::Own => match generalise(element.kind, value) {
            Some(written) => Verdict::Written(written),
            None => Verdict::Violates,
        },
    }
}

/// A treatment takes its own output as it is, whatever the element's own shape: else it would not be idempotent.
fn own_output(kind: Kind, treatment: Treatment, value: &str) -> bool {
    match (treatment, kind) {
        (Treatment::Full | Treatment::Token, _) => false,
        (Treatment::Mask, _) => value == "****",
        (Treatment::Own, Kind::Date) => digits(value, 4) && year(value).is_some(),
        (Treatment::Own, Kind::PostalCode) => digits(value, 5),
        (Treatment::Own, Kind::Identifier) => {
            value.len() == 8 && value.starts_with("****") && value.bytes().skip(4).all(|b| b.is_ascii_alphanumeric())
        }
        (Treatment::Own, kind) => panic!("{kind:?} has no treatment of its own"),
    }
}

fn digits(value: &str, count: usize) -> bool {
    value.len() == count && value.bytes().all(|b| b.is_ascii_digit())
}

fn generalise(kind: Kind, value: &str) -> Option<String> {
    match kind {
        Kind::Date => year(value),
        Kind::PostalCode => {
            let is_of_united_states = digits(value, 5) || whole(UNITED_STATES).is_match(value.as_bytes());
            is_of_united_states.then(|| value[..5].to_owned())
        }
        Kind::Identifier => {
            let read: Vec<char> = value.chars().filter(char::is_ascii_alphanumeric).collect();
            (read.len() >= 5).then(|| format!("****{}", read[read.len() - 4..].iter().collect::<String>()))
        }
        kind => panic!("{kind:?} has no treatment of its own"),
    }
}

fn year(value: &str) -> Option<String> {
    let [first, last] = DATES.each_ref().map(|dates| dates.is_match(value.as_bytes()));
    match (first, last) {
        (true, _) => Some(value[..4].to_owned()),
        (_, true) => Some(value[value.len() - 4..].to_owned()),
        _ => None,
    }
}

/// Whether a value that is not empty, already trimmed, has the element's shape.
pub(crate) fn conforms(element: &Element, value: &str) -> bool {
    let is_phrase = if element.kind == Kind::Image { !IMAGE.is_match(value.as_bytes()) } else { is_sentence(value) };
    let is_sentence = !element.holds_phrase && is_phrase;
    // Two characters of no width are part of the spelling between Arabic and Indic letters.
    let is_hidden = JOINED.replace_all(value.as_bytes(), b"");
    let is_hidden = String::from_utf8_lossy(&is_hidden).chars().any(never);
    if is_hidden || is_ssn(element, value) || is_sentence || REFERENCE.is_match(value.as_bytes()) {
        return false;
    }
    if element.kind != Kind::Image && is_photo(value) {
        return false;
    }
    let (default_shape, default_length) = match element.kind {
        Kind::Text => (0, 128),
        Kind::Record => (0, 256),
        Kind::Date => (1, usize::MAX),
        Kind::PostalCode => (2, 10),
        Kind::Identifier => (3, 32),
        Kind::Code => (4, 48),
        Kind::Number => (5, 16),
        Kind::Image => (6, usize::MAX),
    };
    let shape = element.shape.as_ref().unwrap_or(&SHAPES[default_shape]);
    value.chars().count() <= element.max_length.unwrap_or(default_length) && shape.is_match(value.as_bytes())
}

/// A Social Security number where none belongs: with its separators, or in a text as bare digits too.
fn is_ssn(element: &Element, value: &str) -> bool {
    let bare = match element.kind {
        Kind::Text | Kind::Record | Kind::Code | Kind::Identifier => !element.is_envelope && !element.holds_nine_digits,
        _ => false,
    };
    let may_be_text = matches!(element.kind, Kind::Text | Kind::Record | Kind::Code | Kind::Identifier);
    let is_note = element.kind == Kind::Image && value.len() <= 128;
    let separated = may_be_text || is_note;
    let runs = if bare { &SSN_RUN } else { &SSN_SEPARATED };
    separated && !element.holds_ssn && runs.is_match(value.as_bytes())
}

/// Several words with one of sentences among them, or with a full stop after a whole word; or very many words.
fn is_sentence(value: &str) -> bool {
    let words: Vec<&str> =
        value.split_ascii_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).collect();
    let is_of_sentences = |word: &&str| {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase();
        SENTENCE_WORDS.split_whitespace().any(|own| own == bare)
    };
    let last = words.last().map_or("", |word| word.trim_end_matches(['"', '\'', ')']));
    let end = last.strip_suffix(['.', '!', '?']).unwrap_or_default();
    let has_end = end.chars().count() >= 5 && end.chars().all(char::is_alphabetic);
    words.len() > 20 || words.len() >= 5 && (has_end || words.iter().any(is_of_sentences))
}

/// Characters that no value may hold, whatever its shape.
fn never(c: char) -> bool {
    let code = u32::from(c);
    matches!(code, 0..=8 | 0xB | 0xC | 0xE..=0x1F | 0x7F..=0x9F | 0xAD | 0x61C | 0x200B..=0x200F | 0x2028..=0x202E)
        || matches!(code, 0x2060..=0x206F | 0xFEFF | 0xFDD0..=0xFDEF | 0xFF01..=0xFF5E | 0x1D400..=0x1D7FF)
        || code & 0xFFFE == 0xFFFE
}

/// The plainest sign of a photo: the base64 of a known image signature at the start of a long value (P7).
fn is_photo(value: &str) -> bool {
    value.len() >= 40 && ["/9j/", "iVBORw0KGgo", "AAAADGpQICANCoc", "R0lGOD"].iter().any(|sign| value.starts_with(sign))
}

/// What is an opaque blob besides, or another layout's field in a text, is for the crate to say (P7): the oracle has no
/// opinion on a long run without a space, and on what may be such a field.
pub(crate) fn may_be_opaque(element: &Element, value: &str) -> bool {
    let is_text = matches!(element.kind, Kind::Text | Kind::Record);
    let is_disguised =
        is_text && (value.contains(['=', '/']) || ["DAQ", "DB", "DC", "DD"].iter().any(|id| value.contains(id)));
    is_disguised || element.kind != Kind::Image && value.split_whitespace().any(|run| run.len() >= OPAQUE)
}

pub(crate) const OPAQUE: usize = 16;
