//! Character data, references, CDATA sections, comments and processing instructions: allowed characters and decoding.

use super::super::refusal::{Reason, Refusal};
use super::super::scan::{find, is_space, mark_control, mark_equal, skip_space};
use super::{CDATA_END, CDATA_START, Event, ReadResult, XmlReader};
use dmv_redact_model::names::is_xml_character;
use dmv_redact_model::span::Span;
use dmv_redact_model::wide;

impl XmlReader<'_, '_> {
    /// Reads character data up to the next markup (production 14).
    pub(super) fn character_data(&mut self) -> ReadResult<Span> {
        let start = self.position;
        let mut at = skip_space(self.bytes, start);
        if self.bytes.get(at) == Some(&b'<') {
            self.position = at;
            self.state.text_is_plain = false;
            self.state.text_is_blank = true;
            return Ok(Span::new(start, at));
        }
        at = start;
        let mut plain = true;
        loop {
            at = find_in_text(self.bytes, at);
            match self.bytes.get(at) {
                Some(b'<') => break,
                Some(b'&') => {
                    plain = false;
                    at = self.reference(at)?;
                }
                Some(b'\r') => {
                    plain = false;
                    at += 1;
                }
                Some(b']') if self.at(at, b"]]>") => {
                    return Err(Refusal::at(Reason::NotWellFormedXml, at, "`]]>` in text"));
                }
                Some(b']') => at += 1,
                Some(_) => at = self.rare_character(at)?,
                None => return Err(Refusal::at(Reason::NotWellFormedXml, at, "an element is not closed")),
            }
        }
        self.position = at;
        self.state.text_is_plain = plain;
        self.state.text_is_blank = false;
        Ok(Span::new(start, at))
    }

    /// Skips the reference at `at` (productions 66 and 68): the five predefined entities, and characters.
    pub(super) fn reference(&self, at: usize) -> ReadResult<usize> {
        let rest = self.text.get(at + 1..).unwrap_or_default();
        let Some(end) = rest.as_bytes().iter().take(REFERENCE_BYTES).position(|byte| *byte == b';') else {
            return Err(Refusal::at(Reason::NotWellFormedXml, at, "a reference is not closed"));
        };
        match referenced_character(rest.get(..end).unwrap_or_default()) {
            Some(_) => Ok(at + 1 + end + 1),
            None => Err(Refusal::at(Reason::NotWellFormedXml, at, "a reference to no character")),
        }
    }

    /// Skips a control character, or a character whose first byte is also that of U+FFFE and U+FFFF, if XML allows it.
    #[cold]
    pub(super) fn rare_character(&self, at: usize) -> ReadResult<usize> {
        match self.text.get(at..).and_then(|rest| rest.chars().next()) {
            Some(character) if is_xml_character(character) => Ok(at + character.len_utf8()),
            _ => Err(Refusal::at(Reason::NotWellFormedXml, at, "a character that XML doesn't allow")),
        }
    }

    pub(super) fn cdata(&mut self) -> ReadResult<Event> {
        let start = self.position;
        let end = self.find_close(start + CDATA_START, b"]]>", "a CDATA section is not closed")?;
        self.position = end + CDATA_END;
        Ok(Event::CData(Span::new(start, self.position)))
    }

    pub(super) fn comment(&mut self) -> ReadResult<Event> {
        let end = self.find_close(self.position + 4, b"--", "a comment is not closed")?;
        if self.bytes.get(end + 2) != Some(&b'>') {
            return Err(Refusal::at(Reason::NotWellFormedXml, end, "`--` in a comment"));
        }
        self.position = end + 3;
        Ok(Event::CommentOrPi)
    }

