//! The parts of a sample in XML, read by quick-xml; the strict reader has accepted it before.

use std::collections::BTreeMap;
use std::rc::Rc;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::{Item, PartId, PartTree, too_many_parts};
use crate::schema::Name;
use dmv_redact_model::config::ConfigError;
use dmv_redact_model::format::{Syntax, XSI_URI};

/// Prefixes and the namespaces they are bound to.
type Bindings = Rc<BTreeMap<String, String>>;

/// An open element.
struct OpenElement {
    part: PartId,
    bindings: Bindings,
    text: String,
    has_children: bool,
    items: Vec<Item>,
}

pub(super) fn add(file: &str, text: &str, tree: Option<PartTree>) -> Result<PartTree, ConfigError> {
    let mut reader = Reader::from_str(text);
    let mut sample = XmlSample { file, tree, open: Vec::new() };
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => sample.start(&start)?,
            Ok(Event::Empty(start)) => {
                sample.start(&start)?;
                sample.end();
            }
            Ok(Event::End(_)) => sample.end(),
            Ok(Event::Text(text)) => sample.text(&text),
            Ok(Event::CData(text)) => sample.text(&text),
            // What a reference stands for tells nothing of the part, but that it has a value.
            Ok(Event::GeneralRef(_)) => sample.text("&"),
            Ok(Event::Eof) => return sample.tree.ok_or_else(|| ConfigError::of_file(file, "has no root")),
            Ok(_) => {}
            Err(_) => return Err(ConfigError::of_file(file, "is no well-formed XML")),
        }
    }
}

struct XmlSample<'a> {
    file: &'a str,
    tree: Option<PartTree>,
    open: Vec<OpenElement>,
}

impl XmlSample<'_> {
    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), ConfigError> {
        let mut bindings = self.open.last().map_or_else(Rc::default, |open| Rc::clone(&open.bindings));
        let mut attributes = Vec::new();
        for attribute in start.attributes().flatten() {
            let name = attribute.key.into_inner();
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).unwrap_or_default();
            match name.strip_prefix("xmlns") {
                Some("") => _ = Rc::make_mut(&mut bindings).insert(String::new(), value.into_owned()),
                Some(rest) if rest.starts_with(':') => {
                    let prefix = rest.trim_start_matches(':').to_owned();
                    Rc::make_mut(&mut bindings).insert(prefix, value.into_owned());
                }
                _ => attributes.push((name.to_owned(), value.into_owned())),
            }
        }
        let (prefix, local) = split(start.name().into_inner());
        let name = Name::element(bindings.get(prefix).map_or("", String::as_str), local);
        let part = self.element(&name)?;
        let Some(tree) = &mut self.tree else { return Ok(()) };
        tree.bind(prefix, &name.namespace);
        tree.count(part);
        let mut items = Vec::new();
        for (name, value) in attributes {
            let (prefix, local) = split(&name);
            let namespace = if prefix.is_empty() { "" } else { bindings.get(prefix).map_or("", String::as_str) };
            let name = Name::attribute(namespace, local);
            tree.bind(prefix, namespace);
            if namespace == XSI_URI && local == "type" {
                let (prefix, local) = split(value.trim());
                let namespace = bindings.get(prefix).map_or("", String::as_str);
                items.push(Item { name, value: Some(format!("{{{namespace}}}{local}")), items: Vec::new() });
                continue;
            }
            if tree.is_machinery(&name) || prefix == "xml" {
                continue;
            }
            let attribute = tree.child(part, name.clone()).ok_or_else(|| too_many_parts(self.file))?;
            tree.count(attribute);
            tree.add_value(attribute, &value);
            items.push(Item { name, value: Some(value), items: Vec::new() });
        }
        if let Some(parent) = self.open.last_mut() {
            parent.has_children = true;
        }
        self.open.push(OpenElement { part, bindings, text: String::new(), has_children: false, items });
        Ok(())
    }

    /// The part of an element that begins here.
    fn element(&mut self, name: &Name) -> Result<PartId, ConfigError> {
        if let (Some(tree), Some(parent)) = (&mut self.tree, self.open.last()) {
            return tree.child(parent.part, name.clone()).ok_or_else(|| too_many_parts(self.file));
        }
        match &self.tree {
            None => self.tree = Some(PartTree::new(Syntax::Xml, name.clone())),
            Some(tree) if tree.root() == Some(name) => {}
            Some(tree) => {
                let root = tree.root().map_or("", |root| &root.local);
                let what = format!(
                    "has the root `{}`, and the inputs before it have `{root}`: one format has one root",
                    name.local
                );
                return Err(ConfigError::of_file(self.file, what));
            }
        }
        Ok(PartTree::ROOT)
    }

    fn text(&mut self, text: &str) {
        if let Some(open) = self.open.last_mut() {
            open.text.push_str(text);
        }
    }

    fn end(&mut self) {
        let Some(OpenElement { part, text, has_children, items, .. }) = self.open.pop() else { return };
        let text = text.trim();
        if let Some((tree, name)) =
            self.tree.as_mut().and_then(|tree| tree.part(part).map(|part| part.name.clone()).map(|name| (tree, name)))
        {
            let item = Item { name, value: (!text.is_empty()).then(|| text.to_owned()), items };
            self.open.last_mut().map_or(&mut tree.items, |open| &mut open.items).push(item);
        }
        // An empty element may be one that holds others, or one with a value: other samples, or its schema, tell.
        if let Some(tree) = self.tree.as_mut().filter(|_| !text.is_empty() || !has_children) {
            let is_leaf = tree.part(part).is_some_and(|part| !part.children.iter().any(|id| is_element(tree, *id)));
            if !text.is_empty() || is_leaf && part != PartTree::ROOT {
                tree.add_value(part, text);
            }
        }
    }
}

fn is_element(tree: &PartTree, id: PartId) -> bool {
    tree.part(id).is_some_and(|part| !part.name.is_attribute)
}

/// The prefix and the local part of a name.
fn split(name: &str) -> (&str, &str) {
    name.split_once(':').unwrap_or(("", name))
}
