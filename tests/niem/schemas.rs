//! What the schemas beside a format declare: which element may be in which, and whether it holds a value or elements.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use roxmltree::{Document, Node};
use serde_json::Value;

use super::facts::{Content, Element};
use super::{Format, Step};

const XS: &str = "http://www.w3.org/2001/XMLSchema";

/// The steps that a format's schemas declare, with what the element holds, which JSON Schema doesn't say.
pub(super) fn declared(format: &Format) -> BTreeSet<(Step, Option<Content>)> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(&format.folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "xsd") {
            texts.push(fs::read_to_string(path).unwrap());
        }
    }
    let documents: Vec<Document<'_>> = texts.iter().map(|text| Document::parse(text).unwrap()).collect();
    let mut found = Schemas::new(&documents).steps();
    if let Ok(text) = fs::read(format.folder.join("schema.json")) {
        let schema: Value = serde_json::from_slice(&text).unwrap();
        members(format, &schema, &schema, None, &mut BTreeSet::new(), &mut found);
    }
    found
}

/// The global declarations of all schemas of a format.
struct Schemas<'d> {
    elements: BTreeMap<Element, Node<'d, 'd>>,
    types: BTreeMap<Element, Node<'d, 'd>>,
    groups: BTreeMap<Element, Node<'d, 'd>>,
    /// The elements that substitute one.
    members: BTreeMap<Element, Vec<Element>>,
}

impl<'d> Schemas<'d> {
    fn new(documents: &'d [Document<'d>]) -> Self {
        let mut all = Self {
            elements: BTreeMap::new(),
            types: BTreeMap::new(),
            groups: BTreeMap::new(),
            members: BTreeMap::new(),
        };
        for document in documents {
            for node in document.root_element().children().filter(Node::is_element) {
                let Some(name) = node.attribute("name") else { continue };
                let name = (target(node), name.to_owned());
                if let Some(head) = node.attribute("substitutionGroup") {
                    all.members.entry(resolved(node, head)).or_default().push(name.clone());
                }
                let declared = match node.tag_name().name() {
                    "element" => &mut all.elements,
                    "complexType" => &mut all.types,
                    "group" => &mut all.groups,
                    _ => continue,
                };
                declared.insert(name, node);
            }
        }
        all
    }

    fn steps(&self) -> BTreeSet<(Step, Option<Content>)> {
        let mut found = BTreeSet::new();
        let mut visited = BTreeSet::new();
        for (name, node) in &self.elements {
            found.insert(((None, name.clone()), Some(self.content(*node))));
            self.visit(name, *node, &mut visited, &mut found);
        }
        found
    }

    fn visit(
        &self,
        name: &Element,
        node: Node<'d, 'd>,
        visited: &mut BTreeSet<Node<'d, 'd>>,
        found: &mut BTreeSet<(Step, Option<Content>)>,
    ) {
        if !visited.insert(node) {
            return;
        }
        let mut held = Vec::new();
        match node.attribute("type").and_then(|named| self.types.get(&resolved(node, named))) {
            Some(declared) => self.held(*declared, &mut held),
            None => self.held(node, &mut held),
        }
        for (child, declared) in held {
            found.insert(((Some(name.clone()), child.clone()), Some(self.content(declared))));
            self.visit(&child, declared, visited, found);
        }
    }

    /// The elements that a type holds, substitutes among them.
    fn held(&self, node: Node<'d, 'd>, held: &mut Vec<(Element, Node<'d, 'd>)>) {
        for part in node.children().filter(Node::is_element) {
            match (part.tag_name().name(), part.attribute("ref")) {
                ("element", None) => held.push(((target(part), part.attribute("name").unwrap().to_owned()), part)),
                ("element", Some(name)) => {
                    let name = resolved(part, name);
                    let substitutes = self.members.get(&name).into_iter().flatten().cloned();
                    held.extend(std::iter::once(name.clone()).chain(substitutes).map(|name| {
                        let declared = self.elements[&name];
                        (name, declared)
                    }));
                }
                ("group", Some(name)) => self.held(self.groups[&resolved(part, name)], held),
                _ => self.held(part, held),
            }
        }
    }

    fn content(&self, node: Node<'d, 'd>) -> Content {
        let named = node.attribute("type").map(|named| resolved(node, named));
        let has_own = node.children().any(|child| child.tag_name().name() == "complexType");
        if node.attribute("abstract") == Some("true") {
            Content::Abstract
        } else if has_own || named.is_some_and(|named| self.types.contains_key(&named)) {
            Content::Complex
        } else {
            Content::Simple
        }
    }
}

fn target(node: Node<'_, '_>) -> String {
    node.document().root_element().attribute("targetNamespace").unwrap().to_owned()
}

fn resolved(node: Node<'_, '_>, name: &str) -> Element {
    let (prefix, local) = name.split_once(':').map_or((None, name), |(prefix, local)| (Some(prefix), local));
    let namespace = node.lookup_namespace_uri(prefix).unwrap_or(XS);
    (namespace.to_owned(), local.to_owned())
}

/// The members of an object of a JSON schema, and of those in it.
fn members(
    format: &Format,
    schema: &Value,
    object: &Value,
    parent: Option<&Element>,
    visited: &mut BTreeSet<(Option<Element>, String)>,
    found: &mut BTreeSet<(Step, Option<Content>)>,
) {
    let properties = object.get("properties").and_then(Value::as_object).into_iter().flatten();
    for (key, value) in properties.filter(|(key, _)| !key.starts_with('@') && *key != "rdf:value") {
        let child = format.element(key);
        found.insert(((parent.cloned(), child.clone()), None));
        let reference = value.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix("#/$defs/"));
        let inner = reference.map_or(value, |name| &schema["$defs"][name]);
        if visited.insert((parent.cloned(), key.clone())) {
            members(format, schema, inner, Some(&child), visited, found);
        }
    }
}
