//! The parts of a message in order, each with its path in the mapping and its outcome.

use std::collections::HashSet;

use super::told::Told;
use dmv_redact::Limits;
use dmv_redact::internal::rewrite::{Judgement, Outcome};
use dmv_redact_model::catalog::{ElementId, Treatment};
use dmv_redact_model::format::{Format, NamespaceId, Node, Target};
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

/// The state that both walks share: they name the parts, and the first reading has told what became of them.
pub(super) struct MessageWalk<'a> {
    pub(super) format: &'a Format,
    pub(super) limits: &'a Limits,
    /// What was told of the message, under which grant; of an output, whose every part stays, nothing.
    pub(super) told: Option<(Told, &'a Grant)>,
    pub(super) parts: MessageParts,
}

impl MessageWalk<'_> {
    /// Adds a part that begins at `start`. Returns its index.
    pub(super) fn add(&mut self, parent: Option<usize>, syntax: PartSyntax, step: String, start: usize) -> usize {
        let depth = parent.and_then(|parent| self.parts.0.get(parent)).map_or(0, |parent| parent.depth + 1);
        let fate = Fate::Container;
        self.parts.0.push(MessagePart { parent, depth, syntax, step, fate, start, is_kept: false });
        self.parts.0.len() - 1
    }

    pub(super) fn set(&mut self, index: usize, fate: Fate) {
        if let Some(part) = self.parts.0.get_mut(index) {
            part.fate = fate;
        }
    }

    /// Sets the fate of a part that goes as a whole, from `start` to beyond `head`. Returns whether it does.
    pub(super) fn goes(
        &mut self,
        part: usize,
        (start, head): (usize, usize),
        around: Option<&Node>,
        node: Option<&Node>,
    ) -> bool {
        let whole = match &mut self.told {
            Some((told, _)) => told.whole(start, head, node.is_some()),
            // In a record, the mapping needn't name every part.
            None => {
                let is_record = around.is_none_or(|around| matches!(around.target, Target::Record(_)));
                (node.is_none() && !is_record).then_some(Outcome::Unmapped)
            }
        };
        let Some(outcome) = whole else { return false };
        self.set(part, self.fate(outcome));
        true
    }

    /// Adds that a record itself is denied, if its head from `start` to `head` is: parts of it that are mapped to
    /// something else may stay.
    pub(super) fn denied_head(&mut self, part: usize, syntax: PartSyntax, (start, head): (usize, usize)) {
        let denied = self.told.as_mut().and_then(|(told, _)| told.denied_head(start, head));
        if let Some(outcome) = denied {
            let own = self.add(Some(part), syntax, String::new(), start);
            self.set(own, self.fate(outcome));
        }
    }

    /// Sets the fate of a part whose value is between `from` and `to`.
    pub(super) fn value(&mut self, part: usize, node: Option<&Node>, (from, to): (usize, usize)) {
        let found = self.told.as_mut().map(|(told, _)| told.within(from, to)).unwrap_or_default();
        let has_fields = node.is_some_and(|node| !node.layouts.is_empty());
        let fate = match found.as_slice() {
            [] => return,
            [one] if !has_fields => self.fate(*one),
            fields => {
                let fields = fields.iter().filter_map(|field| match self.fate(*field) {
                    Fate::Value(element, outcome) => Some((element, outcome)),
                    _ => None,
                });
                Fate::Fields(fields.collect())
            }
        };
        self.set(part, fate);
    }

    /// Adds the parts from `from` to `to` that have no name and go.
    pub(super) fn unnamed(&mut self, parent: Option<usize>, (from, to): (usize, usize)) {
        let count = self.told.as_mut().map_or(0, |(told, _)| told.unmapped(from, to));
        for _ in 0..count {
            let part = self.add(parent, PartSyntax::Element, String::new(), from);
            self.set(part, Fate::Unmapped);
        }
    }

    /// Takes the last part back if nothing was told of it.
    pub(super) fn drop_unless_told(&mut self, part: usize) {
        if self.parts.0.get(part).is_some_and(|part| part.fate == Fate::Container) {
            self.parts.0.truncate(part);
        }
    }

    fn fate(&self, outcome: Outcome) -> Fate {
        let treatment = |element| self.told.as_ref().and_then(|(_, grant)| grant.treatment(element));
        match outcome {
            Outcome::Unmapped => Fate::Unmapped,
            Outcome::Denied(element) => Fate::Value(element, PartOutcome::Denied),
            Outcome::Judged(element, judgement) => Fate::Value(
                element,
                match judgement {
                    Judgement::Release => PartOutcome::Released,
                    Judgement::Generalise => PartOutcome::Generalised(treatment(element).unwrap_or(Treatment::Full)),
                    Judgement::ShapeViolation => PartOutcome::Violates,
                    Judgement::Photo => PartOutcome::Image,
                },
            ),
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
