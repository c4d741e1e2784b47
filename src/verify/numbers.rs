//! Numbers as they are written. serde_json tells what a number is, and refuses one that is too large for it, but a value is
//! judged by its spelling: so the second reading is given numbers as strings, each checked to be one by itself.

use std::borrow::Cow;

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
        let mut in_string = false;
        let mut bytes = text.bytes().enumerate();
        while let Some((at, byte)) = bytes.next() {
            match byte {
                b'"' => in_string = !in_string,
                b'\\' if in_string => {
                    bytes.next();
                }
                b'-' | b'0'..=b'9' if !in_string => {
                    let rest = text.get(at..)?;
                    let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')));
                    let number = rest.get(..length.unwrap_or(rest.len()))?;
                    serde_json::from_str::<IgnoredAny>(number).ok()?;
                    let behind = rest.get(number.len()..)?.trim_ascii_start();
                    if behind.starts_with(':') {
                        return None;
                    }
                    quoted.push_str(text.get(copied..at)?);
                    quoted.push('"');
                    quoted.push_str(number);
                    quoted.push('"');
                    copied = at + number.len();
                    quotes.extend([at, copied]);
                    if number.len() > 1 {
                        bytes.nth(number.len() - 2);
                    }
                }
                _ => {}
            }
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
