//! A plain reader of XML Schema: what may be where, and what must. It ignores facets, because the catalog checks
//! values.
//!
//! It reports what it doesn't understand, because a mapping can't be checked against that.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::outline::{Content, Name, SchemaModel, SchemaPart, UnsupportedConstruct, ValueType, XML_URI};
use super::xsd_document::{XSD, XsdElement, read};
use dmv_redact_model::config::Document;

/// A position in a schema: a value, anything at all, or a complex type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum XsdPosition {
    Value(ValueType),
    Anything,
    Complex(usize),
}

/// The elements of XML Schema that this reader supports; those of the second list don't affect structure.
const UNDERSTOOD: [&str; 18] = [
    "schema",
    "import",
    "include",
    "element",
    "attribute",
    "attributeGroup",
    "group",
    "complexType",
    "simpleType",
    "sequence",
    "choice",
    "all",
    "any",
    "anyAttribute",
    "simpleContent",
    "complexContent",
    "extension",
    "restriction",
];
const WITHOUT_STRUCTURE: [&str; 22] = [
    "annotation",
    "documentation",
    "appinfo",
    "unique",
    "key",
    "keyref",
    "selector",
    "field",
    "list",
    "union",
    "pattern",
    "enumeration",
    "length",
    "minLength",
    "maxLength",
    "minInclusive",
    "maxInclusive",
    "minExclusive",
    "maxExclusive",
    "totalDigits",
    "fractionDigits",
    "whiteSpace",
];

/// How deep groups, types and derivations are followed: only those that refer to themselves go deeper (P8).
const MAX_NESTING: usize = 256;

