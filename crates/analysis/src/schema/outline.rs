//! The structure that a schema allows, independent of the schema language. Mappings are checked against it, and drafted
//! from it.
//!
//! It is queried position by position, as far as the mapping goes, so a recursive schema isn't endless.

use regex::Regex;

use crate::hints::{self, Hints};
use dmv_redact_model::format::XSI_URI;

/// The namespace of the prefix `xml`.
pub(crate) const XML_URI: &str = "http://www.w3.org/XML/1998/namespace";

/// The name of an element, an attribute or a member.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Name {
    /// The namespace's URI; empty for none, and for JSON.
    pub(crate) namespace: String,
    pub(crate) is_attribute: bool,
    /// The local name of an XML name, the whole name of a JSON member.
    pub(crate) local: String,
}

impl Name {
    pub(crate) fn element(namespace: &str, local: &str) -> Self {
        Self { namespace: namespace.to_owned(), is_attribute: false, local: local.to_owned() }
    }

    pub(crate) fn attribute(namespace: &str, local: &str) -> Self {
        Self { is_attribute: true, ..Self::element(namespace, local) }
    }

    /// Whether it is an attribute of XML, of XML Schema's instances or of NIEM's structures: every element may have
    /// them, and they are no facts.
    pub(crate) fn is_machinery(&self) -> bool {
        self.is_attribute
            && (self.namespace == XSI_URI || self.namespace == XML_URI || is_niem_structures(&self.namespace))
    }

    /// Whether it is a member that JSON-LD gives a meaning.
    pub(crate) fn is_json_ld(&self) -> bool {
        self.namespace.is_empty() && JSON_LD.contains(&self.local.as_str())
    }
}

/// The keywords of JSON-LD that can be members.
const JSON_LD: [&str; 14] = [
    "@base",
    "@context",
    "@direction",
    "@graph",
    "@id",
    "@included",
    "@index",
    "@language",
    "@list",
    "@nest",
    "@reverse",
    "@set",
    "@type",
    "@value",
];

/// Whether a namespace is that of NIEM's structures, of any release.
pub(crate) fn is_niem_structures(namespace: &str) -> bool {
    namespace.contains("niem") && namespace.split('/').any(|step| step == "structures")
}

/// What the text of a value is, as far as the schema says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum ValueType {
    /// The schema doesn't say.
    #[default]
    Unknown,
    /// Any text.
    Text,
    /// A calendar date, perhaps with a time.
    Date,
    /// A year alone.
    Year,
    /// True or false.
    Boolean,
    /// A number.
    Number,
    /// Encoded bytes: base64 or hexadecimal.
    Binary,
}

impl ValueType {
    /// What both say; where they differ, it may be any text.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown, one) | (one, Self::Unknown) => one,
            (one, other) if one == other => one,
            _ => Self::Text,
        }
    }
}

/// How the place of a hint in a listed value begins.
pub(crate) const LISTED: &str = "its schema lists";

/// What a schema says of a part in words.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes {
    /// What it is, in a few texts of bounded length.
    pub(crate) documentation: Vec<String>,
    /// What these and the listed values hint at.
    pub(crate) hints: Hints,
}

impl Notes {
    /// The most texts that are kept, and the most bytes of each.
    const MAX_TEXTS: usize = 4;
    const MAX_BYTES: usize = 400;

    /// Adds a description.
    pub(crate) fn describe(&mut self, text: &str) {
        let text = text.trim();
        hints::add(&mut self.hints, hints::of_prose(text), || "its documentation says so".to_owned());
        let text = text.get(..text.floor_char_boundary(Self::MAX_BYTES)).unwrap_or_default();
        if self.documentation.len() < Self::MAX_TEXTS && !text.is_empty() {
            self.documentation.push(text.to_owned());
        }
    }

    /// Adds a value that the schema lists, with what it says of it.
    pub(crate) fn value(&mut self, value: &str, meaning: &str) {
        let found = hints::of_value(value).into_iter().chain(hints::of_value(meaning)).collect();
        let shown: String = value.chars().take(40).collect();
        hints::add(&mut self.hints, found, || format!("{LISTED} `{shown}`"));
    }

