//! The structure that a schema allows, independent of the schema language. Mappings are checked against it.
//!
//! It is queried position by position, as far as the mapping goes, so a recursive schema isn't endless.

use regex::Regex;

/// The name of an element, an attribute or a member.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Name {
    /// The namespace's URI; empty for none, and for JSON.
    pub(super) namespace: String,
    pub(super) is_attribute: bool,
    /// The local name of an XML name, the whole name of a JSON member.
    pub(super) local: String,
}

impl Name {
    pub(super) fn element(namespace: &str, local: &str) -> Self {
        Self { namespace: namespace.to_owned(), is_attribute: false, local: local.to_owned() }
    }

    pub(super) fn attribute(namespace: &str, local: &str) -> Self {
        Self { is_attribute: true, ..Self::element(namespace, local) }
    }
}

/// Something that may be at a position.
#[derive(Debug, Clone)]
pub(super) struct SchemaPart<Position> {
    pub(super) name: Name,
    /// The names it covers, if the schema has a pattern of names instead of one; then `name` is the pattern.
    pub(super) pattern: Option<Regex>,
    /// Its content.
    pub(super) position: Position,
    /// Whether it may be nil, or null.
    pub(super) is_nillable: bool,
    /// Where the schema declares it: a file and line, or a file and pointer.
    pub(super) declared: String,
}

impl<Position> SchemaPart<Position> {
    pub(super) fn is_named(&self, name: &Name) -> bool {
        match &self.pattern {
            Some(pattern) => self.name.is_attribute == name.is_attribute && pattern.is_match(&name.local),
            None => self.name == *name,
        }
    }
}

/// What may be at a position, all alternatives merged.
#[derive(Debug, Clone)]
pub(super) struct Content<Position> {
    /// Whether it may have a value of its own.
    pub(super) has_value: bool,
    /// Whether it may contain any other element or member.
    pub(super) is_open: bool,
    /// Whether it may have any other attribute.
    pub(super) takes_attributes: bool,
    pub(super) parts: Vec<SchemaPart<Position>>,
    /// At least one part of each of these is required.
    pub(super) requirements: Vec<Vec<Name>>,
}

impl<Position> Content<Position> {
    /// Nothing at all.
    pub(super) fn nothing() -> Self {
        Self { has_value: false, is_open: false, takes_attributes: false, parts: Vec::new(), requirements: Vec::new() }
    }

    /// A value, and nothing else.
    pub(super) fn value() -> Self {
        Self { has_value: true, ..Self::nothing() }
    }

    /// Anything.
    pub(super) fn anything() -> Self {
        Self { has_value: true, is_open: true, takes_attributes: true, ..Self::nothing() }
    }

    pub(super) fn part(&self, name: &Name) -> Option<&SchemaPart<Position>> {
        self.parts.iter().find(|part| part.is_named(name))
    }
}

/// A construct in a schema that this reader doesn't understand: it isn't known whether a mapping satisfies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnsupportedConstruct {
    pub(super) file: String,
    /// The offset in the file, if known.
    pub(super) at: Option<usize>,
    pub(super) what: String,
}

/// A schema, queried position by position.
pub(super) trait SchemaModel {
    /// A position in the schema.
    type Position: Clone + Ord;

    /// The root of the format's messages; `None` if the schema has no such root.
    fn root(&self, name: Option<&Name>) -> Option<Self::Position>;

    /// The names that a root could have, for suggestions.
    fn roots(&self) -> Vec<Name>;

    /// What may be at a position.
    fn content(&self, position: &Self::Position) -> Content<Self::Position>;

    /// What was not understood while reading the schema.
    fn unsupported(&self) -> &[UnsupportedConstruct];
}
