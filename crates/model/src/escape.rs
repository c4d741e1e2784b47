//! Escapes names and texts from outside for display.
//!
//! Others choose the names of files, entries and rules, and texts of errors. These must not control a terminal, hide or
//! reverse text, start a line, or send a command to a CI service (P6). All output for people goes through here; output
//! for programs is also escaped for its own syntax.

use std::borrow::Cow;
use std::fmt::Write;

/// The text on one line, with unsafe characters as `\u{...}`.
pub fn escape(text: &str) -> Cow<'_, str> {
    if characters(text).all(|(_, is_safe)| is_safe) {
        return text.into();
    }
    let mut line = String::with_capacity(text.len() + 16);
    for (character, is_safe) in characters(text) {
        push(&mut line, character, is_safe);
    }
    line.into()
}

/// A text of several lines, each escaped separately: the last barrier before an output, after names were escaped.
pub fn lines(text: &str) -> String {
    text.split('\n').map(escape).collect::<Vec<_>>().join("\n")
}

/// A text on one line that no spreadsheet evaluates as a formula.
pub fn spreadsheet_safe(text: &str) -> String {
    let text = escape(text);
    match text.chars().next() {
        Some('=' | '+' | '-' | '@') => format!("'{text}"),
        _ => text.into_owned(),
    }
}

/// A JSON document with unsafe characters as `\uXXXX`: the same document to every JSON parser.
pub fn json(document: &str) -> String {
    let mut safe = String::with_capacity(document.len() + 16);
    for (number, line) in document.split('\n').enumerate() {
        if number > 0 {
            safe.push('\n');
        }
        for (character, is_safe) in characters(line) {
            if is_safe {
                safe.push(character);
                continue;
            }
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a string can't fail.
                let _ = write!(safe, "\\u{unit:04x}");
            }
        }
    }
    safe
}

/// Appends a character, unchanged or as `\u{...}`.
pub fn push(line: &mut String, character: char, is_safe: bool) {
    match is_safe {
        true => line.push(character),
        // Writing to a string can't fail.
        false => drop(write!(line, "{}", character.escape_unicode())),
    }
}

/// Each character of a text, and whether it is safe to show unchanged.
///
/// CI services recognize commands by `::` at the start of a line, and `##`, a word and `[` anywhere. Where a word ends
/// up in a line is unknown here, so `::` at the start of any word counts. In a pattern of ORIs `##` is two digits.
pub fn characters(text: &str) -> impl Iterator<Item = (char, bool)> {
    let mut before = ' ';
    let mut rest = text.chars();
    std::iter::from_fn(move || {
        let character = rest.next()?;
        let is_command = match character {
            ':' => before.is_whitespace() && rest.clone().next() == Some(':'),
            '#' => before == '#' && rest.clone().find(|next| !next.is_alphanumeric()) == Some('['),
            _ => false,
        };
        before = character;
        Some((character, !is_command && is_visible(character)))
    })
}

/// Whether a character is visible as itself: no control, line end or separator, no zero-width or bidi character, no
/// noncharacter.
pub fn is_visible(character: char) -> bool {
    match character {
        ' '..='~' => true,
        // Soft hyphen, combining grapheme joiner, Arabic letter mark, Hangul fillers, Khmer inherent vowels, Mongolian
        // separators.
        '\u{AD}'
        | '\u{34F}'
        | '\u{61C}'
        | '\u{115F}'
        | '\u{1160}'
        | '\u{17B4}'
        | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' => false,
        // Zero-width and bidi marks, separators, bidi embeddings, invisible operators, bidi isolates.
        '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' => false,
        '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' => false,
        // Shorthand and musical format characters, tags, variation selectors.
        '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}' => false,
        _ => !character.is_control() && !is_noncharacter(character),
    }
}

fn is_noncharacter(character: char) -> bool {
    let code = u32::from(character);
    (0xFDD0..=0xFDEF).contains(&code) || code & 0xFFFE == 0xFFFE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p6_what_is_shown_can_not_steer_a_terminal_or_hide_or_turn_text() {
        assert!(matches!(escape("José 東京 a::b #1 C:\\x"), Cow::Borrowed("José 東京 a::b #1 C:\\x")));
        let hostile = "a\u{1b}[31m\u{9b}2J\r\n\t\u{202e}\u{2066}\u{200b}\u{feff}\u{ad}\u{2028}\u{7f}\u{e0041}\u{ffff}";
        let escaped = escape(hostile);
        assert_eq!(
            escaped,
            "a\\u{1b}[31m\\u{9b}2J\\u{d}\\u{a}\\u{9}\\u{202e}\\u{2066}\\u{200b}\\u{feff}\\u{ad}\\u{2028}\\u{7f}\\u{e0041}\\u{ffff}"
        );
        assert_eq!(escape(&escaped), escaped);
    }

    #[test]
    fn p6_lines_and_json_stay_what_they_are() {
        assert_eq!(lines("a\n::warning::x\n\u{1b}b\n"), "a\n\\u{3a}:warning::x\n\\u{1b}b\n");
        let value =
            serde_json::json!({ "a": "\u{85}\u{202e}\u{2028}\u{e0041}\\ \u{9b}", "b": [" ::x", "##[error]y", "José"] });
        let document = serde_json::to_string_pretty(&value).unwrap() + "\n";
        let safe = json(&document);
        assert!(safe.chars().all(|character| character == '\n' || is_visible(character)), "{safe}");
        assert!(!safe.contains(" ::") && !safe.contains("##[") && safe.contains("José"), "{safe}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
    }

    #[test]
    fn p6_no_ci_service_takes_a_name_for_a_command() {
        assert_eq!(escape("::warning ::x"), "\\u{3a}:warning \\u{3a}:x");
        assert_eq!(escape("a ::error::b"), "a \\u{3a}:error::b");
        assert_eq!(escape("##[error]x ##vso[y] ###"), "#\\u{23}[error]x #\\u{23}vso[y] ###");
        assert!(matches!(escape("AZ###??00 ##x [y]"), Cow::Borrowed(_)));
    }
}
