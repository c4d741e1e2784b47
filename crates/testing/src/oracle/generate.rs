//! Messages made from the mappings: a tree of mapped names with values, the same for XML and JSON.
//! What is forbidden to the asker is marked, because some properties change it and all of them look for its canaries.

use std::collections::BTreeMap;

use super::format::{Format, Place, leads};
use super::predict::Grant;
use super::step::{Asked, Step};
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
    /// It tells what the part around it is, or would if it were written otherwise.
    pub telling: Option<Telling>,
    /// It goes out with the part around it, and gives that no right to go out.
    pub(crate) follows: bool,
}

/// How a part is written that tells what the part around it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// As a value alone.
    Plain,
    /// In JSON as an object that wraps it.
    Wrapped,
    /// In XML with a comment in it, in JSON as a list of one.
    WithComment,
    /// With another part in it, which tells nothing.
    WithPart,
    /// As nil, which tells nothing.
    Nil,
    /// Twice. In JSON that withholds the message.
    Twice,
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
    /// Whether it tells what its part is: it goes out if something else does, and must not be changed.
    pub telling: bool,
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
    /// What the envelope states of the request, where that is fixed.
    pub stated: BTreeMap<String, Vec<String>>,
    /// Whether values may violate their shapes.
    pub violations: bool,
    pub references: bool,
    /// Whether it is written as XML: there a pattern is asked for local names.
    pub xml: bool,
    /// The ways in which what tells is written, the plain one first.
    pub tellings: Vec<Telling>,
}

pub(crate) struct Generator<'w, 'd> {
    wanted: &'w Wanted<'w>,
    dice: &'d mut Dice,
    /// What is still to be stated of the request.
    unstated: BTreeMap<String, Vec<String>>,
    ids: usize,
    /// In a part of which nothing may go out.
    lost: bool,
    /// How many canaries there were, those that may go out included.
    serial: usize,
    pub canaries: Vec<String>,
}

/// What a part of the message says of itself.
struct Said {
    asked: Asked,
    value: String,
    telling: Telling,
    is_canary: bool,
}

pub(crate) fn generate(wanted: &Wanted<'_>, dice: &mut Dice) -> (Node, Vec<String>) {
    let mut generator = Generator {
        wanted,
        dice,
        unstated: wanted.stated.clone(),
        ids: 0,
        lost: false,
        serial: 0,
        canaries: Vec::new(),
    };
    let name = wanted.format.root.as_deref().unwrap_or_default();
    let mut root = generator.node(name, &[], Some(&[]), &[]);
    if wanted.format.root.is_none() && generator.dice.chance(30) {
        let more = (0..generator.dice.pick(3)).map(|_| generator.node(name, &[], Some(&[]), &[])).collect::<Vec<_>>();
        let kids = [root.clone()].into_iter().chain(more).map(|kid| Node { item: true, ..kid }).collect();
        root = Node { body: Body::Kids { kids, record: false }, item: true, attributes: vec![], ..root };
    }
    (root, generator.canaries)
}

