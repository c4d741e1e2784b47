//! What three other parsers read in the same XML: quick-xml, roxmltree and xml. One list of items each, to be compared: expanded
//! names, attributes, texts joined over references and sections; comments and instructions left out.

use quick_xml::events::Event;
use quick_xml::name::ResolveResult;
use quick_xml::{NsReader, XmlVersion};

use crate::places::expanded;

/// What a parser reads, piece by piece.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// An element begins.
    Start(String),
    /// An attribute and its value.
    Attribute(String, String),
    /// Text.
    Text(String),
    /// An element ends.
    End,
}

pub(crate) type Reading = Result<Vec<Item>, String>;

/// A parser and its reading.
pub(crate) type Parser = (&'static str, fn(&str) -> Reading);

pub(crate) const PARSERS: [Parser; 3] = [("roxmltree", by_roxmltree), ("quick-xml", by_quick_xml), ("xml", by_xml)];

/// Items in the making: texts that follow one another are one, attributes are sorted.
#[derive(Default)]
struct Items(Vec<Item>);

impl Items {
    fn text(&mut self, more: &str) {
        match self.0.last_mut() {
            Some(Item::Text(text)) => text.push_str(more),
            _ if more.is_empty() => {}
            _ => self.0.push(Item::Text(more.to_owned())),
        }
    }

    fn start(&mut self, name: String, mut attributes: Vec<(String, String)>) {
        attributes.sort();
        self.0.push(Item::Start(name));
        self.0.extend(attributes.into_iter().map(|(name, value)| Item::Attribute(name, value)));
    }
}

fn by_roxmltree(text: &str) -> Reading {
    // Line ends, which roxmltree leaves to whoever has a declaration to look at, are as XML says.
    let document = roxmltree::Document::parse(text).map_err(|error| error.to_string())?;
    let mut items = Items::default();
    let mut open = Vec::new();
    for node in document.root_element().descendants() {
        while open.last().is_some_and(|last| Some(*last) != node.parent()) {
            open.pop();
            items.0.push(Item::End);
        }
        if node.is_element() {
            let name = |namespace, name| expanded(namespace, name);
            let attributes = node.attributes().map(|a| (name(a.namespace(), a.name()), a.value().to_owned())).collect();
            items.start(name(node.tag_name().namespace(), node.tag_name().name()), attributes);
            open.push(node);
        } else if node.is_text() {
            items.text(node.text().unwrap_or_default());
        }
    }
    items.0.extend(open.iter().map(|_| Item::End));
    Ok(items.0)
}

/// With every check on; what it never checks (several roots, text outside of them, legal characters) is not seen here.
fn by_quick_xml(text: &str) -> Reading {
    let mut reader = NsReader::from_str(text.trim_start_matches('\u{FEFF}'));
    reader.config_mut().enable_all_checks(true);
    let mut items = Items::default();
    let mut depth = 0;
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(tag) => {
                depth += 1;
                quick_start(&reader, &tag, &mut items)?;
            }
            Event::Empty(tag) => {
                quick_start(&reader, &tag, &mut items)?;
                items.0.push(Item::End);
            }
            Event::End(_) => {
                depth -= 1;
                items.0.push(Item::End);
            }
            Event::Text(text) if depth > 0 => items.text(&text.xml10_content()),
            Event::CData(text) => items.text(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref().map_err(|error| error.to_string())?.map(String::from);
                let name: &str = &reference;
                let entity = || quick_xml::escape::resolve_predefined_entity(name).map(str::to_owned);
                items.text(&character.or_else(entity).ok_or("an entity that is not declared")?);
            }
            Event::DocType(_) => return Err("a document type declaration".to_owned()),
            Event::Eof if depth == 0 && !items.0.is_empty() => return Ok(items.0),
            Event::Eof => return Err("it ends too early".to_owned()),
            Event::Text(_) | Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
        }
    }
}

fn quick_start(
    reader: &NsReader<&[u8]>,
    tag: &quick_xml::events::BytesStart<'_>,
    items: &mut Items,
) -> Result<(), String> {
    let name = |(resolved, local): (ResolveResult<'_>, quick_xml::name::LocalName<'_>)| match resolved {
        ResolveResult::Bound(namespace) => Ok(expanded(Some(namespace.0), local.into_inner())),
        ResolveResult::Unbound => Ok(local.into_inner().to_owned()),
        ResolveResult::Unknown(_) => Err("a prefix that is not declared".to_owned()),
    };
    let mut attributes = Vec::new();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
        if attribute.key.as_namespace_binding().is_none() {
            attributes.push((name(reader.resolver().resolve_attribute(attribute.key))?, value.into_owned()));
        }
    }
    items.start(name(reader.resolver().resolve_element(tag.name()))?, attributes);
    Ok(())
}

fn by_xml(text: &str) -> Reading {
    use xml::reader::{EventReader, ParserConfig, XmlEvent};
    let mut items = Items::default();
    let config = ParserConfig::new().whitespace_to_characters(true).cdata_to_characters(true);
    for event in EventReader::new_with_config(text.as_bytes(), config) {
        match event.map_err(|error| error.to_string())? {
            XmlEvent::StartElement { name, attributes, .. } => {
                let expand = |name: &xml::name::OwnedName| {
                    expanded(name.namespace.as_deref().filter(|uri| !uri.is_empty()), &name.local_name)
                };
                let attributes = attributes.iter().map(|a| (expand(&a.name), a.value.clone())).collect();
                items.start(expand(&name), attributes);
            }
            XmlEvent::EndElement { .. } => items.0.push(Item::End),
            XmlEvent::Characters(text) | XmlEvent::CData(text) | XmlEvent::Whitespace(text) => items.text(&text),
            XmlEvent::Doctype { .. } => return Err("a document type declaration".to_owned()),
            XmlEvent::StartDocument { .. }
            | XmlEvent::EndDocument
            | XmlEvent::ProcessingInstruction { .. }
            | XmlEvent::Comment(_) => {}
        }
    }
    Ok(items.0)
}
