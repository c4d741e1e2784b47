//! The tree that an XML message or output is compared by: expanded names, raw attribute values, raw texts of leaves.
//! Also the checks that a tree can't show: declarations without use, comments, text between elements.

use roxmltree::{Document, Node};

use super::format::Format;

pub(crate) const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// An element of an output.
#[derive(Debug)]
pub struct Out {
    /// Its name, expanded.
    pub name: String,
    /// Expanded name and raw value, in the order of the source.
    pub attributes: Vec<(String, String)>,
    /// What is in it.
    pub body: Body,
    /// Written for a denied part that the schema requires; only a prediction knows this.
    pub(crate) placeholder: bool,
}

/// What is in an element.
#[derive(Debug)]
pub enum Body {
    /// The bytes between the tags, CDATA and references as they are.
    Text(String),
    /// Nothing between the tags, or white space.
    Hollow,
    /// Elements.
    Kids(Vec<Out>),
}

impl Body {
    /// Adds an element at the end.
    pub fn push(&mut self, kid: Out) {
        match self {
            Self::Kids(kids) => kids.push(kid),
            Self::Text(_) | Self::Hollow => *self = Self::Kids(vec![kid]),
        }
    }
}

/// A name with its namespace.
pub fn expanded(uri: Option<&str>, local: &str) -> String {
    uri.map_or_else(|| local.to_owned(), |uri| format!("{{{uri}}}{local}"))
}

/// The expanded name of an element.
pub fn name_of(node: Node<'_, '_>) -> String {
    expanded(node.tag_name().namespace(), node.tag_name().name())
}

/// An element's own text, decoded, joined over whatever stands between.
pub(crate) fn text_of(node: Node<'_, '_>) -> String {
    node.children().filter(Node::is_text).filter_map(|n| n.text()).collect()
}

/// The bytes of an element's own text: what is between its tags without comments, instructions and child elements.
pub fn inner_text(source: &str, node: Node<'_, '_>) -> String {
    let range = node.range();
    let tag = StartTag::read(&source[range.clone()]);
    if tag.self_closing {
        return String::new();
    }
    let mut at = range.start + tag.length;
    let end = range.start + source[range].rfind("</").expect("an end tag");
    let mut text = String::new();
    for other in node.children().filter(|n| !n.is_text()) {
        text.push_str(&source[at..other.range().start]);
        at = other.range().end;
    }
    text.push_str(&source[at..end]);
    text
}

/// The output as a tree, and everything about it that no output may have.
pub(crate) fn read_output(source: &str) -> (Out, Vec<String>) {
    let document = Document::parse(source).expect("the output is well-formed XML");
    let mut faults = Vec::new();
    for node in document.descendants() {
        // roxmltree takes a declaration for an instruction if a line break follows its name.
        if node.is_comment() || node.pi().is_some_and(|pi| pi.target != "xml") {
            faults.push(format!("a comment or instruction: {}", &source[node.range()]));
        } else if node.is_element() {
            faults.extend(unused_declarations(source, node));
        } else if node.is_text() && node.next_sibling().or(node.prev_sibling()).is_some() {
            let text = node.text().unwrap_or_default();
            if !text.trim_matches([' ', '\t', '\r', '\n']).is_empty() {
                faults.push(format!("text between elements: {text:?}"));
            }
        }
    }
    if source.starts_with('\u{FEFF}') {
        faults.push("a byte order mark".to_owned());
    }
    (read(source, document.root_element()), faults)
}

fn read(source: &str, node: Node<'_, '_>) -> Out {
    let kids: Vec<Out> = node.children().filter(Node::is_element).map(|child| read(source, child)).collect();
    let body = if kids.is_empty() { Body::Text(inner_text(source, node)) } else { Body::Kids(kids) };
    let raw = |a: roxmltree::Attribute<'_, '_>| source[a.range_value()].to_owned();
    let attributes = node.attributes().map(|a| (expanded(a.namespace(), a.name()), raw(a))).collect();
    Out { name: name_of(node), attributes, body, placeholder: false }
}

/// What a name may not be in an output: of another prefix than the format's own for its namespace, or declared anywhere but
/// at the root, before all else, in the format's order.
pub(crate) fn foreign_names(source: &str, format: &Format) -> Vec<String> {
    let document = Document::parse(source).expect("the output is well-formed XML");
    let root = document.root_element();
    let mut faults = Vec::new();
    let mut used: Vec<(&str, &str)> = Vec::new();
    for node in document.descendants().filter(Node::is_element) {
        let tag = StartTag::read(&source[node.range()]);
        let attributes = tag.attributes.iter().filter(|(name, _)| declared_prefix(name).is_none());
        for name in attributes.map(|(name, _)| *name).chain([tag.name]) {
            let Some((prefix, _)) = name.split_once(':') else { continue };
            let own = format.namespaces.get(prefix).map(String::as_str);
            let Some(uri) = own.or((prefix == "xsi").then_some(XSI)) else {
                faults.push(format!("{name} has a prefix of the sender's"));
                continue;
            };
            used.push((prefix, uri));
        }
        if node != root && attributes_declare(&tag) {
            faults.push(format!("<{}> declares a namespace", tag.name));
        }
    }
    let order = format.listed.iter().map(String::as_str).chain(["xsi"]);
    let declared: String = order
        .filter_map(|own| used.iter().find(|(prefix, _)| *prefix == own))
        .map(|(prefix, uri)| format!(" xmlns:{prefix}=\"{uri}\""))
        .collect();
    let tag = StartTag::read(&source[root.range()]);
    let start = format!("<{}{declared}", tag.name);
    let declarations = tag.attributes.iter().filter(|(name, _)| declared_prefix(name).is_some()).count();
    let wanted = declared.matches(" xmlns:").count();
    if !source[root.range()].starts_with(&start) || declarations != wanted {
        faults.push("the root doesn't declare what is used, in the format's order".to_owned());
    }
    faults
}