impl Generator<'_, '_> {
    /// A part that is meant to be at `path`. By what it says it is at `real`, or nowhere in the mapping.
    fn node(&mut self, name: &str, path: &[Step], real: Option<&[Step]>, says: &[Said]) -> Node {
        let format = self.wanted.format;
        let seed = self.dice.number();
        let before = self.lost;
        let is_text = matches!(format.place(path), Place::Leaf(_) | Place::Text);
        let mut body = match (format.place(path), real.map_or(Place::Unknown, |real| format.place(real))) {
            (Place::Leaf(_), Place::Leaf(element)) => self.leaf(path, element),
            (Place::Record(_), Place::Record(element)) => {
                let has_parts = says.iter().any(|said| !said.asked.attribute);
                self.record(element, (path, real), 0, has_parts)
            }
            (Place::Container | Place::Unknown, place @ (Place::Container | Place::Record(_))) => {
                Body::Kids { kids: self.kids(path, real), record: matches!(place, Place::Record(_)) }
            }
            (Place::Container | Place::Unknown, Place::Leaf(element)) => self.leaf(path, element),
            (Place::Container | Place::Unknown, _) => {
                self.lost = true;
                Body::Kids { kids: self.kids(path, None), record: false }
            }
            (Place::Record(element), place) => {
                self.lost = true;
                let real = real.filter(|_| matches!(place, Place::Container));
                self.record(element, (path, real), 0, says.iter().any(|said| !said.asked.attribute))
            }
            // In a record of which no part tells what it is, what would have another element is a part like any other.
            (Place::Leaf(_) | Place::Text, Place::Record(element)) => {
                let (value, forbidden) = self.value(element);
                Body::Text { value, forbidden, nil: false, record: true }
            }
            (Place::Leaf(_) | Place::Text, _) => self.text(),
        };
        self.lost = before;
        let above = path.split_last().map_or(&[][..], |(_, above)| above);
        let asked = format.variants(above).concat().into_iter().filter(|asked| asked.part == name);
        let asked: Vec<Asked> = asked.collect();
        let is_asked = |value: &str| asked.iter().flat_map(|asked| &asked.values).any(|own| own == value.trim());
        // By chance nothing tells: it would be written like any other value.
        match &mut body {
            Body::Text { value, .. } if is_asked(value) => *value = "OTHER".to_owned(),
            _ => {}
        }
        let mut attributes = self.attributes(path, real, &body);
        self.tell(says, real, &mut body, &mut attributes);
        // Where it is meant to be, or is by what it says.
        let is_required = |at: &[Step]| format.required.iter().any(|(p, _)| leads(p, at) || leads(at, p));
        let required = is_required(path) || real.is_some_and(is_required);
        // What is asked tells nothing by chance, but with parts in it, it would not go out.
        let is_wrapped = !attributes.is_empty() && format.namespaces.contains_key("rdf");
        let telling = if is_wrapped { Telling::Wrapped } else { Telling::Plain };
        let telling = asked.iter().any(|asked| !asked.attribute).then_some(telling);
        let mut node = Node {
            name: name.to_owned(),
            attributes,
            droppable: !required && !path.is_empty(),
            body,
            seed,
            item: false,
            id: None,
            refers: None,
            telling,
            follows: false,
        };
        node.droppable &= node.all_forbidden();
        let is_object = matches!(node.body, Body::Kids { record: false, .. }) && !is_text;
        if is_object && !path.is_empty() && !self.in_envelope(path) {
            self.refer(&mut node);
        }
        node
    }

    /// The parts of a part at `path`, but those that tell what it is.
    fn kids(&mut self, path: &[Step], real: Option<&[Step]>) -> Vec<Node> {
        let format = self.wanted.format;
        let mut kids = Vec::new();
        let mut path = path.to_vec();
        for step in steps_below(format, &path) {
            if format.tells(&path, false, &step.name, true).is_some() {
                continue;
            }
            path.push(step.clone());
            let leads_to = |p: &Option<Vec<Step>>| p.as_ref().is_some_and(|p| p.starts_with(&path));
            let is_recognised = format.recognise.iter().any(|(p, _)| p.starts_with(&path));
            let count = match (leads_to(&format.message_type), leads_to(&format.requester)) {
                (true, _) if format.message_type.as_ref() == Some(&path) => {
                    usize::from(self.wanted.message_type.is_some())
                }
                (_, true) if format.requester.as_ref() == Some(&path) => usize::from(self.wanted.requester.is_some()),
                (true, _) | (_, true) => 1,
                _ if self.stated_at(&path).is_some() => {
                    self.stated_at(&path).and_then(|name| self.unstated.get(&name)).map_or(0, Vec::len)
                }
                _ if is_recognised || self.leads_to_stated(&path) => 1,
                _ => [0, 1, 1, 1, 1, 1, 1, 2][self.dice.pick(8)],
            };
            let item = !is_recognised && (count > 1 || self.dice.chance(10));
            for _ in 0..count {
                let name = self.name(&step);
                let says = self.says(&path);
                let real = real.map(|real| {
                    let mut real = [real, &[format.step(real, &name, self.wanted.xml)]].concat();
                    let predicates = format.fitting(&real, |asked| {
                        let said = says.iter().find(|said| said.asked.part == asked.part)?;
                        let is_told = match said.telling {
                            Telling::Plain | Telling::Wrapped | Telling::WithComment => true,
                            Telling::WithPart | Telling::Nil | Telling::Twice => false,
                        };
                        is_told.then(|| said.value.clone())
                    });
                    real.last_mut().into_iter().for_each(|step| step.predicates.clone_from(&predicates));
                    real
                });
                kids.push(Node { item, ..self.node(&name, &path, real.as_deref(), &says) });
            }
            path.pop();
        }
        if self.dice.chance(25) && !kids.is_empty() {
            let by = self.dice.pick(kids.len());
            kids.rotate_left(by);
        }
        kids
    }