    pub(super) fn processing_instruction(&mut self) -> ReadResult<Event> {
        let start = self.position + 2;
        let target_end = self.ncname(start)?;
        if Span::new(start, target_end).of(self.bytes).eq_ignore_ascii_case(b"xml") {
            return Err(self.refuse("a processing instruction named `xml`"));
        }
        let end = self.find_close(target_end, b"?>", "a processing instruction is not closed")?;
        if end > target_end && !self.bytes.get(target_end).is_some_and(|byte| is_space(*byte)) {
            return Err(Refusal::at(Reason::NotWellFormedXml, target_end, "white space is wanted behind a target"));
        }
        self.position = end + 2;
        Ok(Event::CommentOrPi)
    }

    /// The position of the first `close` at or after `from`; XML must allow all characters before it.
    fn find_close(&self, from: usize, close: &'static [u8], detail: &'static str) -> ReadResult<usize> {
        let rest = self.bytes.get(from..).unwrap_or_default();
        let Some(end) = memchr::memmem::find(rest, close) else {
            return Err(self.refuse(detail));
        };
        let end = from + end;
        // Scan no byte past the end: otherwise many small comments would take quadratic time (P8).
        let inside = self.bytes.get(..end).unwrap_or_default();
        let mut at = from;
        loop {
            at = find(
                inside,
                at,
                |word| mark_control(word) | mark_equal(word, 0xEF),
                |byte| ((byte < 0x20) & (byte != b'\n') & (byte != b'\t') & (byte != b'\r')) | (byte == 0xEF),
                |_| 0,
            );
            if at >= end {
                return Ok(end);
            }
            at = self.rare_character(at)?;
        }
    }
}

/// The first position at or after `from` that the fast scan can't skip, or the end: markup, a reference, perhaps `]]>`,
/// a control character, a carriage return, or the first byte of a character that XML may not allow.
#[inline(always)]
pub(super) fn find_in_text(bytes: &[u8], from: usize) -> usize {
    find(
        bytes,
        from,
        |word| {
            mark_equal(word, b'<')
                | mark_equal(word, b'&')
                | mark_equal(word, b']')
                | mark_equal(word, 0xEF)
                | mark_control(word)
        },
        |byte| {
            ((byte < 0x20) & (byte != b'\n') & (byte != b'\t'))
                | (byte == b'<')
                | (byte == b'&')
                | (byte == b']')
                | (byte == 0xEF)
        },
        wide::plain_in_text,
    )
}

/// No reference longer than this (with its `;`) resolves without a DTD, apart from leading zeros.
const REFERENCE_BYTES: usize = 64;

/// The character of a reference, by its name between `&` and `;`.
fn referenced_character(name: &str) -> Option<char> {
    let code = match name {
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "amp" => return Some('&'),
        "apos" => return Some('\''),
        "quot" => return Some('"'),
        _ => name.strip_prefix('#')?,
    };
    let (digits, radix) = match code.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (code, 10),
    };
    // `from_str_radix` alone would accept a sign.
    let code =
        digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, radix).ok())??;
    char::from_u32(code).filter(|character| is_xml_character(*character))
}

/// Appends decoded character data: references resolved, line ends normalized to a line feed (section 2.11).
pub fn decode(text: &str, into: &mut String) {
    let mut rest = text;
    while let Some(at) = memchr::memchr2(b'&', b'\r', rest.as_bytes()) {
        into.push_str(rest.get(..at).unwrap_or_default());
        let found = rest.get(at..).unwrap_or_default();
        let after = found.get(1..).unwrap_or_default();
        if found.starts_with('\r') {
            into.push('\n');
            rest = after.strip_prefix('\n').unwrap_or(after);
        } else {
            let (name, remaining) = after.split_once(';').unwrap_or((after, ""));
            into.extend(referenced_character(name));
            rest = remaining;
        }
    }
    into.push_str(rest);
}

/// Appends a decoded CDATA section: line ends normalized to a line feed, the rest as is.
pub fn decode_section(text: &str, into: &mut String) {
    for (index, line) in text.split('\r').enumerate() {
        if index > 0 {
            into.push('\n');
        }
        into.push_str(if index > 0 { line.strip_prefix('\n').unwrap_or(line) } else { line });
    }
}
