//! The second reading of JSON, on serde_json. No `Value` is built: it would keep only the last of two equal names.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::de::{DeserializeOwned, DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::Finding;
use super::check::Check;
use super::comparison::NESTED_ARRAY;
use super::table::Table;
use super::value::{Checked, Value, Written, ensure};

struct Walk<'t, 'r, 'a> {
    text: &'t str,
    check: &'r mut Check<'a>,
    /// Where the last name or scalar ended.
    at: usize,
    /// In the context: the next prefix, and whether namespaces that end in a slash, and others, are followed by `#`.
    context: (usize, [Option<bool>; 2]),
    finding: Option<&'static str>,
}

pub(super) fn read(text: &str, check: &mut Check<'_>) -> Result<(), Finding> {
    let mut walk = Walk { text, check, at: 0, context: (0, [None; 2]), finding: None };
    let mut document = serde_json::Deserializer::from_str(text);
    let read = document.deserialize_any(Part { walk: &mut walk, name: "", node: None, kind: Kind::Document });
    let is_released = walk.check.frame.is_released;
    match read.and_then(|_| document.end()) {
        Ok(()) if is_released => Ok(()),
        Ok(()) => Err(Finding::of_output("an output in which nothing was released")),
        Err(_) => Err(Finding::at(walk.at.saturating_sub(1), walk.finding.unwrap_or("no JSON"), walk.check.path())),
    }
}

impl<'t> Walk<'t, '_, '_> {
    /// Where a string ends with its quote, if it is a part of the text.
    fn end_of(&self, part: &str) -> usize {
        part.as_ptr().addr().wrapping_sub(self.text.as_ptr().addr()).wrapping_add(part.len() + 1)
    }

    /// Passes a scalar. Returns its bytes: a string without escapes is a part of the text.
    fn pass(&mut self, string: Option<&str>) -> &'t str {
        let range = string.map(|string| (self.end_of(string), string.len() + 2));
        let raw = range.and_then(|(end, length)| Some((self.text.get(end.wrapping_sub(length)..end)?, end)));
        let (raw, end) = raw.unwrap_or_else(|| {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let rest = rest.trim_start_matches([',', ':', '[', '{', ']', '}', ' ', '\t', '\r', '\n']);
            let raw = <&RawValue>::deserialize(&mut serde_json::Deserializer::from_str(rest));
            let raw = raw.map_or("", RawValue::get);
            (raw, self.text.len() - rest.len() + raw.len())
        });
        self.at = end;
        raw
    }

    /// Notes what was found. The error is for serde_json alone.
    fn check<T, E: Error>(&mut self, checked: Checked<T>) -> Result<T, E> {
        checked.map_err(|what| {
            self.finding = Some(what);
            E::custom("")
        })
    }

    /// Binds a prefix of the context: one of the format, to the format's namespace, in its order.
    fn bind(&mut self, name: &str, uri: &str) -> Checked<()> {
        let table = self.check.table;
        let bound = table.own_prefix(name).and_then(|index| Some((index, &table.namespaces.get(index)?.1)));
        let bound = bound.and_then(|(index, own)| Some((index, own, uri.strip_prefix(own.as_str())?)));
        // A namespace that ends in `#` gets no other.
        let takes_mark = |own: &str| !own.ends_with('#');
        let bound = bound.filter(|(_, own, rest)| rest.is_empty() || *rest == "#" && takes_mark(own));
        let (index, own, rest) = bound.ok_or("a context that binds what the format doesn't")?;
        let (next, [slashed, others]) = &mut self.context;
        let mark = if own.ends_with('/') { slashed } else { others };
        let is_alike = !takes_mark(own) || *mark.get_or_insert(rest == "#") == (rest == "#");
        ensure(index >= *next && is_alike, "a context that isn't in the format's order")?;
        *next = index + 1;
        self.check.mark(Some(index), true);
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Document,
    Member,
    Item,
    Id,
    Context,
    Prefix,
}

/// The name of a part; an item has none.
fn own_name(kind: Kind, name: &str) -> &str {
    if kind == Kind::Item { "" } else { name }
}

