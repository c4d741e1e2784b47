//! What a complex type of an XML Schema allows, gathered from its bases, particles and groups.
//!
//! Each group is read once, whatever refers to it, and bases are followed in a loop: the work grows with the schema's size
//! and not with what it expands to (P8).

use std::collections::{HashMap, HashSet};

use super::outline::{Content, Name, SchemaPart};
use super::xsd::{Xsd, XsdPosition, is_true};
use super::xsd_document::XsdElement;

/// How deep particles and groups are followed.
const MAX_NESTING: usize = 256;
/// The most particles, and elements that stand for others, of one type.
const MAX_PARTICLES: usize = 100_000;

/// At least one of these is required.
type Requirement = Vec<Name>;

/// Gathers the content of a type.
pub(super) struct TypeContent<'x> {
    xsd: &'x Xsd,
    content: Content<XsdPosition>,
    /// The names of the parts.
    names: HashSet<Name>,
    /// What the groups require that were read: their parts are there. One that isn't read to its end requires nothing.
    groups: HashMap<usize, Vec<Requirement>>,
    /// The names of the elements that may be where a global one is named, of those that were read.
    heads: HashMap<usize, Requirement>,
    attribute_groups: HashSet<usize>,
    particles: usize,
    /// Whether what is read now belongs to a derived type, which a message may name.
    is_of_derived_type: bool,
    /// Whether what is read now is in a particle that may be there several times.
    is_repeated: bool,
}

impl<'x> TypeContent<'x> {
    /// The content of the complex type at this index.
    pub(super) fn of(xsd: &'x Xsd, position: usize) -> Content<XsdPosition> {
        let mut own = Self {
            xsd,
            content: Content::nothing(),
            names: HashSet::new(),
            groups: HashMap::new(),
            heads: HashMap::new(),
            attribute_groups: HashSet::new(),
            particles: 0,
            is_of_derived_type: false,
            is_repeated: false,
        };
        for (index, derived) in xsd.bases(position).into_iter().rev().enumerate() {
            own.derived(derived, index > 0);
        }
        own.extensions(position);
        xsd.note(position, &mut own.content.notes);
        own.content
    }

    /// Adds what the types have that extend a type: `xsi:type` may name them in its place. They require nothing of it.
    fn extensions(&mut self, position: usize) {
        // An abstract type never stands alone, so what extends it is all there is.
        let is_abstract =
            self.xsd.element(position).is_some_and(|element| element.attribute("abstract").is_some_and(is_true));
        self.is_of_derived_type = !is_abstract;
        let requirements = self.content.requirements.clone();
        for derived in self.xsd.extensions(position) {
            self.derived(derived, true);
        }
        self.content.requirements = requirements;
    }

    /// Adds what a type has of its own to what its base has. A restriction repeats its elements and inherits attributes.
    fn derived(&mut self, position: usize, has_base: bool) {
        let Some(element) = self.xsd.element(position) else { return };
        self.content.has_value |= element.attribute("mixed").is_some_and(is_true);
        let Some((content, derivation)) = self.xsd.derivation(position) else {
            self.own(position);
            return;
        };
        let Some(element) = self.xsd.element(derivation) else { return };
        if self.xsd.element(content).is_some_and(|content| content.name == "simpleContent") {
            self.content.has_value = true;
        }
        self.content.has_value |=
            self.xsd.element(content).and_then(|content| content.attribute("mixed")).is_some_and(is_true);
        let base = element.qualified("base").map(|base| self.xsd.position_of_type(&base));
        if let Some(XsdPosition::Value(value_type)) = base {
            self.content.value_type = value_type;
        }
        if has_base && element.name == "restriction" {
            self.content.parts.retain(|part| part.name.is_attribute);
            self.names.retain(|name| name.is_attribute);
            self.content.requirements.retain(|names| names.iter().all(|name| name.is_attribute));
            self.content.is_open = false;
            self.groups.clear();
            self.heads.clear();
        }
        self.own(derivation);
    }

    /// Adds the particles and attributes of a type or a derivation.
    fn own(&mut self, position: usize) {
        let particles: Vec<usize> = self.xsd.children(position).map(|(child, _)| child).collect();
        for child in particles {
            let requirements = self.particle(child, MAX_NESTING);
            self.content.requirements.extend(requirements);
        }
        self.attributes(position, MAX_NESTING);
    }

    /// Whether there is no room for more; then that is noted.
    fn is_full(&mut self, depth: usize) -> bool {
        self.particles += 1;
        let is_full = depth == 0 || self.particles > MAX_PARTICLES;
        self.content.is_cut |= is_full;
        is_full
    }

    /// Adds what a particle allows; returns what it requires.
    fn particle(&mut self, position: usize, depth: usize) -> Vec<Requirement> {
        let Some(element) = self.xsd.element(position) else { return Vec::new() };
        let is_particle = matches!(element.name.as_str(), "element" | "sequence" | "all" | "choice" | "group" | "any");
        if !is_particle || element.attribute("maxOccurs") == Some("0") || self.is_full(depth) {
            return Vec::new();
        }
        let is_repeated_around = self.is_repeated;
        self.is_repeated |= is_repeated(element);
        let requirements = match element.name.as_str() {
            // An abstract element that nothing stands for, and one that isn't declared, require nothing that has a name.
            "element" => {
                Some(self.element_particle(position, element)).into_iter().filter(|one| !one.is_empty()).collect()
            }
            "choice" => {
                let alternatives: Vec<Option<Requirement>> = (self.xsd.children(position))
                    .filter(|(_, child)| child.name != "annotation")
                    .map(|(child, _)| self.particle(child, depth - 1).into_iter().next())
                    .collect();
                // An alternative that requires nothing satisfies the choice.
                let all: Option<Vec<Requirement>> = alternatives.into_iter().collect();
                all.map(|all| distinct(all.concat())).filter(|all| !all.is_empty()).into_iter().collect()
            }
            "group" => self.group(element, depth),
            "any" => {
                self.content.is_open = true;
                Vec::new()
            }
            _ => self.all(position, depth),
        };
        self.is_repeated = is_repeated_around;
        if element.attribute("minOccurs") == Some("0") { Vec::new() } else { requirements }
    }

