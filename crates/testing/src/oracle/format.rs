//! The oracle's own reading of a `schemas/<name>/format.toml`: a flat list of mapped paths and the questions asked of it.
//! Every question walks the list, slowly and plainly; the crate's trie must agree with it.
//!
//! A walk over a message is at a path, too: that of steps of the mapping, each with the predicates that hold of the part.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::step::{Asked, Step, steps};
use crate::catalog::{string, strings, tables};

pub(crate) const RDF_VALUE: &str = "rdf:value";
const NLETS_KEYS: &str = "DR DRG DNR KR RR RRG RNR RPR IAR UR XR AM AML HS";

/// One mapped path: the steps below the root, the attribute at its end if it names one, and its data element.
#[derive(Clone, Debug)]
pub struct Mapped {
    /// The steps on the way to it.
    pub steps: Vec<Step>,
    /// The attribute, if it is one.
    pub attribute: Option<Step>,
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
#[derive(Clone)]
pub struct Format {
    /// Its name.
    pub name: String,
    /// Whether its messages may be XML.
    pub xml: bool,
    /// Whether its messages may be JSON.
    pub json: bool,
    /// The name of the root; none if its messages have none.
    pub root: Option<String>,
    /// What a message without a root has: parts, each with the values of which it has one, if it must have any.
    pub recognise: Vec<(Vec<Step>, Vec<String>)>,
    /// The path of the message key.
    pub message_type: Option<Vec<Step>>,
    /// The message keys that there are.
    pub messages: Vec<String>,
    /// The path of the requester.
    pub requester: Option<Vec<Step>>,
    /// What the envelope states of the request, each by its name with its path.
    pub attributes: BTreeMap<String, Vec<Step>>,
    /// The name of the part of the root in which a notice stands.
    pub notice: Option<String>,
    /// The same for a legal notice.
    pub legal_notice: Option<String>,
    /// The paths of what may be nil.
    pub nillable: Vec<Vec<Step>>,
    /// The namespaces by their prefixes.
    pub namespaces: BTreeMap<String, String>,
    /// The prefixes in the order in which the file lists them.
    pub listed: Vec<String>,
    /// Everything that is mapped.
    pub mapped: Vec<Mapped>,
    /// What is written where a required part is denied.
    pub required: Vec<(Vec<Step>, String)>,
    /// The names by which objects refer to one another.
    pub references: References,
    /// Paths that are written once.
    types: Table,
}

/// The names by which objects refer to one another.
#[derive(Clone, Default)]
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
    /// Reads the file of a format, which may extend one of the others.
    pub fn read(text: &str, others: &[Format]) -> Self {
        let table: Table = text.parse().expect("format.toml is TOML");
        let name = string(&table, "name").expect("a name");
        let base = string(&table, "extends");
        let base =
            base.map(|base| others.iter().find(|format| format.name == base).expect("the extended format").clone());
        let mut format = base.unwrap_or_else(|| Format::empty(&table));
        let removed: Vec<Vec<Step>> = strings(&table, "remove").unwrap_or_default().iter().map(|p| steps(p)).collect();
        let is_above = |above: &[Step], steps: &[Step]| {
            above.len() <= steps.len() && above.iter().zip(steps).all(|(above, step)| above.takes(step))
        };
        format.mapped.retain(|m| !removed.iter().any(|above| is_above(above, &m.steps)));
        let own = table.get("types").and_then(Value::as_table).cloned().unwrap_or_default();
        format.types.extend(own);
        let mut mapped = Vec::new();
        flatten(
            &table.get("paths").and_then(Value::as_table).cloned().unwrap_or_default(),
            "",
            &format.types,
            &mut mapped,
        );
        let is_same = |one: &Mapped, other: &Mapped| one.steps == other.steps && one.attribute == other.attribute;
        format.mapped.retain(|m| !mapped.iter().any(|own| is_same(own, m)));
        format.mapped.append(&mut mapped);
        for path in tables(&table, "text").flat_map(|t| strings(t, "paths").expect("paths")) {
            let steps = steps(&path);
            format.mapped.iter_mut().filter(|m| m.steps == steps).for_each(|m| m.laid_out = true);
        }
        format.required.extend(tables(&table, "required").map(|t| {
            (steps(&string(t, "path").expect("a path")), string(t, "when-denied").expect("what stands for it"))
        }));
        format.name = name;
        format.root = string(&table, "root").or(format.root);
        format.recognise.extend(recognise(&table));
        assert!(
            format.root.is_none() || format.recognise.is_empty(),
            "the oracle knows roots or `recognise`, not both"
        );
        format.message_type = string(&table, "message-type").map(|p| steps(&p)).or(format.message_type);
        format.messages = strings(&table, "messages").unwrap_or(format.messages);
        format.requester = string(&table, "requester").map(|p| steps(&p)).or(format.requester);
        let stated = table.get("attributes").and_then(Value::as_table).map(bindings).unwrap_or_default();
        format.attributes.extend(stated.into_iter().map(|(name, path)| (name, steps(&path))));
        let notice = string(&table, "notice").inspect(|step| assert!(!step.contains('/'), "below the root alone"));
        format.notice = notice.or(format.notice);
        format.legal_notice = string(&table, "legal-notice").or(format.legal_notice);
        format.nillable.extend(strings(&table, "nillable").unwrap_or_default().iter().map(|p| steps(p)));
        format.namespaces.extend(table.get("namespaces").and_then(Value::as_table).map(bindings).unwrap_or_default());
        format.listed.extend(listed(text));
        format.references =
            table.get("references").and_then(Value::as_table).map(references).unwrap_or(format.references);
        format
    }

