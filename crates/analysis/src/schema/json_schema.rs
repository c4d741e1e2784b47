//! A plain reader of JSON Schema: what may be where, and what must. Arrays are transparent, as in a mapping.
//!
//! It reports what it doesn't understand, because a mapping can't be checked against that.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;
use serde_json::{Map, Value};

use super::outline::{Content, Name, Notes, SchemaModel, SchemaPart, UnsupportedConstruct, ValueType};
use dmv_redact_model::config::Document;

/// Keywords that don't affect structure.
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

/// How deep references and combinations are followed (P8).
const MAX_NESTING: usize = 256;

/// JSON pointers of schemas that all describe one position.
pub(crate) type JsonPosition = BTreeSet<String>;

/// A JSON Schema.
#[derive(Debug)]
pub(crate) struct JsonSchema {
    file: String,
    schema: Value,
    unsupported: Vec<UnsupportedConstruct>,
}

/// The kinds of value allowed at a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Types {
    value: bool,
    null: bool,
    object: bool,
    array: bool,
}

impl Types {
    const ALL: Self = Self { value: true, null: true, object: true, array: true };

    /// The types of a schema. One that names no type, but members or items, means objects or arrays.
    fn of(schema: &Map<String, Value>) -> Self {
        let implied =
            [("properties", "object"), ("patternProperties", "object"), ("required", "object"), ("items", "array")];
        let implied = implied.iter().filter(|(keyword, _)| schema.contains_key(*keyword)).map(|(_, implied)| *implied);
        let types: Vec<&str> = match schema.get("type") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => {
                let implied: Vec<&str> = implied.collect();
                if implied.is_empty() {
                    return Self::ALL;
                }
                implied
            }
        };
        Self {
            value: ["string", "number", "integer", "boolean"].iter().any(|one| types.contains(one)),
            null: types.contains(&"null"),
            object: types.contains(&"object"),
            array: types.contains(&"array"),
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
    /// Reads a schema. If it isn't JSON, all of it is unsupported.
    pub(crate) fn read(document: &Document<'_>) -> Self {
        let mut schema = Self { file: document.file.to_owned(), schema: Value::Bool(true), unsupported: Vec::new() };
        match serde_json::from_str(document.text) {
            Ok(value) => {
                schema.schema = value;
                let mut faults = Vec::new();
                schema.collect_unsupported("", &mut faults);
                for what in faults {
                    schema.report(None, what);
                }
            }
            Err(error) => {
                let before: usize = document.text.split_inclusive('\n').take(error.line() - 1).map(str::len).sum();
                schema.report(Some(before + error.column().saturating_sub(1)), "it: it is no JSON".to_owned());
            }
        }
        schema
    }

    /// The member that holds all others, if there is one: a message's root.
    pub(crate) fn root_member(&self) -> Option<Name> {
        let content = self.content(&JsonPosition::from([String::new()]));
        let mut parts = content.parts.into_iter().filter(|part| !part.name.is_json_ld());
        let (only, None) = (parts.next()?, parts.next()) else { return None };
        let inner = self.content(&only.position);
        (only.pattern.is_none() && !inner.has_value && !inner.parts.is_empty()).then_some(only.name)
    }

    /// Whether it is of a list of messages.
    pub(crate) fn is_list(&self) -> bool {
        let types = self.schema.as_object().map(Types::of);
        types.is_some_and(|types| types.array && !types.object)
    }

    fn report(&mut self, at: Option<usize>, what: String) {
        self.unsupported.push(UnsupportedConstruct { file: self.file.clone(), at, what });
    }

    /// Collects unsupported keywords in the schema at a pointer and in its subschemas.
    fn collect_unsupported(&self, pointer: &str, faults: &mut Vec<String>) {
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
                        self.collect_unsupported(&format!("{below}/{}", escape(name)), faults);
                    }
                }
                Value::Array(list) if SCHEMAS.contains(&known) => {
                    for place in 0..list.len() {
                        self.collect_unsupported(&format!("{below}/{place}"), faults);
                    }
                }
                Value::Object(_) | Value::Bool(_) if SCHEMA.contains(&known) => {
                    self.collect_unsupported(&below, faults)
                }
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
        // An escaped character in a fragment is as rare as an anchor: report it, don't guess.
        (is_pointer && !pointer.contains('%') && self.schema.pointer(pointer).is_some()).then(|| pointer.to_owned())
    }

    /// Merges what the schema at a pointer allows of these types; returns what it requires of an object.
    fn merge(&self, pointer: &str, allowed: Types, is_item: bool, merged: &mut Merged) -> Vec<Vec<Name>> {
        if !merged.seen.insert((pointer.to_owned(), allowed, is_item)) {
            return Vec::new();
        }
        if merged.depth >= MAX_NESTING {
            merged.content.is_cut = true;
            return Vec::new();
        }
        merged.depth += 1;
        let requirements = self.merge_schema(pointer, allowed, is_item, merged);
        merged.depth -= 1;
        requirements
    }

    fn merge_schema(&self, pointer: &str, allowed: Types, is_item: bool, merged: &mut Merged) -> Vec<Vec<Name>> {
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
        merged.content.value_type = merged.content.value_type.or(value_type(schema));
        note(schema, &mut merged.content.notes);
        let mut requirements = Vec::new();
        if allowed.object {
            self.properties(pointer, schema, elsewhere, merged);
            let required = schema.get("required").and_then(Value::as_array);
            let names = required.into_iter().flatten().filter_map(Value::as_str);
            requirements.extend(names.map(|name| vec![Name::element("", name)]));
        }
        if allowed.array {
            if is_item {
                self.add_array_in_array(pointer, schema, merged);
            } else if schema.contains_key("items") {
                requirements.extend(self.merge(&format!("{pointer}/items"), Types::ALL, true, merged));
            } else if !elsewhere && schema.contains_key("type") {
                merged.content.is_open = true;
                merged.content.has_value = true;
            }
        }
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            match self.resolve(target) {
                Some(target) => requirements.extend(self.merge(&target, allowed, is_item, merged)),
                None => {
                    (merged.content.has_value, merged.content.is_open) = (true, true);
                    merged.content.takes_attributes = true;
                }
            }
        }
        for place in 0..schema.get("allOf").and_then(Value::as_array).map_or(0, Vec::len) {
            requirements.extend(self.merge(&format!("{pointer}/allOf/{place}"), allowed, is_item, merged));
        }
        for keyword in ["anyOf", "oneOf"] {
            let Some(alternatives) = schema.get(keyword).and_then(Value::as_array) else { continue };
            requirements.extend(self.merge_choice(pointer, keyword, alternatives, allowed, is_item, merged));
        }
        requirements
    }

    /// Merges the alternatives of a schema; returns the names of which an object must have one, if there are any.
    fn merge_choice(
        &self,
        pointer: &str,
        keyword: &str,
        alternatives: &[Value],
        allowed: Types,
        is_item: bool,
        merged: &mut Merged,
    ) -> Option<Vec<Name>> {
        // `None` once some alternative requires nothing.
        let mut one_of = Some(Vec::new());
        for (place, alternative) in alternatives.iter().enumerate() {
            let required = self.merge(&format!("{pointer}/{keyword}/{place}"), allowed, is_item, merged);
            if alternative.as_object().is_none_or(|alternative| Types::of(alternative).object) {
                one_of = one_of.zip(required.into_iter().next()).map(|(all, names)| [all, names].concat());
            }
        }
        one_of.filter(|names| !names.is_empty())
    }

    /// Adds the part that stands for an array in an array. No mapping knows one: its content is always removed.
    fn add_array_in_array(&self, pointer: &str, schema: &Map<String, Value>, merged: &mut Merged) {
        let is_declared = schema.contains_key("type") || schema.contains_key("items");
        if is_declared && merged.content.part(&array_in_array()).is_none() {
            merged.content.parts.push(SchemaPart {
                name: array_in_array(),
                notes: Notes::default(),
                pattern: None,
                position: JsonPosition::new(),
                is_of_derived_type: false,
                is_repeated: true,
                is_nillable: false,
                declared: format!("{}#{pointer}", self.file),
            });
        }
    }

    /// Adds the members that an object may have.
    fn properties(&self, pointer: &str, schema: &Map<String, Value>, elsewhere: bool, merged: &mut Merged) {
        for (name, position) in subschemas(pointer, schema, "properties") {
            self.add(Name::element("", name), None, position, merged);
        }
        for (pattern, position) in subschemas(pointer, schema, "patternProperties") {
            if let Ok(regex) = Regex::new(pattern) {
                self.add(Name::element("", pattern), Some(regex), position, merged);
            }
        }
        let others = schema.get("additionalProperties").or_else(|| schema.get("unevaluatedProperties"));
        let says_names = schema.contains_key("properties") || schema.contains_key("patternProperties") || elsewhere;
        merged.content.is_open |= match others {
            Some(others) => *others != Value::Bool(false),
            // An object without named members may contain anything; with names, only these.
            None => !says_names,
        };
    }

    fn add(&self, name: Name, pattern: Option<Regex>, pointer: String, merged: &mut Merged) {
        let is_repeated = self.is_array(&pointer);
        let is_nillable = self.may_be_null(&pointer, MAX_NESTING, &mut merged.nullable);
        let next = merged.content.parts.len();
        let index = *merged.index.entry(name.clone()).or_insert(next);
        if let Some(part) = merged.content.parts.get_mut(index) {
            part.is_nillable |= is_nillable;
            part.is_repeated |= is_repeated;
            part.position.insert(pointer);
            return;
        }
        let declared = format!("{}#{pointer}", self.file);
        let position = JsonPosition::from([pointer]);
        let notes = Notes::default();
        let is_of_derived_type = false;
        merged.content.parts.push(SchemaPart {
            name,
            notes,
            pattern,
            position,
            is_nillable,
            is_of_derived_type,
            is_repeated,
            declared,
        });
    }

    /// Whether the schema at a pointer accepts null. `known` has those that were asked for before.
    fn is_array(&self, pointer: &str) -> bool {
        let mut at = Some(pointer.to_owned());
        // A schema may refer to itself.
        for _ in 0..MAX_NESTING {
            let Some(Value::Object(schema)) = at.and_then(|at| self.schema.pointer(&at)) else { return false };
            if schema.contains_key("items") {
                return true;
            }
            at = schema.get("$ref").and_then(Value::as_str).and_then(|target| self.resolve(target));
        }
        false
    }

    fn may_be_null(&self, pointer: &str, depth: usize, known: &mut BTreeMap<String, bool>) -> bool {
        if let Some(known) = known.get(pointer) {
            return *known;
        }
        let schema = match self.schema.pointer(pointer).filter(|_| depth > 0) {
            Some(Value::Object(schema)) => schema,
            other => return *other.unwrap_or(&Value::Null) == Value::Bool(true),
        };
        // A schema may refer to itself.
        known.insert(pointer.to_owned(), false);
        let [all, any, one] = ["allOf", "anyOf", "oneOf"].map(|keyword| -> Vec<bool> {
            let count = schema.get(keyword).and_then(Value::as_array).map_or(0, Vec::len);
            (0..count)
                .map(|place| self.may_be_null(&format!("{pointer}/{keyword}/{place}"), depth - 1, known))
                .collect()
        });
        let target = schema.get("$ref").and_then(Value::as_str).map(|target| self.resolve(target));
        let referred = target.flatten().is_none_or(|target| self.may_be_null(&target, depth - 1, known));
        let choices = [any, one].iter().all(|branches| branches.is_empty() || branches.contains(&true));
        let is_nullable = Types::of(schema).null && referred && !all.contains(&false) && choices;
        known.insert(pointer.to_owned(), is_nullable);
        is_nullable
    }

    fn merged(&self, position: &JsonPosition) -> Merged {
        let mut merged = Merged {
            content: Content::nothing(),
            seen: BTreeSet::new(),
            depth: 0,
            index: BTreeMap::new(),
            nullable: BTreeMap::new(),
        };
        for pointer in position {
            let requirements = self.merge(pointer, Types::ALL, false, &mut merged);
            for requirement in requirements {
                if !merged.content.requirements.contains(&requirement) {
                    merged.content.requirements.push(requirement);
                }
            }
        }
        merged
    }
}

