//! The parts of a message in their order, each with its place in the mapping and what becomes of it.

use std::collections::HashSet;

use crate::catalog::{ElementId, Treatment};
use crate::format::{Format, NamespaceId, Node};
use crate::policy::Grant;
use crate::rewrite::{self, Judgement, judge};

/// What becomes of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Outcome {
    Released,
    Generalised(Treatment),
    /// The grant doesn't hold its element.
    Denied,
    /// It was permitted, but violates its element's shape.
    Violates,
    /// It was permitted, but holds an image or another encoded object.
    Image,
}

impl Outcome {
    /// Whether something of the value goes out.
    pub(super) fn passes(self) -> bool {
        matches!(self, Self::Released | Self::Generalised(_))
    }
}

/// What a part is, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// It stays if something in it does.
    Container,
    Value(ElementId, Outcome),
    /// A text that holds fields of its own, and what becomes of each.
    Fields(Vec<(ElementId, Outcome)>),
    /// The name of an object, or a reference to one, whose value begins there: it stays if both are there.
    Link(usize),
    /// What every message needs to be read: a `@context`.
    Kept,
    /// No path of the mapping names it.
    Unmapped,
}

/// How a part is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    Element,
    Attribute,
    Member,
    Item,
}

/// One part.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) parent: Option<usize>,
    pub(super) depth: usize,
    pub(super) written: Written,
    /// Its step in the mapping's own spelling; empty for what the mapping doesn't name and for the items of an array.
    pub(super) step: String,
    pub(super) fate: Fate,
    /// Where it begins, in bytes from the start of the message's text.
    pub(super) start: usize,
    /// Whether it goes out, in whatever form.
    pub(super) stays: bool,
}

/// All parts, in the order of the message.
#[derive(Debug, Default)]
pub(super) struct Parts(pub(super) Vec<Part>);

impl Parts {
    /// The path of a part, in the mapping's own names.
    pub(super) fn path(&self, place: usize) -> String {
        let mut steps = Vec::new();
        let mut at = Some(place);
        while let Some(part) = at.and_then(|at| self.0.get(at)) {
            if !part.step.is_empty() {
                steps.push(part.step.as_str());
            }
            at = part.parent;
        }
        steps.reverse();
        steps.join("/")
    }

    /// Decides which parts stay, now that all of them are known: `links` are where the values begin of those that go out.
    pub(super) fn settle(&mut self, links: &HashSet<usize>) {
        for place in (0..self.0.len()).rev() {
            let Some(part) = self.0.get_mut(place) else { continue };
            part.stays |= match &part.fate {
                Fate::Container | Fate::Unmapped => false,
                Fate::Value(_, outcome) => outcome.passes(),
                Fate::Fields(fields) => fields.iter().any(|(_, outcome)| outcome.passes()),
                Fate::Link(value) => links.contains(value),
                Fate::Kept => true,
            };
            let (stays, parent) = (part.stays && part.fate != Fate::Kept, part.parent);
            if let Some(parent) = parent.and_then(|parent| self.0.get_mut(parent))
                && parent.fate == Fate::Container
            {
                parent.stays |= stays;
            }
        }
    }
}

/// What both walks know and gather.
pub(super) struct Walk<'a> {
    pub(super) inner: &'a rewrite::Parts,
    pub(super) format: &'a Format,
    pub(super) grant: &'a Grant,
    /// Where the part that is looked at begins.
    pub(super) at: usize,
    pub(super) parts: Parts,
}

impl Walk<'_> {
    /// Adds a part. Gives its place.
    pub(super) fn add(&mut self, parent: Option<usize>, written: Written, step: String, fate: Fate) -> usize {
        let depth = parent.and_then(|parent| self.parts.0.get(parent)).map_or(0, |parent| parent.depth + 1);
        self.parts.0.push(Part { parent, depth, written, step, fate, start: self.at, stays: false });
        self.parts.0.len() - 1
    }

    pub(super) fn set(&mut self, place: usize, fate: Fate) {
        if let Some(part) = self.parts.0.get_mut(place) {
            part.fate = fate;
        }
    }

    pub(super) fn treatment(&self, element: ElementId) -> Option<Treatment> {
        self.grant.treatment(element)
    }

    /// Whether anything of what stands at a node and below it is granted.
    pub(super) fn grants_any_of(&self, elements: &[ElementId]) -> bool {
        elements.iter().any(|element| self.treatment(*element).is_some())
    }

    /// Whether a name that leads to these elements elsewhere may stand in a record.
    pub(super) fn admits_in_record(&self, elements: &[ElementId]) -> bool {
        elements.is_empty() || elements.iter().any(|element| self.treatment(*element) == Some(Treatment::Full))
    }

    /// What becomes of a value.
    pub(super) fn value(&self, element: ElementId, value: &str) -> Outcome {
        let described = self.inner.catalog.element(element);
        let (Some(described), Some(treatment)) = (described, self.treatment(element)) else { return Outcome::Denied };
        match judge(described, treatment, value, &mut String::new()) {
            Judgement::Release => Outcome::Released,
            Judgement::Generalise => Outcome::Generalised(treatment),
            Judgement::ShapeViolation => Outcome::Violates,
            Judgement::Photo => Outcome::Image,
        }
    }

    /// A name as the mapping spells it.
    pub(super) fn spelled(&self, namespace: NamespaceId, local: &str) -> String {
        let prefix = self.format.prefixes.iter().find(|(_, own)| *own == namespace);
        prefix.map_or_else(|| local.to_owned(), |(prefix, _)| format!("{prefix}:{local}"))
    }

    /// The name of a node as the mapping spells it.
    pub(super) fn named(&self, node: &Node) -> String {
        if node.name.contains(':') { node.name.to_string() } else { self.spelled(node.namespace, &node.name) }
    }
}
