//! The second reading of XML, with quick-xml's parts. Its `Reader` copies the names of open elements, and validates each piece
//! as UTF-8 again. So tags and plain text, nearly all of an output, are split here, where `ElementParser` says that a tag
//! ends; a `Reader` reads everything else. Tests compare it with a `Reader` that reads all.

use std::borrow::Cow;
use std::sync::LazyLock;

use quick_xml::Reader;
use quick_xml::events::attributes::Attributes;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};
use quick_xml::parser::{ElementParser, Parser};
use regex::Regex;

use super::Finding;
use super::check::Check;
use super::value::{Checked, Value, Written, ensure, is_blank, is_space};
use dmv_redact_model::span::Span;

const BESIDE: &str = "a text beside elements or outside the root";
pub(super) const ATTRIBUTE: &str = "an attribute that isn't well-formed";
/// What a document is that isn't XML, or ends too early.
const ILL_FORMED: &str = "no well-formed XML";

/// quick-xml takes nearly anything for a declaration.
static DECLARATION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let quoted = |value| format!(r#" *= *(?:"{value}"|'{value}')"#);
    let [version, encoding, standalone] = ["1[.]0", "(?i-u:utf-8)", "(?:yes|no)"].map(quoted);
    let text = format!(r"\A<\?xml +version{version}(?: +encoding{encoding})?(?: +standalone{standalone})? *\?>\z");
    Regex::new(&text.replace(' ', r"[ \t\r\n]")).ok()
});

pub(super) fn read(document: &str, check: &mut Check<'_>) -> Result<(), Finding> {
    check.is_declaring = true;
    let mut tags = Tags::new(document);
    let first = tags.at;
    loop {
        let start = tags.at;
        let event = tags.read_event((!check.is_top()).then(|| check.frame.name.text(document)));
        let end = tags.at;
        let checked = match event {
            Ok(Event::Start(tag)) => open(check, document, &tag, start, end),
            Ok(Event::Empty(tag)) => open(check, document, &tag, start, end).and_then(|()| close(check, document, end)),
            Ok(Event::End(_)) => close(check, document, start),
            Ok(Event::Text(text)) if is_blank(&text) => Ok(()),
            Ok(Event::Text(_) | Event::CData(_) | Event::GeneralRef(_)) => {
                ensure(!check.is_top() && !check.frame.has_children, BESIDE)
            }
            Ok(Event::Decl(_)) => {
                let text = document.get(start..end).unwrap_or_default();
                let is_declaration = DECLARATION.as_ref().is_some_and(|regex| regex.is_match(text));
                ensure(start == first && is_declaration, "an XML declaration that is late, ill-formed or not of UTF-8")
            }
            Ok(Event::Comment(_) | Event::PI(_) | Event::DocType(_)) => {
                Err("a comment, processing instruction or document type declaration")
            }
            Ok(Event::Eof) if check.is_top() && check.frame.has_children => return Ok(()),
            Ok(Event::Eof) => Err("an element that isn't closed"),
            Err(what) => Err(what),
        };
        checked.map_err(|what| Finding::at(start, what, check.path()))?;
    }
}

