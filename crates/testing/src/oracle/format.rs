//! The oracle's own reading of a `schemas/<name>/format.toml`: a flat list of mapped paths and the questions asked of it.
//! Every question walks the list, slowly and plainly; the crate's trie must agree with it.

use std::collections::BTreeMap;

use toml::{Table, Value};

use crate::catalog::{string, strings, tables};

pub(crate) const RDF_VALUE: &str = "rdf:value";
const NLETS_KEYS: &str = "DR DRG DNR KR RR RRG RNR RPR IAR UR XR AM AML HS";

/// One mapped path: the steps below the root, the attribute at its end if it names one, and its data element.
#[derive(Debug)]
pub struct Mapped {
    /// The names on the way to it.
    pub steps: Vec<String>,
    /// The attribute, if it is one.
    pub attribute: Option<String>,
    /// Whether all that is below belongs to it.
    pub record: bool,
    /// The id of its element.
    pub element: String,
    /// It has text mappings.
    pub laid_out: bool,
}

/// What the mapping knows of a place.
pub enum Place<'f> {
    /// A value of this element.
    Leaf(&'f str),
    /// A text that fields are extracted from. What is generated here is laid out in no way that the mapping knows.
    Text,
    /// A record of this element.
    Record(&'f str),
    /// Something mapped is below.
    Container,
    /// Nothing.
    Unknown,
}

/// A format, as its file maps it.
pub struct Format {
    /// Its name.
    pub name: String,
    /// Whether its messages may be XML.
    pub xml: bool,
    /// Whether its messages may be JSON.
    pub json: bool,
    /// The name of the root.
    pub root: String,
    /// The path of the message key.
    pub message_type: Option<Vec<String>>,
    /// The message keys that there are.
    pub messages: Vec<String>,
    /// The path of the requester.
    pub requester: Option<Vec<String>>,
    /// The name of the part of the root in which a notice stands.
    pub notice: Option<String>,
    /// The paths of what may be nil.
    pub nillable: Vec<Vec<String>>,
    /// The namespaces by their prefixes.
    pub namespaces: BTreeMap<String, String>,
    /// The prefixes in the order in which the file lists them.
    pub listed: Vec<String>,
    /// Everything that is mapped.
    pub mapped: Vec<Mapped>,
    /// What is written where a required part is denied.
    pub required: Vec<(Vec<String>, String)>,
    /// The names by which objects refer to one another.
    pub references: References,
}

/// The names by which objects refer to one another.
#[derive(Default)]
pub struct References {
    /// The attribute that names an object.
    pub id: Option<String>,
    /// The attribute that refers to one.
    pub reference: Option<String>,
    /// The attribute that refers to one by a URI.
    pub uri: Option<String>,
    /// The member of JSON that does either.
    pub json: Option<String>,
}

impl Format {
    /// Reads the file of a format.
    pub fn read(text: &str) -> Self {
        let table: Table = text.parse().expect("format.toml is TOML");
        let syntax = strings(&table, "syntax").expect("a syntax");
        let mut mapped = Vec::new();
        flatten(table["paths"].as_table().expect("[paths]"), "", &mut mapped);
        for path in tables(&table, "text").flat_map(|t| strings(t, "paths").expect("paths")) {
            let steps = steps(&path);
            mapped.iter_mut().filter(|m| m.steps == steps).for_each(|m| m.laid_out = true);
        }
        let required = tables(&table, "required")
            .map(|t| {
                (steps(&string(t, "path").expect("a path")), string(t, "when-denied").expect("what stands for it"))
            })
            .collect();
        Format {
            name: string(&table, "name").expect("a name"),
            xml: syntax.iter().any(|s| s == "xml"),
            json: syntax.iter().any(|s| s == "json"),
            root: string(&table, "root").expect("a root"),
            message_type: string(&table, "message-type").map(|p| steps(&p)),
            messages: strings(&table, "messages").unwrap_or_else(|| NLETS_KEYS.split(' ').map(str::to_owned).collect()),
            requester: string(&table, "requester").map(|p| steps(&p)),
            notice: string(&table, "notice").inspect(|step| assert!(!step.contains('/'), "below the root alone")),
            nillable: strings(&table, "nillable").unwrap_or_default().iter().map(|p| steps(p)).collect(),
            namespaces: table.get("namespaces").and_then(Value::as_table).map(bindings).unwrap_or_default(),
            listed: listed(text),
            mapped,
            required,
            references: table.get("references").and_then(Value::as_table).map(references).unwrap_or_default(),
        }
    }

    /// What is at a path.
    pub fn place(&self, path: &[String]) -> Place<'_> {
        let elements = || self.mapped.iter().filter(|m| m.attribute.is_none());
        if let Some(leaf) = elements().find(|m| !m.record && m.steps == path) {
            return if leaf.laid_out { Place::Text } else { Place::Leaf(&leaf.element) };
        }
        // The record that is nearest to the path wins over those around it.
        let record = elements().filter(|m| m.record && path.starts_with(&m.steps)).max_by_key(|m| m.steps.len());
        if let Some(record) = record {
            let inside = path[record.steps.len()..].iter().all(|step| self.may_stand_in_record(step));
            return if inside { Place::Record(&record.element) } else { Place::Unknown };
        }
        let prefix = |m: &Mapped| m.steps.starts_with(path) && (m.steps.len() > path.len() || m.attribute.is_some());
        if self.mapped.iter().any(prefix) { Place::Container } else { Place::Unknown }
    }

    /// The element of an attribute at a path.
    pub fn attribute(&self, path: &[String], name: &str) -> Option<&str> {
        let found = self.mapped.iter().find(|m| m.steps == path && m.attribute.as_deref() == Some(name));
        found.map(|m| m.element.as_str())
    }

    pub(crate) fn when_denied(&self, path: &[String]) -> Option<&str> {
        self.required.iter().find(|(required, _)| required == path).map(|(_, placeholder)| placeholder.as_str())
    }

    /// Inside a record a name counts if its prefix is one of the format's and its local name is plain and short.
    fn may_stand_in_record(&self, step: &str) -> bool {
        let Some((prefix, local)) = step.split_once(':') else { return false };
        self.namespaces.contains_key(prefix)
            && (1..=64).contains(&local.len())
            && local.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    }

    /// The mapping's spelling of an expanded name; a name of no namespace of the format has none.
    pub(crate) fn spelling(&self, uri: Option<&str>, local: &str) -> Option<String> {
        match uri {
            None => Some(local.to_owned()),
            Some(uri) => self.namespaces.iter().find(|(_, u)| *u == uri).map(|(p, _)| format!("{p}:{local}")),
        }
    }
}