    /// A name for a step. One for a pattern is seldom one that it refuses.
    fn name(&mut self, step: &Step) -> String {
        let Some((before, after)) = step.name.split_once('*').filter(|_| step.is_pattern) else {
            return step.name.clone();
        };
        let inside = match self.dice.pick(12) {
            9 => {
                let canary = format!("{}", 987_000_000 + self.serial);
                self.serial += 1;
                self.canaries.push(canary.clone());
                canary
            }
            10 => "\u{e9}".to_owned(),
            11 => "L".repeat(65),
            n => ["21", "last", "a.b-c_d", "12345678", "X", "s3cond", "Two", "18", "of_many"][n].to_owned(),
        };
        format!("{before}{inside}{after}")
    }

    /// What a part at `path` says of itself: mostly what makes it that, seldom something else.
    fn says(&mut self, path: &[Step]) -> Vec<Said> {
        let format = self.wanted.format;
        let Some(step) = path.last() else { return vec![] };
        let mut all: Vec<Asked> = Vec::new();
        let asks = format.variants(&[&path[..path.len() - 1], &[Step { predicates: vec![], ..step.clone() }]].concat());
        for asked in asks.concat() {
            if !all.iter().any(|other| other.part == asked.part) {
                all.push(asked);
            }
        }
        let mut says = Vec::new();
        for any in all {
            let own = step.predicates.iter().find(|asked| asked.part == any.part);
            let values: Vec<String> =
                asks.concat().into_iter().filter(|a| a.part == any.part).flat_map(|a| a.values).collect();
            let is_needed = own.is_some() && self.in_envelope(path);
            let mut said = Said { value: String::new(), telling: Telling::Plain, is_canary: false, asked: any };
            match (own, if is_needed { 0 } else { self.dice.pick(40) }) {
                (Some(_), 39) => continue,
                (Some(_), 38) | (None, 35) => said.value = self.dice.one_of(&values).clone(),
                (Some(_), 37) | (None, 36) => {
                    said.value = self.canary();
                    said.is_canary = true;
                }
                (Some(own), 36) => said.value = format!("{}z", self.dice.one_of(&own.values)),
                (Some(own), 33..=35) => {
                    said.value = self.dice.one_of(&own.values).clone();
                    said.telling = *self.dice.one_of(&self.wanted.tellings);
                }
                (Some(own), _) => said.value = self.dice.one_of(&own.values).clone(),
                (None, _) => continue,
            }
            if said.asked.attribute {
                said.telling = Telling::Plain;
            } else if !said.is_canary && self.dice.chance(10) {
                said.value = format!("\n {} ", said.value);
            }
            says.push(said);
        }
        says
    }

