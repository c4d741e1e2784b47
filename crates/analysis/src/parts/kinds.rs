//! Tells parts of one name apart by what a value beside theirs says: `Field[@name='DOB']` and `Field[@name='SEX']`.
//!
//! Apart from the tree, because it needs the samples item by item. The values that tell parts apart are written in drafts, so
//! none may be a fact of anybody: they must look like names of kinds, and half of them must say something that is known (P6).

use std::collections::BTreeMap;

use super::{MAX_PARTS, PartId, PartTree, SAMPLED, is_value_like};
use crate::hints;
use crate::name_words::kebab;
use crate::schema::{Name, Notes};
use dmv_redact_model::format::XSI_URI;

/// What tells a part from others of its name: a child, an attribute or a member, and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) by: Name,
    /// The value; of an `xsi:type` the local name.
    pub(crate) value: String,
    /// The namespace of an `xsi:type`.
    pub(crate) namespace: Option<String>,
}

/// One part as a sample has it.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) name: Name,
    pub(crate) value: Option<String>,
    pub(crate) items: Vec<Item>,
}

/// The last words of names whose values say what a part is.
const KINDS: &[&str] = &["type", "typ", "kind", "category", "cat", "class", "role", "qualifier"];
/// Those whose values may be somebody's, too: only what is written like a name of a program is one of these.
const NAMES: &[&str] = &["name", "nm", "key", "code", "cd", "identifier", "id", "tag", "field", "label"];
/// The last words of names whose values describe a part to people.
const LABELS: &[&str] = &["label", "caption", "title", "prompt"];

/// The most values that tell parts apart, and how long each may be.
const MAX_KINDS: usize = 200;
const MAX_BYTES: usize = 40;

/// The last word of a name.
fn last_word(name: &Name) -> String {
    kebab(&name.local).rsplit('-').next().unwrap_or_default().to_owned()
}

impl Kind {
    /// The kind that a value says. A qualified name is `{namespace}local` here.
    fn new(by: &Name, value: &str) -> Self {
        let (namespace, value) = match value.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some((namespace, local)) if is_type(by) => (Some(namespace.to_owned()), local),
            _ => (None, value),
        };
        Self { by: by.clone(), value: value.to_owned(), namespace }
    }
}

fn is_type(name: &Name) -> bool {
    name.namespace == XSI_URI && name.local == "type"
}

/// Items by the value of what tells them apart.
type Sorted<'i> = BTreeMap<&'i str, Vec<&'i Item>>;

/// Sorts items by what tells them apart, if anything does. `is_known` are names of which somebody knows a word.
fn sorted<'i>(items: &[&'i Item], is_known: &dyn Fn(&str) -> bool) -> Option<(Name, Sorted<'i>)> {
    let mut names: Vec<&Name> = Vec::new();
    for name in items.iter().flat_map(|item| &item.items).map(|item| &item.name) {
        if !names.contains(&name) && rank(name).is_some() {
            names.push(name);
        }
    }
    names.sort_by_key(|name| rank(name));
    names.into_iter().find_map(|name| Some((name.clone(), sorted_by(name, items, is_known)?)))
}

/// How well a name says that its values are names of kinds: the lower, the better.
fn rank(name: &Name) -> Option<usize> {
    if is_type(name) {
        return Some(0);
    }
    let last = last_word(name);
    KINDS.iter().chain(NAMES).position(|word| *word == last).map(|position| position + 1)
}

fn sorted_by<'i>(name: &Name, items: &[&'i Item], is_known: &dyn Fn(&str) -> bool) -> Option<Sorted<'i>> {
    let mut sorted = Sorted::new();
    for item in items {
        let mut own = item.items.iter().filter(|own| own.name == *name);
        let (Some(first), None) = (own.next(), own.next()) else { continue };
        let value = first.value.as_deref().filter(|_| first.items.is_empty())?;
        if item.value.is_some() || item.items.len() > 1 {
            sorted.entry(value).or_default().push(*item);
        }
    }
    let kinds: Vec<String> = sorted.keys().map(|value| Kind::new(name, value).value).collect();
    let is_plain = !NAMES.contains(&last_word(name).as_str());
    let least = if is_plain { 2 } else { 3 };
    let known = kinds.iter().filter(|kind| is_known(kind) || !hints::of_value(kind).is_empty()).count();
    let counted: usize = sorted.values().map(Vec::len).sum();
    let is_sorted = (least..=MAX_KINDS).contains(&kinds.len())
        && kinds.iter().all(|kind| is_kind(kind, is_plain))
        && 2 * known >= kinds.len()
        && 2 * counted >= items.len();
    is_sorted.then_some(sorted)
}

