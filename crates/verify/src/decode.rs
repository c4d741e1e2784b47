//! What the bytes of a value mean, of the output and of the message alike, by quick-xml and serde_json.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};
use quick_xml::events::Event;
use quick_xml::events::attributes::Attribute;
use quick_xml::name::QName;
use quick_xml::{Reader, XmlVersion};

/// Where a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// Between the tags of an element.
    Content,
    /// Between the quotes of an attribute.
    Attribute,
    /// As a JSON value, with its quotes.
    Json,
}

impl Written {
    /// Decodes a value; `None` if it isn't written so. `scratch` is for one that isn't its own meaning.
    pub(super) fn decode<'v>(self, raw: &'v str, scratch: &'v mut String) -> Option<&'v str> {
        let decoded: Cow<'v, str> = match self {
            Self::Content => return content(raw, scratch),
            Self::Attribute => {
                let attribute = Attribute { key: QName("a"), value: Cow::Borrowed(raw) };
                attribute.normalized_value(XmlVersion::Implicit1_0).ok()?
            }
            Self::Json => match raw.strip_prefix('"') {
                None => Cow::Borrowed(raw),
                Some(rest) => {
                    let text = rest.strip_suffix('"');
                    let text = text.filter(|text| memchr::memchr2(b'"', b'\\', text.as_bytes()).is_none());
                    text.map(Cow::Borrowed).or_else(|| serde_json::from_str(raw).ok().map(Cow::Owned))?
                }
            },
        };
        Some(match decoded {
            Cow::Borrowed(text) => text,
            Cow::Owned(text) => {
                *scratch = text;
                scratch
            }
        })
    }
}

/// The text of an element, without what is in its comments and children: a value goes on behind them.
fn content<'v>(raw: &'v str, scratch: &'v mut String) -> Option<&'v str> {
    if memchr::memchr3(b'<', b'&', b'\r', raw.as_bytes()).is_none() {
        return Some(raw);
    }
    scratch.clear();
    let mut reader = Reader::from_str(raw);
    let mut depth = 0_usize;
    loop {
        match reader.read_event().ok()? {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            Event::Text(text) if depth == 0 => scratch.push_str(&text.xml10_content()),
            Event::CData(text) if depth == 0 => scratch.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) if depth == 0 => match reference.resolve_char_ref() {
                Ok(Some(character)) => scratch.push(character),
                Ok(None) => scratch.push_str(quick_xml::escape::resolve_xml_entity(&reference)?),
                Err(_) => return None,
            },
            Event::Eof => return (depth == 0).then_some(scratch),
            _ => {}
        }
    }
}

/// A message in UTF-8: legacy XML is UTF-16 with a byte order mark, which isn't part of the text, or declares that it is
/// in a single-byte encoding, all of which windows-1252 covers.
pub(super) fn message(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    let decode = |encoding: &'static Encoding, bytes| {
        let text = encoding.decode_without_bom_handling_and_without_replacement(bytes)?;
        Some(Cow::Owned(text.into_owned().into_bytes()))
    };
    match bytes {
        [0xFF, 0xFE, text @ ..] => return decode(UTF_16LE, text),
        [0xFE, 0xFF, text @ ..] => return decode(UTF_16BE, text),
        _ if !bytes.starts_with(b"<?xml") => return Some(Cow::Borrowed(bytes)),
        _ => {}
    }
    let Ok(Event::Decl(declaration)) = Reader::from_reader(bytes).read_event() else {
        return Some(Cow::Borrowed(bytes));
    };
    match declaration.encoding() {
        Some(Ok(label)) if Encoding::for_label(label.as_bytes()) == Some(WINDOWS_1252) => decode(WINDOWS_1252, bytes),
        _ => Some(Cow::Borrowed(bytes)),
    }
}
