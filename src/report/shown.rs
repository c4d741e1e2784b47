//! Names in what people read: files, entries and logs are called what somebody else likes, and whoever named them doesn't
//! steer the terminal or write lines of their own.

use std::borrow::Cow;
use std::fmt::Write;

use crate::catalog::is_clean_character;

/// Whether a text stays on its line and shows all that is in it.
pub(crate) fn shows_as_it_is(text: &str) -> bool {
    text.chars().all(shows)
}

/// The text on one line, with what doesn't show as `\u{...}`.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    if shows_as_it_is(text) {
        return text.into();
    }
    let mut line = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match shows(character) {
            true => line.push(character),
            // A string takes everything.
            false => drop(write!(line, "{}", character.escape_unicode())),
        }
    }
    line.into()
}

fn shows(character: char) -> bool {
    is_clean_character(character) && !matches!(character, '\t' | '\r' | '\n')
}