/// Reads a start tag, whose content begins at `end`.
fn open(check: &mut Check<'_>, document: &str, tag: &BytesStart<'_>, start: usize, end: usize) -> Checked<()> {
    let mut attributes = tag.attributes_raw();
    if check.is_top() {
        ensure(!check.frame.has_children, "a second root")?;
        // The namespaces: the format's, before all else, with its own prefixes, in its order and in one spelling.
        for (index, declaration) in check.table.declarations.iter().enumerate() {
            if let Some(after) = attributes.strip_prefix(declaration.as_str()) {
                attributes = after;
                check.mark(Some(index), true);
            }
        }
    } else {
        ensure(!check.frame.is_value, "an element in a value")?;
        let text = document.get(check.frame.content..start).filter(|_| !check.frame.has_children);
        ensure(text.is_none_or(is_blank), BESIDE)?;
    }
    check.open(check.frame.name.text(document), Written::Content)?;
    let name = tag.name().into_inner();
    let mut node = check.table.below(check.frame.node, false, name);
    if check.table.has_variants {
        node = variant(check, document, tag, (start, end), node);
    }
    check.enter(name, node)?;
    (check.frame.name, check.frame.content) = (Span::new(start + 1, start + 1 + name.len()), end);
    if attributes.is_empty() {
        return Ok(());
    }
    // Names that stand twice are found by the check: quick-xml would compare each with each.
    for attribute in Attributes::new(tag, tag.len() - attributes.len()).with_checks(false) {
        let attribute = attribute.map_err(|_| ATTRIBUTE)?;
        // quick-xml doesn't ask for white space before one.
        let at = attribute.key.into_inner().as_ptr().addr().wrapping_sub(attributes.as_ptr().addr());
        ensure(attributes.as_bytes().get(at.wrapping_sub(1)).copied().is_some_and(is_space), ATTRIBUTE)?;
        let is_declaration = attribute.key.as_namespace_binding().is_some();
        ensure(!is_declaration, "a namespace declaration that isn't the format's own")?;
        let key = attribute.key.into_inner();
        if !check.table.is_xsi(key, "nil") {
            check.open(name, Written::Content)?;
        }
        check.attribute(key, &attribute.value)?;
    }
    Ok(())
}

/// What the element of a start tag is, which its attributes and children may tell.
#[cold]
#[inline(never)]
fn variant(
    check: &Check<'_>,
    document: &str,
    tag: &BytesStart<'_>,
    (start, end): (usize, usize),
    node: Option<usize>,
) -> Option<usize> {
    if !check.table.get(node).has_variants() {
        return node;
    }
    let mut says = Vec::new();
    for attribute in tag.attributes().with_checks(false).flatten() {
        let text = Written::Attribute.decode(&attribute.value, &mut String::new()).map(Cow::into_owned);
        says.push(((true, attribute.key.into_inner().to_owned()), text));
    }
    let is_empty = document.get(start..end).is_some_and(|tag| tag.ends_with("/>"));
    let content = document.get(end..).filter(|_| !is_empty).unwrap_or_default();
    let (mut reader, mut depth, mut begun) = (Reader::from_str(content), 0_usize, None);
    loop {
        let before = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let Ok(event) = reader.read_event() else { break };
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        match event {
            Event::Start(child) => {
                begun = (depth == 0).then(|| (child.name().into_inner().to_owned(), at)).or(begun);
                depth += 1;
            }
            Event::Empty(child) if depth == 0 => says.push(((false, child.name().into_inner().to_owned()), None)),
            Event::End(_) if depth == 1 => {
                depth = 0;
                let Some((name, from)) = begun.take() else { continue };
                let raw = content.get(from..before).unwrap_or_default();
                let text = Written::Content.decode(raw, &mut String::new()).map(Cow::into_owned);
                says.push(((false, name), text));
            }
            Event::End(_) if depth == 0 => break,
            Event::End(_) => depth -= 1,
            Event::Eof => break,
            _ => {}
        }
    }
    check.table.variant(node, &says)
}

fn close(check: &mut Check<'_>, document: &str, end: usize) -> Checked<()> {
    let content = document.get(check.frame.content..end).filter(|_| !check.frame.has_children);
    let Some(raw) = content else { return check.leave(None).map(drop) };
    let text = Written::Content.decode(raw, &mut check.scratch.text).ok_or("a value that isn't well-formed")?;
    let name = Some(check.frame.name.text(document));
    check.leave(Some(Value { name, raw, text: &text, written: Written::Content, is_nil: false }))?;
    if let Cow::Owned(text) = text {
        check.scratch.text = text;
    }
    Ok(())
}

struct Tags<'t> {
    text: &'t str,
    /// How many bytes have been read.
    at: usize,
}

