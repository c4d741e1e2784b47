//! The second reading of JSON, on serde_json's own walk over a document. No `Value` is built: it would keep the last of
//! two equal names.

use std::collections::HashMap;
use std::fmt::{self, Write};
use std::mem;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::borrowed::WithStr;
use super::frame::{Judged, Stands};
use super::links::Number;
use super::numbers::Quoted;
use super::reading::{Finding, Found, Reading, Record, Rules};
use super::table::{NO_NAMESPACE, Name, Place, Table};
use super::texts::Texts;

const CONTEXT: &str = "@context";
const TWICE: &str = "a name that stands twice in one object";

/// What a walk needs room for. The next message uses it again.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// The places that lead to where the walk is.
    path: Vec<usize>,
    /// For each place the last object that had a member there. Objects of one place are never in one another.
    seen: Vec<u64>,
    /// Objects so far, those of messages before included.
    objects: u64,
    /// Names that the mapping doesn't have where they stand.
    others: Texts<()>,
    /// A number as it is written.
    number: String,
    /// The format's prefixes, by place: those that names have, and those that a context binds.
    used: Vec<bool>,
    bound: Vec<bool>,
    has_context: bool,
}

struct Walk<'t, 'r, 'a> {
    text: &'t str,
    rules: &'r Rules<'a>,
    reading: &'r mut Reading,
    room: &'r mut Scratch,
    finding: Option<&'static str>,
}

/// Reads an output to its end.
///
/// serde_json tells an integer by its value, and an integer has one spelling. Any other number ends the walk, and all is
/// read again with the numbers in quotes.
pub(super) fn read(text: &str, rules: &Rules<'_>, reading: &mut Reading, room: &mut Scratch) -> Result<(), Finding> {
    match walk(text, rules, reading, room) {
        Ok(()) => Ok(()),
        Err((offset, Some(what))) => Err(Finding::at(offset, what).with_path(path(rules.table, room))),
        Err((_, None)) => {
            reading.begin_again();
            read_quoted(text, rules, reading, room)
        }
    }
}

/// Reads an output with its numbers in quotes.
fn read_quoted(text: &str, rules: &Rules<'_>, reading: &mut Reading, room: &mut Scratch) -> Result<(), Finding> {
    let quoted = Quoted::new(text).ok_or(Finding::of_output("no JSON"))?;
    walk(&quoted.text, rules, reading, room).map_err(|(offset, what)| {
        let path = what.map(|_| path(rules.table, room)).unwrap_or_default();
        Finding::at(quoted.source(offset), what.unwrap_or("no JSON")).with_path(path)
    })?;
    // They stand elsewhere in the output.
    reading.forget_judged();
    Ok(())
}

