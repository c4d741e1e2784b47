//! XML Schema documents as trees of their own elements, read by quick-xml; [`Xsd`](super::xsd::Xsd) interprets them.
//!
//! Everything that isn't XML Schema's (foreign annotations) is left out: it allows nothing. Of documentation the text is
//! kept.

use std::collections::BTreeMap;
use std::rc::Rc;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::outline::{UnsupportedConstruct, XML_URI};
use dmv_redact_model::config::Document;

pub(crate) const XSD: &str = "http://www.w3.org/2001/XMLSchema";

/// One element of a schema document.
#[derive(Debug)]
pub(crate) struct XsdElement {
    /// Its local name.
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
    prefixes: Rc<BTreeMap<String, String>>,
    /// The indexes of its children among all elements.
    pub(crate) children: Vec<usize>,
    pub(crate) file: String,
    /// The offset in the file where it begins, and the line.
    pub(crate) at: usize,
    line: usize,
    /// The target namespace of its document.
    pub(crate) target: Rc<str>,
    /// The text of a `documentation`, cut to a bounded length.
    pub(crate) text: String,
}

/// The most bytes that are kept of a documentation.
const MAX_TEXT_BYTES: usize = 4096;

impl XsdElement {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The namespace and local name that an attribute's value means; `None` if there is no such attribute or its prefix
    /// is unbound.
    pub(crate) fn qualified(&self, attribute: &str) -> Option<(String, String)> {
        self.resolve(self.attribute(attribute)?)
    }

    /// The same, of an attribute that lists names.
    pub(crate) fn qualified_list(&self, attribute: &str) -> impl Iterator<Item = (String, String)> {
        self.attribute(attribute).into_iter().flat_map(str::split_whitespace).filter_map(|name| self.resolve(name))
    }

    fn resolve(&self, name: &str) -> Option<(String, String)> {
        let (prefix, local) = name.trim().split_once(':').unwrap_or(("", name.trim()));
        let namespace = match (prefix, self.prefixes.get(prefix)) {
            (_, Some(uri)) => uri.clone(),
            ("", None) => String::new(),
            ("xml", None) => XML_URI.to_owned(),
            (_, None) => return None,
        };
        Some((namespace, local.to_owned()))
    }

    /// The prefixes that are bound where it begins.
    pub(crate) fn bindings(&self) -> impl Iterator<Item = (&str, &str)> {
        self.prefixes.iter().map(|(prefix, uri)| (prefix.as_str(), uri.as_str()))
    }

    /// Its position, for messages.
    pub(crate) fn declared(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }
}

/// Whether a document is an XML Schema, by its root.
pub(crate) fn is_xml_schema(document: &Document<'_>) -> bool {
    read(document, &mut Vec::new(), &mut Vec::new()).is_some()
}

/// Where a document says that what it imports and includes is.
pub(super) fn locations(document: &Document<'_>) -> Vec<String> {
    let mut elements = Vec::new();
    // What can't be read is reported when the schema is.
    let root = read(document, &mut elements, &mut Vec::new()).and_then(|root| elements.get(root));
    let children = root.into_iter().flat_map(|root| &root.children).filter_map(|child| elements.get(*child));
    let named = children.filter(|child| matches!(child.name.as_str(), "import" | "include" | "redefine" | "override"));
    named.filter_map(|child| child.attribute("schemaLocation")).map(|location| location.trim().to_owned()).collect()
}