struct Part<'w, 't, 'r, 'a> {
    walk: &'w mut Walk<'t, 'r, 'a>,
    name: &'t str,
    node: Option<usize>,
    kind: Kind,
}

/// Reads a value that is read once more as a part. It is read as a stream: what serde_json has for texts is compiled into
/// the walk, as long as nothing else uses it.
fn ahead<T: DeserializeOwned + Default>(raw: &str) -> T {
    serde_json::from_reader(raw.as_bytes()).unwrap_or_default()
}

/// The members of an object, as they are written. Of two with one name one is lost, which the check finds.
fn members(raw: &str) -> HashMap<String, Box<RawValue>> {
    ahead(raw)
}

/// What a value says, if it is a scalar, or an object that wraps one.
fn said(raw: &RawValue, table: &Table) -> Option<String> {
    let raw = raw.get();
    if raw.starts_with('[') {
        // A list of one is what that is.
        let items: Vec<Box<RawValue>> = ahead(raw);
        return match items.as_slice() {
            [only] if !only.get().starts_with('[') => said(only, table),
            _ => None,
        };
    }
    let wrapped = members(raw).into_iter().find(|(name, _)| table.wrapped() == Some(name));
    let raw = wrapped.as_ref().map_or(raw, |(_, wrapped)| wrapped.get());
    let text = Written::Json.decode(raw, &mut String::new()).map(Cow::into_owned);
    text.filter(|text| !raw.starts_with('n') && !text.is_empty())
}

impl Part<'_, '_, '_, '_> {
    fn scalar<E: Error>(self, string: Option<&str>) -> Result<bool, E> {
        let Self { walk, name, node, kind } = self;
        let raw = walk.pass(string);
        let checked = match (kind, string) {
            (Kind::Member | Kind::Item, _) => walk.check.enter(name, node).and_then(|()| {
                let (name, text) = (Some(own_name(kind, name)), string.unwrap_or(raw));
                walk.check.leave(Some(Value { name, raw, text, written: Written::Json, is_nil: false }))
            }),
            (Kind::Id, Some(uri)) => {
                walk.check.uri(uri).and_then(|()| walk.check.lead(uri, None, Written::Json)).map(|()| false)
            }
            (Kind::Prefix, Some(uri)) => walk.bind(name, uri).map(|()| false),
            (Kind::Context, Some(url)) => {
                let is_own = walk.check.table.declared.contexts.iter().any(|own| own == url);
                ensure(is_own, "a context that the format doesn't declare").map(|()| false)
            }
            _ => Err("a value where the format has none"),
        };
        walk.check(checked)
    }
}

impl<'t> DeserializeSeed<'t> for Part<'_, 't, '_, '_> {
    /// Whether it has a right to be there.
    type Value = bool;

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<bool, D::Error> {
        match self.walk.check.table.has_variants {
            true => self.told(deserializer),
            false => deserializer.deserialize_any(self),
        }
    }
}

impl<'t> Part<'_, 't, '_, '_> {
    /// Reads a part whose members may tell what it is: then they are read twice.
    #[cold]
    #[inline(never)]
    fn told<D: Deserializer<'t>>(mut self, deserializer: D) -> Result<bool, D::Error> {
        let table = self.walk.check.table;
        if !matches!(self.kind, Kind::Member | Kind::Item) || !table.get(self.node).has_variants() {
            return deserializer.deserialize_any(self);
        }
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        if raw.starts_with('{') {
            let says: Vec<_> = members(raw).into_iter().map(|(name, raw)| ((false, name), said(&raw, table))).collect();
            self.node = table.variant(self.node, &says);
        }
        serde_json::Deserializer::from_str(raw).deserialize_any(self).map_err(D::Error::custom)
    }
}

macro_rules! scalars {
    ($($visit:ident: $type:ty),*) => {
        $(fn $visit<E: Error>(self, _: $type) -> Result<bool, E> {
            self.scalar(None)
        })*
    };
}

impl<'t> Visitor<'t> for Part<'_, 't, '_, '_> {
    type Value = bool;

