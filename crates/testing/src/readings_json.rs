//! What two other parsers read in the same JSON: serde_json and json-event-parser. One list of items each, to be compared;
//! names are kept in order and as often as they stand there.

use std::fmt;

use json_event_parser::{JsonEvent, SliceJsonParser};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// What a parser reads, piece by piece.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// An object or a list begins.
    Begin(char),
    /// It ends.
    End(char),
    /// The name of a member.
    Name(String),
    /// A text.
    Text(String),
    /// A number.
    Number(f64),
    /// True or false.
    Bool(bool),
    /// Null.
    Null,
}

pub(crate) type Reading = Result<Vec<Item>, String>;

/// A parser and its reading.
pub(crate) type Parser = (&'static str, fn(&[u8]) -> Reading);

pub(crate) const PARSERS: [Parser; 2] = [("serde_json", by_serde_json), ("json-event-parser", by_events)];

fn by_serde_json(text: &[u8]) -> Reading {
    serde_json::from_slice::<Items>(text).map(|items| items.0).map_err(|error| error.to_string())
}

/// A value as the items it consists of.
struct Items(Vec<Item>);

impl<'de> Deserialize<'de> for Items {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Collect).map(Self)
    }
}

struct Collect;

impl<'de> Visitor<'de> for Collect {
    type Value = Vec<Item>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Vec<Item>, E> {
        Ok(vec![Item::Bool(value)])
    }

    fn visit_i64<E>(self, value: i64) -> Result<Vec<Item>, E> {
        Ok(vec![Item::Number(value as f64)])
    }

    fn visit_u64<E>(self, value: u64) -> Result<Vec<Item>, E> {
        Ok(vec![Item::Number(value as f64)])
    }

    fn visit_f64<E>(self, value: f64) -> Result<Vec<Item>, E> {
        Ok(vec![Item::Number(value)])
    }

    fn visit_str<E>(self, value: &str) -> Result<Vec<Item>, E> {
        Ok(vec![Item::Text(value.to_owned())])
    }

    fn visit_unit<E>(self) -> Result<Vec<Item>, E> {
        Ok(vec![Item::Null])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Vec<Item>, A::Error> {
        let mut items = vec![Item::Begin('[')];
        while let Some(inner) = access.next_element::<Items>()? {
            items.extend(inner.0);
        }
        items.push(Item::End(']'));
        Ok(items)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Vec<Item>, A::Error> {
        let mut items = vec![Item::Begin('{')];
        while let Some((name, inner)) = access.next_entry::<String, Items>()? {
            items.push(Item::Name(name));
            items.extend(inner.0);
        }
        items.push(Item::End('}'));
        Ok(items)
    }
}

fn by_events(text: &[u8]) -> Reading {
    let mut parser = SliceJsonParser::new(text);
    let mut items = Vec::new();
    loop {
        items.push(match parser.parse_next().map_err(|error| error.to_string())? {
            JsonEvent::String(value) => Item::Text(value.into_owned()),
            JsonEvent::Number(lexeme) => Item::Number(lexeme.parse().map_err(|_| "no number")?),
            JsonEvent::Boolean(value) => Item::Bool(value),
            JsonEvent::Null => Item::Null,
            JsonEvent::StartArray => Item::Begin('['),
            JsonEvent::EndArray => Item::End(']'),
            JsonEvent::StartObject => Item::Begin('{'),
            JsonEvent::EndObject => Item::End('}'),
            JsonEvent::ObjectKey(name) => Item::Name(name.into_owned()),
            JsonEvent::Eof => return Ok(items),
        });
    }
}
