//! The parts of a message in order, each with its path in the mapping and its outcome.

use std::collections::HashSet;

use dmv_redact::internal::rewrite::{self, Judgement, judge};
use dmv_redact_model::catalog::{ElementId, Treatment};
use dmv_redact_model::format::{Format, NamespaceId, Node};
use dmv_redact_model::policy::Grant;

/// The outcome of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum PartOutcome {
    Released,
    Generalised(Treatment),
    /// The grant doesn't have its element.
    Denied,
    /// It was permitted, but violates its element's shape.
    Violates,
    /// It was permitted, but contains an image or another encoded object.
    Image,
}

impl PartOutcome {
    /// Whether something of the value is released.
    pub(super) fn passes(self) -> bool {
        matches!(self, Self::Released | Self::Generalised(_))
    }
}

/// What a part is, and its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// It stays if something inside it does.
    Container,
    Value(ElementId, PartOutcome),
    /// A text with fields of its own, and the outcome of each.
    Fields(Vec<(ElementId, PartOutcome)>),
    /// The name of an object, or a reference to one, with the offset of its value: it stays if both ends are present.
    Link(usize),
    /// What every message needs to be readable: a `@context`.
    Kept,
    /// No path of the mapping names it.
    Unmapped,
}

/// How a part is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PartSyntax {
    Element,
    Attribute,
    Member,
    Item,
}

/// One part.
#[derive(Debug)]
pub(super) struct MessagePart {
    pub(super) parent: Option<usize>,
    pub(super) depth: usize,
    pub(super) syntax: PartSyntax,
    /// Its step in the mapping's spelling; empty for items of an array and for what the mapping doesn't name.
    pub(super) step: String,
    pub(super) fate: Fate,
    /// Where it begins, in bytes from the start of the message's text.
    pub(super) start: usize,
    /// Whether it is released, in any form.
    pub(super) is_kept: bool,
}

/// All parts, in the order of the message.
#[derive(Debug, Default)]
pub(super) struct MessageParts(pub(super) Vec<MessagePart>);

impl MessageParts {
    /// The path of a part, in the mapping's own names.
    pub(super) fn path(&self, index: usize) -> String {
        let mut steps = Vec::new();
        let mut at = Some(index);
        while let Some(part) = at.and_then(|at| self.0.get(at)) {
            if !part.step.is_empty() {
                steps.push(part.step.as_str());
            }
            at = part.parent;
        }
        steps.reverse();
        steps.join("/")
    }

    /// Decides which parts stay, once all are known: `links` are the offsets of the released links' values.
    pub(super) fn decide_kept(&mut self, links: &HashSet<usize>) {
        for index in (0..self.0.len()).rev() {
            let Some(part) = self.0.get_mut(index) else { continue };
            part.is_kept |= match &part.fate {
                Fate::Container | Fate::Unmapped => false,
                Fate::Value(_, outcome) => outcome.passes(),
                Fate::Fields(fields) => fields.iter().any(|(_, outcome)| outcome.passes()),
                Fate::Link(value) => links.contains(value),
                Fate::Kept => true,
            };
            let (is_kept, parent) = (part.is_kept && part.fate != Fate::Kept, part.parent);
            if let Some(parent) = parent.and_then(|parent| self.0.get_mut(parent))
                && parent.fate == Fate::Container
            {
                parent.is_kept |= is_kept;
            }
        }
    }
}

/// The state that both walks share.
pub(super) struct MessageWalk<'a> {
    pub(super) inner: &'a rewrite::Parts,
    pub(super) format: &'a Format,
    pub(super) grant: &'a Grant,
    /// Where the current part begins.
    pub(super) at: usize,
    pub(super) parts: MessageParts,
}

impl MessageWalk<'_> {
    /// Adds a part. Returns its index.
    pub(super) fn add(&mut self, parent: Option<usize>, syntax: PartSyntax, step: String, fate: Fate) -> usize {
        let depth = parent.and_then(|parent| self.parts.0.get(parent)).map_or(0, |parent| parent.depth + 1);
        self.parts.0.push(MessagePart { parent, depth, syntax, step, fate, start: self.at, is_kept: false });
        self.parts.0.len() - 1
    }

    pub(super) fn set(&mut self, index: usize, fate: Fate) {
        if let Some(part) = self.parts.0.get_mut(index) {
            part.fate = fate;
        }
    }

    pub(super) fn treatment(&self, element: ElementId) -> Option<Treatment> {
        self.grant.treatment(element)
    }

    /// Whether anything at a node or below it is granted.
    pub(super) fn grants_any_of(&self, elements: &[ElementId]) -> bool {
        elements.iter().any(|element| self.treatment(*element).is_some())
    }

    /// Whether a record may contain a name that leads to these elements elsewhere.
    pub(super) fn admits_in_record(&self, elements: &[ElementId]) -> bool {
        elements.is_empty() || elements.iter().any(|element| self.treatment(*element) == Some(Treatment::Full))
    }

    /// The outcome of a value.
    pub(super) fn value(&self, element: ElementId, value: &str) -> PartOutcome {
        let described = self.inner.catalog.element(element);
        let (Some(described), Some(treatment)) = (described, self.treatment(element)) else {
            return PartOutcome::Denied;
        };
        match judge(described, treatment, value, &mut String::new()) {
            Judgement::Release => PartOutcome::Released,
            Judgement::Generalise => PartOutcome::Generalised(treatment),
            Judgement::ShapeViolation => PartOutcome::Violates,
            Judgement::Photo => PartOutcome::Image,
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
