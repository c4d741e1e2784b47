//! Values in a part that was denied and skipped whole, whatever stands in it: a photo, mostly. All that was asked of them is
//! that their syntax is right, so any other that is plainly right may stand in their place.

use super::Trace;
use crate::read::scan::is_space;
use dmv_redact_model::catalog::ElementId;
use dmv_redact_model::format::Syntax;
use dmv_redact_model::span::Span;

impl Trace {
    /// Notes the values in a part of a message that has been read and was denied.
    pub(in crate::rewrite) fn skipped(&mut self, element: ElementId, syntax: Syntax, message: &[u8], part: Span) {
        if !self.is_on() {
            return;
        }
        match syntax {
            Syntax::Json => self.strings(element, message, part),
            Syntax::Xml => self.texts(element, message, part),
        }
    }

    /// All strings without escapes that are no names.
    fn strings(&mut self, element: ElementId, message: &[u8], part: Span) {
        let mut at = part.start();
        let find = |from: usize, byte: u8| {
            let rest = message.get(from..part.end())?;
            memchr::memchr(byte, rest).map(|place| from + place)
        };
        while let Some(start) = find(at, b'"') {
            let Some(end) = find(start + 1, b'"') else { return };
            let value = Span::new(start + 1, end);
            // Whether its quote ends a string that holds an escape is not asked: nothing behind it is noted.
            if memchr::memchr(b'\\', value.of(message)).is_some() {
                return;
            }
            at = end + 1;
            let behind = message.get(at..part.end()).unwrap_or_default();
            if behind.iter().find(|byte| !is_space(**byte)) != Some(&b':') {
                self.denied(element, value);
            }
        }
    }

    /// All texts between bare tags, by the plainest characters. What stands behind other markup is not noted.
    fn texts(&mut self, element: ElementId, message: &[u8], part: Span) {
        let mut at = part.start();
        while let Some(rest) = message.get(at..part.end()).filter(|rest| !rest.is_empty()) {
            let Some((text, markup)) = memchr::memchr(b'<', rest).and_then(|place| rest.split_at_checked(place)) else {
                return;
            };
            let is_plain = |byte: &u8| matches!(byte, b' '..0x7F | b'\t' | b'\n') && !matches!(byte, b'&' | b']');
            if !text.iter().all(is_plain) {
                return;
            }
            if !text.iter().all(|byte| is_space(*byte)) {
                self.denied(element, Span::new(at, at + text.len()));
            }
            let Some(end) = memchr::memchr(b'>', markup) else { return };
            let tag = markup.get(..end).unwrap_or_default();
            // In quotes a `>` would not be the end of the tag.
            if tag.iter().any(|byte| matches!(byte, b'"' | b'\'' | b'!' | b'?')) {
                return;
            }
            at += text.len() + end + 1;
        }
    }
}