/// Adds the elements of a document to those of others; returns the index of its root.
pub(crate) fn read(
    document: &Document<'_>,
    elements: &mut Vec<XsdElement>,
    unsupported: &mut Vec<UnsupportedConstruct>,
) -> Option<usize> {
    let mut reader = Reader::from_str(document.text);
    let mut lines = LineCounter { text: document.text, line: 1, counted: 0 };
    let mut open: Vec<usize> = Vec::new();
    // The nesting depth inside foreign elements.
    let mut foreign = 0_usize;
    let mut root = None;
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let line = lines.line_at(at);
        let (start, is_empty) = match reader.read_event() {
            Ok(Event::Start(start)) => (start, false),
            Ok(Event::Empty(start)) => (start, true),
            Ok(Event::End(_)) => {
                if foreign > 0 {
                    foreign -= 1;
                } else {
                    open.pop();
                }
                continue;
            }
            Ok(Event::Text(text)) => {
                add_text(elements, open.last(), &text);
                continue;
            }
            Ok(Event::CData(text)) => {
                add_text(elements, open.last(), &text);
                continue;
            }
            Ok(Event::Eof) if open.is_empty() => return root,
            Ok(Event::Eof) | Err(_) => {
                let what = "it from here on: it is not well-formed".to_owned();
                unsupported.push(UnsupportedConstruct { file: document.file.to_owned(), at: Some(at), what });
                return root;
            }
            Ok(_) => continue,
        };
        let parent = open.last().copied();
        if foreign > 0 {
            foreign += usize::from(!is_empty);
            continue;
        }
        let Some(element) = element(&start, parent.and_then(|parent| elements.get(parent)), document, (at, line))
        else {
            if parent.is_none() {
                let what = "its root is no `schema` of XML Schema".to_owned();
                unsupported.push(UnsupportedConstruct { file: document.file.to_owned(), at: Some(at), what });
                return root;
            }
            foreign += usize::from(!is_empty);
            continue;
        };
        let position = elements.len();
        elements.push(element);
        match parent.and_then(|parent| elements.get_mut(parent)) {
            Some(parent) => parent.children.push(position),
            None => root = Some(position),
        }
        if !is_empty {
            open.push(position);
        }
    }
}

/// Keeps the text of a documentation.
fn add_text(elements: &mut [XsdElement], open: Option<&usize>, text: &str) {
    let Some(element) = open.and_then(|open| elements.get_mut(*open)) else { return };
    if element.name == "documentation" && element.text.len() < MAX_TEXT_BYTES {
        element.text.push_str(text.get(..text.floor_char_boundary(MAX_TEXT_BYTES)).unwrap_or_default());
    }
}

/// Counts lines incrementally.
struct LineCounter<'t> {
    text: &'t str,
    line: usize,
    /// The offset up to which they are counted.
    counted: usize,
}

impl LineCounter<'_> {
    /// The line of an offset, which must not be before the last one.
    fn line_at(&mut self, offset: usize) -> usize {
        self.line += self.text.get(self.counted..offset).map_or(0, |text| text.matches('\n').count());
        self.counted = offset;
        self.line
    }
}

/// The element of a start tag; `None` if it isn't XML Schema's.
fn element(
    start: &BytesStart<'_>,
    parent: Option<&XsdElement>,
    document: &Document<'_>,
    (at, line): (usize, usize),
) -> Option<XsdElement> {
    let mut prefixes = parent.map_or_else(Rc::default, |parent| Rc::clone(&parent.prefixes));
    let mut attributes = Vec::new();
    for attribute in start.attributes().flatten() {
        let name = attribute.key.into_inner();
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?.into_owned();
        match name.strip_prefix("xmlns") {
            Some("") => _ = Rc::make_mut(&mut prefixes).insert(String::new(), value),
            Some(rest) => {
                _ = rest.strip_prefix(':').map(|prefix| Rc::make_mut(&mut prefixes).insert(prefix.to_owned(), value))
            }
            None => attributes.push((name.to_owned(), value)),
        }
    }
    let target = match parent {
        Some(parent) => Rc::clone(&parent.target),
        None => attributes.iter().find(|(name, _)| name == "targetNamespace").map_or("", |(_, uri)| uri).into(),
    };
    let mut element = XsdElement {
        name: String::new(),
        attributes,
        prefixes,
        children: Vec::new(),
        file: document.file.to_owned(),
        at,
        line,
        target,
        text: String::new(),
    };
    let (namespace, name) = element.resolve(start.name().into_inner())?;
    element.name = name;
    (namespace == XSD && (parent.is_some() || element.name == "schema")).then_some(element)
}
