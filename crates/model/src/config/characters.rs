//! Deceptive characters, invisible or lookalike. Errors name them by code point, because nobody can see them.

use std::ops::Range;

use super::{ConfigError, Document, LocatedDocument};
use crate::escape::is_visible;

/// The first deceptive character of a text: its byte offset and description, `U+200B (zero width space)`. Letters of
/// other alphabets only count in a name, which has A to Z.
pub fn find_deceptive(text: &str, is_name: bool) -> Option<(usize, String)> {
    text.char_indices().find_map(|(at, character)| Some((at, deceptive(character, is_name)?)))
}

/// The description of a character, if it is deceptive.
pub(super) fn deceptive(character: char, is_name: bool) -> Option<String> {
    if matches!(character, ' '..='~' | '\t' | '\r' | '\n') {
        return None;
    }
    let code = u32::from(character);
    let what = match character {
        '\u{FF01}'..='\u{FF5E}' => {
            let ascii = char::from_u32(code - 0xFF01 + 0x21).unwrap_or_default();
            return Some(format!("U+{code:04X} (fullwidth `{ascii}`)"));
        }
        _ => match name(character) {
            Some(what) => what,
            None if !is_visible(character) => "invisible character",
            None if is_name => "not an ASCII character",
            None => return None,
        },
    };
    Some(format!("U+{code:04X} ({what})"))
}

fn name(character: char) -> Option<&'static str> {
    Some(match character {
        '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}' => "control character",
        '\u{A0}' => "no-break space",
        '\u{AB}' | '\u{BB}' | '\u{2039}' | '\u{203A}' => "angle quote",
        '\u{AD}' => "soft hyphen",
        '\u{B4}' | '\u{2BC}' | '\u{2B9}' | '\u{2BA}' | '\u{2032}'..='\u{2036}' => {
            "prime or accent that looks like a quote"
        }
        '\u{34F}' => "combining grapheme joiner",
        '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => "bidi control",
        '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' => "hangul filler",
        '\u{200B}' => "zero width space",
        '\u{200C}' => "zero width non-joiner",
        '\u{200D}' => "zero width joiner",
        '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{205F}' | '\u{3000}' => "space of another width",
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' => "dash that is no `-`",
        '\u{2018}'..='\u{201B}' => "curly single quote",
        '\u{201C}'..='\u{201F}' => "curly double quote",
        '\u{2028}' => "line separator",
        '\u{2029}' => "paragraph separator",
        '\u{202F}' => "narrow no-break space",
        '\u{2060}' => "word joiner",
        '\u{2061}'..='\u{2064}' => "invisible operator",
        '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' => "variation selector",
        '\u{FEFF}' => "byte order mark",
        '\u{E0000}'..='\u{E007F}' => "tag character",
        _ => return None,
    })
}

/// Whether a character changes the direction of the text after it, which can make a comment misleading, too.
fn is_bidi_control(character: char) -> bool {
    matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// The lexical context of a character in a TOML text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LexicalContext {
    Syntax,
    Comment,
    /// A string in these quotes.
    Text(&'static str),
}

/// Finds deceptive characters in a TOML text: invisible ones in keys and values, lookalikes of quotes, spaces and
/// dashes between them. In a string they can be written as visible escapes.
pub(super) fn check(document: &Document<'_>) -> Vec<ConfigError> {
    let text = document.text;
    if text.is_ascii() {
        return Vec::new();
    }
    let mut errors = Vec::new();
    let mut context = LexicalContext::Syntax;
    let mut skip_to = text.strip_prefix('\u{FEFF}').map_or(0, |rest| text.len() - rest.len());
    for (at, character) in text.char_indices() {
        if at < skip_to {
            continue;
        }
        let rest = text.get(at..).unwrap_or_default();
        match context {
            LexicalContext::Syntax if character == '#' => context = LexicalContext::Comment,
            LexicalContext::Syntax => {
                let quotes = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quotes| rest.starts_with(quotes));
                if let Some(quotes) = quotes {
                    (context, skip_to) = (LexicalContext::Text(quotes), at + quotes.len());
                }
            }
            LexicalContext::Comment if character == '\n' => context = LexicalContext::Syntax,
            LexicalContext::Text(quotes) if quotes.starts_with('"') && character == '\\' => skip_to = at + 2,
            LexicalContext::Text(quotes) if rest.starts_with(quotes) => {
                (context, skip_to) = (LexicalContext::Syntax, at + quotes.len());
            }
            // An unclosed string ends with its line.
            LexicalContext::Text("\"" | "'") if character == '\n' => context = LexicalContext::Syntax,
            LexicalContext::Comment | LexicalContext::Text(_) => {}
        }
        let is_forbidden = match context {
            LexicalContext::Syntax => true,
            LexicalContext::Comment => is_bidi_control(character),
            LexicalContext::Text(_) => !is_visible(character),
        };
        if let Some(what) = deceptive(character, false).filter(|_| is_forbidden) {
            errors.push(deceptive_error(document, at..at + character.len_utf8(), context, &what));
        }
    }
    errors
}

fn deceptive_error(document: &Document<'_>, span: Range<usize>, context: LexicalContext, what: &str) -> ConfigError {
    let (message, help) = match context {
        LexicalContext::Syntax => ("between keys and values", "write a plain space, quote or hyphen, or take it away"),
        LexicalContext::Comment => {
            ("in a comment", "take it away: it makes the comment read otherwise than it is written")
        }
        LexicalContext::Text("\"" | "\"\"\"") => ("in a text", "take it away, or write it as `\\uXXXX`"),
        LexicalContext::Text(_) => {
            ("in a text", "take it away, or put the text in `\"...\"` and write it as `\\uXXXX`")
        }
    };
    LocatedDocument::of(document).error_verbatim(&span, &format!("{what} {message}")).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_seen_is_named_by_its_code_point() {
        for (text, at, what) in [
            ("in\u{200b}-state", 2, "U+200B (zero width space)"),
            ("\u{a0}x", 0, "U+00A0 (no-break space)"),
            ("a\u{202e}", 1, "U+202E (bidi control)"),
            ("x\u{feff}", 1, "U+FEFF (byte order mark)"),
            ("\u{201c}x", 0, "U+201C (curly double quote)"),
            ("AZ\u{ff10}", 2, "U+FF10 (fullwidth `0`)"),
            ("a\u{9b}", 1, "U+009B (control character)"),
            ("a\u{ffff}", 1, "U+FFFF (invisible character)"),
        ] {
            assert_eq!(find_deceptive(text, false), Some((at, what.to_owned())), "{text:?}");
        }
        assert_eq!(find_deceptive("José 東京", false), None);
        assert_eq!(find_deceptive("in-st\u{430}te", true), Some((5, "U+0430 (not an ASCII character)".to_owned())));
        assert_eq!(find_deceptive("in-state, AZ\t~", true), None);
    }
}