fn attributes_declare(tag: &StartTag<'_>) -> bool {
    tag.attributes.iter().any(|(name, _)| declared_prefix(name).is_some())
}

fn unused_declarations(source: &str, node: Node<'_, '_>) -> Vec<String> {
    let tag = StartTag::read(&source[node.range()]);
    let declared = tag.attributes.iter().filter_map(|(name, _)| declared_prefix(name));
    let unused = declared.filter(|prefix| !uses(source, node, prefix, true));
    unused.map(|prefix| format!("<{}> declares {prefix:?} for nothing", tag.name)).collect()
}

fn declared_prefix(attribute: &str) -> Option<&str> {
    if attribute == "xmlns" { Some("") } else { attribute.strip_prefix("xmlns:") }
}

/// Whether the element or one below it uses the prefix, as far as no other declaration hides it.
fn uses(source: &str, node: Node<'_, '_>, prefix: &str, first: bool) -> bool {
    let tag = StartTag::read(&source[node.range()]);
    if !first && tag.attributes.iter().any(|(name, _)| declared_prefix(name) == Some(prefix)) {
        return false;
    }
    let prefixed = |name: &str| name.split_once(':').is_some_and(|(p, _)| p == prefix);
    prefixed(tag.name)
        || (prefix.is_empty() && !tag.name.contains(':'))
        || tag.attributes.iter().any(|(name, _)| !name.starts_with("xmlns:") && prefixed(name))
        || node.children().filter(Node::is_element).any(|child| uses(source, child, prefix, false))
}

/// A start tag as it is written, declarations included: a DOM hides those.
pub(crate) struct StartTag<'s> {
    pub name: &'s str,
    pub attributes: Vec<(&'s str, &'s str)>,
    pub(crate) self_closing: bool,
    pub length: usize,
}

impl<'s> StartTag<'s> {
    /// `source` begins with the tag, which is well-formed.
    pub(crate) fn read(source: &'s str) -> Self {
        let after_name = source.find([' ', '\t', '\r', '\n', '/', '>']).expect("a name ends");
        let mut attributes = Vec::new();
        let mut at = after_name;
        loop {
            let rest = source[at..].trim_start();
            at = source.len() - rest.len();
            if rest.starts_with(['/', '>']) {
                let self_closing = rest.starts_with('/');
                let length = at + if self_closing { 2 } else { 1 };
                return StartTag { name: &source[1..after_name], attributes, self_closing, length };
            }
            let (name, value) = rest.split_once('=').expect("an attribute");
            let value = value.trim_start();
            let quote = &value[..1];
            let (inside, _) = value[1..].split_once(quote).expect("a closing quote");
            attributes.push((name.trim_end(), inside));
            at = source.len() - value.len() + inside.len() + 2;
        }
    }
}

/// Every difference between the tree predicted and the tree read, each with its path.
pub(crate) fn differences(expected: &Out, output: &Out) -> Vec<String> {
    let mut found = Vec::new();
    compare(expected, output, "", &mut found);
    found
}

fn compare(expected: &Out, output: &Out, above: &str, found: &mut Vec<String>) {
    let path = format!("{above}/{}", expected.name.rsplit('}').next().unwrap_or_default());
    if expected.name != output.name {
        found.push(format!("{path}: {} instead", output.name));
        return;
    }
    if expected.attributes != output.attributes {
        found.push(format!("{path}: attributes {:?}, expected {:?}", output.attributes, expected.attributes));
    }
    let names = |kids: &[Out]| kids.iter().map(|k| k.name.clone()).collect::<Vec<_>>();
    match (&expected.body, &output.body) {
        (Body::Text(a), Body::Text(b)) if a == b => {}
        (Body::Hollow, Body::Text(b)) if b.trim().is_empty() => {}
        (Body::Kids(a), Body::Kids(b)) if names(a) == names(b) => {
            a.iter().zip(b).for_each(|(a, b)| compare(a, b, &path, found));
        }
        (Body::Kids(a), Body::Kids(b)) => {
            found.push(format!("{path}: children [{}], expected [{}]", brief(b), brief(a)));
        }
        (a, b) => found.push(format!("{path}: {b:?}, expected {a:?}")),
    }
}

fn brief(kids: &[Out]) -> String {
    let local = |name: &str| name.rsplit('}').next().unwrap_or_default().to_owned();
    let one = |kid: &Out| match &kid.body {
        Body::Text(text) => format!("{}: {text:?}", local(&kid.name)),
        Body::Hollow => local(&kid.name),
        Body::Kids(kids) => format!("{} ({})", local(&kid.name), kids.len()),
    };
    kids.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// What a message says, in its order: names of elements, with their texts, and of attributes, with their values. Ids and
/// references are numbered anew in an output, and an id that nothing refers to says nothing.
pub(crate) fn statements(message: &[u8]) -> Vec<String> {
    let source = str::from_utf8(message).expect("UTF-8");
    let document = Document::parse(source).expect("XML");
    let mut found = Vec::new();
    for node in document.descendants().filter(Node::is_element) {
        let text = text_of(node);
        let attributes = node.attributes().filter(|a| !matches!(a.name(), "id" | "ref" | "uri" | "nil"));
        let attributes = attributes.map(|a| format!("{}={}", expanded(a.namespace(), a.name()), a.value()));
        let before = found.len();
        found.extend(attributes);
        // An element in which there is nothing is no statement.
        if found.len() > before || !text.trim().is_empty() {
            found.push(format!("{}: {}", name_of(node), text.trim()));
        }
    }
    found
}