/// Global declarations: `element`, `attribute`, `type`, `group`, `attributeGroup`.
type Globals = HashMap<(&'static str, String, String), usize>;

/// The documents of one schema.
#[derive(Debug)]
pub(crate) struct Xsd {
    elements: Vec<XsdElement>,
    globals: Globals,
    /// Substitution groups: the elements that may be where another is named.
    substitutes: BTreeMap<(String, String), Vec<usize>>,
    /// By file: whether local elements and local attributes are in the target namespace.
    qualified: HashMap<String, (bool, bool)>,
    /// The namespaces of documents that are not there: each is reported once, and not every name of it.
    absent: BTreeSet<String>,
    unsupported: Vec<UnsupportedConstruct>,
}

impl Xsd {
    /// Reads all documents of a schema.
    pub(crate) fn read(documents: &[Document<'_>]) -> Self {
        let mut xsd = Self {
            elements: Vec::new(),
            globals: Globals::new(),
            substitutes: BTreeMap::new(),
            qualified: HashMap::new(),
            absent: BTreeSet::new(),
            unsupported: Vec::new(),
        };
        let files: Vec<&str> = documents.iter().map(|document| last_step(document.file)).collect();
        for document in documents {
            let first = xsd.elements.len();
            if let Some(root) = read(document, &mut xsd.elements, &mut xsd.unsupported) {
                xsd.declare(root, document.file);
            }
            xsd.report_unknown(first, &files);
        }
        xsd.report_unresolved();
        xsd
    }

    /// The elements that a message may begin with: of those that a document declares, the ones that have parts and that
    /// nothing refers to; if there is none, all that have parts.
    pub(crate) fn possible_roots(&self, file: &str) -> Vec<Name> {
        let referred: BTreeSet<(String, String)> = self
            .elements
            .iter()
            .filter(|element| element.name == "element")
            .filter_map(|element| element.qualified("ref"))
            .collect();
        let globals = self.globals.iter().filter(|((kind, _, _), _)| *kind == "element");
        let declared = globals.filter_map(|((_, namespace, local), position)| {
            let element = self.element(*position)?;
            let is_concrete = !element.attribute("abstract").is_some_and(is_true);
            let is_complex = matches!(self.position_of(*position, MAX_NESTING), XsdPosition::Complex(_));
            (element.file == file && is_concrete && is_complex).then_some((element.at, namespace, local))
        });
        let mut declared: Vec<_> = declared.collect();
        declared.sort();
        let names = |is_wanted: &dyn Fn(&(String, String)) -> bool| -> Vec<Name> {
            let names = declared.iter().map(|(_, namespace, local)| ((*namespace).clone(), (*local).clone()));
            names.filter(|name| is_wanted(name)).map(|(namespace, local)| Name::element(&namespace, &local)).collect()
        };
        let free = names(&|name| !referred.contains(name));
        if free.is_empty() { names(&|_| true) } else { free }
    }

    /// The prefixes that the documents bind at their roots, each with its namespace.
    pub(crate) fn prefixes(&self) -> Vec<(String, String)> {
        let roots = self.elements.iter().filter(|element| element.name == "schema");
        roots.flat_map(XsdElement::bindings).map(|(prefix, uri)| (prefix.to_owned(), uri.to_owned())).collect()
    }

    fn element(&self, position: usize) -> Option<&XsdElement> {
        self.elements.get(position)
    }

    fn children(&self, position: usize) -> impl Iterator<Item = (usize, &XsdElement)> {
        let children = self.element(position).map_or(&[][..], |element| &element.children);
        children.iter().filter_map(|child| Some((*child, self.element(*child)?)))
    }

    /// Registers a document's global declarations.
    fn declare(&mut self, root: usize, file: &str) {
        let Some(schema) = self.elements.get(root) else { return };
        let [elements, attributes] = ["elementFormDefault", "attributeFormDefault"]
            .map(|attribute| schema.attribute(attribute) == Some("qualified"));
        self.qualified.insert(file.to_owned(), (elements, attributes));
        for child in &schema.children {
            let Some(element) = self.elements.get(*child) else { continue };
            let kind = match element.name.as_str() {
                "element" => "element",
                "attribute" => "attribute",
                "complexType" | "simpleType" => "type",
                "group" => "group",
                "attributeGroup" => "attributeGroup",
                _ => continue,
            };
            let Some(name) = element.attribute("name") else { continue };
            self.globals.insert((kind, element.target.to_string(), name.to_owned()), *child);
            if let (true, Some(head)) = (kind == "element", element.qualified("substitutionGroup")) {
                self.substitutes.entry(head).or_default().push(*child);
            }
        }
    }

    fn report(&mut self, position: usize, what: String) {
        let Some(element) = self.elements.get(position) else { return };
        let fault = UnsupportedConstruct { file: element.file.clone(), at: Some(element.at), what };
        self.unsupported.push(fault);
    }

    /// Reports unsupported constructs, from an element on.
    fn report_unknown(&mut self, first: usize, files: &[&str]) {
        let mut faults = Vec::new();
        let mut absent = BTreeSet::new();
        for (position, element) in self.elements.iter().enumerate().skip(first) {
            let name = element.name.as_str();
            if !UNDERSTOOD.contains(&name) && !WITHOUT_STRUCTURE.contains(&name) {
                faults.push((position, format!("`{name}`")));
            }
            if let ("import" | "include", Some(location)) = (name, element.attribute("schemaLocation"))
                && !files.contains(&last_step(location.trim()))
                && element.attribute("namespace") != Some(XML_URI)
            {
                faults.push((position, format!("`{name}` of `{location}`: no such document is there")));
                absent.extend(element.attribute("namespace").map(str::to_owned));
            }
            let takes_over = name == "include" && !element.target.is_empty();
            if takes_over && self.elements.iter().any(|other| other.name == "schema" && other.target.is_empty()) {
                faults.push((position, "`include` of a document without a namespace of its own".to_owned()));
            }
        }
        self.absent.append(&mut absent);
        for (position, what) in faults {
            self.report(position, what);
        }
    }

    /// Reports references that lead nowhere.
    fn report_unresolved(&mut self) {
        let mut faults = Vec::new();
        for (position, element) in self.elements.iter().enumerate() {
            let kind = match element.name.as_str() {
                "element" => "element",
                "attribute" => "attribute",
                "group" => "group",
                "attributeGroup" => "attributeGroup",
                "extension" | "restriction" => "type",
                _ => continue,
            };
            let references =
                [("ref", kind), ("type", "type"), ("base", "type"), ("substitutionGroup", "element")].into_iter();
            for (attribute, kind) in references {
                let Some(text) = element.attribute(attribute) else { continue };
                let is_known = element.qualified(attribute).is_some_and(|name| {
                    name.0 == XSD
                        || self.absent.contains(&name.0)
                        || self.global(kind, &name).is_some()
                        || is_xml_attribute(kind, &name)
                });
                if !is_known {
                    faults.push((position, format!("the {kind} `{text}`, which no document of the schema declares")));
                }
            }
        }
        for (position, what) in faults {
            self.report(position, what);
        }
    }

    fn global(&self, kind: &'static str, name: &(String, String)) -> Option<usize> {
        self.globals.get(&(kind, name.0.clone(), name.1.clone())).copied()
    }

    /// The content of an element.
    fn position_of(&self, position: usize, depth: usize) -> XsdPosition {
        let Some(element) = self.element(position) else { return XsdPosition::Anything };
        if let Some(name) = element.qualified("type") {
            return self.position_of_type(&name);
        }
        for (child, own) in self.children(position) {
            match own.name.as_str() {
                "complexType" => return XsdPosition::Complex(child),
                "simpleType" => return XsdPosition::Value(self.simple_type(child, depth)),
                _ => {}
            }
        }
        let head = element.qualified("substitutionGroup").and_then(|head| self.global("element", &head));
        match head {
            Some(head) if depth > 0 => self.position_of(head, depth - 1),
            _ => XsdPosition::Anything,
        }
    }

    fn position_of_type(&self, name: &(String, String)) -> XsdPosition {
        if name.0 == XSD {
            let is_anything = name.1 == "anyType";
            return if is_anything { XsdPosition::Anything } else { XsdPosition::Value(built_in_type(&name.1)) };
        }
        match self.global("type", name).and_then(|position| Some((position, self.element(position)?))) {
            Some((position, element)) if element.name == "complexType" => XsdPosition::Complex(position),
            Some((position, _)) => XsdPosition::Value(self.simple_type(position, MAX_NESTING)),
            None => XsdPosition::Anything,
        }
    }

    /// What the values of a simple type are: those of the built-in type that it restricts.
    fn simple_type(&self, position: usize, depth: usize) -> ValueType {
        let restriction = self.children(position).find(|(_, child)| child.name == "restriction");
        let base = restriction.map(|(child, element)| (child, element.qualified("base")));
        match base {
            Some((_, Some((namespace, local)))) if namespace == XSD => built_in_type(&local),
            Some((_, Some(name))) if depth > 0 => {
                let global = self.global("type", &name);
                global.map_or(ValueType::Unknown, |global| self.simple_type(global, depth - 1))
            }
            // A restriction of a type of its own.
            Some((child, None)) if depth > 0 => {
                let own = self.children(child).find(|(_, child)| child.name == "simpleType");
                own.map_or(ValueType::Unknown, |(own, _)| self.simple_type(own, depth - 1))
            }
            _ => ValueType::Text,
        }
    }

    fn name_of(&self, element: &XsdElement, is_global: bool) -> Option<Name> {
        let local = element.attribute("name")?;
        let is_attribute = element.name == "attribute";
        let (elements, attributes) = self.qualified.get(&element.file).copied().unwrap_or_default();
        let by_default = if is_attribute { attributes } else { elements };
        let is_qualified = is_global || element.attribute("form").map_or(by_default, |form| form == "qualified");
        let namespace = if is_qualified { &*element.target } else { "" };
        Some(Name { namespace: namespace.to_owned(), is_attribute, local: local.to_owned() })
    }

    /// The elements that may be where this global one is named: itself, if it isn't abstract, and its substitutes.
    fn substitution(&self, position: usize, into: &mut Vec<usize>) {
        let Some(element) = self.element(position).filter(|_| !into.contains(&position)) else { return };
        into.push(position);
        let name = element.attribute("name").map(|name| (element.target.to_string(), name.to_owned()));
        for substitute in name.and_then(|name| self.substitutes.get(&name)).into_iter().flatten() {
            self.substitution(*substitute, into);
        }
    }

    /// Adds what an element particle allows; returns the names of which one is required.
    fn element_particle(&self, position: usize, content: &mut Content<XsdPosition>) -> Vec<Name> {
        let Some(particle) = self.element(position) else { return Vec::new() };
        let mut elements = Vec::new();
        let is_reference = particle.attribute("ref").is_some();
        match particle.qualified("ref").and_then(|name| self.global("element", &name)) {
            Some(global) => self.substitution(global, &mut elements),
            None if is_reference => content.is_open = true,
            None => elements.push(position),
        }
        let mut names = Vec::new();
        for position in elements {
            let Some(element) = self.element(position) else { continue };
            if element.attribute("abstract").is_some_and(is_true) {
                continue;
            }
            let Some(name) = self.name_of(element, is_reference) else { continue };
            names.push(name.clone());
            if content.part(&name).is_none() {
                content.parts.push(SchemaPart {
                    name,
                    pattern: None,
                    position: self.position_of(position, MAX_NESTING),
                    is_nillable: element.attribute("nillable").is_some_and(is_true),
                    declared: element.declared(),
                });
            }
        }
        names
    }

    /// Adds what a particle allows; returns what it requires. `depth` bounds recursive groups.
    fn particle(&self, position: usize, content: &mut Content<XsdPosition>, depth: usize) -> Vec<Vec<Name>> {
        let Some(element) = self.element(position).filter(|_| depth > 0) else { return Vec::new() };
        if element.attribute("maxOccurs") == Some("0") {
            return Vec::new();
        }
        let requirements = match element.name.as_str() {
            // An abstract element that nothing stands for, and one that isn't declared, require nothing that has a name.
            "element" => {
                vec![self.element_particle(position, content)].into_iter().filter(|one| !one.is_empty()).collect()
            }
            "sequence" | "all" => {
                let children = self.children(position).map(|(child, _)| self.particle(child, content, depth - 1));
                children.collect::<Vec<_>>().concat()
            }
            "choice" => {
                let children = self.children(position).filter(|(_, child)| child.name != "annotation");
                let alternatives: Vec<_> =
                    children.map(|(child, _)| self.particle(child, content, depth - 1).into_iter().next()).collect();
                // An alternative that requires nothing satisfies the choice.
                alternatives.into_iter().collect::<Option<Vec<_>>>().map(|all| vec![all.concat()]).unwrap_or_default()
            }
            "group" => match element.qualified("ref") {
                Some(name) => self.global("group", &name).map_or_else(Vec::new, |group| {
                    let children = self.children(group).map(|(child, _)| self.particle(child, content, depth - 1));
                    children.collect::<Vec<_>>().concat()
                }),
                None => Vec::new(),
            },
            "any" => {
                content.is_open = true;
                Vec::new()
            }
            _ => Vec::new(),
        };
        if element.attribute("minOccurs") == Some("0") { Vec::new() } else { requirements }
    }

    /// Adds the attributes of a type, an extension or a group of attributes.
    fn attributes(&self, position: usize, content: &mut Content<XsdPosition>, depth: usize) {
        for (child, element) in self.children(position).filter(|_| depth > 0) {
            match element.name.as_str() {
                "attribute" => self.attribute(element, content),
                "attributeGroup" => {
                    let group = element.qualified("ref").and_then(|name| self.global("attributeGroup", &name));
                    self.attributes(group.unwrap_or(child), content, depth - 1);
                }
                "anyAttribute" => content.takes_attributes = true,
                _ => {}
            }
        }
    }

    fn attribute(&self, element: &XsdElement, content: &mut Content<XsdPosition>) {
        let name = match element.qualified("ref") {
            Some((namespace, local)) => Some(Name::attribute(&namespace, &local)),
            None => self.name_of(element, false),
        };
        let Some(name) = name else { return };
        if element.attribute("use") == Some("prohibited") {
            content.parts.retain(|part| part.name != name);
            content.requirements.retain(|names| !names.contains(&name));
            return;
        }
        if element.attribute("use") == Some("required") {
            content.requirements.push(vec![name.clone()]);
        }
        if content.part(&name).is_none() {
            let (position, declared) = (XsdPosition::Value(self.attribute_type(element)), element.declared());
            content.parts.push(SchemaPart { name, pattern: None, position, is_nillable: false, declared });
        }
    }

    /// What the values of an attribute are.
    fn attribute_type(&self, element: &XsdElement) -> ValueType {
        let declared = element.qualified("ref").and_then(|name| self.element(self.global("attribute", &name)?));
        let name = declared.unwrap_or(element).qualified("type");
        match name.map(|name| self.position_of_type(&name)) {
            Some(XsdPosition::Value(value_type)) => value_type,
            _ => ValueType::Text,
        }
    }

    /// Adds what a complex type allows. `depth` bounds types that derive from themselves.
    fn complex(&self, position: usize, content: &mut Content<XsdPosition>, depth: usize) {
        let Some(element) = self.element(position).filter(|_| depth > 0) else { return };
        content.has_value |= element.attribute("mixed").is_some_and(is_true);
        for (child, own) in self.children(position) {
            match own.name.as_str() {
                "simpleContent" => {
                    content.has_value = true;
                    self.derived(child, content, depth);
                }
                "complexContent" => {
                    content.has_value |= own.attribute("mixed").is_some_and(is_true);
                    self.derived(child, content, depth);
                }
                _ => {
                    let requirements = self.particle(child, content, MAX_NESTING);
                    content.requirements.extend(requirements);
                }
            }
        }
        self.attributes(position, content, MAX_NESTING);
    }

    /// Adds what an extension has of its base and its own; a restriction repeats its elements and inherits attributes.
    fn derived(&self, position: usize, content: &mut Content<XsdPosition>, depth: usize) {
        for (child, element) in self.children(position) {
            let base = element.qualified("base").map_or(XsdPosition::Anything, |name| self.position_of_type(&name));
            if let XsdPosition::Value(value_type) = base {
                content.value_type = value_type;
            }
            if let XsdPosition::Complex(base) = base {
                let mut inherited = Content::nothing();
                self.complex(base, &mut inherited, depth - 1);
                if element.name == "restriction" {
                    inherited.parts.retain(|part| part.name.is_attribute);
                    inherited.requirements.retain(|names| names.iter().all(|name| name.is_attribute));
                    inherited.is_open = false;
                }
                content.has_value |= inherited.has_value;
                content.value_type = content.value_type.or(inherited.value_type);
                content.is_open |= inherited.is_open;
                content.takes_attributes |= inherited.takes_attributes;
                content.parts.append(&mut inherited.parts);
                content.requirements.append(&mut inherited.requirements);
            }
            self.complex(child, content, depth - 1);
        }
    }
}

impl SchemaModel for Xsd {
    type Position = XsdPosition;

    fn root(&self, name: Option<&Name>) -> Option<XsdPosition> {
        let name = name?;
        let global = self.global("element", &(name.namespace.clone(), name.local.clone()))?;
        Some(self.position_of(global, MAX_NESTING))
    }

    fn roots(&self) -> Vec<Name> {
        let elements = self.globals.keys().filter(|(kind, _, _)| *kind == "element");
        elements.map(|(_, namespace, local)| Name::element(namespace, local)).collect()
    }

    fn content(&self, position: &XsdPosition) -> Content<XsdPosition> {
        match position {
            XsdPosition::Value(value_type) => Content::value(*value_type),
            XsdPosition::Anything => Content::anything(),
            XsdPosition::Complex(position) => {
                let mut content = Content::nothing();
                self.complex(*position, &mut content, MAX_NESTING);
                content
            }
        }
    }

    fn unsupported(&self) -> &[UnsupportedConstruct] {
        &self.unsupported
    }
}

fn is_true(text: &str) -> bool {
    matches!(text.trim(), "true" | "1")
}

/// XML's own attributes need no declaration.
fn is_xml_attribute(kind: &str, name: &(String, String)) -> bool {
    kind == "attribute" && name.0 == XML_URI
}

/// What the values of a type of XML Schema itself are.
fn built_in_type(local: &str) -> ValueType {
    match local {
        "date" | "dateTime" | "dateTimeStamp" => ValueType::Date,
        "gYear" => ValueType::Year,
        "boolean" => ValueType::Boolean,
        "base64Binary" | "hexBinary" => ValueType::Binary,
        "decimal" | "float" | "double" | "integer" | "long" | "int" | "short" | "byte" | "nonNegativeInteger"
        | "positiveInteger" | "unsignedLong" | "unsignedInt" | "unsignedShort" | "unsignedByte" => ValueType::Number,
        _ => ValueType::Text,
    }
}

fn last_step(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}