    /// One in which nothing is mapped.
    fn empty(table: &Table) -> Self {
        let syntax = strings(table, "syntax").expect("a syntax");
        Format {
            name: String::new(),
            xml: syntax.iter().any(|s| s == "xml"),
            json: syntax.iter().any(|s| s == "json"),
            root: None,
            recognise: Vec::new(),
            message_type: None,
            messages: NLETS_KEYS.split(' ').map(str::to_owned).collect(),
            requester: None,
            attributes: BTreeMap::new(),
            notice: None,
            legal_notice: None,
            nillable: Vec::new(),
            namespaces: BTreeMap::new(),
            listed: Vec::new(),
            mapped: Vec::new(),
            required: Vec::new(),
            references: References::default(),
            types: Table::new(),
        }
    }

    /// What is at a path.
    pub fn place(&self, path: &[Step]) -> Place<'_> {
        let elements = || self.mapped.iter().filter(|m| m.attribute.is_none());
        if let Some(leaf) = elements().find(|m| !m.record && m.steps.len() == path.len() && leads(&m.steps, path)) {
            return if leaf.laid_out { Place::Text } else { Place::Leaf(&leaf.element) };
        }
        // The record that is nearest to the path wins over those around it.
        let around = |m: &&Mapped| m.record && m.steps.len() <= path.len() && leads(&m.steps, &path[..m.steps.len()]);
        let record = elements().filter(around).max_by_key(|m| m.steps.len());
        if let Some(record) = record {
            let inside = path[record.steps.len()..].iter().all(|step| self.may_stand_in_record(&step.name));
            // What isn't told what it is is no part of the record.
            let untold = |at: usize| path[at].predicates.is_empty() && !self.variants(&path[..=at]).is_empty();
            if !(record.steps.len()..path.len()).any(untold) {
                return if inside { Place::Record(&record.element) } else { Place::Unknown };
            }
        }
        let goes_on = |m: &Mapped| m.steps.len() > path.len() || m.attribute.is_some() || m.steps.last() != path.last();
        if self.mapped.iter().any(|m| may_lead(&m.steps, path) && goes_on(m)) {
            Place::Container
        } else {
            Place::Unknown
        }
    }

    /// The element of an attribute at a path. An exact name goes before a pattern that allows it.
    pub fn attribute(&self, path: &[Step], name: &str, xml: bool) -> Option<&str> {
        let here = || self.mapped.iter().filter(|m| m.steps.len() == path.len() && leads(&m.steps, path));
        let exact = here().find(|m| m.attribute.as_ref().is_some_and(|a| !a.is_pattern && a.name == name));
        let found = exact.or_else(|| here().find(|m| m.attribute.as_ref().is_some_and(|a| a.allows(name, xml))));
        found.map(|m| m.element.as_str())
    }

    /// The step that a name is below a path, if nothing more is asked of it: the name itself, or a pattern that allows it
    /// where no path has the name.
    pub fn step(&self, path: &[Step], name: &str, xml: bool) -> Step {
        let below = || self.paths().filter(|steps| steps.len() > path.len() && leads(steps, path));
        let here: Vec<&Step> = below().map(|steps| &steps[path.len()]).collect();
        let exact = Step { name: name.to_owned(), is_pattern: false, predicates: vec![] };
        if here.iter().any(|step| !step.is_pattern && step.name == name) || self.tells(path, false, name, xml).is_some()
        {
            return exact;
        }
        let pattern = here.into_iter().find(|step| step.allows(name, xml));
        pattern.map_or(exact, |pattern| Step { predicates: vec![], ..pattern.clone() })
    }

    /// What may be asked of a part at a path, of whose last step it isn't known what holds.
    pub fn variants(&self, path: &[Step]) -> Vec<Vec<Asked>> {
        let mut variants: Vec<Vec<Asked>> = Vec::new();
        for steps in self.paths().filter(|steps| !path.is_empty() && may_lead(steps, path)) {
            let predicates = &steps[path.len() - 1].predicates;
            if !predicates.is_empty() && !variants.contains(predicates) {
                variants.push(predicates.clone());
            }
        }
        variants
    }

    /// The predicates that hold of a part at a path, given what it says of itself where it is asked.
    pub fn fitting(&self, path: &[Step], says: impl Fn(&Asked) -> Option<String>) -> Vec<Asked> {
        let holds =
            |asked: &Asked| says(asked).is_some_and(|value| asked.values.iter().any(|own| own == trimmed(&value)));
        self.variants(path).into_iter().find(|variant| variant.iter().all(holds)).unwrap_or_default()
    }

    /// What is asked of a child or an attribute of the part at a path, if that is what tells what the part is.
    pub fn tells<'p>(&self, path: &'p [Step], attribute: bool, name: &str, xml: bool) -> Option<&'p Asked> {
        // JSON has no attributes.
        let is = |asked: &&Asked| asked.part == name && (!xml || asked.attribute == attribute);
        path.last().and_then(|step| step.predicates.iter().find(is))
    }

    /// Every path of the mapping.
    fn paths(&self) -> impl Iterator<Item = &Vec<Step>> {
        self.mapped.iter().map(|m| &m.steps)
    }

    pub(crate) fn when_denied(&self, path: &[Step]) -> Option<&str> {
        let mut required = self.required.iter();
        let found = required.find(|(required, _)| required.len() == path.len() && leads(required, path));
        found.map(|(_, placeholder)| placeholder.as_str())
    }

    /// Whether the part at a path may be nil.
    pub(crate) fn is_nillable(&self, path: &[Step]) -> bool {
        self.nillable.iter().any(|nillable| nillable.len() == path.len() && leads(nillable, path))
    }

    /// Inside a record a name counts if its prefix is one of the format's and its local name is plain and short.
    fn may_stand_in_record(&self, name: &str) -> bool {
        let local = match name.split_once(':') {
            Some((prefix, local)) if self.namespaces.contains_key(prefix) => local,
            None if self.namespaces.is_empty() => name,
            _ => return false,
        };
        (1..=64).contains(&local.len()) && local.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
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

/// Whether the steps of the mapping lead through a path, or end there.
pub(crate) fn leads(steps: &[Step], path: &[Step]) -> bool {
    steps.len() >= path.len() && steps.iter().zip(path).all(|(step, at)| step.takes(at))
}

/// The same, whatever the part at the end of the path is: what it says of itself isn't known, or says nothing.
pub(crate) fn may_lead(steps: &[Step], path: &[Step]) -> bool {
    let Some((last, above)) = path.split_last() else { return true };
    let is_last = |step: &Step| step.takes(last) || last.predicates.is_empty() && step.is_named_as(last);
    leads(steps, above) && steps.get(above.len()).is_some_and(is_last)
}

/// Without the white space around it.
pub(crate) fn trimmed(value: &str) -> &str {
    value.trim_matches([' ', '\t', '\r', '\n'])
}

/// A table under `[paths]` is a common prefix of the keys in it, and a type stands for its paths.
fn flatten(table: &Table, prefix: &str, types: &Table, mapped: &mut Vec<Mapped>) {
    for (key, value) in table {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}/{key}") };
        match value {
            Value::Table(below) => flatten(below, &path, types, mapped),
            Value::String(element) => match element.strip_prefix("type:") {
                Some(name) => flatten(types[name].as_table().expect("a type"), &path, types, mapped),
                None => mapped.push(mapping(&path, element)),
            },
            other => panic!("{path}: {other:?}"),
        }
    }
}

fn mapping(path: &str, element: &str) -> Mapped {
    let (above, last) = path.rsplit_once('/').unwrap_or(("", path));
    let record = last == "**";
    let attribute = last.strip_prefix('@').map(Step::read);
    let whole = if record || attribute.is_some() { above } else { path };
    let steps = if whole.is_empty() { vec![] } else { steps(whole) };
    Mapped { steps, attribute, record, element: element.to_owned(), laid_out: false }
}

/// The parts that `recognise` lists, each alone or with its values.
fn recognise(table: &Table) -> Vec<(Vec<Step>, Vec<String>)> {
    let listed = table.get("recognise").and_then(Value::as_array).into_iter().flatten();
    let read = |value: &Value| match value {
        Value::String(path) => (steps(path), vec![]),
        Value::Table(table) => {
            (steps(&string(table, "path").expect("a path")), strings(table, "is").expect("the values of it"))
        }
        other => panic!("{other:?}"),
    };
    listed.map(read).collect()
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
