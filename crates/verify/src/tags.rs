//! Splits XML at its tags, with quick-xml's parts. Its `Reader` does the same, but allocates the names of open elements
//! anew for every message, and validates each piece as UTF-8 again. So tags and plain text, nearly all of an output,
//! are split here, where `ElementParser` says that a tag ends; a `Reader` reads everything else. Tests compare it with
//! a `Reader` that reads all.

use quick_xml::Reader;
use quick_xml::events::Event;
use quick_xml::events::attributes::Attributes;
use quick_xml::parser::{ElementParser, Parser};

use super::value::{Checked, is_space};

/// The next piece of a document.
#[derive(Debug)]
pub(super) enum XmlToken<'t> {
    Start(Tag<'t>),
    /// The start of an end tag; pass the element's name to [`Tags::end`].
    End,
    Text(&'t str),
    /// What is rare: a reference, a CDATA section, a declaration, and what must not be there.
    Rare(Event<'t>),
    /// The end of the document.
    Eof,
}

/// A start tag, or an empty-element tag.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag<'t> {
    content: &'t str,
    /// The length of its name in bytes.
    name: usize,
    pub(super) is_empty: bool,
}

impl<'t> Tag<'t> {
    pub(super) fn name(self) -> &'t str {
        self.content.get(..self.name).unwrap_or_default()
    }

    /// What follows its name.
    pub(super) fn after_name(self) -> &'t str {
        self.content.get(self.name..).unwrap_or_default()
    }

    /// Its attributes in `rest`, the end of what follows its name. The walk checks for duplicates: quick-xml would
    /// allocate for that.
    pub(super) fn attributes(self, rest: &str) -> Attributes<'t> {
        let mut attributes = Attributes::new(self.content, self.content.len() - rest.len());
        attributes.with_checks(false);
        attributes
    }
}

/// A document being read.
pub(super) struct Tags<'t> {
    text: &'t str,
    at: usize,
}

/// What a document is that isn't XML, or ends too early.
const ILL_FORMED: &str = "no well-formed XML";