/// Whether a value is written like the name of a kind: no number, no date, nothing that a predicate can't ask for.
fn is_kind(value: &str, may_be_phrase: bool) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    let has_number = value.split(|character: char| !character.is_ascii_digit()).any(|digits| digits.len() > 3);
    let phrase = value.split(' ').count();
    (1..=MAX_BYTES).contains(&value.len())
        && value.bytes().all(|byte| is_plain(byte) || byte == b' ')
        && value.trim() == value
        && value.bytes().any(|byte| byte.is_ascii_alphabetic())
        && phrase <= if may_be_phrase { 4 } else { 1 }
        && !has_number
        // `I-94` looks like a number and is the name of a form.
        && (!is_value_like(value) || hints::of_value(value).contains(&hints::Hint::Immigration))
}

impl PartTree {
    /// Adds a part for every kind of a part that the samples tell apart.
    pub(crate) fn tell_apart(&mut self, is_known: &dyn Fn(&str) -> bool) {
        let items = std::mem::take(&mut self.items);
        let all: Vec<&Item> = items.iter().collect();
        let member = self.marks.first().cloned();
        match member.and_then(|mark| self.index.get(&(Self::ROOT, mark)).copied()) {
            Some(member) => self.tell_below(member, &all, is_known),
            None => self.tell_below(Self::ROOT, &all, is_known),
        }
    }

    fn tell_below(&mut self, id: PartId, items: &[&Item], is_known: &dyn Fn(&str) -> bool) {
        let children = self.part(id).map(|part| part.children.clone()).unwrap_or_default();
        for child in children {
            let Some(name) = self.part(child).filter(|part| !part.name.is_attribute).map(|part| part.name.clone())
            else {
                continue;
            };
            let own: Vec<&Item> = items.iter().flat_map(|item| &item.items).filter(|item| item.name == name).collect();
            let Some((by, sorted)) = sorted(&own, is_known) else {
                self.tell_below(child, &own, is_known);
                continue;
            };
            for (value, own) in sorted {
                if self.parts.len() >= MAX_PARTS {
                    return;
                }
                let kind = self.kind(id, child, Kind::new(&by, value));
                own.iter().for_each(|item| self.add_item(kind, child, item));
                self.tell_below(kind, &own, is_known);
            }
        }
    }

    /// Adds a part like another for those of a kind.
    fn kind(&mut self, parent: PartId, like: PartId, kind: Kind) -> PartId {
        let name = self.part(like).map_or_else(|| Name::element("", ""), |part| part.name.clone());
        let id = self.push_alone(Some(parent), name);
        self.like(id, like);
        if let Some(part) = self.part_mut(id) {
            part.kind = Some(kind);
        }
        if let Some(part) = self.part_mut(like) {
            part.kinds.push(id);
        }
        id
    }

    /// Lets a part have what the schema says of another.
    fn like(&mut self, id: PartId, like: PartId) {
        let Some(other) = self.part(like) else { return };
        let mut notes = Notes { documentation: other.notes.documentation.clone(), ..Notes::default() };
        let of_schema = other.notes.hints.iter().filter(|(_, place)| *place != SAMPLED);
        notes.hints.extend(of_schema.map(|(hint, place)| (*hint, place.clone())));
        let value_type = other.value_type;
        if let Some(part) = self.part_mut(id) {
            part.notes = notes;
            part.value_type = value_type;
        }
    }

    /// Adds what a sample has of a part of a kind.
    fn add_item(&mut self, id: PartId, like: PartId, item: &Item) {
        self.count(id);
        if let Some(value) = &item.value {
            self.add_value(id, value);
        }
        for own in &item.items {
            let (Some(like), false) = (self.index.get(&(like, own.name.clone())).copied(), is_type(&own.name)) else {
                continue;
            };
            let is_there = self.index.contains_key(&(id, own.name.clone()));
            let Some(child) = self.child(id, own.name.clone()) else { return };
            if !is_there {
                self.like(child, like);
            }
            self.add_item(child, like, own);
            if let (Some(label), Some(part)) = (own.value.as_deref().filter(|_| is_label(&own.name)), self.part_mut(id))
                && part.kind.is_some()
                && !part.notes.documentation.iter().any(|text| text == label)
            {
                part.notes.describe(label);
            }
        }
    }
}

fn is_label(name: &Name) -> bool {
    LABELS.contains(&last_word(name).as_str())
}
