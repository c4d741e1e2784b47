//! What the peers let through: a tree of names, read off the filter's own output, so that both write the same parts.
//!
//! A place has few names, so they are compared one by one, lengths first: that beats hashing.

use quick_xml::events::Event;
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;
use serde_json::Value;

/// Names that may stand below a place; none below a leaf.
#[derive(Debug, Default)]
pub struct AllowList {
    entries: Vec<Entry>,
}

/// One name that may stand at a place, and what may stand below it.
#[derive(Debug)]
pub struct Entry {
    name: String,
    namespace: String,
    /// The name as a JSON writer puts it down, colon included.
    pub written: String,
    pub below: AllowList,
}

impl AllowList {
    pub fn is_leaf(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entry of a member.
    #[inline]
    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// The entry of an element.
    #[inline]
    pub fn find_in(&self, namespace: &str, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name && entry.namespace == namespace)
    }

    /// Everything that any of these outputs holds.
    pub fn of_json(outputs: &[Vec<u8>]) -> Self {
        let mut list = Self::default();
        for output in outputs {
            list.collect_json(&serde_json::from_slice(output).unwrap());
        }
        list
    }

    /// Everything that any of these outputs holds.
    pub fn of_xml(outputs: &[Vec<u8>]) -> Self {
        let mut list = Self::default();
        for output in outputs {
            list.collect_xml(&mut NsReader::from_reader(output.as_slice()));
        }
        list
    }

    fn collect_json(&mut self, value: &Value) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    self.below("", name).collect_json(value);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.collect_json(item)),
            _ => {}
        }
    }

    fn collect_xml(&mut self, reader: &mut NsReader<&[u8]>) {
        loop {
            match reader.read_resolved_event().unwrap() {
                (namespace, Event::Start(tag)) => {
                    let namespace = bound(&namespace).to_owned();
                    self.below(&namespace, tag.local_name().as_ref()).collect_xml(reader);
                }
                (_, Event::End(_) | Event::Eof) => return,
                _ => {}
            }
        }
    }

    fn below(&mut self, namespace: &str, name: &str) -> &mut Self {
        let known = self.entries.iter().position(|entry| entry.name == name && entry.namespace == namespace);
        let place = known.unwrap_or_else(|| {
            let written = format!("{}:", serde_json::to_string(name).unwrap());
            let (name, namespace) = (name.to_owned(), namespace.to_owned());
            self.entries.push(Entry { name, namespace, written, below: Self::default() });
            self.entries.len() - 1
        });
        &mut self.entries[place].below
    }
}

/// The namespace of a name, empty if it is in none.
pub fn bound<'n>(namespace: &ResolveResult<'n>) -> &'n str {
    match namespace {
        ResolveResult::Bound(namespace) => namespace.0,
        _ => "",
    }
}