impl<'t> Tags<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        // A byte order mark isn't part of the document.
        let at = if text.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 };
        Self { text, at }
    }

    /// How many bytes have been read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    #[inline]
    pub(super) fn next(&mut self) -> Checked<XmlToken<'t>> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        match rest.as_bytes() {
            [] => Ok(XmlToken::Eof),
            [b'<', b'/', ..] => Ok(XmlToken::End),
            [b'&', ..] | [b'<', b'!' | b'?', ..] => self.rare(rest),
            [b'<', ..] => {
                let end = ElementParser::Outside.feed(rest.as_bytes()).ok_or(ILL_FORMED)?;
                self.at += end + 1;
                let content = rest.get(1..end).ok_or(ILL_FORMED)?;
                let (content, is_empty) = content.strip_suffix('/').map_or((content, false), |content| (content, true));
                let name = content.bytes().position(is_space).unwrap_or(content.len());
                Ok(XmlToken::Start(Tag { content, name, is_empty }))
            }
            bytes => {
                let end = memchr::memchr2(b'<', b'&', bytes).unwrap_or(bytes.len());
                self.at += end;
                Ok(XmlToken::Text(rest.get(..end).ok_or(ILL_FORMED)?))
            }
        }
    }

    /// Reads the end tag of the element with this name.
    #[inline]
    pub(super) fn end(&mut self, name: &str) -> Checked<()> {
        let rest = self.text.as_bytes().get(self.at..).and_then(|rest| rest.strip_prefix(b"</"));
        let rest = rest.and_then(|rest| rest.strip_prefix(name.as_bytes())).ok_or(ILL_FORMED)?;
        let spaces = rest.iter().take_while(|byte| is_space(**byte)).count();
        // A name of spaces isn't an empty name.
        if rest.get(spaces) != Some(&b'>') || name.is_empty() && spaces > 0 {
            return Err(ILL_FORMED);
        }
        self.at += "</".len() + name.len() + spaces + 1;
        Ok(())
    }

    #[inline(never)]
    fn rare(&mut self, rest: &'t str) -> Checked<XmlToken<'t>> {
        let mut reader = Reader::from_str(rest);
        reader.config_mut().check_comments = true;
        let event = reader.read_event().map_err(|_| ILL_FORMED)?;
        self.at += usize::try_from(reader.buffer_position()).map_err(|_| ILL_FORMED)?;
        Ok(XmlToken::Rare(event))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The pieces of a document, in the same words for `Reader` and `Tags`; up to the first error.
    fn by_reader(text: &str) -> Vec<String> {
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_comments = true;
        let mut all = Vec::new();
        loop {
            all.push(match reader.read_event() {
                Ok(Event::Start(tag)) => format!("start {} {:?}", tag.name().into_inner(), tag.attributes_raw()),
                Ok(Event::Empty(tag)) => format!("empty {} {:?}", tag.name().into_inner(), tag.attributes_raw()),
                Ok(Event::End(tag)) => format!("end {}", tag.name().into_inner()),
                Ok(Event::Text(text)) => format!("text {}", &*text),
                Ok(Event::Eof) | Err(_) => return all,
                Ok(event) => format!("{event:?}"),
            });
        }
    }

    fn by_tags(text: &str) -> Vec<String> {
        let mut tags = Tags::new(text);
        let mut open = Vec::new();
        let mut all = Vec::new();
        loop {
            all.push(match tags.next() {
                Ok(XmlToken::Start(tag)) => {
                    let word = if tag.is_empty { "empty" } else { "start" };
                    if !tag.is_empty {
                        open.push(tag.name());
                    }
                    format!("{word} {} {:?}", tag.name(), tag.content.get(tag.name..).unwrap())
                }
                Ok(XmlToken::End) => match open.pop() {
                    Some(name) if tags.end(name).is_ok() => format!("end {name}"),
                    _ => return all,
                },
                Ok(XmlToken::Text(text)) => format!("text {text}"),
                Ok(XmlToken::Rare(event)) => format!("{event:?}"),
                Ok(XmlToken::Eof) | Err(_) => return all,
            });
        }
    }

    /// Whether each of them gets to the end of the document.
    fn is_whole(text: &str) -> (bool, bool) {
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_comments = true;
        let by_reader = loop {
            match reader.read_event() {
                Ok(Event::Eof) => break true,
                Err(_) => break false,
                Ok(_) => {}
            }
        };
        let mut tags = Tags::new(text);
        let mut open = Vec::new();
        let by_tags = loop {
            match tags.next() {
                Ok(XmlToken::Start(tag)) if !tag.is_empty => open.push(tag.name()),
                Ok(XmlToken::End) if open.pop().is_none_or(|name| tags.end(name).is_err()) => break false,
                Ok(XmlToken::Eof) => break true,
                Err(_) => break false,
                Ok(_) => {}
            }
        };
        (by_reader, by_tags)
    }

    #[test]
    fn p3_an_element_without_a_name_is_ended_as_a_reader_of_quick_xml_says() {
        for text in ["<></>", "<></ >", "<a></a >", "<a></ a>", "<a></ >"] {
            assert_eq!((by_tags(text), is_whole(text).1), (by_reader(text), is_whole(text).0), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]
        #[test]
        fn p3_tags_are_what_a_reader_of_quick_xml_says(
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    "<a>", "</a>", "<a", "<b:c d='1'>", "</b:c>", "</b:c \n>", "<e/>", "<e f=\"/>\"/>", "<", ">", "/", "'",
                    "\"", "&", "&lt;", "&#x41;", ";", "x", " ", "\r\n", "é", "<![CDATA[", "]]>", "<!--", "-->", "--",
                    "<?", "?>", "<?xml version='1.0'?>", "<!DOCTYPE a>", "\u{FEFF}", "</", "<>", "</>", "< a>", "=",
                ]),
                0..12,
            ),
        ) {
            let text = pieces.concat();
            prop_assert_eq!(by_tags(&text), by_reader(&text), "{}", text);
            let (by_reader, by_tags) = is_whole(&text);
            prop_assert_eq!(by_tags, by_reader, "{}", text);
        }
    }
}
