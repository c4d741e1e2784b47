//! A plain reader of XML Schema: what may be where, and what must. It ignores facets, because the catalog checks
//! values.
//!
//! It reports what it doesn't understand, because a mapping can't be checked against that.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::outline::{Content, Name, Notes, SchemaModel, UnsupportedConstruct, ValueType, XML_URI};
use super::xsd_content::TypeContent;
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

/// Global declarations: `element`, `attribute`, `type`, `group`, `attributeGroup`.
type Globals = HashMap<(&'static str, String, String), usize>;

/// The documents of one schema.
#[derive(Debug)]
pub(crate) struct Xsd {
    elements: Vec<XsdElement>,
    globals: Globals,
    /// Substitution groups: the elements that may be where another is named.
    substitutes: BTreeMap<(String, String), Vec<usize>>,
    /// The types that extend another.
    extensions: HashMap<usize, Vec<usize>>,
    /// What the values hint at that are listed for a type or a part.
    listed: HashMap<usize, Notes>,
    /// The content of elements, and what the values of simple types are, as far as somebody asked.
    positions: RefCell<HashMap<usize, XsdPosition>>,
    value_types: RefCell<HashMap<usize, ValueType>>,
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
            extensions: HashMap::new(),
            listed: HashMap::new(),
            positions: RefCell::default(),
            value_types: RefCell::default(),
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
        xsd.list_values();
        xsd.extensions = xsd.list_extensions();
        xsd
    }

    /// The types that extend others, each once, in the order of the documents.
    fn list_extensions(&self) -> HashMap<usize, Vec<usize>> {
        let types = self.globals.iter().filter(|((kind, _, _), _)| *kind == "type").map(|(_, position)| *position);
        let mut types: Vec<usize> = types.collect();
        types.sort_unstable();
        let mut extensions: HashMap<usize, Vec<usize>> = HashMap::new();
        for position in types {
            let derivation = self.derivation(position).and_then(|(_, derivation)| self.element(derivation));
            let base = derivation.filter(|own| own.name == "extension").and_then(|own| own.qualified("base"));
            if let Some(XsdPosition::Complex(base)) = base.map(|base| self.position_of_type(&base)) {
                extensions.entry(base).or_default().push(position);
            }
        }
        extensions
    }

    /// Reads the lists of values, and notes what they hint at for every type and every part that has them.
    fn list_values(&mut self) {
        let mut users: HashMap<usize, Vec<usize>> = HashMap::new();
        let mut open = Vec::new();
        for (position, element) in self.elements.iter().enumerate() {
            let mut notes = Notes::default();
            for (child, own) in self.children(position) {
                match own.name.as_str() {
                    "simpleType" | "complexType" | "simpleContent" | "extension" | "restriction" | "list" | "union" => {
                        users.entry(child).or_default().push(position);
                    }
                    "enumeration" => {
                        let meaning = self.documentation(child).next().unwrap_or_default();
                        notes.value(own.attribute("value").unwrap_or_default(), meaning);
                    }
                    _ => {}
                }
            }
            for attribute in ["type", "base", "itemType", "memberTypes"] {
                let types = element.qualified_list(attribute).filter_map(|name| self.global("type", &name));
                types.for_each(|global| users.entry(global).or_default().push(position));
            }
            if !notes.hints.is_empty() {
                self.listed.insert(position, notes);
                open.push(position);
            }
        }
        while let Some(position) = open.pop() {
            let Some(notes) = self.listed.get(&position).cloned() else { continue };
            for user in users.get(&position).into_iter().flatten() {
                let own = self.listed.entry(*user).or_default();
                let before = own.hints.len();
                own.extend(&notes);
                if own.hints.len() > before {
                    open.push(*user);
                }
            }
        }
    }

    /// The elements that a message may begin with: of those that a document declares, the ones that have parts and that
    /// nothing refers to; if there is none, all that have parts.
    pub(crate) fn possible_roots(&self, file: &str) -> Vec<Name> {
        let elements = self.elements.iter().filter(|element| element.name == "element");
        let referred: BTreeSet<(String, String)> = elements.filter_map(|element| element.qualified("ref")).collect();
        // What stands for another element is referred to by that one's name.
        let stand: HashSet<usize> = (referred.iter().filter_map(|name| self.global("element", name)))
            .flat_map(|head| self.substitutes(head))
            .collect();
        let globals = self.globals.iter().filter(|((kind, _, _), _)| *kind == "element");
        let declared = globals.filter_map(|((_, namespace, local), position)| {
            let element = self.element(*position)?;
            let is_concrete = !element.attribute("abstract").is_some_and(is_true);
            let is_complex = matches!(self.position_of(*position), XsdPosition::Complex(_));
            (element.file == file && is_concrete && is_complex).then_some((element.at, *position, namespace, local))
        });
        let mut declared: Vec<_> = declared.collect();
        declared.sort();
        let has_free = declared.iter().any(|(_, position, _, _)| !stand.contains(position));
        declared.retain(|(_, position, _, _)| !has_free || !stand.contains(position));
        declared.into_iter().map(|(_, _, namespace, local)| Name::element(namespace, local)).collect()
    }

    /// The prefixes that the documents bind at their roots, each with its namespace.
    pub(crate) fn prefixes(&self) -> Vec<(String, String)> {
        let roots = self.elements.iter().filter(|element| element.name == "schema");
        roots.flat_map(XsdElement::bindings).map(|(prefix, uri)| (prefix.to_owned(), uri.to_owned())).collect()
    }

    pub(super) fn element(&self, position: usize) -> Option<&XsdElement> {
        self.elements.get(position)
    }

    pub(super) fn children(&self, position: usize) -> impl Iterator<Item = (usize, &XsdElement)> {
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
            for head in element.qualified_list("substitutionGroup").filter(|_| kind == "element") {
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

    pub(super) fn global(&self, kind: &'static str, name: &(String, String)) -> Option<usize> {
        self.globals.get(&(kind, name.0.clone(), name.1.clone())).copied()
    }

    /// The content of an element: one without a type has that of the element that it stands for.
    pub(super) fn position_of(&self, position: usize) -> XsdPosition {
        let found = follow(position, &self.positions, |at| {
            let heads = || self.element(at)?.qualified_list("substitutionGroup").next();
            self.own_position(at).ok_or_else(|| self.global("element", &heads()?))
        });
        found.unwrap_or(XsdPosition::Anything)
    }

    /// The content of an element with a type of its own.
    fn own_position(&self, position: usize) -> Option<XsdPosition> {
        if let Some(name) = self.element(position)?.qualified("type") {
            return Some(self.position_of_type(&name));
        }
        self.children(position).find_map(|(child, own)| match own.name.as_str() {
            "complexType" => Some(XsdPosition::Complex(child)),
            "simpleType" => Some(XsdPosition::Value(self.simple_type(child))),
            _ => None,
        })
    }

    pub(super) fn position_of_type(&self, name: &(String, String)) -> XsdPosition {
        if name.0 == XSD {
            let is_anything = name.1 == "anyType";
            return if is_anything { XsdPosition::Anything } else { XsdPosition::Value(built_in_type(&name.1)) };
        }
        match self.global("type", name).and_then(|position| Some((position, self.element(position)?))) {
            Some((position, element)) if element.name == "complexType" => XsdPosition::Complex(position),
            Some((position, _)) => XsdPosition::Value(self.simple_type(position)),
            None => XsdPosition::Anything,
        }
    }

    /// What the values of a simple type are: those of the built-in type that it restricts.
    fn simple_type(&self, position: usize) -> ValueType {
        let found = follow(position, &self.value_types, |at| {
            let Some((child, restriction)) = self.children(at).find(|(_, child)| child.name == "restriction") else {
                return Ok(ValueType::Text);
            };
            match restriction.qualified("base") {
                Some((namespace, local)) if namespace == XSD => Ok(built_in_type(&local)),
                Some(name) => Err(self.global("type", &name)),
                // A restriction of a type of its own.
                None => Err(self.children(child).find(|(_, own)| own.name == "simpleType").map(|(own, _)| own)),
            }
        });
        found.unwrap_or_default()
    }

    pub(super) fn name_of(&self, element: &XsdElement, is_global: bool) -> Option<Name> {
        let local = element.attribute("name")?;
        let is_attribute = element.name == "attribute";
        let (elements, attributes) = self.qualified.get(&element.file).copied().unwrap_or_default();
        let by_default = if is_attribute { attributes } else { elements };
        let is_qualified = is_global || element.attribute("form").map_or(by_default, |form| form == "qualified");
        let namespace = if is_qualified { &*element.target } else { "" };
        Some(Name { namespace: namespace.to_owned(), is_attribute, local: local.to_owned() })
    }

    /// The elements that may be where this global one is named: itself, its substitutes, and theirs.
    pub(super) fn substitutes(&self, position: usize) -> Vec<usize> {
        let mut all = Vec::new();
        let mut seen = HashSet::new();
        let mut open = vec![position];
        while let Some(position) = open.pop() {
            let Some(element) = self.element(position).filter(|_| seen.insert(position)) else { continue };
            all.push(position);
            let name = element.attribute("name").map(|name| (element.target.to_string(), name.to_owned()));
            open.extend(name.and_then(|name| self.substitutes.get(&name)).into_iter().flatten().rev());
        }
        all
    }

    /// What the values of an attribute are.
    pub(super) fn attribute_type(&self, element: &XsdElement) -> ValueType {
        let declared = element.qualified("ref").and_then(|name| self.element(self.global("attribute", &name)?));
        let name = declared.unwrap_or(element).qualified("type");
        match name.map(|name| self.position_of_type(&name)) {
            Some(XsdPosition::Value(value_type)) => value_type,
            _ => ValueType::Text,
        }
    }

    /// The parts of a derived type: its `simpleContent` or `complexContent`, and the extension or restriction in that.
    pub(super) fn derivation(&self, position: usize) -> Option<(usize, usize)> {
        let content = |element: &XsdElement| matches!(element.name.as_str(), "simpleContent" | "complexContent");
        let (content, _) = self.children(position).find(|(_, child)| content(child))?;
        let is_derivation = |element: &XsdElement| matches!(element.name.as_str(), "extension" | "restriction");
        let (derivation, _) = self.children(content).find(|(_, child)| is_derivation(child))?;
        Some((content, derivation))
    }

    /// A complex type, its base, the base of that, and so on.
    pub(super) fn bases(&self, position: usize) -> Vec<usize> {
        let mut bases = vec![position];
        let mut seen = HashSet::from([position]);
        let mut at = position;
        while let Some((_, derivation)) = self.derivation(at)
            && let Some(base) = self.element(derivation).and_then(|element| element.qualified("base"))
            && let XsdPosition::Complex(base) = self.position_of_type(&base)
            // A type that derives from itself is none.
            && seen.insert(base)
        {
            bases.push(base);
            at = base;
        }
        bases
    }

    /// The types that extend a type, and those that extend them.
    pub(super) fn extensions(&self, position: usize) -> Vec<usize> {
        let mut seen = HashSet::from([position]);
        let mut all = Vec::new();
        let mut open = vec![position];
        while let Some(position) = open.pop() {
            for derived in self.extensions.get(&position).into_iter().flatten() {
                if seen.insert(*derived) {
                    all.push(*derived);
                    open.push(*derived);
                }
            }
        }
        all
    }

    /// Notes the documentation of a declaration, and the values that are listed for it.
    pub(super) fn note(&self, position: usize, notes: &mut Notes) {
        self.documentation(position).for_each(|text| notes.describe(text));
        self.listed.get(&position).into_iter().for_each(|listed| notes.extend(listed));
    }

    fn documentation(&self, position: usize) -> impl Iterator<Item = &str> {
        let annotations = self.children(position).filter(|(_, child)| child.name == "annotation");
        let texts = annotations.flat_map(|(annotation, _)| self.children(annotation));
        texts.filter(|(_, child)| child.name == "documentation").map(|(_, child)| child.text.as_str())
    }

    /// What is said of an element or an attribute: where it stands, where it is declared, and of its simple type.
    pub(super) fn notes(&self, position: usize, declared: usize) -> Notes {
        let mut notes = Notes::default();
        let named = self.element(declared).and_then(|element| element.qualified("type"));
        let named = named.and_then(|name| self.global("type", &name));
        let simple = named.filter(|global| self.element(*global).is_some_and(|element| element.name == "simpleType"));
        [position, declared].into_iter().chain(simple).for_each(|position| self.note(position, &mut notes));
        notes
    }
}

impl SchemaModel for Xsd {
    type Position = XsdPosition;

    fn root(&self, name: Option<&Name>) -> Option<XsdPosition> {
        let name = name?;
        let global = self.global("element", &(name.namespace.clone(), name.local.clone()))?;
        Some(self.position_of(global))
    }

    fn roots(&self) -> Vec<Name> {
        let elements = self.globals.keys().filter(|(kind, _, _)| *kind == "element");
        elements.map(|(_, namespace, local)| Name::element(namespace, local)).collect()
    }

    fn content(&self, position: &XsdPosition) -> Content<XsdPosition> {
        match position {
            XsdPosition::Value(value_type) => Content::value(*value_type),
            XsdPosition::Anything => Content::anything(),
            XsdPosition::Complex(position) => TypeContent::of(self, *position),
        }
    }

    fn unsupported(&self) -> &[UnsupportedConstruct] {
        &self.unsupported
    }
}

/// Follows declarations that refer to others, until one has what is looked for; all of them have it then. `None` if none
/// has, or they refer to one another in a circle.
fn follow<T: Copy>(
    from: usize,
    known: &RefCell<HashMap<usize, T>>,
    own_or_next: impl Fn(usize) -> Result<T, Option<usize>>,
) -> Option<T> {
    let mut walked = HashSet::new();
    let mut at = from;
    let found = loop {
        if let Some(known) = known.borrow().get(&at) {
            break *known;
        }
        if !walked.insert(at) {
            return None;
        }
        match own_or_next(at) {
            Ok(own) => break own,
            Err(next) => at = next?,
        }
    };
    known.borrow_mut().extend(walked.into_iter().map(|position| (position, found)));
    Some(found)
}

pub(super) fn is_true(text: &str) -> bool {
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