    /// Adds every particle in another.
    fn all(&mut self, position: usize, depth: usize) -> Vec<Requirement> {
        let children = self.xsd.children(position).map(|(child, _)| self.particle(child, depth - 1));
        distinct(children.collect::<Vec<_>>().concat())
    }

    /// Adds the group that a particle refers to, if it isn't there yet.
    fn group(&mut self, reference: &XsdElement, depth: usize) -> Vec<Requirement> {
        let Some(name) = reference.qualified("ref") else { return Vec::new() };
        let Some(group) = self.xsd.global("group", &name) else { return Vec::new() };
        if let Some(known) = self.groups.get(&group) {
            return known.clone();
        }
        // A group may refer to itself.
        self.groups.insert(group, Vec::new());
        let requirements = self.all(group, depth);
        self.groups.insert(group, requirements.clone());
        requirements
    }

    /// Adds what an element particle allows; returns the names of which one is required.
    fn element_particle(&mut self, position: usize, particle: &XsdElement) -> Requirement {
        let is_reference = particle.attribute("ref").is_some();
        let head = particle.qualified("ref").and_then(|name| self.xsd.global("element", &name));
        if let Some(known) = head.and_then(|head| self.heads.get(&head)) {
            self.particles += known.len();
            return known.clone();
        }
        let elements = match head {
            Some(head) => self.xsd.substitutes(head),
            None if is_reference => {
                self.content.is_open = true;
                return Vec::new();
            }
            None => vec![position],
        };
        let mut names = Vec::new();
        for declared in elements {
            let Some(element) = self.xsd.element(declared) else { continue };
            if element.attribute("abstract").is_some_and(is_true) || self.is_full(1) {
                continue;
            }
            let Some(name) = self.xsd.name_of(element, is_reference) else { continue };
            names.push(name.clone());
            if self.names.insert(name.clone()) {
                self.content.parts.push(SchemaPart {
                    name,
                    notes: self.xsd.notes(position, declared),
                    pattern: None,
                    position: self.xsd.position_of(declared),
                    is_nillable: element.attribute("nillable").is_some_and(is_true),
                    is_of_derived_type: self.is_of_derived_type,
                    is_repeated: self.is_repeated,
                    declared: element.declared(),
                });
            }
        }
        self.heads.extend(head.map(|head| (head, names.clone())));
        names
    }

    /// Adds the attributes of a type, an extension or a group of attributes.
    fn attributes(&mut self, position: usize, depth: usize) {
        let children: Vec<(usize, &XsdElement)> = self.xsd.children(position).collect();
        for (child, element) in children {
            match element.name.as_str() {
                "attribute" => self.attribute(child, element),
                "attributeGroup" => {
                    let group = element.qualified("ref").and_then(|name| self.xsd.global("attributeGroup", &name));
                    let Some(group) = group else { continue };
                    if self.attribute_groups.insert(group) && !self.is_full(depth) {
                        self.attributes(group, depth - 1);
                    }
                }
                "anyAttribute" => self.content.takes_attributes = true,
                _ => {}
            }
        }
    }

    fn attribute(&mut self, position: usize, element: &XsdElement) {
        let name = match element.qualified("ref") {
            Some((namespace, local)) => Some(Name::attribute(&namespace, &local)),
            None => self.xsd.name_of(element, false),
        };
        let Some(name) = name else { return };
        if element.attribute("use") == Some("prohibited") {
            self.names.remove(&name);
            self.content.parts.retain(|part| part.name != name);
            self.content.requirements.retain(|names| !names.contains(&name));
            return;
        }
        if element.attribute("use") == Some("required") {
            self.content.requirements.push(vec![name.clone()]);
        }
        if self.names.insert(name.clone()) {
            let global = element.qualified("ref").and_then(|name| self.xsd.global("attribute", &name));
            self.content.parts.push(SchemaPart {
                name,
                notes: self.xsd.notes(position, global.unwrap_or(position)),
                pattern: None,
                position: XsdPosition::Value(self.xsd.attribute_type(element)),
                is_nillable: false,
                is_of_derived_type: self.is_of_derived_type,
                is_repeated: false,
                declared: element.declared(),
            });
        }
    }
}

/// Whether a particle may be there several times.
fn is_repeated(element: &XsdElement) -> bool {
    element.attribute("maxOccurs").is_some_and(|most| !matches!(most.trim(), "0" | "1"))
}

/// These without those that are there twice.
fn distinct<T: Clone + Eq + std::hash::Hash>(all: Vec<T>) -> Vec<T> {
    let mut seen = HashSet::new();
    all.into_iter().filter(|one| seen.insert(one.clone())).collect()
}