    /// Adds what was noted elsewhere.
    pub(crate) fn extend(&mut self, other: &Self) {
        for (hint, place) in &other.hints {
            self.hints.entry(*hint).or_insert_with(|| place.clone());
        }
        for text in &other.documentation {
            if self.documentation.len() < Self::MAX_TEXTS && !self.documentation.contains(text) {
                self.documentation.push(text.clone());
            }
        }
    }
}

/// Something that may be at a position.
#[derive(Debug, Clone)]
pub(crate) struct SchemaPart<Position> {
    pub(crate) name: Name,
    /// What the schema says of it here, beside what it says of its content.
    pub(crate) notes: Notes,
    /// The names it covers, if the schema has a pattern of names instead of one; then `name` is the pattern.
    pub(crate) pattern: Option<Regex>,
    /// Its content.
    pub(crate) position: Position,
    /// Whether it may be nil, or null.
    pub(crate) is_nillable: bool,
    /// Whether it is there only in messages that name another type (`xsi:type`).
    pub(crate) is_of_derived_type: bool,
    /// Whether there may be several of it.
    pub(crate) is_repeated: bool,
    /// Where the schema declares it: a file and line, or a file and pointer.
    pub(crate) declared: String,
}

impl<Position> SchemaPart<Position> {
    /// Whether a name of a mapping is this one, or a pattern that allows it.
    pub(crate) fn is_named(&self, name: &Name) -> bool {
        if let Some((before, after)) = name.local.split_once('*') {
            let is_alike = self.name.is_attribute == name.is_attribute && self.name.namespace == name.namespace;
            let (own, least) = (&self.name.local, before.len() + after.len());
            // A pattern of the schema is taken for the same names if it has some of them.
            return is_alike
                && match &self.pattern {
                    Some(pattern) => {
                        ["0", "00", "a", "A"].iter().any(|inside| pattern.is_match(&format!("{before}{inside}{after}")))
                    }
                    None => own.len() > least && own.starts_with(before) && own.ends_with(after),
                };
        }
        match &self.pattern {
            Some(pattern) => self.name.is_attribute == name.is_attribute && pattern.is_match(&name.local),
            None => self.name == *name,
        }
    }
}

/// What may be at a position, all alternatives merged.
#[derive(Debug, Clone)]
pub(crate) struct Content<Position> {
    /// Whether it may have a value of its own.
    pub(crate) has_value: bool,
    /// What that value is.
    pub(crate) value_type: ValueType,
    /// Whether it may contain any other element or member.
    pub(crate) is_open: bool,
    /// Whether it may have any other attribute.
    pub(crate) takes_attributes: bool,
    pub(crate) parts: Vec<SchemaPart<Position>>,
    /// At least one part of each of these is required.
    pub(crate) requirements: Vec<Vec<Name>>,
    /// Whether there is more, further than the schema was followed (P8).
    pub(crate) is_cut: bool,
    pub(crate) notes: Notes,
}

impl<Position> Content<Position> {
    /// Nothing at all.
    pub(crate) fn nothing() -> Self {
        Self {
            has_value: false,
            value_type: ValueType::Unknown,
            is_open: false,
            takes_attributes: false,
            parts: Vec::new(),
            requirements: Vec::new(),
            is_cut: false,
            notes: Notes::default(),
        }
    }

    /// A value, and nothing else.
    pub(crate) fn value(value_type: ValueType) -> Self {
        Self { has_value: true, value_type, ..Self::nothing() }
    }

    /// Anything.
    pub(crate) fn anything() -> Self {
        Self { has_value: true, is_open: true, takes_attributes: true, ..Self::nothing() }
    }

    pub(crate) fn part(&self, name: &Name) -> Option<&SchemaPart<Position>> {
        self.parts.iter().find(|part| part.is_named(name))
    }
}

/// A construct in a schema that this reader doesn't understand: it isn't known whether a mapping satisfies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnsupportedConstruct {
    pub(crate) file: String,
    /// The offset in the file, if known.
    pub(crate) at: Option<usize>,
    pub(crate) what: String,
}

/// A schema, queried position by position.
pub(crate) trait SchemaModel {
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
