//! The second reading of JSON, on serde_json's own walk over a document. No `Value` is built: it would keep the last of
//! two equal names.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::numbers::Quoted;
use super::reading::{Finding, Found, Reading, Record, Rules};
use super::table::{NO_NAMESPACE, Name, Place, Table};

const CONTEXT: &str = "@context";

struct Walk<'r, 'a> {
    rules: &'r Rules<'a>,
    reading: Reading,
    /// The places that lead to where the walk is.
    path: Vec<usize>,
    finding: Option<Finding>,
}

/// Reads an output to its end.
pub(super) fn read(text: &str, rules: &Rules<'_>) -> Result<Reading, Finding> {
    let mut walk = Walk { rules, reading: Reading::new(rules.elements), path: Vec::new(), finding: None };
    let quoted = Quoted::new(text).ok_or(Finding::of_output("no JSON"))?;
    let text = &*quoted.text;
    let mut document = serde_json::Deserializer::from_str(text);
    let top = Part { walk: &mut walk, place: Some(0), record: None, is_top: true, is_item: false };
    let result = top.deserialize(&mut document).and_then(|_| document.end());
    if let Err(error) = result {
        let before = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
        let offset = (before + error.column().saturating_sub(1)).min(text.len());
        let path = walk.finding.as_ref().map(|finding| finding.path().to_owned()).unwrap_or_default();
        let what = walk.finding.map_or("no JSON", |finding| finding.what());
        return Err(Finding::at(quoted.source(offset), what).with_path(path));
    }
    if !walk.reading.links_agree() {
        return Err(Finding::at(0, "a reference without its object, or an id without a reference"));
    }
    Ok(walk.reading)
}

/// Whether a document's top-level object has the table's root member.
pub(super) fn has_root(text: &str, table: &Table) -> bool {
    let members: Result<HashMap<String, IgnoredAny>, _> = serde_json::from_str(text);
    table.has_root && members.is_ok_and(|members| members.keys().any(|name| table.member(0, name).is_some()))
}

impl Walk<'_, '_> {
    /// Ends the walk with a finding here. What is given is for serde_json alone, which adds the position.
    fn found<E: Error>(&mut self, what: &'static str) -> E {
        if self.finding.is_none() {
            let names = self.path.iter().filter_map(|at| self.rules.table.get(*at)).map(|place| place.name.as_str());
            self.finding = Some(Finding::at(0, what).with_path(names.collect::<Vec<_>>().join("/")));
        }
        E::custom("")
    }
}

/// A value that comes next: a member's, an item's or the whole document.
struct Part<'w, 'r, 'a> {
    walk: &'w mut Walk<'r, 'a>,
    /// `None` in a record, where the mapping names nothing.
    place: Option<usize>,
    /// The record it is part of.
    record: Record,
    is_top: bool,
    is_item: bool,
}

impl<'a> Part<'_, '_, 'a> {
    fn place(&self) -> Option<&'a Place> {
        self.place.and_then(|at| self.walk.rules.table.get(at))
    }

    fn value<E: Error>(self, value: &str, nil: bool) -> Result<bool, E> {
        if self.is_top {
            return Err(self.walk.found("a value where an object is wanted"));
        }
        let place = self.place();
        let judged = self.walk.rules.judge(place, self.record, value, nil, &mut self.walk.reading);
        judged.map(|found| found == Found::Released).map_err(|what| self.walk.found(what))
    }
}

impl<'de> DeserializeSeed<'de> for Part<'_, '_, '_> {
    /// Whether it holds something released.
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part<'_, '_, '_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a part of the message")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<bool, E> {
        self.value(text, false)
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<bool, E> {
        self.value(if truth { "true" } else { "false" }, false)
    }

    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        let may_be_nil = self.place().is_some_and(|place| place.nillable || place.stand_in.as_deref() == Some("nil"));
        if may_be_nil { self.value("", true) } else { self.value("null", false) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<bool, A::Error> {
        let Part { walk, place, record, is_top, is_item } = self;
        if is_top || is_item {
            return Err(walk.found("an array where the mapping has none"));
        }
        let mut is_released = false;
        loop {
            let item = Part { walk: &mut *walk, place, record, is_top: false, is_item: true };
            match items.next_element_seed(item)? {
                Some(released) => is_released |= released,
                None if is_released => return Ok(true),
                None => return Err(walk.found("an array in which nothing was released")),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<bool, A::Error> {
        let place = self.place();
        let Part { walk, place: at, record, is_top, .. } = self;
        let table = walk.rules.table;
        let is_value = place.is_some_and(Place::is_value);
        let mut names = HashSet::new();
        let mut is_released = false;
        let mut id: Option<String> = None;
        while let Some(name) = members.next_key::<String>()? {
            let below = at.and_then(|at| table.member(at, &name)).and_then(|at| Some((at, table.get(at)?)));
            if let Some((child, place)) = below {
                walk.path.push(child);
                let record = walk.rules.record(place, record);
                let part = Part { walk: &mut *walk, place: Some(child), record, is_top: false, is_item: false };
                is_released |= members.next_value_seed(part)?;
                walk.path.pop();
            } else if is_top && name == CONTEXT && table.has_prefixes() {
                members.next_value_seed(Context { walk: &mut *walk })?;
            } else if Some(&name) == table.json_id.as_ref() && !is_top && !is_value {
                id = Some(members.next_value()?);
            } else if record.is_some() && is_record_name(&name, table) && walk.rules.admits_in_record(member(&name)) {
                let part = Part { walk: &mut *walk, place: None, record, is_top: false, is_item: false };
                is_released |= members.next_value_seed(part)?;
            } else {
                return Err(walk.found("a member that the mapping doesn't name"));
            }
            if !names.insert(name) {
                return Err(walk.found("a name that stands twice in one object"));
            }
        }
        match id {
            Some(id) if is_released => {
                walk.reading.ids.insert(id);
            }
            Some(id) => {
                walk.reading.references.insert(id);
                is_released = true;
            }
            None => {}
        }
        if is_released { Ok(true) } else { Err(walk.found("an object in which nothing was released")) }
    }
}

fn member(name: &str) -> Name<'_> {
    Name { namespace: NO_NAMESPACE, is_attribute: false, local: name }
}

/// Whether a member of a record has a name of the format's that tells what it names and nothing more.
fn is_record_name(name: &str, table: &Table) -> bool {
    let (is_of_format, local) = match name.split_once(':') {
        Some((prefix, local)) => (table.uri_of(prefix).is_some(), local),
        None => (!table.has_prefixes(), name),
    };
    is_of_format
        && local.len() <= 64
        && local.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

/// The context: the format's prefixes, bound to what the format binds them to, and nothing else.
struct Context<'w, 'r, 'a> {
    walk: &'w mut Walk<'r, 'a>,
}

impl<'de> DeserializeSeed<'de> for Context<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Context<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("prefix bindings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut names = HashSet::new();
        while let Some(prefix) = members.next_key::<String>()? {
            let uri: String = members.next_value()?;
            let own = self.walk.rules.table.uri_of(&prefix);
            // JSON-LD puts a `#` behind a namespace that doesn't end in one.
            if own.is_none_or(|own| own != uri && Some(own) != uri.strip_suffix('#')) {
                return Err(self.walk.found("a context that binds what the format doesn't"));
            }
            if !names.insert(prefix) {
                return Err(self.walk.found("a name that stands twice in one object"));
            }
        }
        Ok(())
    }
}