    scalars!(visit_u64: u64, visit_i64: i64, visit_f64: f64, visit_bool: bool);

    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        self.scalar(None)
    }

    fn visit_str<E: Error>(self, string: &str) -> Result<bool, E> {
        self.scalar(Some(string))
    }

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a part of the message")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut members: A) -> Result<bool, A::Error> {
        let Self { walk, name, node, kind } = self;
        let entered = match kind {
            Kind::Member | Kind::Item => {
                let entered = walk.check.enter(name, node);
                entered.and_then(|()| walk.check.open(own_name(kind, name), Written::Json))
            }
            Kind::Document | Kind::Context => Ok(()),
            Kind::Id | Kind::Prefix => Err("an object where the format has none"),
        };
        walk.check(entered)?;
        let declared = &walk.check.table.declared;
        walk.check.is_declaring |= kind == Kind::Context;
        // A value, which may be wrapped in an object, has no name.
        let json_id = declared.json_id.as_deref().filter(|_| !walk.check.frame.is_value);
        while let Some(name) = members.next_key()? {
            walk.at = walk.end_of(name);
            let node = walk.check.below(false, name);
            let kind = match kind {
                Kind::Context => Kind::Prefix,
                Kind::Document if name == "@context" && declared.has_context() => Kind::Context,
                Kind::Member | Kind::Item if json_id == Some(name) => Kind::Id,
                _ => Kind::Member,
            };
            members.next_value_seed(Part { walk: &mut *walk, name, node, kind })?;
        }
        let left = if matches!(kind, Kind::Member | Kind::Item) { walk.check.leave(None) } else { Ok(true) };
        walk.check(left)
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut items: A) -> Result<bool, A::Error> {
        let Self { walk, name, node, kind } = self;
        let is_list = kind == Kind::Document && walk.check.table.declared.may_be_list();
        let is_nested = kind == Kind::Item && walk.check.table.get(node).is_nested;
        let may_be_array = kind == Kind::Member || is_list || is_nested;
        walk.check(ensure(may_be_array, "an array where the format has none"))?;
        let part = if is_list { Ok(None) } else { walk.check.open_array(if is_nested { NESTED_ARRAY } else { name }) };
        let (part, node) = (walk.check(part)?, if is_list { walk.check.frame.node } else { node });
        let mut is_released = false;
        while let Some(released) = items.next_element_seed(Part { walk: &mut *walk, name, node, kind: Kind::Item })? {
            is_released |= released;
        }
        // Each item was asked for its own.
        walk.check.frame.has_legal_notice |= is_list;
        let tells = !walk.check.table.get(node).tells.is_empty();
        let closed = ensure(is_released || tells, "an array in which nothing was released");
        let closed = closed.and_then(|()| walk.check.close(part)).map(|()| true);
        walk.check(closed)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Verifier;
    use crate::check::VerifierState;
    use dmv_redact_model::catalog::Catalog;
    use dmv_redact_model::format::{Formats, Syntax};
    use dmv_redact_model::policy::AttributeSet;

    #[test]
    fn p2_what_is_no_number_of_json_is_refused() {
        let catalog = Arc::new(Catalog::load(dmv_redact::shipped::CATALOG, &[]).unwrap());
        let formats = Formats::load(dmv_redact::shipped::FORMATS, &[], &catalog).unwrap();
        let (verifier, mut state) =
            (Verifier::new(&catalog, &formats, AttributeSet::default()).unwrap(), VerifierState::default());
        let is_its = |table: &&Table| table.format == "niem-6.0" && table.syntax == Syntax::Json;
        let table = verifier.tables.iter().find(is_its).unwrap();
        let mut accepts = |value: &str| {
            let text =
                format!(r#"{{"exch:DriverVehicleResponse":{{"nc:Person":{{"j:PersonSexCode":["F",{value},"F"]}}}}}}"#);
            let mut check = Check::new((&verifier, table, 0), None, None, &mut state);
            read(&text, &mut check).is_ok()
        };
        for value in ["0", "-5", "18446744073709551616", "-0", "1.50", "1e2", "1e-400", "\"5\"", "true"] {
            assert!(accepts(value), "{value}");
        }
        for value in ["1E400", "-", "01", "+1", ".5", "1.", "0x1", "1_0", "NaN", "5 5"] {
            assert!(!accepts(value), "{value}");
        }
    }
}