/// The keys of the table of namespaces, as they stand in the file.
fn listed(text: &str) -> Vec<String> {
    let lines = text.lines().skip_while(|line| line.trim() != "[namespaces]").skip(1);
    let keys = lines.take_while(|line| !line.starts_with('[')).filter_map(|line| line.split_once('='));
    keys.map(|(key, _)| key.trim().trim_matches('"').to_owned()).collect()
}

/// The steps of a path.
pub fn steps(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}

/// A table under `[paths]` is a common prefix of the keys in it.
fn flatten(table: &Table, prefix: &str, mapped: &mut Vec<Mapped>) {
    for (key, value) in table {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}/{key}") };
        match value {
            Value::Table(below) => flatten(below, &path, mapped),
            Value::String(element) => mapped.push(mapping(&path, element)),
            other => panic!("{path}: {other:?}"),
        }
    }
}

fn mapping(path: &str, element: &str) -> Mapped {
    let mut steps = steps(path);
    let record = steps.last().is_some_and(|s| s == "**");
    let attribute = steps.last().and_then(|s| s.strip_prefix('@')).map(str::to_owned);
    if record || attribute.is_some() {
        steps.pop();
    }
    Mapped { steps, attribute, record, element: element.to_owned(), laid_out: false }
}

fn bindings(table: &Table) -> BTreeMap<String, String> {
    table.iter().map(|(p, u)| (p.clone(), u.as_str().expect("a URI").to_owned())).collect()
}

fn references(table: &Table) -> References {
    References {
        id: string(table, "id"),
        reference: string(table, "ref"),
        uri: string(table, "uri"),
        json: string(table, "json"),
    }
}
