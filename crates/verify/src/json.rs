//! The second reading of JSON, on serde_json's own walk over a document. No `Value` is built: it would keep only the
//! last of two equal names.

use std::collections::HashMap;
use std::{fmt, mem};

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::check::Check;
use super::decode::Written;
use super::finding::Finding;
use super::links::Number;
use super::names::{Name, has_duplicates, range_of};
use super::table::TableNode;
use super::value::{Permitted, Value, is_space};

const CONTEXT: &str = "@context";
const TWICE: &str = "a name that stands twice in one object";

/// Scratch memory of a walk, reused by the next message.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// The nodes from the root to the current position.
    path: Vec<usize>,
    /// For each node the last object that had a member there. Objects at one node are never nested.
    seen: Vec<usize>,
    /// Names that the mapping doesn't have at their position.
    unmapped: Vec<Name>,
}

struct Walk<'t, 'r, 'a> {
    text: &'t str,
    check: &'r mut Check<'a>,
    scratch: &'r mut Scratch,
    objects: usize,
    has_context: bool,
    /// Where the last name or value ended.
    at: usize,
    finding: Option<&'static str>,
}

/// Reads an output to its end.
pub(super) fn read(text: &str, check: &mut Check<'_>, scratch: &mut Scratch) -> Result<(), Finding> {
    let table = check.table;
    scratch.path.clear();
    scratch.unmapped.clear();
    scratch.seen.clear();
    scratch.seen.resize(table.len(), 0);
    let mut walk = Walk { text, check, scratch, objects: 0, has_context: false, at: 0, finding: None };
    let mut document = serde_json::Deserializer::from_str(text);
    let top = ValueSeed { walk: &mut walk, at: Some(0), record: None, is_top: true, is_item: false };
    let result = top.deserialize(&mut document).and_then(|_| document.end());
    if result.is_ok() && walk.has_context && !walk.check.declares_what_is_used() {
        return Err(Finding::at(0, "a context that doesn't bind what is used"));
    }
    let finding = walk.finding;
    result.map_err(|error| {
        let before = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
        let offset = (before + error.column().saturating_sub(1)).min(text.len());
        let path = scratch.path.iter().filter_map(|at| Some(table.get(*at)?.name.as_str()));
        match finding {
            Some(what) => Finding::at(offset, what).with_path(path),
            None => Finding::at(offset, "no JSON"),
        }
    })
}

/// The names of the members of a document, one of which may be a root.
pub(super) fn roots(text: &str) -> Vec<String> {
    let members: Result<HashMap<String, IgnoredAny>, _> = serde_json::from_str(text);
    members.map(|members| members.into_keys().collect()).unwrap_or_default()
}

impl<'t, 'a> Walk<'t, '_, 'a> {
    /// Ends the walk with a finding here. The error is for serde_json only, which adds the offset.
    fn fail<E: Error>(&mut self, what: &'static str) -> E {
        self.finding = self.finding.or(Some(what));
        E::custom("")
    }

    fn node(&self, at: Option<usize>) -> Option<&'a TableNode> {
        at.and_then(|at| self.check.table.get(at))
    }

    /// Passes a string or literal. Returns its bytes: serde_json hands over a part of the document where it can;
    /// numbers and strings with escapes it hands over by their meaning, so these are found behind what was passed last.
    #[inline]
    fn pass(&mut self, string: Option<&str>) -> &'t str {
        let (start, end) = match string.and_then(|string| range_of(string, self.text)) {
            Some((start, end)) => (start.saturating_sub(1), end + 1),
            None => self.next_scalar(),
        };
        self.at = end;
        self.text.get(start..end).unwrap_or_default()
    }

    fn next_scalar(&self) -> Name {
        let is_between = |byte: u8| is_space(byte) || matches!(byte, b',' | b':' | b'[' | b'{' | b']' | b'}');
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let start = rest.iter().position(|byte| !is_between(*byte)).unwrap_or(rest.len());
        let mut scalar = rest.iter().skip(start);
        let mut length = 1;
        if scalar.next() == Some(&b'"') {
            while let Some(byte) = scalar.next().filter(|byte| **byte != b'"') {
                length += if *byte == b'\\' { 1 + scalar.next().into_iter().count() } else { 1 };
            }
            length += 1;
        } else {
            length += scalar.take_while(|byte| !is_between(**byte)).count();
        }
        (self.at + start, self.at + start + length)
    }

    /// What a member of an object is. A name that the mapping doesn't have is noted.
    #[inline]
    fn member(&mut self, object: Option<usize>, in_record: bool, is_top: bool, name: &str) -> Member {
        self.pass(Some(name));
        let table = self.check.table;
        // A value, which may be wrapped in an object, has no name.
        let is_value = || self.node(object).is_some_and(TableNode::is_value);
        if let Some(at) = object.and_then(|at| table.child(at, name)) {
            Member::Mapped(at)
        } else if is_top && name == CONTEXT && table.has_prefixes() {
            Member::Context
        } else if Some(name) == table.json_id.as_deref() && !is_top && !is_value() {
            Member::Id
        } else if let Some(range) = range_of(name, self.text)
            && in_record
            && self.check.admit(name)
        {
            self.scratch.unmapped.push(range);
            Member::OfRecord
        } else {
            Member::None
        }
    }

    /// Whether an object already had a member at this node.
    fn is_second(&mut self, at: usize, object: usize) -> bool {
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
    record: Option<Permitted>,
    is_top: bool,
    is_item: bool,
}