impl<'t> Tags<'t> {
    fn new(text: &'t str) -> Self {
        // A byte order mark isn't part of the document.
        Self { text, at: if text.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 } }
    }

    /// Reads the next event, in the element that is open.
    fn read_event(&mut self, open: Option<&'t str>) -> Checked<Event<'t>> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        match rest.as_bytes() {
            [] => Ok(Event::Eof),
            [b'<', b'/', after @ ..] => {
                let name = open.ok_or(ILL_FORMED)?;
                let after = after.strip_prefix(name.as_bytes()).ok_or(ILL_FORMED)?;
                let spaces = after.iter().take_while(|byte| is_space(**byte)).count();
                self.at += "</".len() + name.len() + spaces + 1;
                // A name of spaces isn't an empty name.
                let is_end = after.get(spaces) == Some(&b'>') && (spaces == 0 || !name.is_empty());
                ensure(is_end, ILL_FORMED).map(|()| Event::End(BytesEnd::new(name)))
            }
            [b'&', ..] | [b'<', b'!' | b'?', ..] => {
                let mut reader = Reader::from_str(rest);
                let event = reader.read_event().map_err(|_| ILL_FORMED)?;
                self.at += usize::try_from(reader.buffer_position()).map_err(|_| ILL_FORMED)?;
                Ok(event)
            }
            [b'<', ..] => {
                let end = ElementParser::Outside.feed(rest.as_bytes()).ok_or(ILL_FORMED)?;
                self.at += end + 1;
                let content = rest.get(1..end).ok_or(ILL_FORMED)?;
                let tag = content.strip_suffix('/').unwrap_or(content);
                let event = BytesStart::from_content(tag, tag.bytes().position(is_space).unwrap_or(tag.len()));
                Ok(if tag.len() < content.len() { Event::Empty(event) } else { Event::Start(event) })
            }
            bytes => {
                let end = memchr::memchr2(b'<', b'&', bytes).unwrap_or(bytes.len());
                self.at += end;
                Ok(Event::Text(BytesText::from_escaped(rest.get(..end).ok_or(ILL_FORMED)?)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The events of a document, up to the end or the first error.
    fn events<'t, E>(mut read_event: impl FnMut(Option<&'t str>) -> Result<Event<'t>, E>) -> Vec<String> {
        let (mut all, mut open) = (Vec::new(), Vec::new());
        loop {
            let event = read_event(open.last().copied());
            match &event {
                Ok(Event::Start(tag)) => open.push(&*tag.name().into_inner().to_owned().leak()),
                Ok(Event::End(_)) => _ = open.pop(),
                _ => {}
            }
            match event {
                Ok(Event::Eof) => all.push("the end".to_owned()),
                Ok(event) => {
                    all.push(format!("{event:?}"));
                    continue;
                }
                Err(_) => {}
            }
            return all;
        }
    }

    fn assert_alike(text: &str) {
        let (mut reader, mut tags) = (Reader::from_str(text), Tags::new(text));
        assert_eq!(events(|open| tags.read_event(open)), events(|_| reader.read_event()), "{text}");
    }

    #[test]
    fn p3_an_element_without_a_name_is_ended_as_a_reader_of_quick_xml_says() {
        for text in ["<></>", "<></ >", "<a></a >", "<a></ a>", "<a></ >"] {
            assert_alike(text);
        }
    }

    #[test]
    fn p3_only_a_well_formed_declaration_is_one() {
        let is_declaration = |text| DECLARATION.as_ref().unwrap().is_match(text);
        for text in [
            "<?xml version='1.0'?>",
            "<?xml  version = \"1.0\"\r\nencoding='utf-8'\tstandalone=\"yes\" ?>",
            "<?xml version=\"1.0\" standalone='no'?>",
        ] {
            assert!(is_declaration(text), "{text}");
        }
        for text in [
            "<?xml version='1.1'?>",
            "<?xml version='1.0\"?>",
            "<?xml version='1.0'-encoding='UTF-8'?>",
            "<?xml version='1.0'encoding='UTF-8'?>",
            "<?xml version='1.0' encoding='UTF-16'?>",
            "<?xml encoding='UTF-8' version='1.0'?>",
            "<?xml version='1.0' standalone='yes' encoding='UTF-8'?>",
            "<?xml version='1.0' standalone='maybe'?>",
            "<?xml version='1.0' other='1'?>",
            "<?xml version='1.0'\u{A0}?>",
            "<?xml?>",
        ] {
            assert!(!is_declaration(text), "{text}");
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
            assert_alike(&pieces.concat());
        }
    }
}
