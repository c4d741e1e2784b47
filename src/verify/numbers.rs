//! Numbers as they are written. serde_json tells what a number is, and refuses one that is too large for it, but a value is
//! judged by its spelling: so the second reading is given numbers as strings, each checked to be one by itself.

use std::borrow::Cow;
use std::iter;
use std::ops::Range;

use serde::de::IgnoredAny;

/// A document whose numbers stand in quotes, and how many bytes each of them begins behind its own place.
pub(super) struct Quoted<'t> {
    pub(super) text: Cow<'t, str>,
    /// Where quotes were put in, in bytes of the document.
    quotes: Vec<usize>,
}

impl<'t> Quoted<'t> {
    /// `None` when something stands where a number might that is none, or a number where only a name may.
    pub(super) fn new(text: &'t str) -> Option<Self> {
        let mut quoted = String::new();
        let mut quotes = Vec::new();
        let mut copied = 0;
        for Range { start, end } in places(text) {
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

    /// Where in the document a place in the quoted text is.
    pub(super) fn source(&self, offset: usize) -> usize {
        let before = self.quotes.iter().enumerate().take_while(|(count, at)| *at + count < offset).count();
        offset - before
    }
}

/// Where numbers stand in a document of JSON, one after another, in bytes.
pub(super) fn places(text: &str) -> impl Iterator<Item = Range<usize>> {
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
                    while bytes.next_if(|(_, byte)| is_of_number(*byte)).is_some() {
                        end += 1;
                    }
                    return Some(start..end);
                }
                _ => {}
            }
        }
    })
}

/// Whether a number may go on with a byte.
pub(super) fn is_of_number(byte: u8) -> bool {
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
