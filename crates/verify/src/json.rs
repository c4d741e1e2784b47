//! The second reading of JSON, on serde_json's own walk over a document. No `Value` is built: it would keep only the
//! last of two equal names.

use std::collections::HashMap;
use std::fmt::{self, Write};
use std::mem;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::borrowed::WithStr;
use super::index::Name;
use super::links::Number;
use super::numbers::Quoted;
use super::reading::{Finding, Reading, Record, Rules, ValueOutcome};
use super::reading::{Judged, Stands};
use super::table::{NO_NAMESPACE, Table, TableNode};
use super::texts::StringSet;

const CONTEXT: &str = "@context";
const TWICE: &str = "a name that stands twice in one object";

/// Scratch memory of a walk, reused by the next message.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// The nodes from the root to the current position.
    path: Vec<usize>,
    /// For each node the last object that had a member there. Objects at one node are never nested.
    seen: Vec<u64>,
    /// Objects so far, including earlier messages.
    objects: u64,
    /// Names that the mapping doesn't have at their position.
    unmapped: StringSet<()>,
    /// A number as it is spelled.
    number: String,
    /// The format's prefixes, by index: those used in names, and those bound by a context.
    used: Vec<bool>,
    bound: Vec<bool>,
    has_context: bool,
}

struct Walk<'t, 'r, 'a> {
    text: &'t str,
    rules: &'r Rules<'a>,
    reading: &'r mut Reading,
    scratch: &'r mut Scratch,
    finding: Option<&'static str>,
}

/// Reads an output to its end.
///
/// serde_json reports an integer by its value, which has only one spelling. Any other number ends the walk, and the
/// output is read again with its numbers quoted.
pub(super) fn read(text: &str, rules: &Rules<'_>, reading: &mut Reading, scratch: &mut Scratch) -> Result<(), Finding> {
    match walk(text, rules, reading, scratch) {
        Ok(()) => Ok(()),
        Err((offset, Some(what))) => Err(Finding::at(offset, what).with_path(path(rules.table, scratch))),
        Err((_, None)) => {
            reading.begin_again();
            read_quoted(text, rules, reading, scratch)
        }
    }
}

/// Reads an output with its numbers quoted.
fn read_quoted(text: &str, rules: &Rules<'_>, reading: &mut Reading, scratch: &mut Scratch) -> Result<(), Finding> {
    let quoted = Quoted::new(text).ok_or(Finding::of_output("no JSON"))?;
    walk(&quoted.text, rules, reading, scratch).map_err(|(offset, what)| {
        let path = what.map(|_| path(rules.table, scratch)).unwrap_or_default();
        Finding::at(quoted.source(offset), what.unwrap_or("no JSON")).with_path(path)
    })?;
    // Their offsets differ in the original output.
    reading.forget_judged();
    Ok(())
}

