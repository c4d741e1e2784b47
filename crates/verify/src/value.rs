//! A value of an output: what its bytes mean, by quick-xml and serde_json, and what a treatment makes of it.

use std::borrow::Cow;
use std::mem;

use dmv_redact_model::catalog::{ElementId, Treatment};
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use quick_xml::events::{Event, attributes::Attribute};
use quick_xml::{Reader, XmlVersion, escape::resolve_xml_entity, name::QName};

/// What was checked, or in fixed words what was found.
pub(super) type Checked<T> = Result<T, &'static str>;

pub(super) fn ensure(holds: bool, what: &'static str) -> Checked<()> {
    if holds { Ok(()) } else { Err(what) }
}

/// An element with the treatment under which it is permitted.
pub(super) type Permitted = (ElementId, Treatment);

#[derive(Debug, Clone, Copy)]
pub(super) struct Value<'v> {
    /// The name of its element, attribute or member; empty for an item, and `None` if it was compared before.
    pub(super) name: Option<&'v str>,
    /// Its bytes, and what they mean.
    pub(super) raw: &'v str,
    pub(super) text: &'v str,
    pub(super) written: Written,
    /// Whether it is written as XML's nil or JSON's null.
    pub(super) is_nil: bool,
}

/// Where a value is written: between tags, between the quotes of an attribute, or as JSON with its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    Content,
    Attribute,
    Json,
}

impl Written {
    /// What a value means; `None` if it isn't written so. The text that it becomes may take the memory of `scratch`.
    pub(super) fn decode<'v>(self, raw: &'v str, scratch: &mut String) -> Option<Cow<'v, str>> {
        match self {
            Self::Content if memchr::memchr3(b'<', b'&', b'\r', raw.as_bytes()).is_none() => Some(Cow::Borrowed(raw)),
            Self::Content => content(raw, mem::take(scratch)).map(Cow::Owned),
            Self::Attribute => {
                let attribute = Attribute { key: QName("a"), value: Cow::Borrowed(raw) };
                attribute.normalized_value(XmlVersion::Implicit1_0).ok()
            }
            Self::Json if raw.starts_with('"') => {
                let plain = serde_json::from_str(raw).map(Cow::Borrowed);
                plain.or_else(|_| serde_json::from_str(raw).map(Cow::Owned)).ok()
            }
            Self::Json => {
                raw.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)).then_some(raw.into())
            }
        }
    }
}

/// The text of an element without what is in its comments and children, which the message may have in a value.
fn content(raw: &str, mut text: String) -> Option<String> {
    let (mut reader, mut depth) = (Reader::from_str(raw), 0_usize);
    text.clear();
    loop {
        match reader.read_event().ok()? {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            Event::Text(part) if depth == 0 => text.push_str(&part.xml10_content()),
            Event::CData(part) if depth == 0 => text.push_str(&part.xml10_content()),
            Event::GeneralRef(reference) if depth == 0 => match reference.resolve_char_ref().ok()? {
                Some(character) => text.push(character),
                None => text.push_str(resolve_xml_entity(&reference)?),
            },
            Event::Eof => return (depth == 0).then_some(text),
            _ => {}
        }
    }
}

/// A message in UTF-8. Legacy XML is UTF-16 with a byte order mark, which isn't part of the text, or declares a
/// single-byte encoding, all of which windows-1252 covers.
pub(super) fn message(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    match Encoding::for_bom(bytes).or_else(|| Some((declared(bytes)?, 0))) {
        Some((encoding, mark)) if encoding != UTF_8 => {
            let text = encoding.decode_without_bom_handling_and_without_replacement(bytes.get(mark..)?)?;
            Some(Cow::Owned(text.into_owned().into_bytes()))
        }
        _ => Some(Cow::Borrowed(bytes)),
    }
}

fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let event = bytes.starts_with(b"<?xml").then(|| Reader::from_reader(bytes).read_event())?.ok()?;
    let Event::Decl(declaration) = event else { return None };
    Encoding::for_label(declaration.encoding()?.ok()?.as_bytes()).filter(|encoding| *encoding == WINDOWS_1252)
}

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

pub(super) fn is_blank(text: &str) -> bool {
    text.bytes().all(is_space)
}

const MASK: &str = "****";

/// Whether a value looks like a result of a treatment.
pub(super) fn is_result(treatment: Treatment, value: &str) -> bool {
    let is_digits = |count| value.len() == count && value.bytes().all(|byte| byte.is_ascii_digit());
    match treatment {
        Treatment::Full => true,
        Treatment::Year => is_digits(4) && ("1800"..="2199").contains(&value),
        Treatment::Zip5 => is_digits(5),
        Treatment::Last4 => last_four(value).is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_alphanumeric())),
        Treatment::Token => is_token(value),
        Treatment::Mask => value == MASK,
    }
}

/// Whether a value has the form of a token.
fn is_token(value: &str) -> bool {
    let digits = value.strip_prefix("tk-").unwrap_or_default();
    digits.len() == 32 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// How what is permitted under a treatment is written in a text with fields, whose patterns have no place for tokens.
pub(super) fn in_text(treatment: Treatment) -> Treatment {
    match treatment {
        Treatment::Token => Treatment::Mask,
        other => other,
    }
}

/// Whether a result is that of `source`. A result is its own, but for a token, which takes its key to tell.
pub(super) fn is_result_of(treatment: Treatment, result: &str, source: &str) -> bool {
    let trimmed = source.trim_matches([' ', '\t', '\r', '\n']);
    is_result(treatment, result)
        && match treatment {
            Treatment::Full | Treatment::Token => false,
            _ if result == source => true,
            Treatment::Year => trimmed.starts_with(result) || trimmed.ends_with(result),
            Treatment::Zip5 => trimmed.starts_with(result),
            Treatment::Last4 => {
                let mut source = source.bytes().rev().filter(u8::is_ascii_alphanumeric);
                let end = last_four(result).unwrap_or_default();
                end.bytes().rev().all(|byte| source.next() == Some(byte)) && source.next().is_some()
            }
            Treatment::Mask => true,
        }
}

pub(super) fn last_four(value: &str) -> Option<&str> {
    value.strip_prefix(MASK).filter(|rest| rest.len() == 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p4_a_result_is_of_its_value_and_of_no_other() {
        for (treatment, result, source, is_of) in [
            (Treatment::Year, "1985", " 1985-07-04\n", true),
            (Treatment::Year, "1985", "07/04/1985", true),
            (Treatment::Year, "1985", "1986-07-04", false),
            (Treatment::Year, "0704", "07041985", false),
            (Treatment::Year, "1985", "1985", true),
            (Treatment::Zip5, "62704", "62704-1234", true),
            (Treatment::Zip5, "62704", "K1A 62704", false),
            (Treatment::Last4, "****3456", "900-12-34-56", true),
            (Treatment::Last4, "****3456", "3456", false),
            (Treatment::Last4, "****3456", "****3456", true),
            (Treatment::Last4, "****3456", "900-12-3457", false),
            (Treatment::Last4, "900123456", "900123456", false),
            (Treatment::Mask, "****", "anything", true),
            (Treatment::Mask, "anything", "anything", false),
            (Treatment::Full, "A", "A", false),
        ] {
            assert_eq!(is_result_of(treatment, result, source), is_of, "{treatment:?} {result} {source}");
        }
    }
}