    /// Puts what a part says of itself among its other parts.
    fn tell(&mut self, says: &[Said], real: Option<&[Step]>, body: &mut Body, attributes: &mut Vec<Attribute>) {
        let format = self.wanted.format;
        for said in says {
            let Said { asked, value, telling, .. } = said;
            let name = &asked.part;
            let is_telling = real.is_some_and(|real| format.tells(real, asked.attribute, name, true).is_some());
            let element = match real {
                Some(real) if asked.attribute => format.attribute(real, name, self.wanted.xml).map(str::to_owned),
                Some(real) => match format.place(&[real, &[format.step(real, name, self.wanted.xml)]].concat()) {
                    Place::Leaf(element) | Place::Record(element) => Some(element.to_owned()),
                    _ => None,
                },
                None => None,
            };
            let forbidden = !is_telling && !element.is_some_and(|element| !self.lost && self.granted(&element));
            if said.is_canary && !forbidden {
                self.canaries.retain(|canary| canary != value);
            }
            if asked.attribute {
                attributes.retain(|attribute| attribute.name != *name);
                let at = self.dice.pick(attributes.len() + 1);
                let told = Attribute { name: name.clone(), value: value.clone(), forbidden, telling: is_telling };
                attributes.insert(at, told);
            } else if let Body::Kids { kids, .. } = body {
                let body = Body::Text { value: value.clone(), forbidden, nil: false, record: true };
                let (seed, at) = (self.dice.number(), self.dice.pick(kids.len() + 1));
                let telling = Some(*telling);
                let name = name.clone();
                let (attributes, id, refers) = (vec![], None, None);
                kids.retain(|kid| kid.name != name);
                let at = at.min(kids.len());
                let (item, droppable, follows) = (false, false, is_telling);
                kids.insert(at, Node { name, attributes, body, seed, item, droppable, id, refers, telling, follows });
            }
        }
    }

    fn leaf(&mut self, path: &[Step], element: &str) -> Body {
        let format = self.wanted.format;
        let fixed =
            |p: &Option<Vec<Step>>, value: &Option<String>| value.clone().filter(|_| p.as_deref() == Some(path));
        let fixed = fixed(&format.message_type, &self.wanted.message_type)
            .or_else(|| fixed(&format.requester, &self.wanted.requester));
        let nil = format.is_nillable(path) && self.dice.chance(20);
        let telling = format.recognise.iter().find(|(p, values)| p == path && !values.is_empty());
        let telling = telling.map(|(_, values)| self.dice.one_of(values).clone());
        let stated = self.stated_at(path).and_then(|name| self.unstated.get_mut(&name)?.pop());
        if let Some(value) = fixed.or(stated).or(telling) {
            return Body::Text { value, forbidden: false, nil: false, record: false };
        }
        let (value, forbidden) = if nil { (String::new(), !self.granted(element)) } else { self.value(element) };
        Body::Text { value, forbidden, nil, record: false }
    }

    fn text(&mut self) -> Body {
        Body::Text { value: self.canary(), forbidden: true, nil: false, record: false }
    }

    fn canary(&mut self) -> String {
        let value = canary(self.serial, self.dice);
        self.serial += 1;
        self.canaries.push(value.clone());
        value
    }