/// Where a walk ended early, and the finding if it was JSON up to there.
type Stopped = (usize, Option<&'static str>);

fn walk(text: &str, rules: &Rules<'_>, reading: &mut Reading, scratch: &mut Scratch) -> Result<(), Stopped> {
    scratch.path.clear();
    scratch.unmapped.clear();
    if scratch.seen.len() < rules.table.len() {
        scratch.seen.resize(rules.table.len(), 0);
    }
    for prefixes in [&mut scratch.used, &mut scratch.bound] {
        prefixes.clear();
        prefixes.resize(rules.table.prefixes().len(), false);
    }
    scratch.has_context = false;
    let mut walk = Walk { text, rules, reading, scratch, finding: None };
    let mut document = serde_json::Deserializer::from_str(text);
    let top = ValueSeed { walk: &mut walk, at: Some(0), record: None, is_top: true, is_item: false };
    let result = top.deserialize(&mut document).and_then(|_| document.end());
    if result.is_ok() && walk.scratch.has_context && walk.scratch.used != walk.scratch.bound {
        return Err((0, Some("a context that doesn't bind what is used")));
    }
    result.map_err(|error| {
        let before = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
        ((before + error.column().saturating_sub(1)).min(text.len()), walk.finding)
    })
}

/// The path where a walk ended, in the mapping's spelling.
fn path(table: &Table, scratch: &Scratch) -> String {
    let names = scratch.path.iter().filter_map(|at| table.get(*at)).map(|node| node.name.as_str());
    names.collect::<Vec<_>>().join("/")
}

/// Whether a document's top-level object has the table's root member.
pub(super) fn has_root(text: &str, table: &Table) -> bool {
    let members: Result<HashMap<String, IgnoredAny>, _> = serde_json::from_str(text);
    table.has_root && members.is_ok_and(|members| members.keys().any(|name| table.member(0, name).is_some()))
}

impl<'a> Walk<'_, '_, 'a> {
    /// Ends the walk with a finding here. The error is for serde_json only, which adds the offset.
    fn fail<E: Error>(&mut self, what: &'static str) -> E {
        self.finding = self.finding.or(Some(what));
        E::custom("")
    }

    fn node(&self, at: Option<usize>) -> Option<&'a TableNode> {
        at.and_then(|at| self.rules.table.get(at))
    }

    /// Marks a prefix of the format as used in a name.
    fn mark_used(&mut self, prefix: Option<usize>) {
        if let Some(used) = prefix.and_then(|prefix| self.scratch.used.get_mut(prefix)) {
            *used = true;
        }
    }

    /// What a member of an object is. A name that the mapping doesn't have is noted.
    #[inline]
    fn member(&mut self, object: &ObjectPlace, name: &str) -> Member {
        let table = self.rules.table;
        if let Some(at) = object.at.and_then(|at| table.member(at, name)) {
            Member::Mapped(at)
        } else if object.is_top && name == CONTEXT && table.has_prefixes() {
            Member::Context
        } else if Some(name) == table.json_id.as_deref() && !object.is_top && !object.is_value {
            Member::Id
        } else if object.record.is_some() && self.admits_in_record(name) {
            self.scratch.unmapped.push(name, ());
            self.mark_used(name.split_once(':').and_then(|(prefix, _)| table.prefix_index(prefix)));
            Member::OfRecord
        } else {
            Member::None
        }
    }

    fn admits_in_record(&self, name: &str) -> bool {
        is_record_name(name, self.rules.table)
            && self.rules.admits_in_record(Name { namespace: NO_NAMESPACE, is_attribute: false, local: name })
    }

    /// Whether an object already had a member at this node.
    fn is_second(&mut self, at: usize, object: u64) -> bool {
        let before = self.scratch.seen.get_mut(at).map(|seen| mem::replace(seen, object));
        before.is_none_or(|before| before == object)
    }
}

/// The value that comes next: a member's, an item's or the whole document.
struct ValueSeed<'w, 't, 'r, 'a> {
    walk: &'w mut Walk<'t, 'r, 'a>,
    /// Its node; `None` in a record, where the mapping names nothing.
    at: Option<usize>,
    /// The record it is part of.
    record: Record,
    is_top: bool,
    is_item: bool,
}

impl ValueSeed<'_, '_, '_, '_> {
    /// Judges a value. `written_as` says how it is written in the output, if its text is its own spelling.
    fn value<E: Error>(&mut self, value: &str, nil: bool, written_as: Option<Stands>) -> Result<bool, E> {
        if self.is_top {
            return Err(self.walk.fail("a value where an object is wanted"));
        }
        let node = self.walk.node(self.at);
        let found = self.walk.rules.judge(node, self.record, value, nil, self.walk.reading);
        let found = found.map_err(|what| self.walk.fail(what))?;
        if node.is_some_and(|node| node.is_type) {
            // Another value may have another prefix.
            let prefix = value.split_once(':').and_then(|(prefix, _)| self.walk.rules.table.prefix_index(prefix));
            self.walk.mark_used(prefix);
        } else if let Some(stands) = written_as {
            self.walk.reading.was_judged(Judged { stands, at: self.at, record: self.record, found });
        }
        Ok(found == ValueOutcome::Released)
    }

