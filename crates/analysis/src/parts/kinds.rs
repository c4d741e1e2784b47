//! Tells parts of one name apart by what a value beside theirs says: `Field[@name='DOB']` and `Field[@name='SEX']`.
//!
//! Apart from the tree, because it needs the samples item by item. The values that tell parts apart are written in drafts, so
//! none may be a fact of anybody: they must look like names of kinds, and half of them must say something that is known (P6).

use std::collections::BTreeMap;

use super::{MAX_PARTS, Part, PartId, PartTree, SAMPLED, is_value_like};
use crate::hints::{self, Hint};
use crate::name_words::{kebab, words};
use crate::roles::{self, Who};
use crate::schema::{LISTED, Name, Notes};
use dmv_redact_model::format::XSI_URI;

/// What tells a part from others of its name: a child, an attribute or a member, and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) by: Name,
    /// The value; of an `xsi:type` the local name.
    pub(crate) value: String,
    /// The namespace of an `xsi:type`.
    pub(crate) namespace: Option<String>,
    /// Who it says that a person is, if it tells people apart.
    pub(crate) who: Option<Who>,
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

/// How deep the facts of a person are in what only groups them.
const INNER_DEPTH: usize = 3;

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
        Self { by: by.clone(), value: value.to_owned(), namespace, who: None }
    }

    /// Whether it is the name of what is beside it, rather than something that is said of it.
    pub(crate) fn is_name_of_field(&self) -> bool {
        is_name_of_field(&self.by)
    }
}

fn is_name_of_field(name: &Name) -> bool {
    let last = last_word(name);
    NAMES.contains(&last.as_str()) && !["code", "cd"].contains(&last.as_str())
}

fn is_type(name: &Name) -> bool {
    name.namespace == XSI_URI && name.local == "type"
}

/// Items by the value of what tells them apart.
type Sorted<'i> = BTreeMap<&'i str, Vec<&'i Item>>;

/// The most codes that say who somebody is, and how long each may be.
const MAX_CODES: usize = 20;
const MAX_CODE_BYTES: usize = 4;

/// Sorts people by what says who they are: by words for people, or, where its name says that it does, by short codes.
fn sorted_people<'i>(
    items: &[&'i Item],
    is_repeated: bool,
    may_tell: &dyn Fn(&Name) -> bool,
) -> Option<(Name, Sorted<'i>)> {
    let mut names: Vec<&Name> = Vec::new();
    for name in items.iter().flat_map(|item| &item.items).map(|item| &item.name) {
        if !names.contains(&name) && !roles::is_fact(&name.local) && may_tell(name) {
            names.push(name);
        }
    }
    names.sort_by_key(|name| (!is_type(name), !roles::says_role(&name.local)));
    names.into_iter().find_map(|name| Some((name.clone(), people_by(name, items, is_repeated)?)))
}

fn people_by<'i>(name: &Name, items: &[&'i Item], is_repeated: bool) -> Option<Sorted<'i>> {
    let sorted = by_value(name, items)?;
    let kinds: Vec<String> = sorted.keys().map(|value| Kind::new(name, value).value).collect();
    let known = kinds.iter().filter(|kind| roles::is_role(kind)).count();
    let says_role = roles::says_role(&name.local);
    let are_codes = says_role
        && !is_type(name)
        && kinds.len() <= MAX_CODES
        && kinds.iter().all(|kind| is_code(kind) || roles::is_role(kind));
    let are_words = known > 0
        && (known == kinds.len() || says_role && 2 * known >= kinds.len())
        && kinds.iter().all(|kind| is_kind(kind, true));
    let is_told = kinds.len() <= MAX_KINDS && (kinds.len() > 1 || is_repeated);
    (is_told && (are_codes || are_words)).then_some(sorted)
}

/// Whether a value is a code as tables have them.
fn is_code(value: &str) -> bool {
    (1..=MAX_CODE_BYTES).contains(&value.len())
        && value.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// Sorts items by what tells them apart, if anything does. `is_known` are names of which somebody knows a word, `may_tell`
/// those of parts that may go out to everybody.
fn sorted<'i>(
    items: &[&'i Item],
    is_known: &dyn Fn(&str) -> bool,
    may_tell: &dyn Fn(&Name) -> bool,
) -> Option<(Name, Sorted<'i>)> {
    let mut names: Vec<&Name> = Vec::new();
    for name in items.iter().flat_map(|item| &item.items).map(|item| &item.name) {
        if !names.contains(&name) && rank(name).is_some() && may_tell(name) {
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

/// Items by a value, if no more than half of them lack it.
fn by_value<'i>(name: &Name, items: &[&'i Item]) -> Option<Sorted<'i>> {
    let mut sorted = Sorted::new();
    for item in items {
        let mut own = item.items.iter().filter(|own| own.name == *name);
        let (Some(first), None) = (own.next(), own.next()) else { continue };
        let value = first.value.as_deref().filter(|_| first.items.is_empty())?;
        if item.value.is_some() || item.items.len() > 1 {
            sorted.entry(value).or_default().push(*item);
        }
    }
    let counted: usize = sorted.values().map(Vec::len).sum();
    (2 * counted >= items.len()).then_some(sorted)
}

fn sorted_by<'i>(name: &Name, items: &[&'i Item], is_known: &dyn Fn(&str) -> bool) -> Option<Sorted<'i>> {
    let sorted = by_value(name, items)?;
    let kinds: Vec<String> = sorted.keys().map(|value| Kind::new(name, value).value).collect();
    let is_plain = !NAMES.contains(&last_word(name).as_str());
    let least = if is_plain { 2 } else { 3 };
    let known = kinds.iter().filter(|kind| is_known(kind) || !hints::of_value(kind).is_empty()).count();
    let is_sorted = (least..=MAX_KINDS).contains(&kinds.len())
        && kinds.iter().all(|kind| is_kind(kind, is_plain))
        && 2 * known >= kinds.len();
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
        && (!is_value_like(value) || hints::of_value(value).contains(&Hint::Immigration))
}