/// Notes what a schema says in words, and the values that it lists.
fn note(schema: &Map<String, Value>, notes: &mut Notes) {
    let texts = ["title", "description", "$comment"].iter().filter_map(|keyword| schema.get(*keyword)?.as_str());
    texts.for_each(|text| notes.describe(text));
    let listed = schema.get("enum").and_then(Value::as_array).into_iter().flatten().chain(schema.get("const"));
    listed.filter_map(Value::as_str).for_each(|value| notes.value(value, ""));
}

/// What a schema says of a value.
fn value_type(schema: &Map<String, Value>) -> ValueType {
    let word = |keyword: &str| schema.get(keyword).and_then(Value::as_str);
    let types: Vec<&str> = match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).filter(|one| *one != "null").collect(),
        _ => Vec::new(),
    };
    if word("contentEncoding").is_some() || matches!(word("format"), Some("byte" | "binary")) {
        return ValueType::Binary;
    }
    match (types.as_slice(), word("format")) {
        (["string"] | [], Some("date" | "date-time")) => ValueType::Date,
        (["boolean"], _) => ValueType::Boolean,
        (["number" | "integer"], _) => ValueType::Number,
        (types, _) if types.contains(&"string") => ValueType::Text,
        _ => ValueType::Unknown,
    }
}

