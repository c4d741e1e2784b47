//! Messages made from the mappings: a tree of mapped names with values, the same for XML and JSON.
//! What is forbidden to the asker is marked, because some properties change it and all of them look for its canaries.

use super::format::{Format, Mapped, Place};
use super::predict::Grant;
use super::values::{JPEG, canary, violating};
use super::world::World;
use crate::catalog::is_envelope;
use crate::dice::Dice;

/// A part of a message that is not written yet.
#[derive(Clone, Debug)]
pub struct Node {
    /// In the mapping's spelling.
    pub name: String,
    /// Its attributes.
    pub attributes: Vec<Attribute>,
    /// What is in it.
    pub body: Body,
    /// Decides how the node is written; 0 the plainest way.
    pub seed: u16,
    /// In JSON: one of the items of an array.
    pub item: bool,
    /// Nothing in it may go out, and nothing must stand for it: it may as well be absent.
    pub(crate) droppable: bool,
    /// The name by which others refer to it.
    pub id: Option<String>,
    /// The name of the object that it refers to.
    pub refers: Option<String>,
}

/// An attribute.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Whether it must not go out.
    pub forbidden: bool,
}

/// What is in a part of a message.
#[derive(Clone, Debug)]
pub enum Body {
    /// A value.
    Text {
        /// The value itself.
        value: String,
        /// Whether it must not go out.
        forbidden: bool,
        /// Whether it is written as nil.
        nil: bool,
        /// Whether it is a part of a record.
        record: bool,
    },
    /// Other parts.
    Kids {
        /// The parts, in order.
        kids: Vec<Node>,
        /// Whether they are of a record.
        record: bool,
    },
}

/// What is fixed before a message is made.
pub(crate) struct Wanted<'w> {
    pub world: &'w World,
    pub format: &'w Format,
    /// `None`: the message will be refused, and all of its body is forbidden.
    pub grant: Option<Grant>,
    pub message_type: Option<String>,
    /// The ORI in the envelope.
    pub requester: Option<String>,
    /// Whether values may violate their shapes.
    pub violations: bool,
    pub references: bool,
}

pub(crate) struct Generator<'w, 'd> {
    wanted: &'w Wanted<'w>,
    dice: &'d mut Dice,
    ids: usize,
    pub canaries: Vec<String>,
}

pub(crate) fn generate(wanted: &Wanted<'_>, dice: &mut Dice) -> (Node, Vec<String>) {
    let mut generator = Generator { wanted, dice, ids: 0, canaries: Vec::new() };
    let root = generator.node(&wanted.format.root, &mut Vec::new());
    (root, generator.canaries)
}

impl Generator<'_, '_> {
    fn node(&mut self, name: &str, path: &mut Vec<String>) -> Node {
        let format = self.wanted.format;
        let seed = self.dice.number();
        let body = match format.place(path) {
            Place::Leaf(element) => self.leaf(path, element),
            Place::Text => self.text(),
            Place::Record(element) => self.record(element, format, 0),
            Place::Container | Place::Unknown => Body::Kids { kids: self.kids(path), record: false },
        };
        let required = format.required.iter().any(|(p, _)| p.starts_with(path) || path.starts_with(p));
        let mut node = Node {
            name: name.to_owned(),
            attributes: self.attributes(path, &body),
            droppable: !required && !path.is_empty(),
            body,
            seed,
            item: false,
            id: None,
            refers: None,
        };
        node.droppable &= node.all_forbidden();
        if matches!(node.body, Body::Kids { record: false, .. }) && !path.is_empty() && !self.in_envelope(path) {
            self.refer(&mut node);
        }
        node
    }

    fn kids(&mut self, path: &mut Vec<String>) -> Vec<Node> {
        let format = self.wanted.format;
        let mut kids = Vec::new();
        for step in steps_below(format, path) {
            path.push(step.clone());
            let leads_to = |p: &Option<Vec<String>>| p.as_ref().is_some_and(|p| p.starts_with(path));
            let count = match (leads_to(&format.message_type), leads_to(&format.requester)) {
                (true, _) if format.message_type.as_ref() == Some(path) => {
                    usize::from(self.wanted.message_type.is_some())
                }
                (_, true) if format.requester.as_ref() == Some(path) => usize::from(self.wanted.requester.is_some()),
                (true, _) | (_, true) => 1,
                _ => [0, 1, 1, 1, 1, 1, 1, 2][self.dice.pick(8)],
            };
            let item = count > 1 || self.dice.chance(10);
            for _ in 0..count {
                kids.push(Node { item, ..self.node(&step, path) });
            }
            path.pop();
        }
        if self.dice.chance(25) && !kids.is_empty() {
            let by = self.dice.pick(kids.len());
            kids.rotate_left(by);
        }
        kids
    }