impl ValueSeed<'_, '_, '_, '_> {
    /// Checks a value; `text` is what a string says.
    fn value<E: Error>(self, text: Option<&str>) -> Result<bool, E> {
        let Self { walk, at, record, is_top, .. } = self;
        if is_top {
            return Err(walk.fail("a value where an object is expected"));
        }
        let node = walk.node(at);
        let raw = walk.pass(text);
        let is_nil = text.is_none() && raw == "null" && node.is_some_and(TableNode::may_be_nil);
        let text = if is_nil { "" } else { text.unwrap_or(raw) };
        let value = Value { raw, text, written: Written::Json, is_nil };
        walk.check.value(node, record, &value).map_err(|what| walk.fail(what))
    }
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_, '_, '_, '_> {
    /// Whether it contains something released.
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
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

    fn visit_str<E: Error>(self, text: &str) -> Result<bool, E> {
        self.value(Some(text))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<bool, E> {
        self.value(None)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<bool, E> {
        self.value(None)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<bool, E> {
        self.value(None)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<bool, E> {
        self.value(None)
    }

    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        self.value(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<bool, A::Error> {
        let Self { walk, at, record, is_top, is_item } = self;
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
        let Self { walk, at, record, is_top, .. } = self;
        walk.objects += 1;
        let number = walk.objects;
        let unmapped = walk.scratch.unmapped.len();
        let (mut is_released, mut has_context) = (false, false);
        let mut id: Option<Number> = None;
        while let Some(member) =
            members.next_key_seed(WithStr(|name: &str| walk.member(at, record.is_some(), is_top, name)))?
        {
            match member {
                Member::Mapped(at) if walk.is_second(at, number) => return Err(walk.fail(TWICE)),
                Member::Context if mem::replace(&mut has_context, true) => return Err(walk.fail(TWICE)),
                Member::Id if id.is_some() => return Err(walk.fail(TWICE)),
                Member::Mapped(at) => {
                    walk.scratch.path.push(at);
                    let node = walk.node(Some(at));
                    walk.check.mark_used(node.and_then(|node| node.prefix));
                    let record = node.and_then(|node| walk.check.record_below(node, record));
                    let part = ValueSeed { walk: &mut *walk, at: Some(at), record, is_top: false, is_item: false };
                    is_released |= members.next_value_seed(part)?;
                    walk.scratch.path.pop();
                }
                Member::Context => members.next_value_seed(ContextSeed { walk: &mut *walk })?,
                Member::Id => {
                    let named = members.next_value_seed(WithStr(|id: &str| {
                        walk.pass(Some(id));
                        walk.check.links().number(id.strip_prefix('#').unwrap_or_default())
                    }))?;
                    id = Some(named.map_err(|what| walk.fail(what))?);
                }
                Member::OfRecord => {
                    let part = ValueSeed { walk: &mut *walk, at: None, record, is_top: false, is_item: false };
                    is_released |= members.next_value_seed(part)?;
                }
                Member::None => return Err(walk.fail("a member that the mapping doesn't name")),
            }
        }
        if has_duplicates(walk.scratch.unmapped.get_mut(unmapped..).unwrap_or_default(), walk.text) {
            return Err(walk.fail(TWICE));
        }
        walk.scratch.unmapped.truncate(unmapped);
        match id {
            Some(id) if is_released => walk.check.links().mark_named(id),
            // An object with nothing else is a reference.
            Some(id) => walk.check.links().mark_referred(id),
            None if is_released => {}
            None => return Err(walk.fail("an object in which nothing was released")),
        }
        Ok(true)
    }
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
        let Self { walk } = self;
        let table = walk.check.table;
        walk.has_context = true;
        let mut next = 0;
        // Whether namespaces that end in a slash, and others, are followed by `#`: all of them or none.
        let mut marks: [Option<bool>; 2] = [None; 2];
        let own = |name: &str| table.own_prefix(name).and_then(|index| Some((index, &table.prefixes.get(index)?.uri)));
        while let Some(bound) = members.next_key_seed(WithStr(|name: &str| (walk.pass(Some(name)), own(name)).1))? {
            let mark = members.next_value_seed(WithStr(|uri: &str| {
                walk.pass(Some(uri));
                let (index, own) = bound?;
                let rest = uri.strip_prefix(own.as_str()).filter(|rest| matches!(*rest, "" | "#"))?;
                Some((index, own.ends_with('/'), !rest.is_empty()))
            }))?;
            let Some((index, is_slashed, mark)) = mark else {
                return Err(walk.fail("a context that binds what the format doesn't"));
            };
            let [slashed, others] = &mut marks;
            let before = if is_slashed { slashed } else { others };
            if index < next || *before.get_or_insert(mark) != mark {
                return Err(walk.fail("a context that isn't in the format's order"));
            }
            next = index + 1;
            walk.check.mark_declared(index);
        }
        Ok(())
    }
}

/// Hands over the next string, a name or a value, in place: serde would allocate a `String` for it.
struct WithStr<F>(F);

impl<'de, T, F: FnOnce(&str) -> T> DeserializeSeed<'de> for WithStr<F> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<T, F: FnOnce(&str) -> T> Visitor<'_> for WithStr<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok((self.0)(text))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::check::{CheckScratch, Reading};
    use crate::shape::Shapes;
    use crate::table::Table;
    use dmv_redact_model::catalog::Catalog;
    use dmv_redact_model::format::{Formats, Syntax};

    #[test]
    fn p3_the_bytes_of_a_value_are_found_however_it_is_spelled() {
        let catalog = Arc::new(Catalog::load(dmv_redact::shipped::CATALOG, &[]).unwrap());
        let formats = Formats::load(dmv_redact::shipped::FORMATS, &[], &catalog).unwrap();
        let table = Table::new(&formats.by_name("niem-6.0").unwrap().declared, &[], Syntax::Json);
        let (shapes, mut reading, mut scratch) =
            (Shapes::new(&catalog).unwrap(), Reading::default(), CheckScratch::default());
        let text = r#" {"a\"\\" : -0,"b":[1.50, 12345678901234567890 ,"x\u0041\"}", "", "y"],"c":{"d":null,"e":true}, "f":"\\"}"#;
        let mut check = Check::new((&table, &shapes), None, None, &mut reading, &mut scratch);
        let scratch = &mut Scratch::default();
        let mut walk = Walk { text, check: &mut check, scratch, objects: 0, has_context: false, at: 0, finding: None };
        let borrowed = |part: &str| text.get(text.find(part).unwrap() + 1..text.find(part).unwrap() + part.len() - 1);
        for (string, raw) in [
            (Some("a\"\\"), r#""a\"\\""#),
            (None, "-0"),
            (borrowed("\"b\""), "\"b\""),
            (None, "1.50"),
            (None, "12345678901234567890"),
            (Some("xA\"}"), r#""x\u0041\"}""#),
            (borrowed("\"\""), "\"\""),
            (borrowed("\"y\""), "\"y\""),
            (borrowed("\"c\""), "\"c\""),
            (borrowed("\"d\""), "\"d\""),
            (None, "null"),
            (borrowed("\"e\""), "\"e\""),
            (None, "true"),
            (borrowed("\"f\""), "\"f\""),
            (Some("\\"), r#""\\""#),
            (None, ""),
        ] {
            assert_eq!(walk.pass(string), raw);
        }
    }

    #[test]
    fn p2_what_is_no_number_of_json_is_refused() {
        let catalog = Arc::new(Catalog::load(dmv_redact::shipped::CATALOG, &[]).unwrap());
        let formats = Formats::load(dmv_redact::shipped::FORMATS, &[], &catalog).unwrap();
        let table = Table::new(&formats.by_name("niem-6.0").unwrap().declared, &[], Syntax::Json);
        let (shapes, mut reading, mut scratch) =
            (Shapes::new(&catalog).unwrap(), Reading::default(), CheckScratch::default());
        let mut accepts = |value: &str| {
            let text =
                format!(r#"{{"exch:DriverVehicleResponse":{{"nc:Person":{{"j:PersonSexCode":["F",{value},"F"]}}}}}}"#);
            let mut check = Check::new((&table, &shapes), None, None, &mut reading, &mut scratch);
            read(&text, &mut check, &mut Scratch::default()).is_ok()
        };
        for value in ["0", "-5", "18446744073709551616", "-0", "1.50", "1e2", "1e-400", "\"5\"", "true"] {
            assert!(accepts(value), "{value}");
        }
        for value in ["1E400", "-", "01", "+1", ".5", "1.", "0x1", "1_0", "NaN", "5 5"] {
            assert!(!accepts(value), "{value}");
        }
    }
}
