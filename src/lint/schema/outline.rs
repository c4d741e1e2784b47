//! What a schema says may stand where, whatever language it is written in: all that a mapping is held to.
//!
//! It is asked place by place, as far as the mapping goes, so a schema that holds itself is no endless one.

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

/// Something that may stand at a place.
#[derive(Debug, Clone)]
pub(super) struct Part<Place> {
    pub(super) name: Name,
    /// The names it stands for, where the schema gives a pattern of names instead of one; `name` is the pattern then.
    pub(super) pattern: Option<Regex>,
    /// What is in it.
    pub(super) place: Place,
    /// Whether it may be nil, or null.
    pub(super) is_nillable: bool,
    /// Where the schema declares it: a file and line, or a file and pointer.
    pub(super) declared: String,
}

impl<Place> Part<Place> {
    pub(super) fn is_named(&self, name: &Name) -> bool {
        match &self.pattern {
            Some(pattern) => self.name.is_attribute == name.is_attribute && pattern.is_match(&name.local),
            None => self.name == *name,
        }
    }
}

/// What may stand in a place, all alternatives together.
#[derive(Debug, Clone)]
pub(super) struct Content<Place> {
    /// Whether a value of its own may stand there.
    pub(super) has_value: bool,
    /// Whether any other element or member may stand there too.
    pub(super) is_open: bool,
    /// Whether it may have any other attribute.
    pub(super) takes_attributes: bool,
    pub(super) parts: Vec<Part<Place>>,
    /// At least one part of each of these must be there.
    pub(super) demands: Vec<Vec<Name>>,
}

impl<Place> Content<Place> {
    /// Nothing at all.
    pub(super) fn nothing() -> Self {
        Self { has_value: false, is_open: false, takes_attributes: false, parts: Vec::new(), demands: Vec::new() }
    }

    /// A value, and nothing else.
    pub(super) fn value() -> Self {
        Self { has_value: true, ..Self::nothing() }
    }

    /// Anything.
    pub(super) fn anything() -> Self {
        Self { has_value: true, is_open: true, takes_attributes: true, ..Self::nothing() }
    }

    pub(super) fn part(&self, name: &Name) -> Option<&Part<Place>> {
        self.parts.iter().find(|part| part.is_named(name))
    }
}

/// Something in a schema that this reader doesn't understand: what it says is not known to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotUnderstood {
    pub(super) file: String,
    /// The byte of the file, where it is known.
    pub(super) at: Option<usize>,
    pub(super) what: String,
}

/// A schema, asked place by place.
pub(super) trait Outline {
    /// Somewhere in the schema.
    type Place: Clone + Ord;

    /// The root of the messages of a format; `None` when the schema has no such root.
    fn root(&self, name: Option<&Name>) -> Option<Self::Place>;

    /// The names that a root could have, for suggestions.
    fn roots(&self) -> Vec<Name>;

    /// What may stand in a place.
    fn content(&self, place: &Self::Place) -> Content<Self::Place>;

    /// What was not understood while the schema was read.
    fn not_understood(&self) -> &[NotUnderstood];
}
