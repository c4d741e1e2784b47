//! The parts of a sample in JSON. Arrays are transparent, as in a mapping.
//!
//! A visitor of its own: it keeps the order of members, and no name of a message means anything to it.

use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, de};

use super::{Item, PartId, PartTree, is_value_like, too_many_parts};
use crate::schema::Name;
use dmv_redact_model::config::ConfigError;
use dmv_redact_model::format::{RDF_URI, Syntax};

/// A value of a sample, without numbers' and texts' difference.
enum Json {
    Null,
    Scalar(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

struct JsonSeed;

impl<'de> DeserializeSeed<'de> for JsonSeed {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for JsonSeed {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Scalar(value.to_string()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Scalar(value.to_string()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Scalar(value.to_string()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Scalar(value.to_string()))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Scalar(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element_seed(JsonSeed)? {
            all.push(item);
        }
        Ok(Json::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let mut all = Vec::new();
        while let Some(name) = members.next_key::<String>()? {
            all.push((name, members.next_value_seed(JsonSeed)?));
        }
        Ok(Json::Object(all))
    }
}

pub(super) fn add(file: &str, text: &str, tree: Option<PartTree>) -> Result<PartTree, ConfigError> {
    let mut deserializer = serde_json::Deserializer::from_str(text.trim_start_matches('\u{FEFF}'));
    let message = JsonSeed.deserialize(&mut deserializer).map_err(|_| ConfigError::of_file(file, "is no JSON"))?;
    // A list at the top is several messages, as exports have them.
    let (messages, is_list) = match message {
        Json::Array(items) => (items, true),
        one => (vec![one], false),
    };
    let mut tree = tree;
    for message in messages {
        let Json::Object(members) = message else {
            return Err(ConfigError::of_file(file, "is no object, so it has no parts with names"));
        };
        tree = Some(add_message(file, members, tree)?);
    }
    let mut tree = tree.ok_or_else(|| ConfigError::of_file(file, "is an empty list"))?;
    tree.is_list |= is_list;
    Ok(tree)
}

/// Adds one message.
fn add_message(file: &str, members: Vec<(String, Json)>, tree: Option<PartTree>) -> Result<PartTree, ConfigError> {
    let root = root(&members);
    let mut tree = match tree {
        Some(tree) => tree,
        None => PartTree::new(Syntax::Json, Name::element("", root.as_deref().unwrap_or_default())),
    };
    bind(&mut tree, &members);
    let name = tree.root().map(|root| root.local.clone()).unwrap_or_default();
    let content = match name.as_str() {
        "" => Json::Object(members),
        name => {
            let found = members.into_iter().find(|(own, _)| own == name);
            found.map(|(_, content)| content).ok_or_else(|| {
                ConfigError::of_file(
                    file,
                    format!("has no member `{name}`, which the inputs before it have as their root"),
                )
            })?
        }
    };
    let mut sample = JsonSample { file, tree };
    let mut items = Vec::new();
    sample.value(PartTree::ROOT, content, &mut items)?;
    sample.tree.items.extend(items);
    Ok(sample.tree)
}

/// The root member: the only one of the object that holds others.
fn root(members: &[(String, Json)]) -> Option<String> {
    let mut own = members.iter().filter(|(name, _)| !Name::element("", name).is_json_ld());
    match (own.next(), own.next()) {
        (Some((name, Json::Object(_))), None) if !is_value_like(name) => Some(name.clone()),
        _ => None,
    }
}

/// Takes the prefixes of JSON-LD's `@context`.
fn bind(tree: &mut PartTree, members: &[(String, Json)]) {
    for (_, context) in members.iter().filter(|(name, _)| name == "@context") {
        let contexts = if let Json::Array(all) = context { all.as_slice() } else { std::slice::from_ref(context) };
        for context in contexts {
            let Json::Object(bindings) = context else { continue };
            for (prefix, uri) in bindings {
                if let (Json::Scalar(uri), false) = (uri, prefix.starts_with('@')) {
                    // NIEM 5 ends the URIs of its contexts with `#`, and its namespaces without.
                    let uri = if uri == RDF_URI { uri } else { uri.trim_end_matches('#') };
                    tree.bind(prefix, uri);
                }
            }
        }
    }
}

struct JsonSample<'a> {
    file: &'a str,
    tree: PartTree,
}

impl JsonSample<'_> {
    /// Adds a value to the tree, and what it is to the items of a sample.
    fn value(&mut self, part: PartId, value: Json, into: &mut Vec<Item>) -> Result<(), ConfigError> {
        let Some(name) = self.tree.part(part).map(|part| part.name.clone()) else { return Ok(()) };
        let mut item = Item { name, value: None, items: Vec::new() };
        match value {
            Json::Null => self.tree.add_value(part, ""),
            Json::Scalar(value) => {
                self.tree.add_value(part, &value);
                item.value = Some(value);
            }
            Json::Array(values) => return values.into_iter().try_for_each(|value| self.value(part, value, into)),
            Json::Object(members) => {
                for (name, value) in members {
                    if Name::element("", &name).is_json_ld() {
                        continue;
                    }
                    if self.is_value_wrapper(&name) {
                        self.value(part, value, into)?;
                        continue;
                    }
                    let child = self.tree.child(part, Name::element("", &name));
                    let child = child.ok_or_else(|| too_many_parts(self.file))?;
                    self.tree.count(child);
                    self.value(child, value, &mut item.items)?;
                }
            }
        }
        into.push(item);
        Ok(())
    }

    /// Whether a member holds the value of the part that it is in.
    fn is_value_wrapper(&self, name: &str) -> bool {
        let rdf = self.tree.prefixes.iter().find(|(_, uri)| uri == RDF_URI);
        rdf.is_some_and(|(prefix, _)| name.strip_prefix(prefix.as_str()) == Some(":value"))
    }
}
