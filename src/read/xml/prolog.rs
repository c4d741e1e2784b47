//! The XML declaration: version, encoding and standalone, in this order and consistent with the bytes (productions 23
//! to 32).

use super::super::BYTE_ORDER_MARK;
use super::super::encoding::Encoding;
use super::super::refusal::{Reason, Refusal};
use super::super::scan::skip_space;
use super::{Declaration, ReadResult, XmlReader};
use dmv_redact_model::span::Span;

impl XmlReader<'_, '_> {
    /// Skips byte order mark and declaration; returns where the latter is.
    pub(super) fn declaration(&mut self, actual: Encoding) -> ReadResult<Declaration> {
        if self.text.starts_with('\u{FEFF}') {
            self.position = BYTE_ORDER_MARK;
        }
        let start = self.position;
        let is_declaration = self.at(start, b"<?xml") && super::space(self.bytes, start + 5).is_some();
        if !is_declaration {
            return match actual {
                Encoding::Utf8 | Encoding::Utf16 | Encoding::Text => Ok(Declaration::default()),
                Encoding::Ascii | Encoding::Latin1 | Encoding::Windows1252 => Err(self.malformed(start)),
            };
        }
        let (version, mut at) = self.pseudo_attribute(start + 5, b"version")?.ok_or_else(|| self.malformed(start))?;
        if version.of(self.bytes) != b"1.0" {
            return Err(Refusal::at(Reason::NotWellFormedXml, version.start(), "the version is not 1.0"));
        }
        let mut encoding = None;
        if let Some((name, end)) = self.pseudo_attribute(at, b"encoding")? {
            let label = name.of(self.bytes);
            if !is_encoding_name(label) {
                return Err(self.malformed(name.start()));
            }
            if !actual.is_declared_by(label) {
                return Err(Refusal::at(Reason::Encoding, name.start(), "another encoding is declared than is read"));
            }
            encoding = Some(name);
            at = end;
        }
        if let Some((standalone, end)) = self.pseudo_attribute(at, b"standalone")? {
            if !matches!(standalone.of(self.bytes), b"yes" | b"no") {
                return Err(self.malformed(standalone.start()));
            }
            at = end;
        }
        let close = skip_space(self.bytes, at);
        if !self.at(close, b"?>") {
            return Err(self.malformed(close));
        }
        self.position = close + 2;
        Ok(Declaration { span: Span::new(start, self.position), encoding })
    }

    /// Reads ` name = "value"` if that name comes next; returns the value and the position after its quote.
    fn pseudo_attribute(&self, from: usize, name: &[u8]) -> ReadResult<Option<(Span, usize)>> {
        let name_start = skip_space(self.bytes, from);
        if !self.at(name_start, name) {
            return Ok(None);
        }
        self.required_space(from, "white space is wanted in the XML declaration")?;
        let equals = skip_space(self.bytes, name_start + name.len());
        let open = skip_space(self.bytes, equals + 1);
        let quote = self.bytes.get(open).filter(|byte| matches!(byte, b'"' | b'\''));
        let (Some(b'='), Some(quote)) = (self.bytes.get(equals), quote) else {
            return Err(self.malformed(equals));
        };
        let rest = self.bytes.get(open + 1..).unwrap_or_default();
        let length = memchr::memchr(*quote, rest).ok_or_else(|| self.malformed(open))?;
        let value = Span::new(open + 1, open + 1 + length);
        Ok(Some((value, value.end() + 1)))
    }

    fn malformed(&self, at: usize) -> Refusal {
        Refusal::at(Reason::NotWellFormedXml, at, "the XML declaration is malformed")
    }
}

/// Production 81 (EncName).
fn is_encoding_name(label: &[u8]) -> bool {
    label.first().is_some_and(u8::is_ascii_alphabetic)
        && label.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}
