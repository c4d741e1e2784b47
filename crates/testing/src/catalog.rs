//! A plain reading of `schemas/catalog.toml`: which data elements exist, of what kind, and in which groups.
//! It loads the file by itself, so that a mistake in the crate's loader can't hide from it.

use std::collections::BTreeMap;

use regex::bytes::{Regex, RegexBuilder};
use toml::{Table, Value};

/// What kind of value an element has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A date.
    Date,
    /// A postal code.
    PostalCode,
    /// A number that names a person, a document or a thing.
    Identifier,
    /// A word of a list.
    Code,
    /// A quantity.
    Number,
    /// An image.
    Image,
    /// Several values together.
    Record,
}

impl Kind {
    /// The treatment that shows least short of `mask`, or `mask`; none if the kind takes only `full`.
    pub fn closest_treatment(self) -> Option<&'static str> {
        match self {
            Kind::Image | Kind::Record => None,
            Kind::Date => Some("year"),
            Kind::PostalCode => Some("zip5"),
            Kind::Identifier => Some("last4"),
            Kind::Text | Kind::Code | Kind::Number => Some("mask"),
        }
    }
}

/// A data element.
#[derive(Clone)]
pub struct Element {
    /// What kind of value it has.
    pub kind: Kind,
    /// The shape of its values, if it has one of its own.
    pub shape: Option<Regex>,
    /// The shape as it is written, for the generator of values.
    pub pattern: Option<String>,
    pub(crate) max_length: Option<usize>,
    /// Whether its values hold a Social Security number.
    pub holds_ssn: bool,
    pub(crate) holds_nine_digits: bool,
    pub(crate) holds_phrase: bool,
    /// Whether it is of the envelope.
    pub is_envelope: bool,
    dppa: String,
    groups: Vec<String>,
}

/// The data elements and their groups.
#[derive(Clone)]
pub struct Catalog {
    /// The elements by their ids.
    pub elements: BTreeMap<String, Element>,
    groups: Vec<String>,
}

impl Catalog {
    /// The catalog in `schemas/`.
    pub fn shipped() -> Self {
        Self::read(&crate::text("schemas/catalog.toml"))
    }

    /// Reads a catalog.
    pub fn read(text: &str) -> Self {
        let table: Table = text.parse().expect("catalog.toml is TOML");
        let elements = tables(&table, "element").map(|t| (string(t, "id").expect("an id"), element(t))).collect();
        let groups = tables(&table, "group").map(|t| string(t, "id").expect("an id")).collect();
        Catalog { elements, groups }
    }

    /// Whether a rule's term (an element, a prefix at a dot, or `group:...`) covers this element.
    pub fn covers(&self, term: &str, id: &str) -> bool {
        let Some(group) = term.strip_prefix("group:") else {
            return id == term || id.strip_prefix(term).is_some_and(|rest| rest.starts_with('.'));
        };
        let element = &self.elements[id];
        match group {
            "dppa-highly-restricted" => element.dppa == "highly-restricted",
            "dppa-personal" => element.dppa == "highly-restricted" || element.dppa == "personal",
            declared => {
                assert!(self.groups.iter().any(|g| g == declared), "group:{declared} is declared nowhere");
                element.groups.iter().any(|g| g == declared)
            }
        }
    }

    /// Every term a rule may use: elements, their proper prefixes, groups. The envelope may not be named.
    pub fn terms(&self) -> Vec<String> {
        let mut terms: Vec<String> = Vec::new();
        for id in self.elements.keys().filter(|id| !is_envelope(id)) {
            let ends = id.match_indices('.').map(|(at, _)| at).chain([id.len()]);
            terms.extend(ends.map(|end| id[..end].to_owned()));
        }
        terms.extend(self.groups.iter().map(|g| format!("group:{g}")));
        terms.sort();
        terms.dedup();
        terms
    }
}

/// Whether an element is of the envelope.
pub fn is_envelope(id: &str) -> bool {
    id == "envelope" || id.starts_with("envelope.")
}

/// Whether every grant holds an element: the envelope, but for what the filter writes of the law.
pub fn is_in_every_grant(id: &str) -> bool {
    is_envelope(id) && id != "envelope.legal-notice"
}

fn element(table: &Table) -> Element {
    let pattern = string(table, "shape");
    let shape = pattern.as_ref().map(|p| whole(p));
    let flag = |key| table.get(key).and_then(Value::as_bool);
    let is_free_text = shape.is_none() && matches!(kind(table), Kind::Text | Kind::Record);
    let max_length = table.get("max-length").and_then(Value::as_integer).map(|n| usize::try_from(n).unwrap());
    let dppa = string(table, "dppa").unwrap_or_else(|| "none".to_owned());
    Element {
        kind: kind(table),
        shape,
        pattern,
        max_length,
        holds_ssn: flag("holds-ssn").unwrap_or_default(),
        holds_nine_digits: flag("holds-nine-digits").unwrap_or_default(),
        holds_phrase: flag("holds-phrase").unwrap_or(is_free_text),
        is_envelope: string(table, "id").is_some_and(|id| id.split('.').next() == Some("envelope")),
        dppa,
        groups: strings(table, "groups").unwrap_or_default(),
    }
}

fn kind(table: &Table) -> Kind {
    match string(table, "kind").as_deref() {
        None | Some("text") => Kind::Text,
        Some("date") => Kind::Date,
        Some("postal-code") => Kind::PostalCode,
        Some("identifier") => Kind::Identifier,
        Some("code") => Kind::Code,
        Some("number") => Kind::Number,
        Some("image") => Kind::Image,
        Some("record") => Kind::Record,
        Some(other) => panic!("unknown kind {other}"),
    }
}

/// A shape must match the whole value; Unicode is off, so that `\d` is `[0-9]` and nothing else.
pub fn whole(pattern: &str) -> Regex {
    RegexBuilder::new(&format!(r"\A(?:{pattern})\z")).unicode(false).build().expect("a shape is a regex")
}

/// The tables of a list of tables; none if there is no such list.
pub fn tables<'t>(table: &'t Table, key: &str) -> impl Iterator<Item = &'t Table> {
    table.get(key).and_then(Value::as_array).into_iter().flatten().map(|v| v.as_table().expect("a table"))
}

/// A text.
pub fn string(table: &Table, key: &str) -> Option<String> {
    table.get(key).map(|v| v.as_str().expect("a string").to_owned())
}

/// A list of strings; one string alone counts as a list of one.
pub fn strings(table: &Table, key: &str) -> Option<Vec<String>> {
    table.get(key).map(|v| match v {
        Value::String(one) => vec![one.clone()],
        Value::Array(many) => many.iter().map(|v| v.as_str().expect("a string").to_owned()).collect(),
        other => panic!("{key}: {other:?}"),
    })
}
