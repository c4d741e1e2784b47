//! The parts that a layout has, as a tree of names: of a schema, of sample messages, or of both together.
//!
//! Drafts of formats are made from it, and samples are compared with a mapping. It holds a few values of each part as
//! evidence of what the part is not; nothing that is printed is made from them (P6), but for the names of kinds in `kinds`.

mod json;
mod kinds;
mod patterns;
mod sample;
mod schema;
mod xml;

use std::collections::{BTreeSet, HashMap};

pub(crate) use kinds::{Item, Kind};
pub(crate) use patterns::{ANY_NAME, is_value_like};
pub(crate) use sample::add_sample;
pub(crate) use schema::add_schema;

use crate::hints;
use crate::schema::{Name, Notes, ValueType, is_niem_structures};
use dmv_redact_model::config::ConfigError;
use dmv_redact_model::format::Syntax;

/// The most parts of a layout (P8).
const MAX_PARTS: usize = 20_000;
/// The most values that are kept of a part, and the most bytes of each.
const MAX_VALUES: usize = 8;
const MAX_VALUE_BYTES: usize = 4096;

/// Where a hint was found that a value gave.
const SAMPLED: &str = "a value of the samples says so";

/// The attributes by which NIEM's objects refer to one another.
const LINKS: [&str; 3] = ["id", "ref", "uri"];

/// The index of a part.
pub(crate) type PartId = usize;

/// One part of a layout: an element, an attribute or a member, wherever it occurs at this path.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) name: Name,
    pub(crate) parent: Option<PartId>,
    pub(crate) children: Vec<PartId>,
    /// Whether it may have a value of its own.
    pub(crate) has_value: bool,
    pub(crate) value_type: ValueType,
    /// Some different values of samples, cut to a bounded length.
    pub(crate) values: Vec<String>,
    /// What the schema says of it, and what every value of the samples hints at.
    pub(crate) notes: Notes,
    /// How often samples have it.
    pub(crate) count: usize,
    /// Whether the schema goes on below it, further than was followed.
    pub(crate) is_cut: bool,
    /// Whether the schema lets anything be in it.
    pub(crate) is_open: bool,
    /// Whether a schema names it.
    pub(crate) is_declared: bool,
    /// Whether one parent may have several of it.
    pub(crate) is_repeated: bool,
    /// Whether it stands for all members of an object whose names are values.
    pub(crate) is_pattern: bool,
    /// What tells it from others of its name.
    pub(crate) kind: Option<Kind>,
    /// The parts of its name that something tells apart; they aren't among the children of its parent.
    pub(crate) kinds: Vec<PartId>,
}

/// The parts of a layout; the first is the root.
#[derive(Debug)]
pub(crate) struct PartTree {
    pub(crate) syntax: Syntax,
    parts: Vec<Part>,
    index: HashMap<(PartId, Name), PartId>,
    /// The prefixes that the layout's author uses, and their namespaces.
    pub(crate) prefixes: Vec<(String, String)>,
    /// The attributes by which NIEM's objects refer to one another, as far as the layout has them.
    pub(crate) links: BTreeSet<Name>,
    /// Whether a sample is a list of messages, or the schema is of one.
    pub(crate) is_list: bool,
    /// The members by which the items of a list are recognized, in the place of a root.
    pub(crate) marks: Vec<Name>,
    /// The samples, until their parts were told apart.
    items: Vec<Item>,
    /// How many messages the samples had.
    sampled: usize,
}

impl PartTree {
    /// The part that holds all others.
    pub(crate) const ROOT: PartId = 0;

    /// A layout whose root has this name; one of JSON without a root member has the empty name.
    pub(crate) fn new(syntax: Syntax, root: Name) -> Self {
        let mut tree = Self {
            syntax,
            parts: Vec::new(),
            index: HashMap::new(),
            prefixes: Vec::new(),
            links: BTreeSet::new(),
            is_list: false,
            sampled: 0,
            marks: Vec::new(),
            items: Vec::new(),
        };
        tree.push(None, root);
        tree
    }

    pub(crate) fn root(&self) -> Option<&Name> {
        self.part(Self::ROOT).map(|part| &part.name)
    }

    /// The samples, item by item.
    pub(crate) fn items(&self) -> &[Item] {
        &self.items
    }

    pub(crate) fn part(&self, id: PartId) -> Option<&Part> {
        self.parts.get(id)
    }

    fn part_mut(&mut self, id: PartId) -> Option<&mut Part> {
        self.parts.get_mut(id)
    }

    /// The child of this name; added if it isn't there. `None` once there are too many parts.
    fn child(&mut self, parent: PartId, name: Name) -> Option<PartId> {
        if let Some(known) = self.index.get(&(parent, name.clone())) {
            return Some(*known);
        }
        (self.parts.len() < MAX_PARTS).then(|| self.push(Some(parent), name))
    }

    fn push(&mut self, parent: Option<PartId>, name: Name) -> PartId {
        let id = self.push_alone(parent, name.clone());
        if let Some(parent) = parent {
            self.index.insert((parent, name), id);
            if let Some(part) = self.part_mut(parent) {
                part.children.push(id);
            }
        }
        id
    }

