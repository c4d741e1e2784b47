//! JSON Schema, read plainly: what may stand where, and what must. Arrays are transparent, as they are in a mapping.
//!
//! What it doesn't understand it tells, for a mapping can't be held to that.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::{Map, Value};

use super::outline::{Content, Name, NotUnderstood, Outline, Part};
use crate::config::Document;

/// Keywords that allow nothing and demand nothing of structure.
const WITHOUT_STRUCTURE: [&str; 35] = [
    "$schema",
    "$id",
    "$comment",
    "$anchor",
    "$vocabulary",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "type",
    "enum",
    "const",
    "format",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "minProperties",
    "maxItems",
    "uniqueItems",
    "maxProperties",
    "required",
    "contentEncoding",
    "contentMediaType",
    "$ref",
    "id",
    "unevaluatedItems",
];
/// Keywords whose value is a schema, a list of schemas, a table of schemas.
const SCHEMA: [&str; 3] = ["items", "additionalProperties", "unevaluatedProperties"];
const SCHEMAS: [&str; 3] = ["allOf", "anyOf", "oneOf"];
const TABLE: [&str; 4] = ["properties", "patternProperties", "$defs", "definitions"];

/// Schemas by JSON pointer that all describe one place.
pub(super) type JsonPlace = BTreeSet<String>;

/// A JSON Schema.
#[derive(Debug)]
pub(super) struct JsonSchema {
    file: String,
    schema: Value,
    not_understood: Vec<NotUnderstood>,
}

/// What kinds of value may stand at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Types {
    value: bool,
    null: bool,
    object: bool,
    array: bool,
}

impl Types {
    const ALL: Self = Self { value: true, null: true, object: true, array: true };

    /// The types of a schema. One that names none, but members or items, means objects or arrays.
    fn of(schema: &Map<String, Value>) -> Self {
        let implied =
            [("properties", "object"), ("patternProperties", "object"), ("required", "object"), ("items", "array")];
        let said: Vec<&str> =
            implied.iter().filter(|(keyword, _)| schema.contains_key(*keyword)).map(|(_, implied)| *implied).collect();
        let has = |names: &[&str]| match schema.get("type") {
            Some(Value::String(one)) => names.contains(&one.as_str()),
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).any(|one| names.contains(&one)),
            _ => said.is_empty() || said.iter().any(|one| names.contains(one)),
        };
        Self {
            value: has(&["string", "number", "integer", "boolean"]),
            null: has(&["null"]),
            object: has(&["object"]),
            array: has(&["array"]),
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            value: self.value && other.value,
            null: self.null && other.null,
            object: self.object && other.object,
            array: self.array && other.array,
        }
    }
}

impl JsonSchema {
    /// Reads a schema. One that is no JSON is not understood as a whole.
    pub(super) fn read(document: &Document<'_>) -> Self {
        let mut schema = Self { file: document.file.to_owned(), schema: Value::Bool(true), not_understood: Vec::new() };
        match serde_json::from_str(document.text) {
            Ok(value) => {
                schema.schema = value;
                let mut faults = Vec::new();
                schema.look_through("", &mut faults);
                for what in faults {
                    schema.tell(None, what);
                }
            }
            Err(error) => {
                let before: usize = document.text.split_inclusive('\n').take(error.line() - 1).map(str::len).sum();
                schema.tell(Some(before + error.column().saturating_sub(1)), "it: it is no JSON".to_owned());
            }
        }
        schema
    }

    fn tell(&mut self, at: Option<usize>, what: String) {
        self.not_understood.push(NotUnderstood { file: self.file.clone(), at, what });
    }

    /// Gathers what this reader doesn't know, in the schema at a pointer and those in it.
    fn look_through(&self, pointer: &str, faults: &mut Vec<String>) {
        let Some(Value::Object(schema)) = self.schema.pointer(pointer) else { return };
        let at = if pointer.is_empty() { "its root".to_owned() } else { format!("`{pointer}`") };
        for (keyword, value) in schema {
            let below = format!("{pointer}/{}", escape(keyword));
            let known = keyword.as_str();
            match value {
                Value::Object(table) if TABLE.contains(&known) => {
                    for name in table.keys() {
                        if known == "patternProperties" && Regex::new(name).is_err() {
                            faults.push(format!("the pattern of names `{name}` at {at}"));
                        }
                        self.look_through(&format!("{below}/{}", escape(name)), faults);
                    }
                }
                Value::Array(list) if SCHEMAS.contains(&known) => {
                    for place in 0..list.len() {
                        self.look_through(&format!("{below}/{place}"), faults);
                    }
                }
                Value::Object(_) | Value::Bool(_) if SCHEMA.contains(&known) => self.look_through(&below, faults),
                Value::String(target) if known == "$ref" && self.resolve(target).is_none() => {
                    faults.push(format!("`$ref` to `{target}` at {at}, which isn't in the same file"));
                }
                _ if WITHOUT_STRUCTURE.contains(&known) => {}
                _ => faults.push(format!("`{keyword}` at {at}")),
            }
        }
    }