    /// A made-up record: one text, or parts of which some have parts.
    fn record(&mut self, element: &str, at: (&[Step], Option<&[Step]>), depth: usize, has_parts: bool) -> Body {
        let format = self.wanted.format;
        let prefixes: Vec<String> = format.namespaces.keys().filter(|p| *p != "rdf" && *p != "xsi").cloned().collect();
        let may_be_text = prefixes.is_empty() && !format.namespaces.is_empty();
        if !has_parts && (may_be_text || self.dice.chance(if depth == 0 { 30 } else { 80 }) || depth > 1) {
            let (value, forbidden) = self.value(element);
            return Body::Text { value, forbidden, nil: false, record: true };
        }
        let mut kids = Vec::new();
        for serial in 0..=self.dice.pick(3) {
            let seed = self.dice.number();
            let local = format!("Part{depth}.{serial}");
            let name = if prefixes.is_empty() { local } else { format!("{}:{local}", self.dice.one_of(&prefixes)) };
            let body = self.record(element, at, depth + 1, false);
            let (id, refers, telling) = (None, None, None);
            kids.push(Node {
                name,
                attributes: vec![],
                body,
                seed,
                item: false,
                droppable: false,
                id,
                refers,
                telling,
                follows: false,
            });
        }
        if depth == 0 {
            // What is mapped in it to another element, which may be permitted where the record isn't.
            self.lost &= at.1.is_none();
            kids.extend(self.kids(at.0, at.1));
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
            return (self.canary(), true);
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
        if self.lost {
            return false;
        }
        is_envelope(element) || self.wanted.grant.as_ref().is_some_and(|grant| grant.contains_key(element))
    }

    fn attributes(&mut self, path: &[Step], real: Option<&[Step]>, body: &Body) -> Vec<Attribute> {
        let format = self.wanted.format;
        let mut attributes: Vec<Attribute> = Vec::new();
        for mapped in format.mapped.iter().filter(|m| m.steps.len() == path.len() && leads(&m.steps, path)) {
            let Some(step) = &mapped.attribute else { continue };
            let stated = self.stated_at(&[path, &[Step { name: format!("@{}", step.name), ..step.clone() }]].concat());
            if let Some(values) = stated.and_then(|name| self.unstated.get_mut(&name)) {
                let value = values.pop();
                attributes.extend(value.map(|value| Attribute {
                    name: step.name.clone(),
                    value,
                    forbidden: false,
                    telling: false,
                }));
                continue;
            }
            if !self.dice.chance(70) {
                continue;
            }
            let name = self.name(step);
            if format.tells(path, true, &name, true).is_some() || attributes.iter().any(|other| other.name == name) {
                continue;
            }
            let element = real.and_then(|real| format.attribute(real, &name, self.wanted.xml));
            let (value, forbidden) = match element {
                Some(element) => self.value(element),
                None => (self.canary(), true),
            };
            // Of what is no value here the attributes go out by themselves.
            let is_value = real.is_none_or(|real| matches!(format.place(real), Place::Leaf(_) | Place::Text));
            let forbidden = forbidden || is_value && matches!(body, Body::Text { forbidden: true, .. });
            attributes.push(Attribute { name, value, forbidden, telling: false });
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

    /// The name of what is stated at a path, if it is fixed what is.
    fn stated_at(&self, path: &[Step]) -> Option<String> {
        let attributes = &self.wanted.format.attributes;
        let stated = attributes.iter().filter(|(name, _)| self.wanted.stated.contains_key(*name));
        let mut here = stated.filter(|(_, p)| p.len() == path.len() && leads(p, path));
        here.next().map(|(name, _)| name.clone())
    }

    /// Whether something is still to be stated below a path.
    fn leads_to_stated(&self, path: &[Step]) -> bool {
        let has_more = |name: &String| self.unstated.get(name).is_some_and(|values| !values.is_empty());
        self.wanted.format.attributes.iter().any(|(name, p)| has_more(name) && leads(p, path))
    }

    fn in_envelope(&self, path: &[Step]) -> bool {
        if self.leads_to_stated(path) {
            return true;
        }
        let leads = |p: &Option<Vec<Step>>| p.as_ref().is_some_and(|p| p.starts_with(path));
        leads(&self.wanted.format.message_type) || leads(&self.wanted.format.requester)
    }
}

impl Node {
    fn all_forbidden(&self) -> bool {
        self.refers.is_none()
            && self.attributes.iter().all(|a| a.forbidden || a.telling)
            && match &self.body {
                Body::Text { forbidden, .. } => *forbidden || self.follows,
                Body::Kids { kids, .. } => !kids.is_empty() && kids.iter().all(Node::all_forbidden),
            }
    }
}

/// The steps that the mapping has below a path, in its order.
fn steps_below(format: &Format, path: &[Step]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for mapped in format.mapped.iter().filter(|m| leads(&m.steps, path)) {
        if let Some(step) = mapped.steps.get(path.len())
            && !steps.contains(step)
        {
            steps.push(step.clone());
        }
    }
    steps
}