    /// Adds a part that its parent doesn't know.
    fn push_alone(&mut self, parent: Option<PartId>, name: Name) -> PartId {
        let id = self.parts.len();
        self.parts.push(Part {
            name,
            parent,
            children: Vec::new(),
            has_value: false,
            value_type: ValueType::Unknown,
            values: Vec::new(),
            notes: Notes::default(),
            count: 0,
            is_cut: false,
            is_open: false,
            is_declared: false,
            is_repeated: false,
            is_pattern: false,
            kind: None,
            kinds: Vec::new(),
        });
        id
    }

    /// Moves a part to another one, which has none of its name.
    fn move_to(&mut self, id: PartId, parent: PartId, name: Name) {
        self.index.insert((parent, name), id);
        if let Some(part) = self.part_mut(id) {
            part.parent = Some(parent);
        }
        if let Some(part) = self.part_mut(parent) {
            part.children.push(id);
        }
    }

    /// Makes the root a member of messages that have none: a list of messages has a place only in a format without a root.
    pub(crate) fn unroot(&mut self) {
        let Some(name) = self.root().filter(|root| !root.local.is_empty()).cloned() else { return };
        let children = self.part_mut(Self::ROOT).map(|root| std::mem::take(&mut root.children)).unwrap_or_default();
        let member = self.push(Some(Self::ROOT), name.clone());
        for child in children {
            let Some(own) = self.part(child).map(|part| part.name.clone()) else { continue };
            self.index.remove(&(Self::ROOT, own.clone()));
            self.move_to(child, member, own);
        }
        if let Some(root) = self.part_mut(Self::ROOT) {
            root.name = Name::element("", "");
        }
        self.marks = vec![name];
    }

    /// Counts an occurrence of a part in a sample.
    fn count(&mut self, id: PartId) {
        if let Some(part) = self.part_mut(id) {
            part.count += 1;
        }
    }

    /// Notes that one parent has several of a part.
    fn repeat(&mut self, id: PartId) {
        if let Some(part) = self.part_mut(id) {
            part.is_repeated = true;
        }
    }

    /// Adds a value that a sample has of a part.
    fn add_value(&mut self, id: PartId, value: &str) {
        let Some(part) = self.part_mut(id) else { return };
        part.has_value = true;
        hints::add(&mut part.notes.hints, hints::of_value(value), || SAMPLED.to_owned());
        let value = value.get(..value.floor_char_boundary(MAX_VALUE_BYTES)).unwrap_or_default();
        if part.values.len() < MAX_VALUES && !value.is_empty() && !part.values.iter().any(|own| own == value) {
            part.values.push(value.to_owned());
        }
    }

    /// The parts right below the root that every sample has, those that hold others first.
    pub(crate) fn common(&self) -> Vec<&Part> {
        let top = self.part(Self::ROOT).into_iter().flat_map(|root| &root.children).filter_map(|id| self.part(*id));
        let mut common: Vec<&Part> =
            top.filter(|part| !part.is_pattern && part.count > 0 && part.count == self.sampled).collect();
        common.sort_by_key(|part| part.children.is_empty());
        common
    }

    /// The parts from below the root to this one.
    pub(crate) fn steps(&self, id: PartId) -> Vec<&Part> {
        let mut steps = Vec::new();
        let mut at = self.part(id);
        while let Some(part) = at.filter(|part| part.parent.is_some()) {
            steps.push(part);
            at = part.parent.and_then(|parent| self.part(parent));
        }
        steps.reverse();
        steps
    }

    /// Every part below another, depth first, in the order of the layout.
    pub(crate) fn below(&self, id: PartId) -> Vec<PartId> {
        let mut found = Vec::new();
        let mut open: Vec<PartId> = self.part(id).map(|part| part.children.clone()).unwrap_or_default();
        open.reverse();
        while let Some(id) = open.pop() {
            found.push(id);
            open.extend(self.part(id).into_iter().flat_map(|part| part.children.iter().rev().copied()));
        }
        found
    }

    /// Whether a name is an attribute that every element may have; notes it, if objects refer to one another by it.
    fn is_machinery(&mut self, name: &Name) -> bool {
        if name.is_machinery() && is_niem_structures(&name.namespace) && LINKS.contains(&name.local.as_str()) {
            self.links.insert(name.clone());
        }
        name.is_machinery()
    }

    /// Notes what an author calls a namespace; the first prefix stays, a default namespace has none.
    pub(crate) fn bind(&mut self, prefix: &str, namespace: &str) {
        if namespace.is_empty() {
            return;
        }
        match self.prefixes.iter_mut().find(|(_, own)| own == namespace) {
            None => self.prefixes.push((prefix.to_owned(), namespace.to_owned())),
            Some((known, _)) if known.is_empty() => *known = prefix.to_owned(),
            Some(_) => {}
        }
    }
}

/// A layout that is too large (P8).
fn too_many_parts(file: &str) -> ConfigError {
    ConfigError::of_file(file, format!("has more than {MAX_PARTS} different parts"))
}