    fn leaf(&mut self, path: &[String], element: &str) -> Body {
        let format = self.wanted.format;
        let fixed =
            |p: &Option<Vec<String>>, value: &Option<String>| value.clone().filter(|_| p.as_deref() == Some(path));
        let fixed = fixed(&format.message_type, &self.wanted.message_type)
            .or_else(|| fixed(&format.requester, &self.wanted.requester));
        let nil = format.nillable.iter().any(|p| p == path) && self.dice.chance(20);
        if let Some(value) = fixed {
            return Body::Text { value, forbidden: false, nil: false, record: false };
        }
        let (value, forbidden) = if nil { (String::new(), !self.granted(element)) } else { self.value(element) };
        Body::Text { value, forbidden, nil, record: false }
    }

    fn text(&mut self) -> Body {
        let value = canary(self.canaries.len(), self.dice);
        self.canaries.push(value.clone());
        Body::Text { value, forbidden: true, nil: false, record: false }
    }

    /// A made-up record: one text, or parts of which some have parts.
    fn record(&mut self, element: &str, format: &Format, depth: usize) -> Body {
        let prefixes: Vec<&String> = format.namespaces.keys().filter(|p| *p != "rdf" && *p != "xsi").collect();
        if prefixes.is_empty() || self.dice.chance(if depth == 0 { 30 } else { 80 }) || depth > 1 {
            let (value, forbidden) = self.value(element);
            return Body::Text { value, forbidden, nil: false, record: true };
        }
        let mut kids = Vec::new();
        for serial in 0..=self.dice.pick(3) {
            let seed = self.dice.number();
            let name = format!("{}:Part{depth}.{serial}", self.dice.one_of(&prefixes));
            let body = self.record(element, format, depth + 1);
            let (id, refers) = (None, None);
            kids.push(Node { name, attributes: vec![], body, seed, item: false, droppable: false, id, refers });
        }
        Body::Kids { kids, record: true }
    }

    fn value(&mut self, element: &str) -> (String, bool) {
        let samples = &self.wanted.world.samples;
        if !self.granted(element) {
            if self.dice.chance(25) {
                return (samples.conforming(element, self.dice), true);
            }
            if self.dice.chance(5) {
                return (JPEG.to_owned(), true);
            }
            let canary = canary(self.canaries.len(), self.dice);
            self.canaries.push(canary.clone());
            return (canary, true);
        }
        let odd = if is_envelope(element) { 1 } else { 7 };
        let value = if self.dice.chance(odd) && self.wanted.violations {
            violating(self.dice)
        } else if self.dice.chance(odd) {
            String::new()
        } else {
            samples.conforming(element, self.dice)
        };
        (if self.dice.chance(4) { format!(" {value}\n") } else { value }, false)
    }

    fn granted(&self, element: &str) -> bool {
        is_envelope(element) || self.wanted.grant.as_ref().is_some_and(|grant| grant.contains_key(element))
    }

    fn attributes(&mut self, path: &[String], body: &Body) -> Vec<Attribute> {
        let mapped = |m: &&Mapped| m.steps == path && m.attribute.is_some();
        let mut attributes = Vec::new();
        for mapped in self.wanted.format.mapped.iter().filter(mapped) {
            if !self.dice.chance(70) {
                continue;
            }
            let (value, forbidden) = self.value(&mapped.element);
            let forbidden = forbidden || matches!(body, Body::Text { forbidden: true, .. });
            attributes.push(Attribute { name: mapped.attribute.clone().unwrap(), value, forbidden });
        }
        attributes
    }

    /// Some containers are named, some only refer to one that may be released, denied or absent.
    fn refer(&mut self, node: &mut Node) {
        if !self.wanted.references || self.wanted.format.references.id.is_none() {
            return;
        }
        match self.dice.pick(8) {
            6 => {
                self.ids += 1;
                node.id = Some(format!("P{}", self.ids));
            }
            7 => {
                node.refers = Some(format!("P{}", 1 + self.dice.pick(self.ids + 2)));
                node.attributes.clear();
                node.body = Body::Kids { kids: vec![], record: false };
                node.droppable = false;
            }
            _ => {}
        }
    }

    fn in_envelope(&self, path: &[String]) -> bool {
        let leads = |p: &Option<Vec<String>>| p.as_ref().is_some_and(|p| p.starts_with(path));
        leads(&self.wanted.format.message_type) || leads(&self.wanted.format.requester)
    }
}

impl Node {
    fn all_forbidden(&self) -> bool {
        self.refers.is_none()
            && self.attributes.iter().all(|a| a.forbidden)
            && match &self.body {
                Body::Text { forbidden, .. } => *forbidden,
                Body::Kids { kids, .. } => !kids.is_empty() && kids.iter().all(Node::all_forbidden),
            }
    }
}

/// The names that the mapping knows below a path, in its order.
fn steps_below(format: &Format, path: &[String]) -> Vec<String> {
    let mut steps: Vec<String> = Vec::new();
    for mapped in format.mapped.iter().filter(|m| m.steps.starts_with(path)) {
        if let Some(step) = mapped.steps.get(path.len())
            && !steps.contains(step)
        {
            steps.push(step.clone());
        }
    }
    steps
}
