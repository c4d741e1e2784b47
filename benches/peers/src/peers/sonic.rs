//! sonic-rs in its three ways: `Value` edited and written, and a visitor that skips what goes, and either copies the spans of
//! leaves or writes their values.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use sonic_rs::{JsonType, JsonValueMutTrait, JsonValueTrait, LazyValue, Value};

use super::Peer;
use crate::allow_list::{AllowList, Entry};

pub(super) struct Dom;

impl Peer for Dom {
    fn name(&self) -> &'static str {
        "sonic-rs-dom"
    }

    fn redact(&mut self, message: &[u8], list: &AllowList, out: &mut Vec<u8>) {
        let mut value: Value = sonic_rs::from_slice(message).unwrap();
        keep(&mut value, list);
        out.clear();
        sonic_rs::to_writer(out, &value).unwrap();
    }
}

fn keep(value: &mut Value, list: &AllowList) -> bool {
    match value.get_type() {
        JsonType::Object => {
            let members = value.as_object_mut().unwrap();
            members.retain(|name, value| list.find(name).is_some_and(|entry| keep(value, &entry.below)));
            !members.is_empty()
        }
        JsonType::Array => {
            let items = value.as_array_mut().unwrap();
            items.retain_mut(|item| keep(item, list));
            !items.is_empty()
        }
        _ => list.is_leaf(),
    }
}

pub(super) struct Lazy;

impl Peer for Lazy {
    fn name(&self) -> &'static str {
        "sonic-rs-lazy"
    }

    fn redact(&mut self, message: &[u8], list: &AllowList, out: &mut Vec<u8>) {
        copy::<true>(message, list, out);
    }
}

pub(super) struct ByValue;

impl Peer for ByValue {
    fn name(&self) -> &'static str {
        "sonic-rs-visitor"
    }

    fn redact(&mut self, message: &[u8], list: &AllowList, out: &mut Vec<u8>) {
        copy::<false>(message, list, out);
    }
}

fn copy<const LAZY: bool>(message: &[u8], list: &AllowList, out: &mut Vec<u8>) {
    out.clear();
    let mut deserializer = sonic_rs::Deserializer::from_slice(message);
    Copy::<LAZY> { list, out }.deserialize(&mut deserializer).unwrap();
    // What follows the value, and whether all of it was UTF-8.
    deserializer.end().unwrap();
}

/// Copies what is listed of one value; tells whether anything is.
struct Copy<'a, const LAZY: bool> {
    list: &'a AllowList,
    out: &'a mut Vec<u8>,
}

impl<const LAZY: bool> Copy<'_, LAZY> {
    /// Writes a leaf, if one may stand here.
    fn leaf(self, write: impl FnOnce(&mut Vec<u8>)) -> bool {
        if self.list.is_leaf() {
            write(self.out);
        }
        self.list.is_leaf()
    }
}

impl<'de, const LAZY: bool> DeserializeSeed<'de> for Copy<'_, LAZY> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        if !LAZY || !self.list.is_leaf() {
            return deserializer.deserialize_any(self);
        }
        let value = LazyValue::deserialize(deserializer)?;
        // A list of paths knows no objects at a leaf.
        let kept = !value.is_object();
        if kept {
            self.out.extend_from_slice(value.as_raw_str().as_bytes());
        }
        Ok(kept)
    }
}

impl<'de, const LAZY: bool> Visitor<'de> for Copy<'_, LAZY> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let before = self.out.len();
        self.out.push(b'{');
        while let Some(entry) = map.next_key_seed(Key(self.list))? {
            let Some(entry) = entry else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let unless_kept = self.out.len();
            if unless_kept > before + 1 {
                self.out.push(b',');
            }
            self.out.extend_from_slice(entry.written.as_bytes());
            if !map.next_value_seed(Copy::<LAZY> { list: &entry.below, out: self.out })? {
                self.out.truncate(unless_kept);
            }
        }
        Ok(end(self.out, before, b'}'))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<bool, A::Error> {
        let before = self.out.len();
        self.out.push(b'[');
        loop {
            let unless_kept = self.out.len();
            if unless_kept > before + 1 {
                self.out.push(b',');
            }
            match seq.next_element_seed(Copy::<LAZY> { list: self.list, out: self.out })? {
                Some(true) => {}
                Some(false) => self.out.truncate(unless_kept),
                None => {
                    self.out.truncate(unless_kept);
                    return Ok(end(self.out, before, b']'));
                }
            }
        }
    }

    /// Borrowed from the message, so nothing in it is escaped.
    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<bool, E> {
        Ok(self.leaf(|out| {
            out.push(b'"');
            out.extend_from_slice(value.as_bytes());
            out.push(b'"');
        }))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<bool, E> {
        Ok(self.leaf(|out| sonic_rs::to_writer(out, value).unwrap()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<bool, E> {
        Ok(self.leaf(|out| out.extend_from_slice(if value { b"true" } else { b"false" })))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<bool, E> {
        Ok(self.leaf(|out| sonic_rs::to_writer(out, &value).unwrap()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<bool, E> {
        Ok(self.leaf(|out| sonic_rs::to_writer(out, &value).unwrap()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<bool, E> {
        Ok(self.leaf(|out| sonic_rs::to_writer(out, &value).unwrap()))
    }
}

/// Closes an object or array, or takes it back if it is empty.
pub(super) fn end(out: &mut Vec<u8>, before: usize, close: u8) -> bool {
    if out.len() == before + 1 {
        out.truncate(before);
        return false;
    }
    out.push(close);
    true
}

/// Looks a name up where it stands.
struct Key<'l>(&'l AllowList);

impl<'de, 'l> DeserializeSeed<'de> for Key<'l> {
    type Value = Option<&'l Entry>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'l> Visitor<'_> for Key<'l> {
    type Value = Option<&'l Entry>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.find(name))
    }
}