/// Where a walk ended before its time, and what was found there if it still was JSON.
type Stop = (usize, Option<&'static str>);

fn walk(text: &str, rules: &Rules<'_>, reading: &mut Reading, room: &mut Scratch) -> Result<(), Stop> {
    room.path.clear();
    room.others.clear();
    if room.seen.len() < rules.table.len() {
        room.seen.resize(rules.table.len(), 0);
    }
    for prefixes in [&mut room.used, &mut room.bound] {
        prefixes.clear();
        prefixes.resize(rules.table.prefixes().len(), false);
    }
    room.has_context = false;
    let mut walk = Walk { text, rules, reading, room, finding: None };
    let mut document = serde_json::Deserializer::from_str(text);
    let top = Part { walk: &mut walk, at: Some(0), record: None, is_top: true, is_item: false };
    let result = top.deserialize(&mut document).and_then(|_| document.end());
    if result.is_ok() && walk.room.has_context && walk.room.used != walk.room.bound {
        return Err((0, Some("a context that doesn't bind what is used")));
    }
    result.map_err(|error| {
        let before = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
        ((before + error.column().saturating_sub(1)).min(text.len()), walk.finding)
    })
}

/// Where a walk has ended, in the mapping's spelling.
fn path(table: &Table, room: &Scratch) -> String {
    let names = room.path.iter().filter_map(|at| table.get(*at)).map(|place| place.name.as_str());
    names.collect::<Vec<_>>().join("/")
}

/// Whether a document's top-level object has the table's root member.
pub(super) fn has_root(text: &str, table: &Table) -> bool {
    let members: Result<HashMap<String, IgnoredAny>, _> = serde_json::from_str(text);
    table.has_root && members.is_ok_and(|members| members.keys().any(|name| table.member(0, name).is_some()))
}

impl<'a> Walk<'_, '_, 'a> {
    /// Ends the walk with a finding here. What is given is for serde_json alone, which adds the position.
    fn found<E: Error>(&mut self, what: &'static str) -> E {
        self.finding = self.finding.or(Some(what));
        E::custom("")
    }

    fn place(&self, at: Option<usize>) -> Option<&'a Place> {
        at.and_then(|at| self.rules.table.get(at))
    }

    /// Takes note of a prefix of the format in a name.
    fn uses(&mut self, prefix: Option<usize>) {
        if let Some(used) = prefix.and_then(|prefix| self.room.used.get_mut(prefix)) {
            *used = true;
        }
    }

    /// Whether an object had a member at this place before.
    fn is_second(&mut self, at: usize, object: u64) -> bool {
        let before = self.room.seen.get_mut(at).map(|seen| mem::replace(seen, object));
        before.is_none_or(|before| before == object)
    }
}

/// A value that comes next: a member's, an item's or the whole document.
struct Part<'w, 't, 'r, 'a> {
    walk: &'w mut Walk<'t, 'r, 'a>,
    /// Its place; `None` in a record, where the mapping names nothing.
    at: Option<usize>,
    /// The record it is part of.
    record: Record,
    is_top: bool,
    is_item: bool,
}

impl Part<'_, '_, '_, '_> {
    /// Judges a value, which stands in the output as it is told if as what it says.
    fn value<E: Error>(&mut self, value: &str, nil: bool, stands: Option<Stands>) -> Result<bool, E> {
        if self.is_top {
            return Err(self.walk.found("a value where an object is wanted"));
        }
        let place = self.walk.place(self.at);
        let found = self.walk.rules.judge(place, self.record, value, nil, self.walk.reading);
        let found = found.map_err(|what| self.walk.found(what))?;
        if place.is_some_and(|place| place.is_type) {
            // Another one may have another prefix.
            let prefix = value.split_once(':').and_then(|(prefix, _)| self.walk.rules.table.place_of(prefix));
            self.walk.uses(prefix);
        } else if let Some(stands) = stands {
            self.walk.reading.was_judged(Judged { stands, at: self.at, record: self.record, found });
        }
        Ok(found == Found::Released)
    }

    fn integer<E: Error>(&mut self, number: impl fmt::Display) -> Result<bool, E> {
        let mut written = mem::take(&mut self.walk.room.number);
        written.clear();
        let result = match write!(written, "{number}") {
            Ok(()) => self.value(&written, false, Some(Stands::Integer)),
            Err(_) => Err(E::custom("")),
        };
        self.walk.room.number = written;
        result
    }
}