impl PartTree {
    /// Adds a part for every kind of a part that the samples tell apart.
    pub(crate) fn tell_apart(&mut self, is_known: &dyn Fn(&str) -> bool) {
        let items = std::mem::take(&mut self.items);
        self.sampled = items.len();
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
            let is_among = |item: &&Item| item.items.iter().filter(|item| item.name == name).count() > 1;
            if items.iter().any(is_among) {
                self.repeat(child);
            }
            let is_repeated = self.part(child).is_some_and(|part| part.is_repeated);
            let may_tell = |name: &Name| self.may_tell(child, name);
            let people = self.is_person(child).then(|| sorted_people(&own, is_repeated, &may_tell)).flatten();
            let are_people = people.is_some();
            let Some((by, sorted)) = people.or_else(|| sorted(&own, is_known, &may_tell)) else {
                self.tell_below(child, &own, is_known);
                continue;
            };
            for (value, own) in sorted {
                if self.parts.len() >= MAX_PARTS {
                    return;
                }
                let mut kind = Kind::new(&by, value);
                kind.who = are_people.then(|| roles::who(&kind.value));
                let kind = self.kind(id, child, kind);
                own.iter().for_each(|item| self.add_item(kind, child, item));
                self.tell_below(kind, &own, is_known);
            }
        }
    }

    /// Whether a part holds facts of a person, and isn't plainly the list of the records.
    pub(crate) fn is_person(&self, id: PartId) -> bool {
        let Some(part) = self.part(id) else { return false };
        let name = &part.name.local;
        roles::may_be_people(name) && !roles::is_record_list(name) && self.has_facts(id, INNER_DEPTH)
    }

    /// Whether a part has facts of a person, in itself or in what only groups them.
    fn has_facts(&self, id: PartId, depth: usize) -> bool {
        let children = self.part(id).into_iter().flat_map(|part| &part.children);
        children.filter_map(|id| Some((*id, self.part(*id)?))).any(|(id, part)| {
            let name = &part.name.local;
            match part.children.is_empty() {
                true => roles::is_fact(name),
                false => depth > 0 && roles::is_inner(name) && self.has_facts(id, depth - 1),
            }
        })
    }

    /// What in a part says who the person is that it holds: its name or its values say so.
    pub(crate) fn says_who(&self, id: PartId) -> Option<&Part> {
        let children = self.part(id).into_iter().flat_map(|part| &part.children);
        let mut leaves = children.filter_map(|id| self.part(*id)).filter(|part| part.children.is_empty());
        leaves.find(|part| {
            let are_roles = !part.values.is_empty() && part.values.iter().all(|value| roles::is_role(value));
            roles::says_role(&part.name.local) || are_roles && !roles::is_fact(&part.name.local)
        })
    }

    /// Whether what is in a part may tell what the part is: what tells goes out to everybody, so neither its name nor its schema
    /// may hint at a restricted fact. A schema may list names of such facts among the kinds; those that samples have, too, are
    /// judged one by one.
    fn may_tell(&self, id: PartId, name: &Name) -> bool {
        let part = self.index.get(&(id, name.clone())).and_then(|id| self.part(*id));
        let is_sampled = |hint: &Hint| {
            let mut values = part.into_iter().flat_map(|part| &part.values);
            values.any(|value| hints::of_value(value).contains(hint))
        };
        let is_no_fact = |hint: &Hint, place: &str| match hint {
            Hint::Protected => true,
            Hint::Ssn | Hint::Image => place.starts_with(LISTED),
            _ => place.starts_with(LISTED) && (is_name_of_field(name) || is_sampled(hint)),
        };
        let mut hinted = part.into_iter().flat_map(|part| &part.notes.hints).filter(|(_, place)| *place != SAMPLED);
        hinted.all(|(hint, place)| is_no_fact(hint, place))
            && hints::of_words(&words(&name.local)).iter().all(|hint| *hint == Hint::Protected)
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