    /// The pointer that a reference within this schema means.
    fn resolve(&self, target: &str) -> Option<String> {
        let pointer = target.strip_prefix('#')?;
        let is_pointer = pointer.is_empty() || pointer.starts_with('/');
        // An escaped character in a fragment is as rare as an anchor: told, not guessed.
        (is_pointer && !pointer.contains('%') && self.schema.pointer(pointer).is_some()).then(|| pointer.to_owned())
    }

    /// Adds what the schema at a pointer allows, of these types; what it demands of an object.
    fn merge(&self, pointer: &str, allowed: Types, is_item: bool, merged: &mut Merged) -> Vec<Vec<Name>> {
        if !merged.seen.insert((pointer.to_owned(), allowed, is_item)) {
            return Vec::new();
        }
        let schema = match self.schema.pointer(pointer) {
            Some(Value::Object(schema)) => schema,
            Some(Value::Bool(false)) => return Vec::new(),
            _ => {
                merged.content.has_value |= allowed.value;
                merged.content.is_open |= allowed.object;
                return Vec::new();
            }
        };
        let allowed = allowed.and(Types::of(schema));
        let elsewhere = ["$ref", "allOf", "anyOf", "oneOf"].iter().any(|keyword| schema.contains_key(*keyword));
        if !elsewhere {
            merged.content.has_value |= allowed.value || allowed.null;
        }
        let mut demands = Vec::new();
        if allowed.object {
            self.properties(pointer, schema, elsewhere, merged);
            let required = schema.get("required").and_then(Value::as_array);
            let names = required.into_iter().flatten().filter_map(Value::as_str);
            demands.extend(names.map(|name| vec![Name::element("", name)]));
        }
        if allowed.array {
            if is_item {
                // An array in an array is unknown to every mapping; what it holds is removed.
                let says_so = schema.contains_key("type") || schema.contains_key("items");
                if says_so && merged.content.part(&array_in_array()).is_none() {
                    let declared = format!("{}#{pointer}", self.file);
                    let part = Part {
                        name: array_in_array(),
                        pattern: None,
                        place: JsonPlace::new(),
                        is_nillable: false,
                        declared,
                    };
                    merged.content.parts.push(part);
                }
            } else if schema.contains_key("items") {
                demands.extend(self.merge(&format!("{pointer}/items"), Types::ALL, true, merged));
            } else if !elsewhere && schema.contains_key("type") {
                merged.content.is_open = true;
                merged.content.has_value = true;
            }
        }
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            match self.resolve(target) {
                Some(target) => demands.extend(self.merge(&target, allowed, is_item, merged)),
                None => merged.content = Content::anything(),
            }
        }
        for place in 0..schema.get("allOf").and_then(Value::as_array).map_or(0, Vec::len) {
            demands.extend(self.merge(&format!("{pointer}/allOf/{place}"), allowed, is_item, merged));
        }
        for keyword in ["anyOf", "oneOf"] {
            let Some(alternatives) = schema.get(keyword).and_then(Value::as_array) else { continue };
            let mut one_of = Some(Vec::new());
            for (place, alternative) in alternatives.iter().enumerate() {
                let demanded = self.merge(&format!("{pointer}/{keyword}/{place}"), allowed, is_item, merged);
                if alternative.as_object().is_none_or(|alternative| Types::of(alternative).object) {
                    // An alternative that demands nothing fulfils the choice.
                    one_of = one_of.zip(demanded.into_iter().next()).map(|(mut all, names)| {
                        all.extend(names);
                        all
                    });
                }
            }
            demands.extend(one_of.filter(|names| !names.is_empty()));
        }
        demands
    }

    /// Adds the members that an object may have.
    fn properties(&self, pointer: &str, schema: &Map<String, Value>, elsewhere: bool, merged: &mut Merged) {
        let table = |keyword: &'static str| {
            let names = schema.get(keyword).and_then(Value::as_object).into_iter().flat_map(Map::keys);
            names.map(move |name| (name.clone(), format!("{pointer}/{keyword}/{}", escape(name))))
        };
        for (name, place) in table("properties") {
            self.add(Name::element("", &name), None, place, merged);
        }
        for (pattern, place) in table("patternProperties") {
            if let Ok(regex) = Regex::new(&pattern) {
                self.add(Name::element("", &pattern), Some(regex), place, merged);
            }
        }
        let others = schema.get("additionalProperties").or_else(|| schema.get("unevaluatedProperties"));
        let says_names = schema.contains_key("properties") || schema.contains_key("patternProperties") || elsewhere;
        merged.content.is_open |= match others {
            Some(others) => *others != Value::Bool(false),
            // An object that may hold anything because nothing is said of it; where names are said, they are what it has.
            None => !says_names,
        };
    }

    fn add(&self, name: Name, pattern: Option<Regex>, pointer: String, merged: &mut Merged) {
        if let Some(part) = merged.content.parts.iter_mut().find(|part| part.name == name) {
            part.is_nillable |= self.may_be_null(&pointer, &mut BTreeSet::new());
            part.place.insert(pointer);
            return;
        }
        let declared = format!("{}#{pointer}", self.file);
        let is_nillable = self.may_be_null(&pointer, &mut BTreeSet::new());
        let place = JsonPlace::from([pointer]);
        merged.content.parts.push(Part { name, pattern, place, is_nillable, declared });
    }

    /// Whether the schema at a pointer takes null.
    fn may_be_null(&self, pointer: &str, seen: &mut BTreeSet<String>) -> bool {
        if !seen.insert(pointer.to_owned()) {
            return false;
        }
        let schema = match self.schema.pointer(pointer) {
            Some(Value::Object(schema)) => schema,
            other => return *other.unwrap_or(&Value::Null) == Value::Bool(true),
        };
        let mut branches = |keyword: &str| -> Vec<bool> {
            let count = schema.get(keyword).and_then(Value::as_array).map_or(0, Vec::len);
            (0..count).map(|place| self.may_be_null(&format!("{pointer}/{keyword}/{place}"), seen)).collect()
        };
        let (all, any, one) = (branches("allOf"), branches("anyOf"), branches("oneOf"));
        let target = schema.get("$ref").and_then(Value::as_str);
        let referred =
            target.is_none_or(|target| self.resolve(target).is_none_or(|target| self.may_be_null(&target, seen)));
        let holds = |branches: &[bool]| branches.is_empty() || branches.contains(&true);
        Types::of(schema).null && referred && !all.contains(&false) && holds(&any) && holds(&one)
    }

    fn merged(&self, place: &JsonPlace) -> Merged {
        let mut merged = Merged { content: Content::nothing(), seen: BTreeSet::new() };
        for pointer in place {
            let demands = self.merge(pointer, Types::ALL, false, &mut merged);
            for demand in demands {
                if !merged.content.demands.contains(&demand) {
                    merged.content.demands.push(demand);
                }
            }
        }
        merged
    }
}

/// What is gathered at a place.
struct Merged {
    content: Content<JsonPlace>,
    /// The schemas that are merged already: one that holds itself must come to an end.
    seen: BTreeSet<(String, Types, bool)>,
}

/// The name by which an array in an array is told.
fn array_in_array() -> Name {
    Name::element("", "[]")
}

impl Outline for JsonSchema {
    type Place = JsonPlace;

    fn root(&self, name: Option<&Name>) -> Option<JsonPlace> {
        let whole = JsonPlace::from([String::new()]);
        match name {
            Some(name) => self.content(&whole).part(name).map(|part| part.place.clone()),
            None => Some(whole),
        }
    }

    fn roots(&self) -> Vec<Name> {
        self.content(&JsonPlace::from([String::new()])).parts.into_iter().map(|part| part.name).collect()
    }

    fn content(&self, place: &JsonPlace) -> Content<JsonPlace> {
        self.merged(place).content
    }

    fn not_understood(&self) -> &[NotUnderstood] {
        &self.not_understood
    }
}

/// A name as a step of a JSON pointer.
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