impl<'de> DeserializeSeed<'de> for Part<'_, '_, '_, '_> {
    /// Whether it holds something released.
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// What a member is by its name.
enum Member {
    Known(usize),
    Context,
    Id,
    OfRecord,
    None,
}

impl<'de> Visitor<'de> for Part<'_, '_, '_, '_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a part of the message")
    }

    fn visit_borrowed_str<E: Error>(mut self, text: &'de str) -> Result<bool, E> {
        let stands = Stands::of(text, self.walk.text);
        self.value(text, false, Some(stands))
    }

    /// A text with escapes.
    fn visit_str<E: Error>(mut self, text: &str) -> Result<bool, E> {
        self.value(text, false, None)
    }

    fn visit_u64<E: Error>(mut self, number: u64) -> Result<bool, E> {
        self.integer(number)
    }

    fn visit_i64<E: Error>(mut self, number: i64) -> Result<bool, E> {
        self.integer(number)
    }

    fn visit_bool<E: Error>(mut self, truth: bool) -> Result<bool, E> {
        self.value(if truth { "true" } else { "false" }, false, None)
    }

    fn visit_unit<E: Error>(mut self) -> Result<bool, E> {
        let place = self.walk.place(self.at);
        let may_be_nil = place.is_some_and(|place| place.nillable || place.placeholder.as_deref() == Some("nil"));
        if may_be_nil { self.value("", true, None) } else { self.value("null", false, None) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<bool, A::Error> {
        let Part { walk, at, record, is_top, is_item } = self;
        if is_top || is_item {
            return Err(walk.found("an array where the mapping has none"));
        }
        let mut is_released = false;
        loop {
            let item = Part { walk: &mut *walk, at, record, is_top: false, is_item: true };
            match items.next_element_seed(item)? {
                Some(released) => is_released |= released,
                None if is_released => return Ok(true),
                None => return Err(walk.found("an array in which nothing was released")),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<bool, A::Error> {
        let Part { walk, at, record, is_top, .. } = self;
        let table = walk.rules.table;
        let is_value = walk.place(at).is_some_and(Place::is_value);
        walk.room.objects += 1;
        let object = walk.room.objects;
        let others = walk.room.others.mark();
        let mut is_released = false;
        let mut has_context = false;
        let mut id: Option<Number> = None;
        while let Some(member) = members.next_key_seed(WithStr(|name: &str| {
            if let Some(at) = at.and_then(|at| table.member(at, name)) {
                Member::Known(at)
            } else if is_top && name == CONTEXT && table.has_prefixes() {
                Member::Context
            } else if Some(name) == table.json_id.as_deref() && !is_top && !is_value {
                Member::Id
            } else if record.is_some() && is_record_name(name, table) && walk.rules.admits_in_record(member(name)) {
                walk.room.others.push(name, ());
                let prefix = name.split_once(':').and_then(|(prefix, _)| table.place_of(prefix));
                if let Some(used) = prefix.and_then(|prefix| walk.room.used.get_mut(prefix)) {
                    *used = true;
                }
                Member::OfRecord
            } else {
                Member::None
            }
        }))? {
            let is_second = match member {
                Member::Known(at) => walk.is_second(at, object),
                Member::Context => mem::replace(&mut has_context, true),
                Member::Id => id.is_some(),
                Member::OfRecord | Member::None => false,
            };
            if is_second {
                return Err(walk.found(TWICE));
            }
            match member {
                Member::Known(at) => {
                    walk.room.path.push(at);
                    walk.uses(walk.place(Some(at)).and_then(|place| place.prefix));
                    let record = walk.place(Some(at)).and_then(|place| walk.rules.record(place, record));
                    let part = Part { walk: &mut *walk, at: Some(at), record, is_top: false, is_item: false };
                    is_released |= members.next_value_seed(part)?;
                    walk.room.path.pop();
                }
                Member::Context => members.next_value_seed(Context { walk: &mut *walk })?,
                Member::Id => {
                    let links = &mut walk.reading.links;
                    let number = |id: &str| links.number(id.strip_prefix('#').unwrap_or_default());
                    let number = members.next_value_seed(WithStr(number))?;
                    id = Some(number.map_err(|what| walk.found(what))?);
                }
                Member::OfRecord => {
                    let part = Part { walk: &mut *walk, at: None, record, is_top: false, is_item: false };
                    is_released |= members.next_value_seed(part)?;
                }
                Member::None => return Err(walk.found("a member that the mapping doesn't name")),
            }
        }
        if walk.room.others.has_twins(others) {
            return Err(walk.found(TWICE));
        }
        walk.room.others.back_to(others);
        match id {
            Some(number) if is_released => walk.reading.links.names(number),
            // An object of nothing else is a reference.
            Some(number) => {
                walk.reading.links.refers_to(number);
                return Ok(true);
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
struct Context<'w, 't, 'r, 'a> {
    walk: &'w mut Walk<'t, 'r, 'a>,
}

impl<'de> DeserializeSeed<'de> for Context<'_, '_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Context<'_, '_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("prefix bindings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Context { walk } = self;
        let table = walk.rules.table;
        walk.room.has_context = true;
        let mut next = 0;
        // Whether a `#` stands behind namespaces that end in a slash, and behind others: behind all of them or none.
        let mut marks: [Option<bool>; 2] = [None; 2];
        while let Some(place) = members.next_key_seed(WithStr(|prefix: &str| table.place_of(prefix)))? {
            let own = place.and_then(|place| table.prefixes().get(place)).map(|(_, uri)| uri.as_str());
            let mark = |uri: &str| match own {
                Some(own) if own == uri => Some(false),
                Some(own) if uri.strip_suffix('#') == Some(own) => Some(true),
                _ => None,
            };
            let (Some(mark), Some(place), Some(own)) = (members.next_value_seed(WithStr(mark))?, place, own) else {
                return Err(walk.found("a context that binds what the format doesn't"));
            };
            let [slashed, others] = &mut marks;
            let before = if own.ends_with('/') { slashed } else { others };
            if place < next || *before.get_or_insert(mark) != mark {
                return Err(walk.found("a context that isn't in the format's order"));
            }
            next = place + 1;
            walk.room.bound.get_mut(place).into_iter().for_each(|bound| *bound = true);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::catalog::Catalog;
    use crate::format::{Formats, Syntax};
    use crate::verify::value::Values;

    #[test]
    fn p3_a_number_is_judged_by_its_spelling_whichever_way_it_is_read() {
        let catalog = Arc::new(Catalog::load(&[]).unwrap());
        let formats = Formats::load(&[], &catalog).unwrap();
        let table = Table::new(&formats.by_name("niem-6.0").unwrap().declared, &[], Syntax::Json);
        let rules = Rules { table: &table, values: &Values::new(&catalog).unwrap(), grant: None };
        let mut met = 0;
        for number in [
            "0",
            "5",
            "-5",
            "173",
            "18446744073709551615",
            "-9223372036854775808",
            "18446744073709551616",
            "-0",
            "1.50",
            "1e2",
            "1E400",
            "1e-400",
            "-",
            "01",
            "+1",
            ".5",
            "1.",
            "0x1",
            "1_0",
            "NaN",
            "5 5",
            "\"5\"",
            "true",
            "null",
        ] {
            for message in [
                r#"{"exch:DriverVehicleResponse":{"nc:Person":{"nc:PersonHeightMeasure":{"nc:MeasureDecimalValue":~}}}}"#,
                r##"{"exch:DriverVehicleResponse":{"nc:Person":{"j:PersonSexCode":["F",~,"F"],"@id":"#id1"}}}"##,
                r#"{"exch:DriverVehicleResponse":{"nc:Person":{"@id":~,"j:PersonSexCode":["F"]}}}"#,
                r#"{"exch:DriverVehicleResponse":{"nc:Person":{~:"F"}}}"#,
                r#"{"exch:DriverVehicleResponse":{"nc:Person":{"j:PersonSexCode":"F"},"unknown":~}}"#,
                r#"{"exch:DriverVehicleResponse":{"nc:Person":{"j:PersonSexCode":"F"}}}~"#,
                "~",
            ] {
                let text = message.replace('~', number);
                let (mut one, mut other, mut room) = (Reading::default(), Reading::default(), Scratch::default());
                one.reset(catalog.len());
                other.reset(catalog.len());
                let read = read(&text, &rules, &mut one, &mut room);
                let quoted = read_quoted(&text, &rules, &mut other, &mut room);
                assert_eq!(read.is_ok(), quoted.is_ok(), "{text}: {read:?} {quoted:?}");
                if read.is_ok() {
                    met += one.met().len();
                    assert_eq!(one.met(), other.met(), "{text}");
                    assert!(one.met().iter().all(|element| one.of(*element) == other.of(*element)), "{text}");
                }
            }
        }
        assert!(met > 20, "{met}");
    }
}