/// The merged content of a position.
struct Merged {
    content: Content<JsonPosition>,
    /// The schemas already merged: makes recursion terminate.
    seen: BTreeSet<(String, Types, bool)>,
    /// How many schemas the merging is in.
    depth: usize,
    /// The parts by name.
    index: BTreeMap<Name, usize>,
    /// Which schemas accept null, of those that were asked for.
    nullable: BTreeMap<String, bool>,
}

/// The names in a table of schemas, each with the pointer of its schema.
fn subschemas<'s>(
    pointer: &str,
    schema: &'s Map<String, Value>,
    keyword: &str,
) -> impl Iterator<Item = (&'s String, String)> {
    let names = schema.get(keyword).and_then(Value::as_object).into_iter().flat_map(Map::keys);
    names.map(move |name| (name, format!("{pointer}/{keyword}/{}", escape(name))))
}

/// The name that reports an array in an array.
fn array_in_array() -> Name {
    Name::element("", "[]")
}

impl SchemaModel for JsonSchema {
    type Position = JsonPosition;

    fn root(&self, name: Option<&Name>) -> Option<JsonPosition> {
        let whole = JsonPosition::from([String::new()]);
        match name {
            Some(name) => self.content(&whole).part(name).map(|part| part.position.clone()),
            None => Some(whole),
        }
    }

    fn roots(&self) -> Vec<Name> {
        self.content(&JsonPosition::from([String::new()])).parts.into_iter().map(|part| part.name).collect()
    }

    fn content(&self, position: &JsonPosition) -> Content<JsonPosition> {
        self.merged(position).content
    }

    fn unsupported(&self) -> &[UnsupportedConstruct] {
        &self.unsupported
    }
}

/// Escapes a name as a step of a JSON pointer.
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