    fn integer<E: Error>(&mut self, number: impl fmt::Display) -> Result<bool, E> {
        let mut written = mem::take(&mut self.walk.scratch.number);
        written.clear();
        let result = match write!(written, "{number}") {
            Ok(()) => self.value(&written, false, Some(Stands::Integer)),
            Err(_) => Err(E::custom("")),
        };
        self.walk.scratch.number = written;
        result
    }
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_, '_, '_, '_> {
    /// Whether it contains something released.
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// An object, as far as its place decides what its members are.
struct ObjectPlace {
    /// Its node; `None` in a record, where the mapping names nothing.
    at: Option<usize>,
    /// Whether the node has a value, which has no name.
    is_value: bool,
    record: Record,
    is_top: bool,
}

/// What a member is, by its name.
enum Member {
    Mapped(usize),
    Context,
    Id,
    OfRecord,
    None,
}

impl<'de> Visitor<'de> for ValueSeed<'_, '_, '_, '_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a part of the message")
    }

    fn visit_borrowed_str<E: Error>(mut self, text: &'de str) -> Result<bool, E> {
        let written_as = Stands::of(text, self.walk.text);
        self.value(text, false, Some(written_as))
    }

    /// A string with escapes.
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
        let node = self.walk.node(self.at);
        let may_be_nil = node.is_some_and(|node| node.nillable || node.placeholder.as_deref() == Some("nil"));
        if may_be_nil { self.value("", true, None) } else { self.value("null", false, None) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<bool, A::Error> {
        let ValueSeed { walk, at, record, is_top, is_item } = self;
        if is_top || is_item {
            return Err(walk.fail("an array where the mapping has none"));
        }
        let mut is_released = false;
        loop {
            let item = ValueSeed { walk: &mut *walk, at, record, is_top: false, is_item: true };
            match items.next_element_seed(item)? {
                Some(released) => is_released |= released,
                None if is_released => return Ok(true),
                None => return Err(walk.fail("an array in which nothing was released")),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<bool, A::Error> {
        let ValueSeed { walk, at, record, is_top, .. } = self;
        let object = ObjectPlace { at, is_value: walk.node(at).is_some_and(TableNode::is_value), record, is_top };
        walk.scratch.objects += 1;
        let number = walk.scratch.objects;
        let unmapped = walk.scratch.unmapped.checkpoint();
        let mut is_released = false;
        let mut has_context = false;
        let mut id: Option<Number> = None;
        while let Some(member) = members.next_key_seed(WithStr(|name: &str| walk.member(&object, name)))? {
            let is_second = match member {
                Member::Mapped(at) => walk.is_second(at, number),
                Member::Context => mem::replace(&mut has_context, true),
                Member::Id => id.is_some(),
                Member::OfRecord | Member::None => false,
            };
            if is_second {
                return Err(walk.fail(TWICE));
            }
            match member {
                Member::Mapped(at) => {
                    walk.scratch.path.push(at);
                    walk.mark_used(walk.node(Some(at)).and_then(|node| node.prefix));
                    let record = walk.node(Some(at)).and_then(|node| walk.rules.record(node, record));
                    let part = ValueSeed { walk: &mut *walk, at: Some(at), record, is_top: false, is_item: false };
                    is_released |= members.next_value_seed(part)?;
                    walk.scratch.path.pop();
                }
                Member::Context => members.next_value_seed(ContextSeed { walk: &mut *walk })?,
                Member::Id => {
                    let links = &mut walk.reading.links;
                    let named = members
                        .next_value_seed(WithStr(|id: &str| links.number(id.strip_prefix('#').unwrap_or_default())))?;
                    id = Some(named.map_err(|what| walk.fail(what))?);
                }
                Member::OfRecord => {
                    let part = ValueSeed { walk: &mut *walk, at: None, record, is_top: false, is_item: false };
                    is_released |= members.next_value_seed(part)?;
                }
                Member::None => return Err(walk.fail("a member that the mapping doesn't name")),
            }
        }
        if walk.scratch.unmapped.has_duplicates(unmapped) {
            return Err(walk.fail(TWICE));
        }
        walk.scratch.unmapped.truncate_to(unmapped);
        match id {
            Some(id) if is_released => walk.reading.links.mark_named(id),
            // An object with nothing else is a reference.
            Some(id) => {
                walk.reading.links.mark_referred(id);
                return Ok(true);
            }
            None => {}
        }
        if is_released { Ok(true) } else { Err(walk.fail("an object in which nothing was released")) }
    }
}

/// Whether a name in a record is one of the format's that says only what it names.
fn is_record_name(name: &str, table: &Table) -> bool {
    let (is_of_format, local) = match name.split_once(':') {
        Some((prefix, local)) => (table.uri_of(prefix).is_some(), local),
        None => (!table.has_prefixes(), name),
    };
    is_of_format
        && local.len() <= 64
        && local.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

/// Whether a URI is a namespace of the format followed by `#`; `None` if it isn't that namespace at all.
fn is_marked(own: &str, uri: &str) -> Option<bool> {
    if uri == own { Some(false) } else { (uri.strip_suffix('#') == Some(own)).then_some(true) }
}

/// The context: the format's prefixes, each bound to the format's namespace, and nothing else.
struct ContextSeed<'w, 't, 'r, 'a> {
    walk: &'w mut Walk<'t, 'r, 'a>,
}

impl<'de> DeserializeSeed<'de> for ContextSeed<'_, '_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ContextSeed<'_, '_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("prefix bindings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let ContextSeed { walk } = self;
        let table = walk.rules.table;
        walk.scratch.has_context = true;
        let mut next = 0;
        // Whether namespaces that end in a slash, and others, are followed by `#`: all of them or none.
        let mut marks: [Option<bool>; 2] = [None; 2];
        while let Some(index) = members.next_key_seed(WithStr(|prefix: &str| table.prefix_index(prefix)))? {
            let own = index.and_then(|index| table.prefixes().get(index)).map(|(_, uri)| uri.as_str());
            let mark = members.next_value_seed(WithStr(|uri: &str| own.and_then(|own| is_marked(own, uri))))?;
            let (Some(mark), Some(index), Some(own)) = (mark, index, own) else {
                return Err(walk.fail("a context that binds what the format doesn't"));
            };
            let [slashed, others] = &mut marks;
            let before = if own.ends_with('/') { slashed } else { others };
            if index < next || *before.get_or_insert(mark) != mark {
                return Err(walk.fail("a context that isn't in the format's order"));
            }
            next = index + 1;
            walk.scratch.bound.get_mut(index).into_iter().for_each(|bound| *bound = true);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::value::Values;
    use dmv_redact_model::catalog::Catalog;
    use dmv_redact_model::format::{Formats, Syntax};

    #[test]
    fn p3_a_number_is_judged_by_its_spelling_whichever_way_it_is_read() {
        let catalog = Arc::new(Catalog::load(dmv_redact::shipped::CATALOG, &[]).unwrap());
        let formats = Formats::load(dmv_redact::shipped::FORMATS, &[], &catalog).unwrap();
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
                let (mut one, mut other, mut scratch) = (Reading::default(), Reading::default(), Scratch::default());
                one.reset(catalog.len());
                other.reset(catalog.len());
                let read = read(&text, &rules, &mut one, &mut scratch);
                let quoted = read_quoted(&text, &rules, &mut other, &mut scratch);
                assert_eq!(read.is_ok(), quoted.is_ok(), "{text}: {read:?} {quoted:?}");
                if read.is_ok() {
                    met += one.elements().len();
                    assert_eq!(one.elements(), other.elements(), "{text}");
                    assert!(one.elements().iter().all(|element| one.of(*element) == other.of(*element)), "{text}");
                }
            }
        }
        assert!(met > 20, "{met}");
    }
}
