//! Where values stand in a message or an output: each with its path, its span and what it means. XML by roxmltree,
//! JSON by a walk of its own over text that serde_json has accepted. Nothing of it is the filter's.

use std::ops::Range;

use roxmltree::{Document, Node};

/// What kind of place a value has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What stands between the tags of an element without child elements.
    Text,
    /// Text beside child elements.
    Loose,
    /// The value of an attribute.
    Attribute,
    /// A JSON scalar, its quotes included.
    Scalar,
}

/// A value of a message.
#[derive(Clone, Debug)]
pub struct Place {
    /// Expanded names or member names; arrays are not told.
    pub path: String,
    /// Where it stands as it is written.
    pub span: Range<usize>,
    /// What kind of place it is.
    pub kind: Kind,
    /// What it means.
    pub value: String,
}

/// A whole element, member or item.
#[derive(Clone, Debug)]
pub struct Part {
    /// Where it is in the message.
    pub span: Range<usize>,
    /// Without the member's name.
    pub value: Range<usize>,
}

/// The places of a message.
#[derive(Debug, Default)]
pub struct Layout {
    /// Its values.
    pub places: Vec<Place>,
    /// In the order they begin; the first is the whole.
    pub parts: Vec<Part>,
    /// Where an unknown element or member may be put in (a member with a comma behind it), and the path of what it is in.
    pub gaps: Vec<(usize, String)>,
    /// Behind the names of start tags: where an attribute may be put in.
    pub tags: Vec<usize>,
}

/// `None` if the text is not what it should be.
pub fn layout(xml: bool, text: &str) -> Option<Layout> {
    let mut layout = Layout::default();
    if xml {
        let document = Document::parse(text).ok()?;
        element(text, document.root_element(), "", &mut layout);
    } else {
        serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
        Walk { text, at: 0, layout: &mut layout }.value("", 0);
    }
    Some(layout)
}

/// An expanded name, as `{namespace}local`.
pub fn expanded(namespace: Option<&str>, local: &str) -> String {
    namespace.map_or_else(|| local.to_owned(), |namespace| format!("{{{namespace}}}{local}"))
}

fn element(text: &str, node: Node<'_, '_>, above: &str, layout: &mut Layout) {
    let name = node.tag_name();
    let path = format!("{above}/{}", expanded(name.namespace(), name.name()));
    let span = node.range();
    layout.parts.push(Part { span: span.clone(), value: span.clone() });
    let tag = &text[span.clone()];
    layout.tags.push(span.start + tag.find([' ', '\t', '\r', '\n', '/', '>']).expect("a name ends"));
    for attribute in node.attributes() {
        let name = expanded(attribute.namespace(), attribute.name());
        let (span, value) = (attribute.range_value(), attribute.value().to_owned());
        layout.places.push(Place { path: format!("{path}/@{name}"), span, kind: Kind::Attribute, value });
    }
    let Some(inside) = inside(text, span) else { return };
    let texts = || node.children().filter(Node::is_text);
    if !node.children().any(|child| child.is_element()) {
        let value: String = texts().filter_map(|text| text.text()).collect();
        layout.places.push(Place { path, span: inside, kind: Kind::Text, value });
        return;
    }
    layout.gaps.push((inside.start, path.clone()));
    for loose in texts() {
        let value = loose.text().unwrap_or_default().trim().to_owned();
        if !value.is_empty() {
            // The white space around it is not its own.
            let raw = &text[loose.range()];
            let start = loose.range().start + raw.len() - raw.trim_start().len();
            let span = start..start + raw.trim().len();
            layout.places.push(Place { path: format!("{path}/text()"), span, kind: Kind::Loose, value });
        }
    }
    for child in node.children().filter(Node::is_element) {
        element(text, child, &path, layout);
        layout.gaps.push((child.range().end, path.clone()));
    }
}

/// What is between the tags of the element at `span`; `None` of an empty-element tag.
fn inside(text: &str, span: Range<usize>) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut quote = None;
    let end = (span.start..span.end).find(|at| match (quote, bytes[*at]) {
        (None, byte @ (b'"' | b'\'')) => {
            quote = Some(byte);
            false
        }
        (Some(open), byte) if open == byte => {
            quote = None;
            false
        }
        (None, b'>') => true,
        _ => false,
    })?;
    (bytes[end - 1] != b'/').then(|| end + 1..span.start + text[span].rfind("</").expect("an end tag"))
}

/// A walk over JSON that is known to be well-formed.
struct Walk<'t, 'l> {
    text: &'t str,
    at: usize,
    layout: &'l mut Layout,
}

impl Walk<'_, '_> {
    /// The value at the cursor; its part begins at `start`.
    fn value(&mut self, path: &str, start: usize) {
        let begin = self.peek();
        let part = self.layout.parts.len();
        self.layout.parts.push(Part { span: start..start, value: begin..begin });
        match self.text.as_bytes()[begin] {
            b'{' => self.list(b'}', |walk| {
                let start = walk.peek();
                walk.layout.gaps.push((start, path.to_owned()));
                let name: String = serde_json::from_str(&walk.text[walk.lexeme()]).unwrap_or_default();
                walk.peek();
                walk.at += 1;
                // A wrapped value stands where its wrapping does.
                let path = if name == "rdf:value" { path.to_owned() } else { format!("{path}/{name}") };
                walk.value(&path, start);
            }),
            b'[' => self.list(b']', |walk| {
                let start = walk.peek();
                walk.value(path, start);
            }),
            _ => {
                let span = self.lexeme();
                let lexeme = &self.text[span.clone()];
                let value = serde_json::from_str(lexeme).unwrap_or_else(|_| lexeme.to_owned());
                self.layout.places.push(Place { path: path.to_owned(), span, kind: Kind::Scalar, value });
            }
        }
        self.layout.parts[part].span.end = self.at;
        self.layout.parts[part].value.end = self.at;
    }

    fn list(&mut self, close: u8, mut each: impl FnMut(&mut Self)) {
        self.at += 1;
        let bytes = self.text.as_bytes();
        loop {
            let at = self.peek();
            if bytes[at] == close {
                self.at += 1;
                return;
            }
            if bytes[at] == b',' {
                self.at += 1;
            }
            each(self);
        }
    }

    /// The string, number or word at the cursor, which is put behind it.
    fn lexeme(&mut self) -> Range<usize> {
        let start = self.peek();
        let rest = &self.text.as_bytes()[start..];
        let length = if rest[0] == b'"' {
            let mut end = 1;
            while rest[end] != b'"' {
                end += if rest[end] == b'\\' { 2 } else { 1 };
            }
            end + 1
        } else {
            rest.iter().position(|byte| b",]} \t\r\n".contains(byte)).unwrap_or(rest.len())
        };
        self.at = start + length;
        start..self.at
    }

    /// Where the next byte stands that is not white space.
    fn peek(&mut self) -> usize {
        while self.text.as_bytes()[self.at].is_ascii_whitespace() {
            self.at += 1;
        }
        self.at
    }
}
