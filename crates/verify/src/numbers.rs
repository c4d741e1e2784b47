//! Numbers by their spelling. serde_json returns a number's value, and rejects one that is too large, but a value is
//! judged by its spelling: so the second reading passes numbers as strings, each checked to be a number.

use std::borrow::Cow;
use std::iter;
use std::ops::Range;

use serde::de::IgnoredAny;

/// A document whose numbers are quoted, with the positions of the quotes.
pub(super) struct Quoted<'t> {
    pub(super) text: Cow<'t, str>,
    /// Where quotes were inserted, in bytes of the document.
    quotes: Vec<usize>,
}

impl<'t> Quoted<'t> {
    /// `None` if something in a number's position isn't one, or a number is in a name's position.
    pub(super) fn new(text: &'t str) -> Option<Self> {
        let mut quoted = String::new();
        let mut quotes = Vec::new();
        let mut copied = 0;
        for Range { start, end } in number_ranges(text) {
            let number = text.get(start..end)?;
            serde_json::from_str::<IgnoredAny>(number).ok()?;
            if text.get(end..)?.trim_ascii_start().starts_with(':') {
                return None;
            }
            quoted.push_str(text.get(copied..start)?);
            quoted.push('"');
            quoted.push_str(number);
            quoted.push('"');
            copied = end;
            quotes.extend([start, end]);
        }
        let text = if quotes.is_empty() {
            Cow::Borrowed(text)
        } else {
            quoted.push_str(text.get(copied..)?);
            Cow::Owned(quoted)
        };
        Some(Self { text, quotes })
    }

    /// Maps an offset in the quoted text to the document.
    pub(super) fn source(&self, offset: usize) -> usize {
        let before = self.quotes.iter().enumerate().take_while(|(count, at)| *at + count < offset).count();
        offset - before
    }
}

/// The ranges of the numbers in a JSON document, in bytes.
pub(super) fn number_ranges(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut in_string = false;
    let mut bytes = text.bytes().enumerate().peekable();
    iter::from_fn(move || {
        loop {
            match bytes.next()? {
                (_, b'"') => in_string = !in_string,
                (_, b'\\') if in_string => {
                    bytes.next();
                }
                (start, b'-' | b'0'..=b'9') if !in_string => {
                    let mut end = start + 1;
                    while bytes.next_if(|(_, byte)| continues_number(*byte)).is_some() {
                        end += 1;
                    }
                    return Some(start..end);
                }
                _ => {}
            }
        }
    })
}

/// Whether a byte can continue a number.
pub(super) fn continues_number(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_strings_and_nothing_else_is_touched() {
        let quoted = Quoted::new(r#"{"a1":-1.50,"b":[0,1e400],"c":"2\"3","d":true}"#).unwrap();
        assert_eq!(quoted.text, r#"{"a1":"-1.50","b":["0","1e400"],"c":"2\"3","d":true}"#);
        for place in ["{", "\"b\"", "[", "\"c\"", "\"d\"", "}"] {
            let offset = quoted.text.find(place).unwrap();
            let source = r#"{"a1":-1.50,"b":[0,1e400],"c":"2\"3","d":true}"#.find(place).unwrap();
            assert_eq!(quoted.source(offset), source, "{place}");
        }
        assert!(Quoted::new(r#"{1:"2"}"#).is_none() && Quoted::new(r#"{"a":{1.5 :"2"}}"#).is_none());
        for none in ["[01]", "[1.]", "[-]", "[+1]x", "[1e]", "[0x1]"] {
            assert!(Quoted::new(none).is_none() || serde_json::from_str::<IgnoredAny>(none).is_err(), "{none}");
        }
    }
}
